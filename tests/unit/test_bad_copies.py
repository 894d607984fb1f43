"""What may be wrong with a copy of any dataset: workbooks that are empty or cut short, folders out of reach, links in
circles, what macOS leaves behind, paths of any letters. Every reader is held to it."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from bad import close, index
from spotting_sets import frames, workbook

from mebench import cards, cli
from mebench.files import read_csv

NUMBERS = range(40, 80)


def skeleton(dataset: str, root: Path) -> Path:
    """The smallest copy of ``dataset`` that is read: one clip of empty frames, and its workbook. Returns the workbook,
    or the folder of frames where there is none."""
    tree, name = TREES[dataset]
    frames(root / tree, [name.format(n) for n in NUMBERS])
    if dataset not in WORKBOOKS:
        return root / tree
    file, sheets = WORKBOOKS[dataset]
    workbook(root / file, **sheets)
    return root / file


TREES = {
    "casme": ("Cropped/sub01/EP01_5", "reg_EP01_5-{:03d}.jpg"),
    "casme2": ("Cropped/sub01/EP02_01f", "reg_img{}.jpg"),
    "casme3": ("frame/spNO.1_b_46", "{}.jpg"),
    "casme3_long": ("part_A/spNO.1/b/color", "{}.jpg"),
    "casme_sq": ("rawpic/s15/15_0401girlcrashing", "img{:03d}.jpg"),
    "mmew": ("Micro_Expression/S03/anger/S03-01-002", "{}.jpg"),
    "samm": ("SAMM/006/006_1_2", "006_{:05d}.jpg"),
    "samm_long": ("SAMM_longvideos/007_3", "007_3_{:04d}.jpg"),
    "smic": ("HS/s1/micro/negative/s1_ne_01", "image{:06d}.bmp"),
    "smic_nir": ("NIR/s11/micro/negative/s11_ne_01", "image{:06d}.bmp"),
    "smic_vis": ("VIS/s11/micro/negative/s11_ne_01", "image{:06d}.bmp"),
}
CASME3 = [("Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion"),
          ("spNO.1", "b", "46", "50", "60", "4", "III", "anger")]  # fmt: skip
WORKBOOKS = {
    "casme": ("CASME-coded-20190721.xlsx", {"Sheet1": [
        ("Subject", "Filename", None, "OnsetF", "ApexF1", "ApexF2", "OffsetF", None, "Onset", "Total", "AU", "Emotion"),
        (1, "EP01_5", None, 46, 50, "\\", 60, None, 12, 45, 4, "disgust")]}),
    "casme2": ("CASME2-coding-20140508.xlsx", {"Sheet1": [
        ("Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None, "Action Units",
         "Estimated Emotion"), ("01", "EP02_01f", None, 46, 50, 60, None, 12, "happiness")]}),
    "casme3": ("cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx", {"label": CASME3}),
    "casme3_long": ("CAS(ME)3_part_A_v2.xlsx", {"label": [
        (*CASME3[0], "Expression type"), (*CASME3[1], "Micro-expression")]}),
    "casme_sq": ("CAS(ME)^2code_final.xlsx", {
        "CASFEcode_final": [(1.0, "anger1_1", 46.0, 50.0, 60.0, "4+7", "negative", "micro-expression", "anger")],
        "naming_rule1": [(15, "s15", 1)], "naming_rule2": [("0401", "anger1")]}),
    "mmew": ("MMEW_Micro_Exp.xlsx", {"Sheet1": [
        ("Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Action Units", "Estimated Emotion",
         "remarks"), (3, "S03-01-002", 46, 50, 60, 4, "anger", None)]}),
    "samm": ("SAMM_Micro_FACS_Codes_v2.xlsx", {"MICRO_ONLY": [
        ("Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame", "Duration", "Micro",
         "Action Units", "Estimated Emotion", "Objective Classes", "Notes"),
        ("006", "006_1_2", 1, 46, 50, 60, None, "Micro - 1/2", 4, "Anger", "III", None)]}),
    "samm_long": ("SAMM_LongVideos_V3_Release.xlsx", {"FACS_Movement_Only": [
        ("Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type", "Action Units",
         "Notes"), ("007", "007_3_1", 3, 46, 50, 60, None, "Micro - 1/2", 4, None)]}),
}  # fmt: skip
ALL = sorted(TREES)
READ_FROM_A_FULL_STAND_IN = {"smic_long"}  # its workbook gives each clip by formulas of two counters


def read(dataset, root):
    return cards.load("datasets", dataset).read(root)


@pytest.fixture(params=ALL)
def copy(request, tmp_path):
    """(dataset, root, its workbook or folder of frames)."""
    return request.param, tmp_path / "root", skeleton(request.param, tmp_path / "root")


def test_every_dataset_of_frames_is_here():
    of_frames = {name for name in cards.names("datasets") if cards.card("datasets", name)["delivers"] != "pictures"}
    assert of_frames - READ_FROM_A_FULL_STAND_IN == set(TREES)


def test_the_skeletons_are_read(copy):
    dataset, root, _ = copy
    reading = read(dataset, root)
    (clip,) = reading.clips
    if dataset in WORKBOOKS:
        assert (clip.onset, clip.apex, clip.offset, clip.apex_source) == (46, 50, 60, "labelled")
    assert (root / clip.frames).is_dir()
    assert reading.dropped == []


# ------------------------------------------------------------------------------------------------ workbooks


@pytest.mark.parametrize("dataset", sorted(WORKBOOKS))
@pytest.mark.parametrize("damage", ["zero bytes", "text", "cut short", "empty sheets", "no rows", "nothing"])
def test_damaged_workbook(capsys, tmp_path, dataset, damage):
    path = skeleton(dataset, tmp_path / "root")
    data, sheets = path.read_bytes(), WORKBOOKS[dataset][1]
    if damage == "empty sheets":
        workbook(path, **{title: [] for title in sheets})
    elif damage == "no rows":
        first = next(iter(sheets))
        workbook(path, **{**sheets, first: sheets[first][: len(sheets[first]) - 1]})
    elif damage == "nothing":
        path.unlink()
    else:
        path.write_bytes({"zero bytes": b"", "text": b"hello", "cut short": data[: len(data) // 2]}[damage])
    index(capsys, dataset, tmp_path / "root", tmp_path / "out" / "clips.csv", says=str(tmp_path / "root"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("dataset", sorted(set(WORKBOOKS) - {"casme_sq"}))  # its sheets have no header
def test_missing_columns(capsys, tmp_path, dataset):
    path = skeleton(dataset, tmp_path / "root")
    (title, (header, *rows)) = next(iter(WORKBOOKS[dataset][1].items()))
    for gone in ("onset", "offset", "filename"):
        at = next(i for i, name in enumerate(header) if name and name.lower().startswith(gone))
        workbook(path, **{title: [[*header[:at], "Gone", *header[at + 1 :]], *rows]})
        sentence = index(capsys, dataset, tmp_path / "root", tmp_path / "clips.csv", says="lacks the column")
        assert header[at] in sentence


# ------------------------------------------------------------------------------------------------ folders


def test_links_in_a_circle_change_nothing(copy):
    dataset, root, _ = copy
    before = read(dataset, root)
    folder = root / before.clips[0].frames
    (root / "again").symlink_to(root, target_is_directory=True)
    (root / "nowhere").symlink_to("gone")
    for place in (folder, folder.parent, folder.parents[1]):
        (place / "up").symlink_to("..")
        (place / "here").symlink_to(".")
        (place / "self").symlink_to("self")
    after = read(dataset, root)
    assert (after.clips, after.videos, after.dropped, after.notes) == (
        before.clips, before.videos, before.dropped, before.notes)  # fmt: skip


def test_what_macos_leaves_behind_changes_nothing(copy):
    dataset, root, _ = copy
    before = read(dataset, root)
    files = [path for path in root.rglob("*") if path.is_file()]
    for path in files:
        fork = root / "__MACOSX" / path.relative_to(root)
        fork.parent.mkdir(parents=True, exist_ok=True)
        for place in (fork, path):
            place.with_name(f"._{path.name}").write_bytes(b"fork")
            (place.parent / ".DS_Store").touch()
            (place.parent / "Thumbs.db").touch()
    after = read(dataset, root)
    assert (after.clips, after.videos, after.dropped, after.notes) == (
        before.clips, before.videos, before.dropped, before.notes)  # fmt: skip


def test_folder_without_permission(capsys, copy, tmp_path, monkeypatch):
    dataset, root, _ = copy
    folder = root / read(dataset, root).clips[0].frames
    for closed in (folder, folder.parent, root):
        with monkeypatch.context() as patch:
            close(patch, closed)
            says = [str(closed), "Permission denied"]
            index(capsys, dataset, root, tmp_path / "out" / "clips.csv", says=says)
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("letters", ["with spaces", "表情 Lücke", "a'b\"c", "new\nline", "[ab]*?"])
def test_paths_of_any_letters(copy, tmp_path, letters):
    dataset, root, _ = copy
    clips = read(dataset, root).clips
    (tmp_path / letters).mkdir()
    moved = shutil.move(root, tmp_path / letters / "root")
    out = tmp_path / letters / "clips.csv"
    assert cli.main(["index", dataset, "--root", str(moved), "--out", str(out), "--accept", "counts", "edition"]) == 0
    assert [row["clip_id"] for row in read_csv(out)] == [clip.clip_id for clip in clips]


def test_doubled_folders_change_no_label(copy, tmp_path):
    dataset, root, _ = copy
    before = read(dataset, root).clips
    (tmp_path / "outer").mkdir()
    os.rename(root, tmp_path / "outer" / "root")
    after = read(dataset, tmp_path / "outer").clips
    assert [replace(clip, frames=f"root/{clip.frames}") for clip in before] == after
