"""Flow pictures: manifest, LOSO tree, and the real ones where they are."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from mebench import cli, formats
from mebench.datasets import flow_images
from mebench.errors import UserError
from mebench.files import read_csv, write_csv
from mebench.inputs import store

ACCEPT = ["--accept", "counts"]  # a handful of pictures is not the whole composite
BESIDE = next(Path(__file__).parents[3].glob("*/data/megc2019-flow"), Path("no folder"))  # beside the checkout
HERE = Path(os.environ.get("MEBENCH_FLOW_IMAGES", BESIDE))
REAL = pytest.mark.skipif(not HERE.is_dir(), reason=f"no real flow pictures at {HERE} (set MEBENCH_FLOW_IMAGES)")


def picture(path, seed=0, size=28):
    """A noisy RGB picture, red around 200, green around 100, blue around 30."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rgb = np.random.default_rng(seed).integers(0, 20, size=(size, size, 3)) + np.array([200, 100, 30])
    cv2.imwrite(str(path), rgb[..., ::-1].astype(np.uint8))


@pytest.fixture
def manifest(tmp_path):
    rows = [
        {"dataset": "smic", "subject": "s3", "clip": "s3_ne_01", "emotion": "Negative", "image": "images/b.png"},
        {"dataset": "casme2", "subject": "sub01", "clip": "EP02_01f", "emotion": "positive", "image": "images/a.png"},
        {"dataset": "samm", "subject": "6", "clip": "006_1_2", "emotion": "surprise", "image": "images/c.png"},
    ]
    for i, row in enumerate(rows):
        picture(tmp_path / row["image"], i)
    write_csv(tmp_path / "manifest.csv", rows[0], rows)
    return tmp_path


@pytest.fixture
def tree(tmp_path):
    for subject, label, clip in (
        ("sub01", "1", "sub01_EP02_01f"),
        ("s03", "negative", "s03_s3_ne_01"),
        ("006", "2", "006_1_2"),
    ):
        picture(tmp_path / subject / "u_test" / label / f"{clip}.png")
        picture(tmp_path / subject / "u_train" / "0" / "copy_of_others.png")
    return tmp_path


def test_manifest(manifest):
    clips = flow_images.read(manifest).clips
    assert [c.clip_id for c in clips] == ["casme2/sub01/EP02_01f", "samm/006/006_1_2", "smic/s03/s3_ne_01"]
    assert [c.emotion for c in clips] == ["positive", "surprise", "negative"]
    assert list(clips[0].row()) == list(formats.CLIPS.names)
    assert (clips[0].dataset, clips[0].subject, clips[0].frames) == ("casme2", "casme2/sub01", "images/a.png")
    assert {clips[0].row()[k] for k in ("onset", "apex", "offset", "apex_source", "fps")} == {""}


def test_manifest_one_folder_down(manifest, tmp_path_factory):
    outer = tmp_path_factory.mktemp("outer")
    manifest.rename(outer / "inner")
    assert flow_images.read(outer).clips[0].frames == "inner/images/a.png"


def test_tree_takes_test_pictures_only(tree):
    clips = flow_images.read(tree).clips
    assert [c.clip_id for c in clips] == ["casme2/sub01/sub01_EP02_01f", "samm/006/006_1_2", "smic/s03/s03_s3_ne_01"]
    assert [c.emotion for c in clips] == ["positive", "surprise", "negative"]
    assert clips[0].frames == "sub01/u_test/1/sub01_EP02_01f.png"


def test_tree_with_a_subject_of_unknown_spelling(tree):
    picture(tree / "person7" / "u_test" / "0" / "x.png")
    with pytest.raises(UserError, match="cannot tell the dataset of the subject folder .*person7"):
        flow_images.read(tree)


def test_store_keeps_pictures_as_published(manifest):
    assert (
        cli.main(["index", "flow_images", "--root", str(manifest), "--out", str(manifest / "clips.csv"), *ACCEPT]) == 0
    )
    arguments = ["--clips", str(manifest / "clips.csv"), "--root", str(manifest), "--out", str(manifest / "store")]
    assert cli.main(["inputs", "flow_images", "apex_flow-28", *arguments]) == 0
    kept = store.load(manifest / "store")
    x = kept.stack()
    assert (x.dtype, x.shape) == (np.uint8, (3, 3, 28, 28))
    assert kept.ids == sorted(kept.ids)
    assert kept.meta["channels"] == ["u", "v", "strain"]
    assert (kept.meta["scale"], kept.meta["origin"]) == ("picture", "pictures")
    for i, image in enumerate(("a", "c", "b")):
        bgr = cv2.imread(str(manifest / "images" / f"{image}.png"))
        np.testing.assert_array_equal(x[i], bgr[..., ::-1].transpose(2, 0, 1))
    assert x[0][0].mean() > 190 > 90 < x[0][1].mean()  # red is u, green is v


def test_order_of_the_manifest_changes_nothing(manifest):
    stores = []
    for name in ("one", "two"):
        cli.main(
            ["index", "flow_images", "--root", str(manifest), "--out", str(manifest / name / "clips.csv"), *ACCEPT]
        )
        cli.main(["inputs", "flow_images", "apex_flow-28", "--clips", str(manifest / name / "clips.csv"),
                  "--root", str(manifest), "--out", str(manifest / name / "store")])  # fmt: skip
        stores.append(manifest / name / "store")
        rows = read_csv(manifest / "manifest.csv")
        write_csv(manifest / "manifest.csv", rows[0], rows[::-1])
    for file in ("parts/casme2-sub01.npy", "index.csv", "meta.json"):
        assert (stores[0] / file).read_bytes() == (stores[1] / file).read_bytes()


@REAL
def test_real_pictures_are_the_megc2019_composite(tmp_path):
    """442 clips, 68 subjects, 250 negative, 109 positive, 83 surprise: docs/protocols.md#the-composite-of-megc2019."""
    clips = flow_images.read(HERE).clips
    assert len(clips) == 442
    assert len({c.subject for c in clips}) == 68
    assert Counter(c.emotion for c in clips) == {"negative": 250, "positive": 109, "surprise": 83}
    parts = Counter((c.dataset, c.emotion) for c in clips)
    assert [parts["smic", e] for e in ("negative", "positive", "surprise")] == [70, 51, 43]
    assert [parts["casme2", e] for e in ("negative", "positive", "surprise")] == [88, 32, 25]
    assert [parts["samm", e] for e in ("negative", "positive", "surprise")] == [92, 26, 15]
    assert cli.main(["index", "flow_images", "--root", str(HERE), "--out", str(tmp_path / "clips.csv")]) == 0
    assert "differs" not in (tmp_path / "report.md").read_text()


@REAL
def test_real_pictures_become_a_store(tmp_path):
    from mebench.config import input_names
    from mebench.inputs import build

    source, clips = (
        build.InputJob(input_names.parse("apex_flow-28"), HERE, "pictures", pictures=True),
        flow_images.read(HERE).clips,
    )
    build.make(source, clips, tmp_path / "store")
    assert build.finish(source, clips, tmp_path / "store") == {}
    x = store.load(tmp_path / "store").stack()
    assert x.shape == (442, 3, 28, 28)
    # each channel was stretched to the full range by its publishers
    assert (x.min(axis=(2, 3)) == 0).mean() > 0.99
    assert (x.max(axis=(2, 3)) == 255).mean() > 0.99
