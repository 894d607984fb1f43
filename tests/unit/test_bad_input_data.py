"""Bad sources, inputs and flow pictures: one clear sentence, exit code 2, and nothing half-written."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from bad import fails, index, make_inputs

from mebench import cli
from mebench.files import read_csv, write_csv


@pytest.fixture
def pictures(tmp_path):
    """A folder with a manifest of four flow pictures."""
    rows = []
    for i in range(4):
        image = f"{i}.png"
        (tmp_path / "flow").mkdir(exist_ok=True)
        rgb = np.random.default_rng(i).integers(0, 255, size=(28, 28, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / "flow" / image), rgb)
        rows.append({"dataset": "samm", "subject": f"{i:03d}", "clip": f"c{i}", "emotion": "negative", "image": image})
    write_csv(tmp_path / "flow" / "manifest.csv", rows[0], rows)
    return tmp_path / "flow"


# ------------------------------------------------------------------------------------------------ sources


def test_unknown_dataset(capsys, tmp_path):
    index(capsys, "casm2", tmp_path, tmp_path / "clips.csv", says=["unknown dataset 'casm2'", "did you mean 'casme2'?"])


@pytest.mark.parametrize("dataset", ["casme2", "samm", "smic", "flow_images"])
def test_missing_empty_and_foreign_folder(capsys, tmp_path, dataset):
    out = tmp_path / "out" / "clips.csv"
    index(capsys, dataset, tmp_path / "none", out, says=["there is no folder", "none"])
    (tmp_path / "empty").mkdir()
    index(capsys, dataset, tmp_path / "empty", out, says=["empty", "is empty"])
    (tmp_path / "foreign" / "holiday").mkdir(parents=True)
    index(capsys, dataset, tmp_path / "foreign", out, says=str(tmp_path / "foreign"))


def test_missing_source_says_what_is_expected_and_where_to_ask(capsys, tmp_path):
    fails(capsys, "fetch", "samm", "--source", tmp_path / "none", "--out", tmp_path / "s.json",
          says=["samm", "SAMM_Micro_FACS_Codes_v2.xlsx", "006_05562.jpg", "M.Yap"])  # fmt: skip
    assert not (tmp_path / "s.json").exists()


@pytest.mark.parametrize("options", ['{"subject": 3}', "{", "[1]", '{"subjects": 1}', '{"seed": "x"}'])
def test_wrong_options(capsys, tmp_path, options):
    fails(capsys, "fetch", "smic", "--source", "synthetic", "--options", options, "--out", tmp_path / "s.json", says="")
    assert list(tmp_path.iterdir()) == []


def test_options_without_synthetic_source(capsys, tmp_path):
    fails(capsys, "fetch", "smic", "--source", tmp_path, "--options", '{"seed": 1}', "--out", tmp_path / "s.json",
          says="only go with the source 'synthetic'")  # fmt: skip


def test_archives_are_unpacked_and_read(casme2, tmp_path, capsys):
    for kind in ("zip", "gztar"):
        archive = shutil.make_archive(str(tmp_path / "copy"), kind, casme2)
        out = tmp_path / kind / "source.json"
        assert cli.main(["fetch", "casme2", "--source", archive, "--out", str(out)]) == 0
        record = json.loads(out.read_text())
        assert record["origin"] == "archive"
        assert cli.main(["index", "casme2", "--root", str(out), "--out", str(tmp_path / kind / "clips.csv")]) == 0
        assert len(read_csv(tmp_path / kind / "clips.csv")) == 7  # as many as emotions


def test_archive_that_leaves_its_folder(capsys, tmp_path):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as file:
        file.writestr("good.txt", "x")
        file.writestr("../../evil.txt", "x")
    with tarfile.open(tmp_path / "bad.tar", "w") as file:
        member = tarfile.TarInfo("../../evil.txt")
        member.size = 1
        file.addfile(member, io.BytesIO(b"x"))
    for name in ("bad.zip", "bad.tar"):
        out = tmp_path / "a" / "b" / "source.json"
        fails(
            capsys, "fetch", "smic", "--source", tmp_path / name, "--out", out, says=["leads out of the folder", name]
        )
        assert not (tmp_path / "a" / "b" / "data").exists()
        assert not list(tmp_path.rglob("evil.txt"))


@pytest.mark.parametrize("name", ["broken.zip", "broken.tar.gz"])
def test_damaged_archive(capsys, tmp_path, casme2, name):
    whole = shutil.make_archive(str(tmp_path / "whole"), "zip" if name.endswith("zip") else "gztar", casme2)
    (tmp_path / name).write_bytes(Path(whole).read_bytes()[:5000])
    out = tmp_path / "o" / "source.json"
    fails(capsys, "fetch", "casme2", "--source", tmp_path / name, "--out", out, says=["cannot unpack", name])
    assert not (tmp_path / "o" / "data").exists()


# ------------------------------------------------------------------------------------------------ inputs


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("tvl", "did you mean 'tvl1'?"),
        ("apex_flow", "needs a size"),
        ("apex_flow-2", "needs a size"),
        ("tvl1-28", "takes no size"),
        ("apex_flow-x", "did you mean 'apex_flow'?"),
        ("", "unknown input ''"),
    ],
)
def test_unknown_input(capsys, casme2, tmp_path, name, says):
    make_inputs(capsys, "casme2", name, casme2, tmp_path / "out", says=says)


def test_apex_flow_without_its_base(capsys, casme2, tmp_path):
    make_inputs(capsys, "casme2", "apex_flow-28", casme2, tmp_path / "out", says="--from")
    make_inputs(capsys, "casme2", "apex_flow-28", casme2, tmp_path / "out", "--from", tmp_path / "none", says="none")


# ------------------------------------------------------------------------------------------------ flow pictures


def rewrite(pictures, change):
    rows = read_csv(pictures / "manifest.csv")
    change(rows)
    write_csv(pictures / "manifest.csv", rows[0], rows)


def test_manifest_with_a_clip_twice(capsys, pictures, tmp_path):
    rewrite(pictures, lambda rows: rows.append(dict(rows[1])))
    index(capsys, "flow_images", pictures, tmp_path / "clips.csv", says=["more than once", "samm/001/c1"])


def test_manifest_row_without_its_picture(capsys, pictures, tmp_path):
    (pictures / "2.png").unlink()
    index(capsys, "flow_images", pictures, tmp_path / "clips.csv", says=["line 4", "2.png"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("dataset,subject,clip,image\nsamm,1,a,0.png\n", "lacks the column emotion"),
        ("dataset,subject,clip,emotion,image\n", "no rows"),
        ("dataset,subject,clip,emotion,image\nsamm,1,a,negative\n", "line 2"),
        ("dataset,subject,clip,emotion,image\nsamm,1,,negative,0.png\n", "has no clip"),
        ("dataset,subject,clip,emotion,image\nsamm,1,a,bored,0.png\n", "unknown emotion 'bored'"),
        ("dataset,subject,clip,emotion,image\nsamm,bob,a,negative,0.png\n", "'bob' is not a subject of samm"),
        ("", "is empty"),
    ],
)
def test_damaged_manifest(capsys, pictures, tmp_path, text, says):
    (pictures / "manifest.csv").write_text(text)
    index(capsys, "flow_images", pictures, tmp_path / "clips.csv", says=says)


@pytest.mark.parametrize("damage", ["truncated", "text", "empty"])
def test_damaged_picture(capsys, pictures, tmp_path, damage):
    whole = (pictures / "1.png").read_bytes()
    (pictures / "1.png").write_bytes({"truncated": whole[: len(whole) // 2], "text": b"hello", "empty": b""}[damage])
    make_inputs(capsys, "flow_images", "apex_flow-28", pictures, tmp_path / "out", says=["1.png", "cannot be read"])
    parts = {path.name for path in (tmp_path / "out" / "parts").iterdir()}
    whole = ("samm-000", "samm-002", "samm-003")
    assert parts == {f"{part}.{suffix}" for part in whole for suffix in ("npy", "json")}  # nothing half-written


def test_picture_of_another_size(capsys, pictures, tmp_path):
    cv2.imwrite(str(pictures / "1.png"), np.random.default_rng(0).integers(0, 255, (30, 28, 3), dtype=np.uint8))
    make_inputs(capsys, "flow_images", "apex_flow-28", pictures, tmp_path / "out", says=["1.png", "28 x 30", "28 x 28"])


def test_constant_and_grey_picture(capsys, pictures, tmp_path):
    flat = np.random.default_rng(0).integers(0, 255, (28, 28, 3), dtype=np.uint8)
    flat[..., 1] = 7
    cv2.imwrite(str(pictures / "1.png"), flat)
    make_inputs(
        capsys, "flow_images", "apex_flow-28", pictures, tmp_path / "out", says=["1.png", "constant", "channel v"]
    )
    cv2.imwrite(str(pictures / "1.png"), flat[..., 0])
    make_inputs(capsys, "flow_images", "apex_flow-28", pictures, tmp_path / "out", says=["1.png", "three channels"])


def test_tvl1_of_pictures(capsys, pictures, tmp_path):
    make_inputs(capsys, "flow_images", "tvl1", pictures, tmp_path / "out", says="apex_flow-28 instead of tvl1")


def test_damaged_store(tmp_path):
    from toy import write_store

    from mebench.errors import UserError
    from mebench.inputs import store

    write_store(tmp_path / "s", ["b", "a"], np.arange(32, dtype=np.float32).reshape(2, 1, 4, 4))
    kept = store.load(tmp_path / "s")
    assert (kept.ids, kept.get("a")[0, 0, 0]) == (["a", "b"], 16)
    with pytest.raises(UserError, match="holds no clip c"):
        kept.get("c")
    (tmp_path / "s" / "parts" / "all.npy").write_bytes(b"")
    with pytest.raises(UserError, match="cannot read"):
        store.load(tmp_path / "s").get("a")
    index_file = tmp_path / "s" / "index.csv"
    index_file.write_text(index_file.read_text().replace("1x4x4", "1x4x3"))
    with pytest.raises(UserError, match="is damaged"):
        store.load(tmp_path / "s")
