"""Readers of CASME and MMEW on small trees with their quirks."""

from __future__ import annotations

import openpyxl
import pytest

from mebench import cards, cli
from mebench.errors import UserError
from mebench.files import read_csv


def read(dataset, root):
    return cards.load("datasets", dataset).read(root)


def frames(root, folder, names):
    """Empty frame files; readers look at names only."""
    (root / folder).mkdir(parents=True)
    for name in names:
        (root / folder / name).touch()


def workbook(path, rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


CASME_HEADER = ["Subject", "Filename", None, "OnsetF", "ApexF1", "ApexF2", "OffsetF", None, "Onset", "Total", "AU",
                "Emotion"]  # fmt: skip


@pytest.fixture
def casme(tmp_path):
    """Three clips whose frames are padded or not, from 69 across 100."""
    for clip, width in (("EP01_5", 0), ("EP01_8", 3), ("EP12_1", 3)):
        frames(tmp_path, f"Cropped/sub01/{clip}", [f"reg_{clip}-{n:0{width}d}.jpg" for n in range(69, 114)])
        frames(tmp_path, f"CASME_raw_selected/sub01/{clip}", [f"{clip}-{n}.jpg" for n in range(69, 114)])
    rows = [
        [1, "EP01_5", None, 69, 85, "\\", 113, None, 12, 45, "4+L10", "disgust"],
        [1, "EP01_8", None, 69, "\\", 90, 113, None, 12, 45, 12, "Happiness"],
        [1, "EP12_1", None, 69, "\\", "\\", 113, None, 12, 45, "15+17", "tense"],
        [1, "EP99_1", None, "\\", "\\", "\\", 113, None, 12, 45, "15", "tense"],
    ]
    workbook(tmp_path / "CASME-coded-20190721.xlsx", [CASME_HEADER, *rows])
    return tmp_path


def test_casme_takes_the_first_apex_then_the_second_then_the_middle(casme):
    reading = read("casme", casme)
    found = {c.clip_id: (c.onset, c.apex, c.offset, c.apex_source, ";".join(c.repairs)) for c in reading.clips}
    assert found == {
        "casme/sub01/EP01_5": (69, 85, 113, "labelled", ""),
        "casme/sub01/EP01_8": (69, 90, 113, "labelled", "no first apex: the second coder's 90 is taken"),
        "casme/sub01/EP12_1": (69, 91, 113, "mid", "apex missing ('\\'): the middle frame 91 is taken"),
    }
    assert [(c.emotion, c.aus, c.fps) for c in reading.clips] == [
        ("disgust", "4+10", 60),
        ("happiness", "12", 60),
        ("tense", "15+17", 60),
    ]
    assert [key for key, _ in reading.dropped] == ["casme/sub01/EP99_1"]


def test_casme_prefers_crops(casme):
    reading = read("casme", casme)
    assert reading.clips[0].frames == "Cropped/sub01/EP01_5"
    assert "not used: CASME_raw_selected" in reading.notes


MMEW_HEADER = ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Action Units", "Estimated Emotion",
               "remarks"]  # fmt: skip


@pytest.mark.parametrize("person", ["S03/", ""])
@pytest.mark.parametrize("subject", [3, "S03", "03"])
def test_mmew_with_and_without_folders_of_subjects(tmp_path, person, subject):
    tree = f"Micro_Expression/{person}"
    frames(tmp_path, f"{tree}happiness/S03-01-002", [f"{n}.jpg" for n in range(1, 41)])
    frames(tmp_path, f"{tree}repression/S03-07-001", [f"{n}.jpg" for n in range(1, 41)])
    frames(tmp_path, f"Macro_Expression/{person}anger", ["S03-03-001.jpg"])
    rows = [
        [subject, "S03-01-002", 1, 9, 40, "6+12", "happiness", None],
        [subject, "S03-07-001", 1, 99, 40, 4, "others", "blink"],
    ]
    workbook(tmp_path / "MMEW_Micro_Exp.xlsx", [MMEW_HEADER, *rows])
    happy, other = read("mmew", tmp_path).clips
    assert (happy.clip_id, happy.subject) == ("mmew/S03/S03-01-002", "mmew/S03")
    assert (happy.onset, happy.apex, happy.offset, happy.apex_source) == (1, 9, 40, "labelled")
    # the class is called others in the workbook and repression on disk
    assert (other.emotion, other.frames) == ("others", f"{tree}repression/S03-07-001")
    assert (other.apex, other.apex_source) == (20, "mid")
    assert "apex 99 outside [1, 40]" in ";".join(other.repairs)


def test_mmew_clip_in_two_places(tmp_path):
    for folder in ("S03/happiness", "S03/anger"):
        frames(tmp_path, f"{folder}/S03-01-002", ["1.jpg", "2.jpg"])
    workbook(tmp_path / "MMEW_Micro_Exp.xlsx", [MMEW_HEADER, [3, "S03-01-002", 1, 2, 2, 4, "anger", None]])
    with pytest.raises(UserError, match="are the same clip; keep one of them"):
        read("mmew", tmp_path)


@pytest.mark.parametrize(("dataset", "expected"), [("casme", 189), ("mmew", 300)])
def test_a_part_of_a_copy_is_refused_until_that_is_accepted(casme, tmp_path, capsys, dataset, expected):
    if dataset == "mmew":
        frames(tmp_path, "S03/happiness/S03-01-002", ["1.jpg", "2.jpg"])
        workbook(tmp_path / "MMEW_Micro_Exp.xlsx", [MMEW_HEADER, [3, "S03-01-002", 1, 2, 2, 12, "happiness", None]])
    clips = tmp_path / "out" / "clips.csv"
    arguments = ["index", dataset, "--root", str(tmp_path), "--out", str(clips)]
    assert cli.main(arguments) == 2
    found = 3 if dataset == "casme" else 1
    assert f"clips {found} instead of {expected}" in capsys.readouterr().err
    assert cli.main([*arguments, "--accept", "counts"]) == 0
    assert len(read_csv(clips)) == found
