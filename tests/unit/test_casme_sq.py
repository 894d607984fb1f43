"""CAS(ME)^2: full counts, the sheets without headers, and the quirks that its copies are known for.

Golden numbers: the release file (57 micro- and 300 macro-expressions of 22 subjects, 98 videos, 95 of them with a
label; micro in 33 videos of 14 subjects, macro in 89 of 20).
"""

from __future__ import annotations

import openpyxl
import pytest
from spotting_sets import by_id, frames, read, refused, times, workbook

from mebench.clips.card import dataset_card
from mebench.errors import UserError
from mebench.indexing import checks
from mebench.synthetic import full_casme_sq, generate

BOOK = "CAS(ME)^2code_final.xlsx"
RULE1 = [(15, "s15", 1), (16, "s16", 2), (15, "s15", 1)]
RULE2 = [("0101", "disgust1"), ("0401", "anger1")]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("CAS(ME)^2 — zwölf Löcher 宏表情")
    generate.write("casme_sq", folder / "copy", folder / "truth", size="full")
    return folder / "copy"


@pytest.fixture(scope="module")
def reading(root):
    return read("casme_sq", root)


@pytest.fixture(scope="module")
def rows():
    return full_casme_sq.plan(0)[0]


def video_of(row):
    return full_casme_sq.folder(row.subject, row.video).partition("/")[2]


def clip_of(clips, row):
    """The clip of a planned row; of two that begin with the same frame the later offset is called _2."""
    name = f"casme_sq/s{row.subject}/{video_of(row)}_{row.onset}_{row.expression}"
    return clips[name] if clips[name].offset == row.offset else clips[f"{name}_2"]


def copy(tmp_path, coded, rule1=RULE1, rule2=RULE2, folders=("s15/15_0401girlcrashing", "s16/16_0401girlcrashing")):
    workbook(tmp_path / BOOK, CASFEcode_final=coded, naming_rule1=rule1, naming_rule2=rule2)
    for folder in folders:
        frames(tmp_path / "rawpic" / folder, [f"img{n:03d}.jpg" for n in range(1, 301)])
    return tmp_path


def coded(
    subject=1.0, clip="anger1_1", onset=50.0, apex=60.0, offset=90.0, emotion="negative", kind="macro-expression"
):
    return (subject, clip, onset, apex, offset, "4+7", emotion, kind, "anger")


# ------------------------------------------------------------------------------------------------ full counts


def test_full_counts(reading):
    assert checks.deviations(dataset_card("casme_sq"), reading) == {}
    assert reading.dropped == []
    assert len(reading.videos) == 98
    for kind, clips, videos, subjects in (("micro", 57, 33, 14), ("macro", 300, 89, 20)):
        found = [clip for clip in reading.clips if clip.expression == kind]
        assert len(found) == clips
        assert len({clip.frames for clip in found}) == videos
        assert len({clip.subject for clip in found}) == subjects
    assert len({clip.frames for clip in reading.clips}) == 95
    assert len({clip.subject for clip in reading.clips}) == 22
    assert {video.subject for video in reading.videos} == {clip.subject for clip in reading.clips}


def test_every_row_is_read_as_it_was_planned(reading, rows):
    clips = by_id(reading)
    assert len(clips) == len(rows)
    for row in rows:
        clip = clip_of(clips, row)
        assert times(clip) == (row.onset, row.apex, row.offset)
        assert (clip.emotion, clip.video, clip.fps) == (row.emotion, video_of(row), 30)
        assert clip.frames == f"rawpic/s{row.subject}/{video_of(row)}"


# ------------------------------------------------------------------------------------------------ quirks, planted


def test_the_sheets_have_no_headers_and_floats(root):
    book = openpyxl.load_workbook(root / BOOK)
    assert book.sheetnames == ["CASFEcode_final", "naming rule1", "naming rule2"]
    cells = next(book["CASFEcode_final"].iter_rows(values_only=True))
    assert cells[0] == 1
    assert "_" in cells[1]
    assert len(list(book["naming rule1"].iter_rows())) == 357  # once per coded row
    assert next(book["naming rule2"].iter_rows(values_only=True)) == ("0101", "disgust1")


def test_an_offset_0_is_the_apex(reading, rows):
    zero = [row for row in rows if row.cells.get("offset") == 0]
    assert len(zero) > 20
    clips = by_id(reading)
    for row in zero:
        clip = clip_of(clips, row)
        assert clip.apex == clip.offset == row.apex
        assert clip.apex_source == "labelled"
        assert f"offset 0: the apex {row.apex} is taken" in ";".join(clip.repairs)


def test_an_apex_0_is_the_middle(reading, rows):
    zero = [row for row in rows if row.cells.get("apex") == 0]
    assert len(zero) == 3
    clips = by_id(reading)
    for row in zero:
        clip = clip_of(clips, row)
        assert (clip.apex, clip.apex_source) == (row.onset + (row.offset - row.onset) // 2, "mid")
        assert f"apex 0: the middle frame {clip.apex} is taken" in ";".join(clip.repairs)


def test_an_apex_after_its_offset_is_the_middle(reading, rows):
    late = [row for row in rows if row.cells.get("apex", 0) > row.offset]
    assert len(late) == 3
    clips = by_id(reading)
    for row in late:
        clip = clip_of(clips, row)
        assert clip.apex_source == "mid"
        assert f"apex {row.offset + 1} outside [{row.onset}, {row.offset}]" in ";".join(clip.repairs)


def test_two_rows_that_begin_with_the_same_frame_are_two_clips(reading):
    (second,) = [clip for clip in reading.clips if clip.clip_id.endswith("_2")]
    first = by_id(reading)[second.clip_id.removesuffix("_2")]
    assert first.onset == second.onset
    assert first.offset < second.offset


def test_cropped_frames_are_not_mixed_with_raw_ones(root, reading):
    assert (root / "cropped").is_dir()
    assert "not used: cropped" in reading.notes
    assert all(video.frames.startswith("rawpic/") for video in reading.videos)


def test_videos_without_a_label_are_listed(reading):
    shown = {clip.frames for clip in reading.clips}
    bare = [video for video in reading.videos if video.frames not in shown]
    assert len(bare) == 3
    assert all((video.first, video.gaps) == (1, 0) for video in reading.videos)


# ------------------------------------------------------------------------------------------------ quirks, by hand


def test_numbers_become_folders_by_the_two_naming_rules(tmp_path):
    """Subject 2 is s16, not the second folder on disk; anger1 is 0401."""
    there = ("s15/15_0401girlcrashing", "s15/15_0101disgustingteeth", "s16/16_0401girlcrashing")
    reading = read("casme_sq", copy(tmp_path, [coded(2.0), coded(1.0, "disgust1_4", 20, 24, 30)], folders=there))
    assert {clip.frames for clip in reading.clips} == {
        "rawpic/s16/16_0401girlcrashing",
        "rawpic/s15/15_0101disgustingteeth",
    }


@pytest.mark.parametrize("rule1", [
    [("s15", 1), ("s16", 2)],
    [(1, "s15"), (2, "s16")],
    [(15.0, "s15", 1.0), (16.0, "s16", 2.0)],
    [("15", "S15", "1"), ("16", "s16", "2"), (None, None, None)],
])  # fmt: skip
@pytest.mark.parametrize("rule2", [[(401, "anger1")], [("0401", "Anger1 ")], [("anger1", 401.0)]])
def test_copies_of_the_naming_rules_differ(tmp_path, rule1, rule2):
    (clip,) = read("casme_sq", copy(tmp_path, [coded(2.0)], rule1, rule2)).clips
    assert clip.frames == "rawpic/s16/16_0401girlcrashing"


def test_sheets_may_have_lost_their_names_and_got_a_header(tmp_path):
    copy(tmp_path, [])
    header = ("subject", "video", "onset", "apex", "offset", "au", "emotion", "type", "selfReport")
    workbook(tmp_path / BOOK, Sheet1=[header, coded()], Sheet2=RULE1, Sheet3=RULE2)
    (clip,) = read("casme_sq", tmp_path).clips
    assert (clip.clip_id, times(clip)) == ("casme_sq/s15/15_0401girlcrashing_50_macro", (50, 60, 90))
    assert (clip.aus, clip.emotion) == ("4+7", "negative")


def test_frames_are_numbered_with_three_digits_that_grow(tmp_path):
    copy(tmp_path, [coded(onset=990.0, apex=1000.0, offset=1010.0)])
    frames(tmp_path / "rawpic" / "s15" / "15_0401girlcrashing", [f"img{n}.jpg" for n in range(301, 1021)])
    reading = read("casme_sq", tmp_path)
    (video,) = [video for video in reading.videos if video.subject == "casme_sq/s15"]
    assert (video.first, video.last, video.frames_on_disk, video.gaps) == (1, 1020, 1020, 0)
    assert times(reading.clips[0]) == (990, 1000, 1010)


def test_a_video_without_a_folder_drops_its_rows_with_the_reason(tmp_path):
    reading = read("casme_sq", copy(tmp_path, [coded(), coded(clip="disgust1_1")]))
    assert len(reading.clips) == 1
    ((name, reason),) = reading.dropped
    assert name == "casme_sq/s15/0101_50_macro"
    assert "no folder of frames s15/0101" in reason
    assert "row 2" in reason


@pytest.mark.parametrize(
    ("rows", "rule1", "rule2", "says"),
    [
        ([coded(7.0)], RULE1, RULE2, "row 1 is of the subject 7, which the sheet naming rule1 does not name"),
        ([coded(clip="sad1_1")], RULE1, RULE2, "row 1 is of the video 'sad1', which the sheet naming rule2"),
        ([coded()], [("15", "x15", 1)], RULE2, "the sheet naming rule1"),
        ([coded()], [], RULE2, "the sheet naming rule1"),
        ([], RULE1, RULE2, "has no rows with the columns subject, clip, onset"),
        ([coded(kind="blink")], RULE1, RULE2, "unknown type of expression 'blink'"),
        ([coded(emotion="joy")], RULE1, RULE2, "unknown emotion 'joy'"),
    ],
)
def test_what_is_wrong_with_a_workbook_is_said_in_one_sentence(tmp_path, capsys, rows, rule1, rule2, says):
    refused(capsys, "casme_sq", copy(tmp_path / "copy", rows, rule1, rule2), tmp_path / "clips.csv", BOOK, says)


def test_two_folders_of_one_video_are_an_error(tmp_path):
    with pytest.raises(UserError, match="are both the video 0401 of s15"):
        read("casme_sq", copy(tmp_path, [coded()], folders=("s15/15_0401a", "s15/15_0401b")))


def test_editions(tmp_path):
    reading = read("casme_sq", copy(tmp_path, [coded()]))
    card = dataset_card("casme_sq")
    assert [book.edition for book in checks.workbooks(card, reading)] == ["final"]
    (tmp_path / BOOK).rename(tmp_path / "CAS(ME)^2code_final(Updated).xlsx")
    assert [book.edition for book in checks.workbooks(card, read("casme_sq", tmp_path))] == ["updated"]
