"""Every reader and every fault of a tree of folders: what programs leave changes nothing, what is certain is read, the
rest is dropped on record or refused by name. A reader without its cell of the matrix fails here."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from small_copies import COPIES, NUMBERS
from spotting_sets import frames

from mebench import cards
from mebench.errors import UserError
from mebench.indexing.read import read

PICTURES = "flow_images"
WITHOUT_WORKBOOK: dict[str, tuple[Callable[[int], str], str]] = {
    **{dataset: (lambda i, camera=camera: f"{camera}/s11/micro/negative/s11_ne_0{i}", "image{:06d}.bmp")
       for dataset, camera in (("smic", "HS"), ("smic_nir", "NIR"), ("smic_vis", "VIS"))},
    PICTURES: (lambda i: f"sub01/u_test/{i - 1}", "sub01_EP02_{}.png"),
}  # fmt: skip
DATASETS = sorted({*COPIES, *WITHOUT_WORKBOOK})


def place(dataset: str, i: int) -> str:
    """The folder of the clip i; the folder of a class of flow pictures."""
    return COPIES[dataset].folder(i) if dataset in COPIES else WITHOUT_WORKBOOK[dataset][0](i)


def make(dataset: str, root: Path) -> None:
    if dataset in COPIES:
        COPIES[dataset].make(root)
        return
    _, name = WITHOUT_WORKBOOK[dataset]
    for i in (1, 2, 3):
        numbers = [i] if dataset == PICTURES else NUMBERS
        frames(root / place(dataset, i), [name.format(number) for number in numbers])


def test_every_reader_is_in_the_matrix():
    assert set(DATASETS) == set(cards.names("datasets"))
    assert set(MATRIX) == {(fault, dataset) for fault in FAULTS for dataset in DATASETS}


def what(clip):
    """A clip without the place of its frames."""
    return clip.clip_id.lower(), clip.onset, clip.apex, clip.offset, clip.emotion


# ------------------------------------------------------------------------------------------------ faults of the clip 2


def clutter(root, folder):
    """In every folder, and with pictures in it where it is a folder."""
    for level in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        for name in (".ipynb_checkpoints", "__MACOSX", "@eaDir", "$RECYCLE.BIN", ".git", "lost+found", ".AppleDouble",
                     "System Volume Information", "#recycle"):  # fmt: skip
            frames(level / name, ["1.jpg", "._2.jpg"])
        for name in (".DS_Store", "Thumbs.db", "desktop.ini", "._img1.jpg", "._1.png", "~$codes.xlsx", "ehthumbs.db"):
            (level / name).touch()


def capital_clutter(root, folder):
    frames(folder / "__macosx", ["1.jpg"])
    (folder / "THUMBS.DB").touch()


def tiff(root, folder):
    for path in list(folder.iterdir()):
        path.rename(path.with_suffix(".tif"))


def deeper(root, folder, name="more"):
    inside = folder / name
    paths = list(folder.iterdir())
    inside.mkdir()
    for path in paths:
        path.rename(inside / path.name)


def nested_in_itself(root, folder):
    deeper(root, folder, folder.name)
    deeper(root, folder / folder.name, folder.name)


def deeper_among_others(root, folder):
    deeper(root, folder)
    frames(folder / "other", ["1.png"])


def doubled_root(root, folder):
    for path in list(root.iterdir()):
        (root / root.name).mkdir(exist_ok=True)
        path.rename(root / root.name / path.name)


def unzipped_deep(root, folder):
    doubled_root(root, folder)
    (root / root.name).rename(root / "data")
    doubled_root(root, folder)


def empty(root, folder):
    shutil.rmtree(folder)
    folder.mkdir()


def gone(root, folder):
    shutil.rmtree(folder)


def a_file(root, folder):
    shutil.rmtree(folder)
    folder.touch()


def unknown_name(root, folder):
    folder.rename(folder.with_name("somebody"))


def unknown_pictures(root, folder):
    for path in list(folder.iterdir()):
        path.rename(path.with_name(f"{path.stem}_face{path.suffix}" if path.suffix != ".png" else f"{path.stem}.heic"))


def other_case(root, folder):
    folder.rename(folder.with_name(folder.name.swapcase()))


def two_cases(root, folder):
    """Of two folders that differ in the case of letters, one is not read in silence."""
    while folder.name.swapcase() == folder.name:
        folder = folder.parent
    shutil.copytree(folder, folder.with_name(folder.name.swapcase()))


FAULTS = {fault.__name__: fault for fault in (
    clutter, capital_clutter, tiff, deeper, nested_in_itself, deeper_among_others, doubled_root, unzipped_deep, empty,
    gone, a_file, unknown_name, unknown_pictures, other_case, two_cases)}  # fmt: skip

READ, GONE, REFUSED, NONE = "all clips", "without the clip 2, on record", "refused", "there is nothing to record"
OF_FOLDERS = {"smic", "smic_nir", "smic_vis"}  # whose labels are names of folders
LONG = {"casme3_long", "casme_sq", "samm_long", "smic_long"}
COLOUR = {"casme3_long"}  # its folder of frames is called color

MATRIX = {(fault, dataset): {
    "clutter": READ, "capital_clutter": READ, "tiff": READ, "deeper": READ, "nested_in_itself": READ,
    "deeper_among_others": GONE, "doubled_root": READ, "unzipped_deep": READ, "empty": GONE, "gone": GONE,
    "a_file": GONE, "unknown_name": GONE, "unknown_pictures": GONE, "other_case": READ, "two_cases": REFUSED,
}[fault] for fault in FAULTS for dataset in DATASETS}  # fmt: skip
MATRIX |= {
    # a folder of a class without pictures is a class without clips
    ("empty", PICTURES): NONE, ("gone", PICTURES): NONE, ("unknown_name", PICTURES): REFUSED,
    **{("gone", dataset): NONE for dataset in OF_FOLDERS},  # no list says what should be there
    # two trees, of which a note says which is not used
    ("two_cases", "samm"): READ, ("two_cases", "samm_long"): READ,
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("dataset", DATASETS)
def test_trees(tmp_path, dataset, fault):
    root = tmp_path / "copy"
    make(dataset, root)
    before, outcome = read(dataset, root), MATRIX[fault, dataset]
    assert len(before.clips) == 3
    assert before.dropped == []
    FAULTS[fault](root, root / place(dataset, 2))
    if outcome == REFUSED:
        with pytest.raises(UserError, match=re.escape(str(root))):
            read(dataset, root)
        return
    after = read(dataset, root)
    clips = [what(clip) for clip in after.clips]
    if outcome == READ:
        assert clips == [what(clip) for clip in before.clips]
        assert after.dropped == []
        assert [note for note in after.notes if "picture" in note] == []
        return
    assert clips == [what(clip) for clip in before.clips if place(dataset, 2) not in clip.frames]
    assert len(clips) == 2
    assert bool(after.dropped) == (outcome == GONE)
    assert after.rows == len(after.clips) + len(after.dropped)
    if fault in ("unknown_pictures", "deeper_among_others"):
        name = next((root / place(dataset, 2)).rglob("*")).parent.name
        assert any(re.search(r"such as|a picture there is", why) for _, why in after.dropped), name


# --------------------------------------------------------------------------------- one subject of two is not understood


def subject_folder(dataset, i):
    """The folder of the subject of the clip i, for readers whose labels or videos are folders."""
    parts = place(dataset, i).split("/")
    at = next(n for n, part in enumerate(parts) if re.fullmatch(r"(?i)sub\d+|s\d+|spno\.\d+|\d{3}_\d+", part))
    return "/".join(parts[: at + 1])


# what becomes of the folder of another subject
SUBJECTS = {
    "another name": lambda folder: folder.rename(folder.with_name("person number nine")),
    "one folder deeper": lambda folder: deeper(None, folder, "data"),
    "emptied": lambda folder: empty(None, folder),
    "below a group": lambda folder: shutil.move(folder, folder.with_name("group") / folder.name),
}
OTHER_SUBJECT = {
    "smic": "s12", "smic_nir": "s12", "smic_vis": "s12", PICTURES: "sub02", "casme3_long": "spNO.2", "casme_sq": "s16",
    "samm_long": "009_1", "smic_long": "s04",
}  # fmt: skip


def test_readers_of_folders_are_all_here():
    of_videos = {name for name in cards.names("datasets") if cards.card("datasets", name)["delivers"] == "videos"}
    assert set(OTHER_SUBJECT) == set(WITHOUT_WORKBOOK) | of_videos


@pytest.mark.parametrize("fault", SUBJECTS)
@pytest.mark.parametrize("dataset", sorted(OTHER_SUBJECT))
def test_a_subject_does_not_vanish(tmp_path, dataset, fault):
    root = tmp_path / "copy"
    make(dataset, root)
    first = root / subject_folder(dataset, 1)
    other = first.with_name(OTHER_SUBJECT[dataset])
    shutil.copytree(first, other)
    for path in [path for path in other.rglob("*") if path.is_dir()]:  # clips are called by their subject
        if path.name.startswith((f"{first.name}_", "s3_")):
            path.rename(path.with_name(re.sub(r"^s?\d+_", f"{other.name.replace('s0', 's')}_", path.name)))
    whole = read(dataset, root)
    other.with_name("group").mkdir()
    SUBJECTS[fault](other)
    if (dataset, fault) == (PICTURES, "another name"):
        with pytest.raises(UserError, match="the subject folder .*person number nine"):
            read(dataset, root)
        return
    after = read(dataset, root)
    same = ([what(clip) for clip in after.clips], [video.video_id for video in after.videos])
    if same == ([what(clip) for clip in whole.clips], [video.video_id for video in whole.videos]):
        return
    word = "holds no" if fault == "emptied" else "a picture there is"
    assert any(word in why for _, why in after.dropped), after


# ------------------------------------------------------------------------------------------------ flow pictures

TREE = {
    "U_Test": (lambda subject: (subject / "u_test").rename(subject / "U_Test"), 6, ""),
    "u_tset": (lambda subject: (subject / "u_test").rename(subject / "u_tset"), 3, "sub02"),
    "no u_test": (lambda subject: (subject / "u_test" / "1").rename(subject / "1"), 5, "sub02/1"),
    "u_test in u_test": (lambda subject: deeper(None, subject / "u_test", "u_test"), 6, ""),
    "pictures in u_test": (lambda subject: (subject / "u_test" / "1" / "b.png").rename(subject / "u_test" / "b.png"), 5,
                           "such as b.png"),
    "pictures in the subject": (lambda subject: (subject / "u_test" / "1" / "b.png").rename(subject / "b.png"), 5,
                                "a picture there is b.png"),
    "a class is a file": (lambda subject: a_file(None, subject / "u_test" / "1"), 5, "such as 1"),
    "another format beside": (lambda subject: (subject / "u_test" / "1" / "c.tif").touch(), 6, "c.tif"),
    "an unknown format beside": (lambda subject: (subject / "u_test" / "1" / "c.heic").touch(), 6, "such as c.heic"),
    "a folder beside": (lambda subject: frames(subject / "u_test" / "1" / "more", ["d.png"]), 6, "more"),
    "empty": (lambda subject: empty(None, subject), 3, "sub02: it holds no file"),
    "empty u_test": (lambda subject: empty(None, subject / "u_test"), 3, "sub02: it holds no file"),
    "empty classes": (lambda subject: [empty(None, subject / "u_test" / name) for name in "012"], 3,
                      "sub02: it holds no file"),
    "empty beside u_train": (lambda subject: (shutil.copytree(subject / "u_test", subject / "u_train"),
                                              empty(None, subject / "u_test")), 3, "u_test holds no picture"),
    "u_train alone": (lambda subject: (subject / "u_test").rename(subject / "u_train"), 3, "sub02"),
}  # fmt: skip


@pytest.mark.parametrize("fault", TREE)
def test_trees_of_flow_pictures(tmp_path, fault):
    for subject in ("sub01", "sub02"):
        for group, name in (("0", "a"), ("1", "b"), ("2", "e")):
            frames(tmp_path / subject / "u_test" / group, [f"{name}.png"])
    change, count, says = TREE[fault]
    change(tmp_path / "sub02")
    reading = read(PICTURES, tmp_path)
    assert len(reading.clips) == count
    assert bool(reading.dropped) == bool(says)
    assert not says or any(says in f"{key}: {why}" for key, why in reading.dropped)


def test_flow_pictures_are_read_however_deep_the_archive_was_unpacked(tmp_path):
    for subject in ("sub01", "s02"):
        frames(tmp_path / "a" / "b" / "c" / subject / "u_test" / "0", ["x.png"])
    assert [clip.clip_id for clip in read(PICTURES, tmp_path).clips] == ["casme2/sub01/x", "smic/s02/x"]


def test_groups_of_subjects_side_by_side_are_all_read(tmp_path):
    for group, subject in (("one", "sub01"), ("two", "s02")):
        frames(tmp_path / group / subject / "u_test" / "0", ["x.png"])
    assert [clip.clip_id for clip in read(PICTURES, tmp_path).clips] == ["casme2/sub01/x", "smic/s02/x"]
