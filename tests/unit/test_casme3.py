"""CAS(ME)^3 Part A, clips and long videos: full counts, and the quirks that its copies are known for.

Golden numbers: the second edition of the labels (860 clips of 94 subjects; 699 clips of 88
subjects in 3 classes; 860 + 3,346 intervals of 98 subjects in 956 videos, 463 with a micro-expression).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import old_workbook
import openpyxl
import pytest
from spotting_sets import by_id, frames, read, refused, times, workbook

from mebench import cli, tasks
from mebench.clips.card import dataset_card
from mebench.datasets._casme3 import SLIPS
from mebench.errors import UserError
from mebench.files import read_csv
from mebench.indexing import checks
from mebench.protocols.tasks import task
from mebench.synthetic import casme3_plan, generate

SHORT = {"happy": "happiness", "sad": "sadness"}
HEADER = ("Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion")
MICRO_BOOK = "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx"
MACRO_BOOK = "cas(me)3_part_A_MaE_label_JpgIndex_v2_emotion.xlsx"


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """Both at full size, in a path with blanks and letters of many alphabets."""
    folder = tmp_path_factory.mktemp("CAS(ME)^3 mit Lücken 微表情")
    for name in ("casme3", "casme3_long"):
        generate.write(name, folder / name, folder / f"{name} truth", size="full")
    return folder


@pytest.fixture(scope="module")
def readings(roots):
    return {name: read(name, roots / name) for name in ("casme3", "casme3_long")}


@pytest.fixture(scope="module")
def rows():
    return casme3_plan.plan(0).rows


def name_of(row, long=False):
    """clip_id of a planned row."""
    name = f"spNO.{row.subject}/{row.video}_{row.cell('onset')}"
    return f"casme3_long/{name}_{row.expression}" if long else f"casme3/{name}"


def clips_of(tmp_path, rows, there, tree="frame"):
    """A copy of clips: ``rows`` of the workbook, ``there`` folder name -> frame numbers."""
    workbook(tmp_path / MICRO_BOOK, label=[HEADER, *rows])
    for name, numbers in there.items():
        frames(tmp_path / tree / name, [f"{n}.jpg" for n in numbers])


# ------------------------------------------------------------------------------------------------ full counts


def test_full_counts(readings):
    for name, reading in readings.items():
        card = dataset_card(name)
        assert checks.deviations(card, reading) == {}
        assert reading.dropped == []
    assert len(readings["casme3"].clips) == 860
    assert len({clip.subject for clip in readings["casme3"].clips}) == 94
    long = readings["casme3_long"]
    assert Counter(clip.expression for clip in long.clips) == {"micro": 860, "macro": 3346}
    assert len({clip.subject for clip in long.clips}) == 98
    assert len({clip.frames for clip in long.clips}) == 956
    assert len({clip.frames for clip in long.clips if clip.expression == "micro"}) == 463
    per_subject = Counter(clip.subject for clip in readings["casme3"].clips)
    assert max(per_subject.values()) == 57
    assert sum(count == 1 for count in per_subject.values()) == 11


@pytest.mark.parametrize("name", ["casme3-3", "casme3-4", "casme3-7", "casme3-objective"])
def test_label_sets(readings, name):
    found = tasks.kind_of(task(name)).samples([clip.row() for clip in readings["casme3"].clips])
    expected = task(name)["expected"]
    assert len(found) == expected["clips"] == {"casme3-3": 699}.get(name, 860)
    assert len({row["subject"] for row in found}) == expected["subjects"] == {"casme3-3": 88}.get(name, 94)
    assert Counter(row["label"] for row in found) == expected["classes"]


def test_labels_from_another_column_than_the_emotion(readings):
    clips = readings["casme3"].clips
    found = {
        row["clip_id"]: row["label"]
        for row in tasks.kind_of(task("casme3-objective")).samples([clip.row() for clip in clips])
    }
    assert found == {clip.clip_id: clip.objective for clip in clips}
    assert tasks.kind_of(task("casme3-7")).samples([clip.row() for clip in clips])[0]["label"] == clips[0].emotion


def test_macro_expressions_are_hstas_extra_clips_in_their_full_numbers(roots, rows, tmp_path):
    """3,346 of 98 people by objective class, of the workbook with both kinds (docs/protocols.md#single-datasets)."""
    for part in (roots / "casme3_long").iterdir():
        (tmp_path / part.name).symlink_to(part)
    macro = [row for row in rows if row.expression == "macro"]
    wanted = {"I": 182, "II": 244, "III": 495, "IV": 40, "V": 78, "VI": 24, "VII": 2283}
    classes = [name for name, count in wanted.items() for _ in range(count)]
    cells = ([f"spNO.{row.subject}", *map(row.cell, ("video", "onset", "apex", "offset", "units")), "Macro-expression",
              name] for row, name in zip(macro, classes, strict=True))  # fmt: skip
    header = ("Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Expression type", "Objective class")
    workbook(tmp_path / "CAS(ME)3_part_A_v2.xlsx", Sheet1=[header, *cells])
    extra = tasks.kind_of(task("casme3-objective")).extra_samples(
        "macro", [clip.row() for clip in read("casme3_long", tmp_path).clips]
    )
    assert Counter(row["label"] for row in extra) == wanted
    assert len({row["subject"] for row in extra}) == 98
    assert {row["subject"].split("/")[0] for row in extra} == {"casme3"}  # so that no fold trains on its own person


def test_every_row_is_read_as_it_was_planned(readings, rows):
    for name, long in (("casme3", False), ("casme3_long", True)):
        clips = by_id(readings[name])
        planned = [row for row in rows if long or row.expression == "micro"]
        assert set(clips) == {name_of(row, long) for row in planned}
        for row in planned:
            clip = clips[name_of(row, long)]
            assert times(clip) == (row.onset, row.apex, row.offset), clip
            assert clip.emotion == SHORT.get(row.emotion, row.emotion)
            assert clip.subject.endswith(f"/spNO.{row.subject}")
            assert clip.video == row.video
            assert clip.objective == (row.objective if row.expression == "micro" else "")


# ------------------------------------------------------------------------------------------------ quirks, planted


def test_the_word_others_may_have_a_capital(readings, rows):
    capital = [row for row in rows if row.cells.get("emotion") == "Others"]
    assert len(capital) == 3
    clips = by_id(readings["casme3"])
    assert {clips[name_of(row)].emotion for row in capital} == {"others"}
    # without them a subject is lost: 857 clips of 93 subjects
    left = [clip for name, clip in clips.items() if name not in {name_of(row) for row in capital}]
    assert (len(left), len({clip.subject for clip in left})) == (857, 93)


def test_a_video_called_J_is_the_video_j(readings, rows):
    capital = [row for row in rows if row.cells.get("video") == "J"]
    assert Counter(row.expression for row in capital) == {"micro": 1, "macro": 4}
    clips = by_id(readings["casme3_long"])
    assert {clips[name_of(row, long=True)].video for row in capital} == {"j"}


def test_cells_are_text_and_folders_are_spelt_in_two_ways(roots):
    book = openpyxl.load_workbook(roots / "casme3" / "annotation" / MICRO_BOOK)
    assert {type(cell) for row in book["label"].iter_rows(values_only=True) for cell in row} == {str}
    for tree in (roots / "casme3").rglob("frame"):
        assert {folder.name.partition(".")[0] for folder in tree.iterdir()} == {"spNo", "spNO"}


def test_known_slips_of_the_workbook_are_mended_by_clip(readings):
    for name, end in (("casme3", ""), ("casme3_long", "_micro")):
        clips = by_id(readings[name])
        for clip, when, says in (
            ("spNO.216/d_3647", (2647, 2652, 2669), "onset 3647 is a slip of the workbook: 2647 is taken"),
            ("spNO.214/c_5", (5, 11, 34), "offset 3460 is a slip of the workbook: 34 is taken"),
            ("spNO.40/e_1822", (1822, 1828, 1845), "offset 0 is a slip of the workbook: 1845 is taken"),
            ("spNO.40/e_2381", (2381, 2386, 2403), "offset 0 is a slip of the workbook: 2403 is taken"),
        ):
            assert times(clips[f"{name}/{clip}{end}"]) == when
            assert ";".join(clips[f"{name}/{clip}{end}"].repairs) == says
            assert clips[f"{name}/{clip}{end}"].apex_source == "labelled"


def test_an_apex_before_its_onset_and_a_frame_0_that_is_not_there_follow_the_general_rule(readings):
    clips = by_id(readings["casme3"])
    early = clips["casme3/spNO.149/d_112"]
    assert (times(early), early.apex_source) == ((112, 136, 160), "mid")
    assert "apex 83 outside [112, 160]" in ";".join(early.repairs)
    zero = clips["casme3/spNO.216/e_0"]
    assert (times(zero), zero.apex_source) == ((1, 12, 24), "mid")
    assert "onset frame 0 is not on disk: frame 1 is taken" in ";".join(zero.repairs)


def test_dead_apexes_are_counted(readings):
    for name in readings:
        micro = [clip for clip in readings[name].clips if clip.expression == "micro"]
        dead = [clip for clip in micro if "dead apex" in ";".join(clip.repairs)]
        assert len(dead) == 54
        assert all(clip.onset < clip.apex and clip.apex_source == "mid" for clip in dead)


def test_frames_that_are_not_on_disk_are_on_record(readings, rows):
    lost = [row for row in rows if row.lost]
    inside = [row for row in lost if row.onset < row.lost[0] < row.offset]
    assert len(lost) - len(inside) == 2
    assert len(inside) > 10
    for name, long in (("casme3", False), ("casme3_long", True)):
        clips = by_id(readings[name])
        for row in inside:
            said = f"1 of {row.offset - row.onset + 1} frames of [{row.onset}, {row.offset}] are not on disk"
            assert ";".join(clips[name_of(row, long)].repairs) == said
        for row in lost:
            if row not in inside:
                assert f"frame {row.lost[0]} is not on disk" in ";".join(clips[name_of(row, long)].repairs)


def test_depth_pictures_and_videos_are_no_frames(roots, readings):
    assert list((roots / "casme3").rglob("depth/*/*.png"))
    assert list((roots / "casme3").rglob("video/*.mp4"))
    assert all("/frame/" in clip.frames for clip in readings["casme3"].clips)
    assert list((roots / "casme3_long").rglob("depth/*.png"))
    assert all(clip.frames.endswith("/color") for clip in readings["casme3_long"].clips)


def test_all_videos_are_listed_with_labels_or_without(readings):
    videos = {video.frames: video for video in readings["casme3_long"].videos}
    assert len(videos) == 1300
    assert "344 of 1300 videos have no label" in readings["casme3_long"].notes
    plan = casme3_plan.plan(0)
    for row in plan.rows:
        if row.lost:
            video = videos[f"part_A/data/part_A_split/part_A/{'spNo' if row.subject % 3 == 0 else 'spNO'}."
                           f"{row.subject}/{row.video}/color"]  # fmt: skip
            first, last = plan.videos[row.subject, row.video]
            assert (video.first, video.last) == (first, last)
            assert video.gaps == last - first + 1 - video.frames_on_disk > 0
    assert {video.gaps for video in videos.values()} >= {0, 1}


def test_clips_are_found_in_the_long_videos_too(roots, readings):
    cut, whole = by_id(readings["casme3"]), by_id(read("casme3", roots / "casme3_long"))
    assert set(cut) == set(whole)
    assert {name: times(clip) for name, clip in cut.items()} == {name: times(clip) for name, clip in whole.items()}
    assert whole["casme3/spNO.40/e_1822"].frames.endswith("spNO.40/e/color")


def test_index_writes_clips_and_videos_and_refuses_a_copy_that_lacks_some(roots, tmp_path, capsys):
    root = str(roots / "casme3_long")
    assert cli.main(["index", "casme3_long", "--root", root, "--out", str(tmp_path / "clips.csv")]) == 0
    assert len(read_csv(tmp_path / "clips.csv")) == 4206
    assert len(read_csv(tmp_path / "videos.csv")) == 1300
    assert "| micro-expressions | 860 | 860 | equal |" in (tmp_path / "report.md").read_text()
    clips_of(tmp_path / "less", [("spNO.1", "b", 166, 170, 176, "4", "I", "fear")], {"spNO.1_b_166": range(166, 177)})
    refused(capsys, "casme3", tmp_path / "less", tmp_path / "out" / "clips.csv",
            "clips 1 instead of 860", "subjects 1 instead of 94")  # fmt: skip


# ------------------------------------------------------------------------------------------------ quirks, by hand


def row(subject, video, onset, apex, offset, emotion="fear", au="4", group="III"):
    return (subject, video, onset, apex, offset, au, group, emotion)


def test_action_units_and_objective_classes(tmp_path):
    cells = {166: ("T28+14", "VII", "28+14"), 266: ("R12", "i", "12"), 366: ("26+25", "3", "26+25")}
    rows = [row("spNO.1", "b", str(n), str(n + 4), str(n + 10), au=au, group=g) for n, (au, g, _) in cells.items()]
    clips_of(tmp_path, rows, {f"spNO.1_b_{n}": range(n, n + 11) for n in cells})
    clips = by_id(read("casme3", tmp_path))
    assert [clips[f"casme3/spNO.1/b_{n}"].aus for n in cells] == [aus for *_, aus in cells.values()]
    assert [clips[f"casme3/spNO.1/b_{n}"].objective for n in cells] == ["VII", "I", "III"]


def test_known_slips_are_left_alone_where_the_workbook_is_right(tmp_path):
    rows = [row("spNO.216", "d", 2647, 2650, 2660), row("spNO.214", "c", 5, 11, 34), row("spNO.40", "e", 10, 12, 20)]
    there = {"spNO.216_d_2647": range(2647, 2661), "spNO.214_c_5": range(5, 35), "spNO.40_e_10": range(10, 21)}
    clips_of(tmp_path, rows, there)
    assert {";".join(clip.repairs) for clip in read("casme3", tmp_path).clips} == {""}


def test_known_slips_are_only_mended_where_the_numbers_fit(tmp_path):
    rows = [
        row("spNO.1", "b", 166, 170, 176),
        row("spNO.40", "e", 2500, 2504, 0),  # after both ends that are known
        row("spNO.214", "c", 3440, 3450, 3460),  # here 3460 is right
        row("spNO.41", "e", 1822, 1830, 0),  # another subject
    ]
    clips_of(tmp_path, rows, {"spNO.1_b_166": range(166, 177), "spNO.40_e_2500": range(2500, 2520),
                              "spNO.214_c_3440": range(3440, 3461), "spNO.41_e_1822": range(1822, 1850)})  # fmt: skip
    reading = read("casme3", tmp_path)
    assert set(by_id(reading)) == {"casme3/spNO.1/b_166", "casme3/spNO.214/c_3440"}
    assert times(by_id(reading)["casme3/spNO.214/c_3440"]) == (3440, 3450, 3460)
    reasons = dict(reading.dropped)
    assert "onset 2500 is not before offset 0" in reasons["casme3/spNO.40/e_2500"]
    assert "row 5" in reasons["casme3/spNO.41/e_1822"]


def test_slips_name_clips_and_no_rows():
    assert {(subject, video) for subject, video, *_ in SLIPS} == {
        ("spNO.216", "d"),
        ("spNO.214", "c"),
        ("spNO.40", "e"),
    }


def test_a_delivery_may_name_the_mended_clip_by_either_onset(tmp_path):
    for place, named in (("a", 3647), ("b", 2647)):
        clips_of(tmp_path / place, [row("spNO.216", "d", "3647", "2652", "2669")],
                 {f"spNo.216_D_{named}": range(2647, 2670)})  # fmt: skip
        (clip,) = read("casme3", tmp_path / place).clips
        assert (clip.clip_id, times(clip)) == ("casme3/spNO.216/d_3647", (2647, 2652, 2669))


def test_rows_without_frames_or_emotion_are_dropped_with_their_reason(tmp_path):
    rows = [row("spNO.1", "b", 166, 170, 176), row("spNO.1", "c", 5, 7, 9), row("spNO.1", "b", 266, 270, 276, None)]
    there = {"spNO.1_b_166": range(166, 177), "spNO.1_b_266": range(266, 277)}
    clips_of(tmp_path, rows, there)
    reading = read("casme3", tmp_path)
    assert len(reading.clips) == 1
    assert "no folder of frames spNO.1_c_5" in dict(reading.dropped)["casme3/spNO.1/c_5"]
    assert "no emotion" in dict(reading.dropped)["casme3/spNO.1/b_266"]


def test_depth_alone_is_no_copy_of_the_frames(tmp_path):
    clips_of(tmp_path, [row("spNO.1", "b", 166, 170, 176)], {"spNO.1_b_166": range(166, 177)}, tree="depth")
    with pytest.raises(UserError, match=r"holds no folders such as spNO\.1_b_166"):
        read("casme3", tmp_path)


def test_a_clip_that_is_there_in_two_spellings_is_an_error(tmp_path):
    there = {"spNO.1_b_166": range(166, 177), "spNo.1_b_166": range(166, 177)}
    clips_of(tmp_path, [row("spNO.1", "b", 166, 170, 176)], there)
    with pytest.raises(UserError, match="are the same clip or video of"):
        read("casme3", tmp_path)


def test_the_first_edition_is_known_for_what_it_is(tmp_path):
    clips_of(tmp_path, [row("spNO.1", "b", 166, 170, 176)], {"spNO.1_b_166": range(166, 177)})
    (tmp_path / MICRO_BOOK).rename(tmp_path / "cas(me)3_part_A_ME_label_JpgIndex.xlsx")
    reading = read("casme3", tmp_path)
    assert any("v1" in note and "943 clips of 100 subjects" in note for note in reading.notes)
    (book,) = checks.workbooks(dataset_card("casme3"), reading)
    assert book.edition == "v1"


@pytest.mark.parametrize(
    ("name", "edition"),
    [
        (MICRO_BOOK, "v2"),
        ("cas(me)3_part_A_ME_label_JpgIndex_v2_20250903.xlsx", "v2 of 2025-09-03"),
        ("cas(me)3_part_A_ME_label_mine.xlsx", ""),
    ],
)
def test_editions(tmp_path, name, edition):
    clips_of(tmp_path, [row("spNO.1", "b", 166, 170, 176)], {"spNO.1_b_166": range(166, 177)})
    (tmp_path / MICRO_BOOK).rename(tmp_path / name)
    (book,) = checks.workbooks(dataset_card("casme3"), read("casme3", tmp_path))
    assert book.edition == edition


def test_a_damaged_workbook_of_the_old_format_is_named(tmp_path, capsys):
    frames(tmp_path / "copy" / "frame" / "spNO.1_b_166", [f"{n}.jpg" for n in range(166, 177)])
    (tmp_path / "copy" / "cas(me)3_part_A_ME_label_JpgIndex.xls").write_bytes(b"old")
    refused(capsys, "casme3", tmp_path / "copy", tmp_path / "clips.csv", "cannot read the workbook", "get a fresh copy")


def test_a_workbook_of_the_old_format_is_read(tmp_path):
    frames(tmp_path / "frame" / "spNO.1_b_166", [f"{n}.jpg" for n in range(166, 177)])
    rows = [HEADER, row("spNO.1", "b", 166.0, 170.0, 176.0)]
    old_workbook.write(tmp_path / "cas(me)3_part_A_ME_label_JpgIndex.xls", [{"title": "label", "rows": rows}])
    (clip,) = read("casme3", tmp_path).clips
    assert (clip.clip_id, times(clip)) == ("casme3/spNO.1/b_166", (166, 170, 176))


# ------------------------------------------------------------------------------------------------ long videos


def long_copy(tmp_path, micro=(), macro=(), both=None):
    frames(tmp_path / "part_A" / "spNO.1" / "b" / "color", [f"{n}.jpg" for n in range(1, 301)])
    if micro:
        workbook(tmp_path / MICRO_BOOK, label=[HEADER, *micro])
    if macro:
        workbook(tmp_path / MACRO_BOOK, Sheet1=[("sub", "seq", "onset", "apex", "offset", "emotion"), *macro])
    if both:
        header = ("Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Expression type", "Objective class")
        workbook(tmp_path / "CAS(ME)3_part_A_v2.xlsx", Sheet1=[header, *both])
    return tmp_path


MICRO = [row("spNO.1", "b", 20, 24, 30)]
MACRO = [("spNO.1", "B", 50, 60, 90, "Happy"), ("spNO.1", "b", 20, 60, 90, None)]
BOTH = [("spNO.1", "b", 20, 24, 30, "4", "Micro-expression", "III"),
        ("spNO.1", "B", 50, 60, 90, "12", "Macro-expression", "I")]  # fmt: skip


def test_micro_and_macro_come_from_two_workbooks(tmp_path):
    reading = read("casme3_long", long_copy(tmp_path, MICRO, MACRO))
    found = {name: (clip.expression, clip.emotion) for name, clip in by_id(reading).items()}
    assert found == {
        "casme3_long/spNO.1/b_20_micro": ("micro", "fear"),
        "casme3_long/spNO.1/b_20_macro": ("macro", ""),  # begins with the same frame; has no emotion
        "casme3_long/spNO.1/b_50_macro": ("macro", "happiness"),
    }
    assert [book.name for book in reading.workbooks] == [MICRO_BOOK, MACRO_BOOK]


@pytest.mark.parametrize("joined", [False, True])
def test_both_come_from_the_one_workbook_that_has_no_emotions(tmp_path, joined):
    reading = read("casme3_long", long_copy(tmp_path, MICRO if joined else (), both=BOTH))
    clips = by_id(reading)
    assert {name: clip.expression for name, clip in clips.items()} == {
        "casme3_long/spNO.1/b_20_micro": "micro",
        "casme3_long/spNO.1/b_50_macro": "macro",
    }
    assert clips["casme3_long/spNO.1/b_20_micro"].emotion == ("fear" if joined else "")
    assert clips["casme3_long/spNO.1/b_50_macro"].emotion == ""


def test_objective_classes_of_macro_expressions_are_joined_from_the_workbook_with_both_kinds(tmp_path):
    """The two workbooks with emotions have none of macro-expressions, which HSTA trains on by objective class."""
    alone = by_id(read("casme3_long", long_copy(tmp_path / "two", MICRO, MACRO)))
    reading = read("casme3_long", long_copy(tmp_path / "three", MICRO, MACRO, BOTH))
    named = replace(alone["casme3_long/spNO.1/b_50_macro"], objective="I")
    assert by_id(reading) == alone | {named.clip_id: named}  # the one at frame 20 is not in that workbook
    assert len(reading.workbooks) == 3


def test_one_of_the_two_workbooks_is_not_enough(tmp_path, capsys):
    refused(capsys, "casme3_long", long_copy(tmp_path / "copy", MICRO), tmp_path / "clips.csv",
            "lacks workbooks", MACRO_BOOK.split("_JpgIndex")[0], f"only {MICRO_BOOK} is there")  # fmt: skip


def test_an_interval_that_is_listed_twice_counts_once(tmp_path):
    macro = [
        ("spNO.1", "b", 50, 60, 90, "fear"),
        ("spNO.1", "b", 50, 61, 90, "fear"),
        ("spNO.1", "b", 50, 60, 99, "sad"),
    ]
    reading = read("casme3_long", long_copy(tmp_path, MICRO, macro))
    clips = by_id(reading)
    assert times(clips["casme3_long/spNO.1/b_50_macro"]) == (50, 60, 90)
    assert times(clips["casme3_long/spNO.1/b_50_macro_2"]) == (50, 60, 99)
    assert reading.dropped == [("casme3_long/spNO.1/b_50_macro", "the interval [50, 90] is listed twice")]


def test_an_unknown_type_of_expression_says_where(tmp_path):
    with pytest.raises(UserError, match="unknown type of expression 'Blink' in .* row 2"):
        read("casme3_long", long_copy(tmp_path, both=[("spNO.1", "b", 20, 24, 30, "4", "Blink", "III")]))


def test_cut_clips_are_no_long_videos(tmp_path):
    workbook(tmp_path / MACRO_BOOK, Sheet1=[("sub", "seq", "onset", "apex", "offset", "emotion"), *MACRO])
    clips_of(tmp_path, MICRO, {"spNO.1_b_20": range(20, 31)})
    with pytest.raises(UserError, match="read it as casme3"):
        read("casme3_long", tmp_path)


def test_part_b_is_not_part_a(tmp_path):
    for part in ("1 part_B", "2 part_A"):
        frames(tmp_path / "data" / part / "spNO.1" / "b" / "color", [f"{n}.jpg" for n in range(1, 99)])
    workbook(tmp_path / MICRO_BOOK, label=[HEADER, *MICRO])
    workbook(tmp_path / MACRO_BOOK, Sheet1=[("sub", "seq", "onset", "apex", "offset", "emotion"), *MACRO])
    reading = read("casme3_long", tmp_path)
    assert {clip.frames for clip in reading.clips} == {"data/2 part_A/spNO.1/b/color"}
    assert "not used: data/1 part_B" in reading.notes


def test_an_empty_video_is_no_video(tmp_path):
    root = long_copy(tmp_path, [*MICRO, row("spNO.1", "c", 5, 7, 9)], MACRO)
    (root / "part_A" / "spNO.1" / "c" / "color").mkdir(parents=True)
    reading = read("casme3_long", root)
    assert [video.video_id for video in reading.videos] == ["casme3_long/spNO.1/b"]
    assert ("casme3_long/spNO.1/c", "its folder holds no frames") in reading.dropped
