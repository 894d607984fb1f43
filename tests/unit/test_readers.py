"""Readers of CASME II, SAMM and SMIC on the quirks that the real datasets are known for."""

from __future__ import annotations

import shutil

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mebench import cards, cli, formats
from mebench.clips.reading import Unusable, timing
from mebench.clips.spelling import action_units, emotion_name, frame_number, missing, subject_name, trailing_integer
from mebench.errors import UserError
from mebench.files import read_csv
from mebench.papers import paper
from mebench.synthetic import generate


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """One small generated root per dataset."""
    folder = tmp_path_factory.mktemp("roots")
    for name in generate.NAMES:
        generate.write(name, folder / name, folder / f"{name}_truth", subjects=3, clips=4, seed=1)
    return folder


def read(dataset, root):
    return cards.load("datasets", dataset).read(root)


def frames_stub(tmp_path, tree, names):
    """Clip folders with two empty frame files each; readers look at names only."""
    for folder, stems in names.items():
        (tmp_path / tree / folder).mkdir(parents=True)
        for stem in stems:
            (tmp_path / tree / folder / stem).touch()


def workbook(path, rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


# ------------------------------------------------------------------------------------------------ all readers


@pytest.mark.parametrize("dataset", generate.NAMES)
def test_what_is_generated_is_read_back(roots, dataset):
    from mebench.synthetic import cast

    planned = {
        f"{dataset}/{subject_name(dataset, c.subject)}/{c.name}": c
        for c in cast.draw_clips(dataset, subjects=3, clips=4, seed=1)
    }
    reading = read(dataset, roots / dataset)
    assert reading.dropped == []
    assert [clip.clip_id for clip in reading.clips] == sorted(planned)
    for clip in reading.clips:
        plan = planned[clip.clip_id]
        assert list(clip.row()) == list(formats.CLIPS.names)
        assert (clip.onset, clip.apex, clip.offset) == (plan.onset, plan.read_apex, plan.offset)
        assert clip.emotion == plan.emotion
        assert clip.aus == ("" if dataset == "smic" else clip.aus)
        assert clip.fps == cards.card("datasets", dataset)["fps"]
        assert (roots / dataset / clip.frames).is_dir()


@pytest.mark.parametrize("dataset", generate.NAMES)
def test_doubled_folders_do_not_matter(roots, dataset, tmp_path):
    shutil.copytree(roots / dataset, tmp_path / "outer" / "inner")
    inner, outer = read(dataset, roots / dataset), read(dataset, tmp_path)
    assert [c.clip_id for c in outer.clips] == [c.clip_id for c in inner.clips]
    assert outer.clips[0].frames == f"outer/inner/{inner.clips[0].frames}"


@pytest.mark.parametrize("dataset", cards.names("datasets"))
def test_cards_are_complete(dataset):
    card = cards.card("datasets", dataset)
    for key in ("title", "paper", "licence", "homepage", "layout", "fps", "emotions", "expected", "delivers", "inputs"):
        assert key in card, key
    assert paper(card["paper"]).year > 2000
    if card["expected_emotions"]:  # where somebody has counted them
        assert sum(card["expected_emotions"].values()) == card["expected"]["clips"]
        assert set(card["expected_emotions"]) == set(card["emotions"])


def test_index_writes_clips_and_report(roots, tmp_path, capsys):
    assert cli.main(["index", "casme2", "--root", str(roots / "casme2"), "--out", str(tmp_path / "clips.csv")]) == 0
    rows = read_csv(tmp_path / "clips.csv")
    assert list(rows[0]) == list(formats.CLIPS.names)
    assert [row["clip_id"] for row in rows] == sorted(row["clip_id"] for row in rows)
    report = (tmp_path / "report.md").read_text()
    assert "SYNTHETIC DATA" in report
    assert "| clips | 255 | 12 |  |" in report  # fewer are expected, so that is no deviation
    assert "apex missing ('/')" in report
    assert "dead apex" in report
    assert {row["apex_source"] for row in rows if row["repairs"]} == {"mid"}


# ------------------------------------------------------------------------------------------------ CASME II


CASME2_HEADER = ["Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None, "Action Units",
                 "Estimated Emotion"]  # fmt: skip


def test_casme2_frames_are_numbers_not_words(tmp_path):
    frames_stub(tmp_path, "Cropped", {"sub01/EP02_01f": [f"reg_img{n}.jpg" for n in (98, 99, 100, 101)]})
    workbook(
        tmp_path / "CASME2-coding-20140508.xlsx",
        [CASME2_HEADER, ["01", "EP02_01f", None, 98, 100, 101, None, 12, "happiness"]],
    )
    (clip,) = read("casme2", tmp_path).clips
    assert (clip.onset, clip.apex, clip.offset, clip.video) == (98, 100, 101, "EP02")
    assert (clip.aus, clip.apex_source, ";".join(clip.repairs)) == ("12", "labelled", "")


@pytest.mark.parametrize("subject", ["01", 1, 1.0, "sub01", "1"])
def test_casme2_subject_may_be_text_or_number(tmp_path, subject):
    frames_stub(tmp_path, "Cropped", {"sub01/EP09f": ["reg_img1.jpg", "reg_img3.jpg"]})
    # separators may be gone, the header may stand lower, columns may be spelt apart
    header = ["subject", "FileName", "Onset Frame", "Apex Frame", "Offset Frame", "Action Units", "Estimated Emotion"]
    rows = [["a preamble"], header, [subject, "EP09f", 1, 3, 3, "L12+R4", "Happiness "]]
    workbook(tmp_path / "CASME2-coding-20190701.xlsx", rows)
    (clip,) = read("casme2", tmp_path).clips
    assert clip.clip_id == "casme2/sub01/EP09f"
    assert (clip.emotion, clip.aus) == ("happiness", "12+4")


def test_cropped_faces_are_preferred_and_raw_ones_are_reported(tmp_path):
    for tree, stem in (("CASME2_RAW_selected/CASME2_RAW_selected", "img"), ("Cropped/Cropped", "reg_img")):
        frames_stub(tmp_path, tree, {"sub01/EP02_01f": [f"{stem}{n}.jpg" for n in (46, 59, 86)]})
    workbook(
        tmp_path / "CASME2-coding-20140508.xlsx",
        [CASME2_HEADER, [1, "EP02_01f", None, 46, 59, 86, None, 12, "happiness"]],
    )
    reading = read("casme2", tmp_path)
    assert reading.clips[0].frames == "Cropped/Cropped/sub01/EP02_01f"
    assert any("CASME2_RAW_selected" in note for note in reading.notes)


def test_rows_without_frames_or_emotion_are_dropped_with_their_reason(tmp_path):
    frames_stub(
        tmp_path, "Cropped", {"sub01/EP02_01f": ["reg_img46.jpg", "reg_img59.jpg"], "sub01/EP03_02": ["reg_img1.jpg"]}
    )
    rows = [
        ["01", "EP02_01f", None, 46, 59, 59, None, 12, "happiness"],
        ["01", "EP19_05f", None, 46, 59, 86, None, 4, "disgust"],
        ["01", "EP03_02", None, 1, 9, 20, None, 4, "others"],
        ["01", "EP04_02", None, 1, 9, 20, None, 4, None],
        [None, None, None, None],
    ]
    workbook(tmp_path / "CASME2-coding-20140508.xlsx", [CASME2_HEADER, *rows])
    reading = read("casme2", tmp_path)
    assert [clip.clip_id for clip in reading.clips] == ["casme2/sub01/EP02_01f"]
    reasons = dict(reading.dropped)
    assert "no folder of frames" in reasons["casme2/sub01/EP19_05f"]
    assert "1 frames" in reasons["casme2/sub01/EP03_02"]
    assert "no emotion" in reasons["casme2/sub01/EP04_02"]


# ------------------------------------------------------------------------------------------------ SAMM


SAMM_HEADER = ["Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame", "Duration",
               "Micro", "Action Units", "Estimated Emotion", "Objective Classes", "Notes"]  # fmt: skip


@pytest.mark.parametrize("preamble", [0, 13])
@pytest.mark.parametrize(("subject", "digits"), [("006", 5), (6, 4), (6.0, 5)])
def test_samm_header_subject_and_padding_vary(tmp_path, preamble, subject, digits):
    frames_stub(tmp_path, "SAMM", {"006/006_1_2": [f"006_{n:0{digits}d}.jpg" for n in (562, 570, 590)]})
    row = [subject, "006_1_2", 1, 562, 570, 590, "=SUM(F15-D15)+1", "Micro - 1/2", "15A+17", "Other", "VII", None]
    workbook(tmp_path / "SAMM_Micro_FACS_Codes_v2.xlsx", [*[["a note"]] * preamble, SAMM_HEADER, row])
    (clip,) = read("samm", tmp_path).clips
    assert clip.clip_id == "samm/006/006_1_2"
    assert (clip.onset, clip.apex, clip.offset) == (562, 570, 590)
    assert (clip.emotion, clip.aus, clip.video) == ("others", "15+17", "006_1")


@pytest.mark.parametrize("apex", [1143, 71, "1143"])
def test_samm_apex_outside_the_clip_becomes_the_middle(tmp_path, apex):
    frames_stub(tmp_path, "SAMM", {"028/028_4_1": [f"028_{n:04d}.jpg" for n in range(1071, 1135)]})
    row = ["028", "028_4_1", 4, 1071, apex, 1134, None, "Micro - 1/2", 4, "Anger", "III", None]
    workbook(tmp_path / "SAMM_Micro_FACS_Codes_v2.xlsx", [SAMM_HEADER, row])
    (clip,) = read("samm", tmp_path).clips
    assert (clip.apex, clip.apex_source) == (1102, "mid")
    assert "outside [1071, 1134]" in ";".join(clip.repairs)


# ------------------------------------------------------------------------------------------------ SMIC


def test_smic_takes_hs_micro_and_nothing_else(tmp_path):
    tree = "SMIC_all_cropped/HS"
    frames_stub(tmp_path, tree, {
        "s1/micro/negative/s1_ne_01": [f"image{n}.bmp" for n in (1642685, 1642686, 1642690)],
        "s1/non_micro/s1_nm_01": ["image000001.bmp", "image000002.bmp"],
        "s2/micro/positive/s2_po_1x": ["image000001.bmp", "image000002.bmp"],
    })  # fmt: skip
    frames_stub(tmp_path, "SMIC_all_cropped/VIS", {"s11/micro/negative/s11_ne_01": ["image1.bmp", "image2.bmp"]})
    reading = read("smic", tmp_path)
    (clip,) = reading.clips
    assert clip.clip_id == "smic/s01/s1_ne_01"
    assert (clip.onset, clip.offset, clip.apex_source) == (1642685, 1642690, "mid")
    assert clip.apex == 1642686  # the middle, 1642687, is not on disk
    assert [key.rsplit("/", 1)[1] for key, _ in reading.dropped] == ["s2_po_1x"]


def test_smic_name_wins_over_folder(tmp_path):
    frames_stub(tmp_path, "HS", {"s18/micro/negative/s18_sur_03": ["image1.bmp", "image9.bmp"]})
    (clip,) = read("smic", tmp_path).clips
    assert clip.emotion == "surprise"
    assert "folder says negative" in ";".join(clip.repairs)


# ------------------------------------------------------------------------------------------------ values


@given(st.integers(0, 10**9), st.integers(1, 12), st.sampled_from(["img", "reg_img", "006_", "image", ""]))
def test_trailing_integer_whatever_the_padding(number, width, stem):
    assert trailing_integer(f"{stem}{number:0{width}d}") == number


@given(st.text())
def test_trailing_integer_of_any_text_is_its_end(text):
    end = text[len(text.rstrip("0123456789")) :]
    assert trailing_integer(text) == (int(end) if end else None)


@given(st.integers(1, 99))
def test_all_spellings_of_a_subject_are_one(number):
    spellings = [number, float(number), str(number), f"{number:02d}", f"{number:03d}"]
    assert {subject_name("casme2", s) for s in [*spellings, f"sub{number:02d}", f"SUB{number}"]} == {f"sub{number:02d}"}
    assert {subject_name("samm", s) for s in spellings} == {f"{number:03d}"}
    assert {subject_name("smic", s) for s in [*spellings, f"s{number}", f"S{number:02d}"]} == {f"s{number:02d}"}


@pytest.mark.parametrize("wrong", ["", "sub", "x1", "1a", "-1", "1.5"])
def test_what_is_no_subject_is_refused(wrong):
    with pytest.raises(UserError, match="is not a subject of casme2"):
        subject_name("casme2", wrong)


@given(st.integers(0, 10**9))
def test_frame_numbers_as_workbooks_hold_them(number):
    assert {frame_number(v) for v in (number, float(number), str(number), f" {number}.0 ", f"{number:06d}")} == {number}


@pytest.mark.parametrize("value", [None, "", "/", "\\", float("nan"), -1, "-1", " NaN ", "1.5", "46a", 4.5])
def test_what_is_no_frame_number(value):
    assert frame_number(value) is None


def test_zero_is_a_value():
    assert not missing(0)
    assert frame_number(0) == 0


@given(
    st.lists(st.tuples(st.sampled_from(["", "L", "R", "A"]), st.integers(1, 46), st.sampled_from("_ABCDE")), min_size=1)
)
def test_action_units_without_side_and_intensity(units):
    text = "+".join(f"{side}{number}{grade.strip('_')}" for side, number, grade in units)
    assert action_units(text, "here") == "+".join(dict.fromkeys(str(number) for _, number, _ in units))


@pytest.mark.parametrize(
    ("cell", "units"),
    [(4, "4"), (4.0, "4"), ("?", ""), (None, ""), ("L12 or L14", "12+14"), ("(R6 or R12)+R15", "6+12+15"),
     ("AU4", "4"), ("26,25", "26+25"), ("A9E+ref(10)", "9+10"), ("4，7", "4+7")],
)  # fmt: skip
def test_action_units_as_they_are_written(cell, units):
    assert action_units(cell, "here") == units


@given(st.integers(0, 500), st.integers(1, 150), st.one_of(st.none(), st.integers(-50, 700), st.just("/")))
def test_timing_always_leaves_motion_inside_the_clip(onset, length, apex):
    frames = dict.fromkeys(range(onset, onset + length + 1))
    when = timing(onset, apex, onset + length, frames)
    assert when.onset == onset < when.apex <= when.offset == onset + length or length == 1
    good = isinstance(apex, int) and onset < apex <= onset + length
    assert (when.apex_source == "labelled") == good
    assert (when.repairs == ()) == good
    assert when.apex == apex if good else True


@given(st.sets(st.integers(0, 30), max_size=12))
def test_timing_only_names_frames_on_disk(on_disk):
    try:
        when = timing(5, 12, 25, dict.fromkeys(on_disk))
    except Unusable:
        assert len([n for n in on_disk if 5 <= n <= 25]) < 2
        return
    assert {when.onset, when.apex, when.offset} <= on_disk
    assert 5 <= when.onset < when.apex <= when.offset <= 25


@pytest.mark.parametrize(
    ("value", "name"), [("Other", "others"), ("OTHERS", "others"), (" Happy", "happiness"), ("Sad", "sadness")]
)
def test_emotion_aliases(value, name):
    assert emotion_name(value, ["others", "happiness", "sadness"], "here") == name


def test_unknown_emotion_says_where_and_what_was_meant():
    with pytest.raises(UserError, match=r"unknown emotion 'suprise' in book row 7 \(did you mean 'surprise'\?\)"):
        emotion_name("suprise", ["surprise", "fear"], "book row 7")
