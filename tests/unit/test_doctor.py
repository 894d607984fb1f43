"""The doctor says what is there, missing, repaired and deviating, whatever state the copies are in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from mebench import cards, cli
from mebench.clips.clip import Clip
from mebench.doctor import copies, page, software, tasks
from mebench.files import read_json, write_csv
from mebench.protocols.tasks import task
from mebench.synthetic import generate
from mebench.synthetic.marker import MARKER


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """CASME II with the real counts, in frames of one colour, without the mark of generated data."""
    folder = tmp_path_factory.mktemp("real")
    generate.write("casme2", folder / "data", folder / "truth", size="full")
    (folder / "data" / MARKER).unlink()
    return folder / "data"


@pytest.fixture
def doctor(tmp_path, capsys, monkeypatch):
    """Write a configuration and return (exit code, findings, page) of ``mebench doctor``; the machine is not looked
    at, which takes seconds."""
    monkeypatch.setattr(software, "software", lambda: {"torch": "2.11.0"})
    monkeypatch.setattr(software, "machine", lambda: {"cores": "2"})

    whole = page.page

    def run(**datasets):
        entries = {
            name: entry if isinstance(entry, dict) else {"source": str(entry)} for name, entry in datasets.items()
        }
        config = {"results": str(tmp_path / "results"), "datasets": entries}
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
        capsys.readouterr()
        examined = []
        monkeypatch.setattr(page, "page", lambda examination: examined.append(examination) or whole(examination))
        code = cli.main(["doctor", "--config", str(tmp_path / "config.yaml")])
        shown = capsys.readouterr().out  # must work for every state
        assert "Traceback" not in shown
        return code, json.loads(json.dumps(examined[0].record())), shown

    return run


def only(found: dict) -> dict:
    (about,) = found["datasets"]
    return about


# ------------------------------------------------------------------------------------------------ what is there


def test_a_good_copy(doctor, real):
    code, found, page = doctor(casme2=real)
    about = only(found)
    assert (code, about["state"], about["kind"], about["root"]) == (0, "good", "a folder", str(real))
    assert {"name": "clips", "expected": 255, "found": 255, "differs": False} in about["counts"]
    assert about["repairs"] == {"apex missing": 1, "dead apex": 1}
    assert about["apex"] == {"labelled": 253, "mid": 2}
    assert about["workbooks"][0]["edition"] == "20140508"
    assert len(about["workbooks"][0]["sha256"]) == 64
    assert "casme2 (CASME II): good" in page
    assert "casme2/sub04/EP12_01f: apex missing ('/')" in page
    done = {task["task"]: task for task in found["tasks"]}
    assert (done["casme2-5"]["clips"], done["casme2-5"]["subjects"], done["casme2-5"]["differs"]) == (246, 26, [])
    assert "megc2019" not in done, "its other datasets are not configured"


@pytest.fixture
def incomplete(real, tmp_path):
    """A copy without subject 01, whose workbook has another name."""
    shutil.copytree(real, tmp_path / "my casme2", copy_function=lambda a, b: Path(b).hardlink_to(a))
    shutil.rmtree(tmp_path / "my casme2" / "Cropped" / "Cropped" / "sub01")
    (tmp_path / "my casme2" / "CASME2-coding-20140508.xlsx").rename(tmp_path / "my casme2" / "CASME2-coding-mine.xlsx")
    return tmp_path / "my casme2"


def test_deviations_come_with_the_line_that_accepts_them(doctor, incomplete):
    code, found, page = doctor(casme2={"source": str(incomplete), "accept": ["edition"], "crop": "provided"})
    about = only(found)
    assert (code, about["state"]) == (1, "deviates")
    kinds = {deviation["kind"]: deviation for deviation in about["deviations"]}
    assert kinds["edition"]["accepted"]
    assert not kinds["counts"]["accepted"]
    assert "clips 246 instead of 255" in kinds["counts"]["sentence"]
    line = kinds["counts"]["accept_line"]
    assert f"\n               {line}\n" in page, "a line to copy is not wrapped"
    entry = yaml.safe_load(line)["casme2"]
    assert entry == {"source": str(incomplete), "crop": "provided", "accept": ["edition", "counts"]}
    assert len(about["dropped"]) == 9
    assert "no folder of frames sub01/" in page
    assert "246 found     255 expected  <- differs" in page
    assert next(t for t in found["tasks"] if t["task"] == "casme2-5")["differs"][0] == "clips 237 instead of 246"
    assert doctor(casme2=entry)[0] == 0


def test_small_synthetic_copies_are_compared_with_what_was_announced(doctor, tmp_path):
    code, found, page = doctor(smic="synthetic")
    assert (code, only(found)["state"], only(found)["kind"]) == (0, "waiting", "nothing is needed")
    out = tmp_path / "results" / "sources" / "smic" / "source.json"
    small = json.dumps({"subjects": 2, "clips": 1})
    assert cli.main(["fetch", "smic", "--source", "synthetic", "--out", str(out), "--options", small]) == 0
    code, found, page = doctor(smic="synthetic")
    assert (code, only(found)["state"], only(found)["deviations"]) == (0, "good", [])
    assert "SYNTHETIC DATA" in page
    assert "expected is what its generator announced" in page
    assert [task["differs"] for task in found["tasks"]] == [[]]
    shutil.rmtree(next(folder for folder in Path(read_json(out)["root"]).rglob("s*_ne_*") if folder.is_dir()))
    _, found, page = doctor(smic="synthetic")
    assert (only(found)["state"], len(only(found)["deviations"])) == ("deviates", 1)
    assert "clips 2 instead of 3" in " ".join(page.split())


def test_faces_that_need_a_look(doctor, real, tmp_path):
    rows = [{"clip_id": f"c{i}", "status": "ok", "reason": "", "doubt": ""} for i in range(8)]
    rows[0] |= {"status": "no_face", "reason": "no face was found"}
    rows[1] |= {"doubt": "two faces"}
    write_csv(tmp_path / "results" / "faces" / "casme2" / "faces.csv", rows[0], rows)
    _, found, page = doctor(casme2=real)
    faces = only(found)["faces"]
    assert (faces["clips"], faces["without"], faces["doubtful"]) == (
        8,
        [["c0", "no face was found"]],
        [["c1", "two faces"]],
    )
    assert "7 of 8 clips have one" in page
    assert "c1: two faces" in page


# ------------------------------------------------------------------------------------------------ what is not


def test_what_is_missing_says_what_is_expected_and_where_to_ask(doctor, tmp_path):
    code, found, page = doctor(samm=tmp_path / "none", smic="synthetic")
    about = next(a for a in found["datasets"] if a["dataset"] == "samm")
    card = cards.card("datasets", "samm")
    assert (code, about["state"]) == (1, "unusable")
    assert "does not exist" in about["problem"]
    assert "samm (SAMM): NOT USABLE" in page
    for text in (card["homepage"], card["licence"], card["layout"]):
        assert " ".join(text.split()) in " ".join(page.split())


def test_every_dataset_has_its_own_sentence(doctor, tmp_path, incomplete):
    (tmp_path / "empty").mkdir()
    (tmp_path / "foreign" / "holiday").mkdir(parents=True)
    (tmp_path / "page.zip").write_bytes(b"<html>")
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04")
    (incomplete / "CASME2-coding-mine.xlsx").unlink()
    (incomplete / "CASME2-coding-mine.xlsx").write_bytes(b"no workbook")
    code, found, _ = doctor(casme2=incomplete, samm=tmp_path / "empty", smic=tmp_path / "foreign",
                            casme3=tmp_path / "page.zip", flow_images=tmp_path / "cut.zip")  # fmt: skip
    problems = {about["dataset"]: about["problem"] for about in found["datasets"]}
    assert code == 1
    assert {about["state"] for about in found["datasets"]} == {"unusable"}
    assert "cannot read the workbook" in problems["casme2"]
    assert "is empty" in problems["samm"]
    assert "holds no folders such as" in problems["smic"]
    assert "is no zip, tar, 7z or rar archive" in problems["casme3"]
    assert "damaged or cut short" in problems["flow_images"]
    assert not any("\n" in problem for problem in problems.values())


def test_a_folder_without_permission(doctor, real, monkeypatch):
    from mebench.datasets import casme2

    def denied(root):
        raise PermissionError(13, "Permission denied", f"{root}/Cropped")

    monkeypatch.setattr(casme2, "read", denied)
    code, found, _ = doctor(casme2=real)
    assert (code, only(found)["problem"]) == (
        1, f"{real}/Cropped cannot be read: Permission denied; check its permissions")  # fmt: skip


def test_a_reader_that_fails_does_not_stop_the_others(doctor, real, monkeypatch):
    from mebench.datasets import casme2

    monkeypatch.setattr(casme2, "read", lambda root: {}["oops"])
    code, found, _ = doctor(casme2=real, smic="synthetic")
    assert code == 1
    assert [about["state"] for about in found["datasets"]] == ["unusable", "waiting"]
    assert "a fault of mebench" in found["datasets"][0]["problem"]


def test_archives_are_not_unpacked_by_the_doctor(doctor, tmp_path, monkeypatch):
    source = tmp_path / "source"
    generate.write("smic", source, tmp_path / "truth", subjects=2, clips=1, seed=0)
    archive = shutil.make_archive(str(tmp_path / "SMIC"), "zip", source)
    code, found, _ = doctor(smic=archive)
    assert (code, only(found)["state"]) == (0, "waiting")
    assert "not unpacked yet: SMIC.zip, " in only(found)["kind"]
    out = tmp_path / "results" / "sources" / "smic" / "source.json"
    assert cli.main(["fetch", "smic", "--source", archive, "--out", str(out)]) == 0
    assert (only(doctor(smic=archive)[1])["state"], only(doctor(smic=archive)[1])["kind"]) == (
        "good", "an archive, unpacked")  # fmt: skip
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "a.7z").write_bytes(b"7z\xbc\xaf\x27\x1c and so on")
    code, found, _ = doctor(smic=tmp_path / "a.7z")
    assert code == 1
    assert "install 7zip" in only(found)["problem"]


def test_addresses_are_not_asked_by_the_doctor(doctor, monkeypatch):
    monkeypatch.delenv("MEBENCH_TOKEN", raising=False)
    monkeypatch.setenv("MEBENCH_TOKEN_SMIC", "s3cret")
    code, found, page = doctor(smic="https://example.invalid/SMIC.zip?key=hidden", samm="https://example.invalid/S.zip")
    kinds = {about["dataset"]: about["kind"] for about in found["datasets"]}
    assert code == 0
    assert kinds["smic"] == "not downloaded yet, with the token of MEBENCH_TOKEN_SMIC"
    assert "MEBENCH_TOKEN_SAMM is not set" in kinds["samm"]
    assert "s3cret" not in page + json.dumps(found)
    assert "hidden" not in page + json.dumps(found)


def test_without_a_configuration(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["doctor"]) == 0
    page = capsys.readouterr().out
    assert "name a configuration with --config" in page
    for name in ("torchvision", "opencv", "dlib", "snakemake", "archives", "cores", "GPU"):
        assert f"\n  {name} " in page


# ------------------------------------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("apex 1143 outside [1071, 1134]: the middle frame 1102 is taken", "apex outside"),
        ("apex missing ('/'): the middle frame 291 is taken", "apex missing"),
        ("offset frame 86 is not on disk: frame 85 is taken", "offset frame is not on disk"),
        ("onset 3647 is a slip of the workbook: 2647 is taken", "onset is a slip of the workbook"),
    ],
)
def test_kinds_of_repairs(text, kind):
    assert copies.repair_kind(text) == kind


@pytest.mark.parametrize("source", ["/data/CASME2", "a b", "x: y", "http://a/b#c", "ä", "'"])
def test_the_line_for_the_configuration_is_yaml(source):
    line = copies.accept_line("casme2", {"source": source, "accept": ["edition"]}, ["edition", "counts"])
    assert yaml.safe_load(line) == {"casme2": {"source": source, "accept": ["edition", "counts"]}}


def test_the_pair_of_torch_and_torchvision(monkeypatch):
    pairs = {"2.0.1": "0.15", "2.11.0+cpu": "0.26", "1.13.1": "", "3.0.0": ""}
    assert {torch: software.matching_torchvision(torch) for torch in pairs} == pairs
    monkeypatch.setattr(software, "_version", {"torchvision": "0.20.0", "torch": "2.11.0"}.__getitem__)
    assert software._torchvision() == "WRONG: 0.20.0 does not fit torch 2.11.0; install torchvision 0.26"


def test_software_that_is_missing(monkeypatch, tmp_path):
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *a: None if n == "face_recognition_models" else find(n, *a)
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    found = software.software()
    assert found["dlib"].startswith("MISSING")
    assert "no program for 7z and rar" in found["archives"]
    assert found["opencv"].endswith("with contrib modules")
    (tmp_path / "bsdtar").touch(0o755)
    assert software.software()["archives"] == "zip and tar, 7z by bsdtar, rar by bsdtar"


def test_tasks_need_all_their_datasets():
    clip = Clip("smic/s01/s1_ne_01", "smic", "smic/s01", emotion="negative")
    (found,) = tasks.look({"smic": [clip]}, {"smic"})
    assert (found.task, found.clips) == ("smic-3", 1)
    assert found.differs[0] == "clips 1 instead of 164"
    mine = {**task("smic-3"), "name": "mine", "classes": ["negative"], "expected": {}}
    assert [(own.task, own.clips, own.differs) for own in tasks.look({"smic": [clip]}, {"smic"}, [mine])] == [
        ("smic-3", 1, found.differs),
        ("mine", 1, []),
    ]
    (small,) = tasks.look({"smic": [clip]}, set())
    assert (small.expected, small.differs) == (None, [])
