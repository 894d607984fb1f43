"""SAMM Long Videos: full counts, and the quirks that its copies are known for.

Golden numbers: the first edition (159 micro-expressions in 79 of 147 videos, 343 macro-expressions in
130; 30 subjects, 29 with either kind).
"""

from __future__ import annotations

from collections import Counter

import openpyxl
import pytest
from spotting_sets import by_id, frames, read, refused, times, workbook

from mebench.clips.card import dataset_card
from mebench.datasets.samm_long import ORIGINS
from mebench.indexing import checks
from mebench.synthetic import full_samm, full_samm_long, generate

BOOK, FACS = "SAMM_LongVideos_V3_Release.xlsx", "SAMM_Micro_FACS_Codes_v2.xlsx"
HEADER = full_samm_long.HEADER


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("SAMM Long — été 長い")
    generate.write("samm_long", folder / "copy", folder / "truth", size="full")
    return folder / "copy"


@pytest.fixture(scope="module")
def reading(root):
    return read("samm_long", root)


@pytest.fixture(scope="module")
def rows():
    return full_samm_long.plan(0)[0]


def clip_of(clips, row):
    return clips[f"samm_long/{row.video[:3]}/{row.name}_{row.expression}"]


def coded(name="006_1_2", onset=50, apex=60, offset=90, kind="Micro - 1/2", subject="006", aus="4"):
    return (subject, name, int(name.split("_")[1]), onset, apex, offset, "=F11-D11+1", kind, aus, None)


def copy(tmp_path, *rows, header=HEADER, preamble=9, first=1, videos=("006_1", "007_3")):
    workbook(tmp_path / BOOK, FACS_Movement_Only=[*[("a note",)] * preamble, header, *rows])
    for video in videos:
        frames(tmp_path / "SAMM_longvideos" / video, [f"{video}_{n:04d}.jpg" for n in range(first, first + 300)])
    return tmp_path


# ------------------------------------------------------------------------------------------------ full counts


def test_full_counts(reading):
    assert checks.deviations(dataset_card("samm_long"), reading) == {}
    assert reading.dropped == []
    assert len(reading.videos) == 147
    for kind, clips, videos in (("micro", 159, 79), ("macro", 343, 130)):
        found = [clip for clip in reading.clips if clip.expression == kind]
        assert len(found) == clips
        assert len({clip.frames for clip in found}) == videos
        assert len({clip.subject for clip in found}) == 29
    assert len({clip.subject for clip in reading.clips}) == 30
    assert {(video.first, video.gaps, video.fps) for video in reading.videos} == {(1, 0, 200)}


def test_every_row_is_read_as_it_was_planned(reading, rows):
    clips = by_id(reading)
    assert len(clips) == len(rows)
    for row in rows:
        clip = clip_of(clips, row)
        assert times(clip) == (row.onset, row.apex, row.offset), clip
        assert (clip.video, clip.frames) == (row.video, f"SAMM_longvideos/{row.video}")


# ------------------------------------------------------------------------------------------------ quirks, planted


def test_the_header_is_on_row_10_and_durations_are_formulas(root):
    sheet = openpyxl.load_workbook(root / "SAMM_LongVideos_V1_Release.xlsx")["FACS_Movement_Only"]
    lines = list(sheet.iter_rows(values_only=True))
    assert lines[9] == HEADER
    assert lines[10][6].startswith("=")
    assert {line[7] for line in lines[10:]} == {"Macro", "Micro - 1/2"}


def test_emotions_come_from_the_short_samm_by_name_and_type(root, reading, rows):
    micro = [clip for clip in reading.clips if clip.expression == "micro"]
    assert Counter(clip.emotion for clip in micro) == {
        "anger": 57, "happiness": 26, "others": 26, "surprise": 15, "contempt": 12, "disgust": 9, "fear": 8,
        "sadness": 6}  # fmt: skip
    clips = by_id(reading)
    for row in rows:
        wanted = {"Other": "others"}.get(row.emotion, row.emotion.lower())
        assert clip_of(clips, row).emotion == wanted
    # macro-expressions share names with micro-expressions, and must not inherit their emotions
    names = Counter(row.name for row in rows)
    assert sum(count == 2 for count in names.values()) > 20
    assert {clip.emotion for clip in reading.clips if clip.expression == "macro"} == {""}
    assert f"emotions of micro-expressions from {FACS}" in reading.notes


def test_movements_that_were_under_way_keep_their_row(reading, rows):
    begun = [row for row in rows if row.cells.get("onset") == 0]
    assert len(begun) == 10
    clips = by_id(reading)
    for row in begun:
        clip = clip_of(clips, row)
        assert clip.onset == 1
        assert "onset 0: the movement was under way when the video began" in ";".join(clip.repairs)


def test_apexes_that_cannot_be_are_the_middle(reading):
    clips = by_id(reading)
    found = {name.removeprefix("samm_long/"): clip for name, clip in clips.items() if clip.apex_source == "mid"}
    assert set(found) == {
        "028/028_4_1_micro",
        "032/032_3_1_micro",
        "010/010_1_1_macro",
        "026/026_2_1_macro",
        "036/036_6_1_macro",
        "036/036_6_2_macro",
    }
    assert times(found["028/028_4_1_micro"]) == (1071, 1102, 1134)
    assert "apex 1143 outside [1071, 1134]" in ";".join(found["028/028_4_1_micro"].repairs)
    assert "apex missing ('-1069')" in ";".join(found["032/032_3_1_micro"].repairs)
    assert times(clips["samm_long/032/032_3_2_micro"]) == (2126, 2127, 2190)


def test_the_short_samm_numbers_the_same_frames_otherwise(root, reading):
    """Its index minus the constant of the video is the index here."""
    sheet = openpyxl.load_workbook(root / FACS)["MICRO_ONLY"]
    clips, shifted = by_id(reading), 0
    for line in list(sheet.iter_rows(values_only=True))[14:]:
        clip = clips[f"samm_long/{line[0]}/{line[1]}_micro"]
        assert (line[3] - clip.onset, line[5] - clip.offset) == (ORIGINS.get(clip.video, 0),) * 2
        shifted += clip.video in ORIGINS
    assert shifted > 60
    assert len(ORIGINS) == 43


# ------------------------------------------------------------------------------------------------ quirks, by hand


def test_without_the_short_samm_there_are_no_emotions(tmp_path):
    reading = read("samm_long", copy(tmp_path, coded()))
    assert reading.clips[0].emotion == ""
    assert any("no emotions" in note and FACS in note for note in reading.notes)


def test_frames_numbered_as_in_the_short_samm_are_refused(tmp_path, capsys):
    rows = [coded(), coded("006_1_2", 120, 130, 150, "Macro")]
    root = copy(tmp_path / "copy", *rows, first=2001, videos=("006_1",))
    refused(capsys, "samm_long", root, tmp_path / "clips.csv",
            "numbers its frames as the short SAMM does", "first 006_1, 2000", "as delivered")  # fmt: skip


def test_other_numbers_beyond_the_frames_are_dropped_rows(tmp_path):
    reading = read("samm_long", copy(tmp_path, coded(), coded("006_1_3", 2050, 2060, 2090)))
    ((name, reason),) = reading.dropped
    assert name == "samm_long/006/006_1_3_micro"
    assert "0 frames of [2050, 2090] are on disk" in reason


@pytest.mark.parametrize("preamble", [0, 9, 12])
@pytest.mark.parametrize("subject", ["006", 6, 6.0])
def test_header_and_subject_vary(tmp_path, preamble, subject):
    names = ["Onset Frame" if n == "Onset" else "Offset Frame" if n == "Offset" else n for n in HEADER]
    rows = [coded("6_1_2", subject=subject), coded("006_1_2", 90, 110, 140, "Macro", subject)]
    clips = by_id(read("samm_long", copy(tmp_path, *rows, header=names, preamble=preamble)))
    assert {name: times(clip) for name, clip in clips.items()} == {
        "samm_long/006/006_1_2_micro": (50, 60, 90),
        "samm_long/006/006_1_2_macro": (90, 110, 140),
    }


def test_the_latest_edition_is_read_and_named(tmp_path):
    copy(tmp_path, coded())
    workbook(tmp_path / "SAMM_LongVideos_V1_Release.xlsx", FACS_Movement_Only=[HEADER, coded(onset=51)])
    reading = read("samm_long", tmp_path)
    assert reading.clips[0].onset == 50
    card = dataset_card("samm_long")
    assert [book.edition for book in checks.workbooks(card, reading)] == ["V3"]


def test_folders_of_the_short_samm_beside_are_not_videos(tmp_path):
    frames(tmp_path / "SAMM" / "006" / "006_1_2", ["006_05562.jpg"])
    reading = read("samm_long", copy(tmp_path, coded()))
    assert {video.video for video in reading.videos} == {"006_1", "007_3"}


@pytest.mark.parametrize(
    ("rows", "header", "says"),
    [
        ([coded(kind="Blink")], HEADER, "unknown type of expression 'Blink' in SAMM_LongVideos_V3_Release.xlsx row 11"),
        ([("006", "x", 1, 5, 6, 9, None, "Macro", 4, None)], HEADER, "has the Filename 'x'"),
        ([coded()], (*HEADER[:3], "Start", *HEADER[4:]), "lacks the column Onset"),
        ([], HEADER, "no labelled row becomes a clip"),
    ],
)
def test_what_is_wrong_with_a_workbook_is_said_in_one_sentence(tmp_path, capsys, rows, header, says):
    refused(capsys, "samm_long", copy(tmp_path / "copy", *rows, header=header), tmp_path / "clips.csv", says)


def test_the_roster_of_the_short_samm_is_that_of_the_micro_expressions(rows):
    assert {row.name for row in rows if row.expression == "micro"} == {row.name for row in full_samm.roster(0)}
