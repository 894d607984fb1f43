"""The quirks of the short-clip datasets, each planted and each read: a reader that ignores one fails here.

The full-size stand-ins hold them where the real datasets do; what depends on the edition of a copy is planted in a
small tree.
"""

from __future__ import annotations

import shutil
import zipfile
from collections import defaultdict
from dataclasses import replace

import numpy as np
import openpyxl
import pytest

from mebench import cards
from mebench.clips.clip import Clip
from mebench.clips.reading import Reading
from mebench.clips.spelling import action_units, subject_name
from mebench.datasets import smic
from mebench.errors import UserError
from mebench.indexing import apex, checks
from mebench.synthetic import cast, full_casme2, full_samm, full_smic_long, generate


def read(dataset, root):
    return cards.load("datasets", dataset).read(root)


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """dataset -> (root, reading by clip name, reading) of its full-size stand-in."""
    made, folder = {}, tmp_path_factory.mktemp("full")
    for name in ("casme2", "samm", "smic", "smic_long"):
        generate.write(name, folder / name, folder / "truth", size="full")
        reading = read(name, folder / name)
        made[name] = folder / name, {clip.clip_id.split("/", 1)[1]: clip for clip in reading.clips}, reading
    return made


def frames(root, folder, names):
    """Empty frame files; readers look at names only."""
    (root / folder).mkdir(parents=True)
    for name in names:
        (root / folder / name).touch()


def workbook(path, rows, title="Sheet"):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)


# ------------------------------------------------------------------------------------------------ CASME II


def test_casme2_every_row_is_read_with_its_own_frames(full):
    """Text subjects '01' in the workbook and sub01 on disk, numbers without padding, doubled folders."""
    root, clips, reading = full["casme2"]
    rows = {f"sub{row.subject}/{row.name}": row for row in full_casme2.roster(0)}
    assert clips.keys() == rows.keys()
    assert {key: (c.onset, c.offset) for key, c in clips.items()} == {
        key: (row.onset, row.offset) for key, row in rows.items()
    }
    assert {clip.frames for clip in clips.values()} == {f"Cropped/Cropped/{key}" for key in rows}
    # where words and numbers disagree: reg_img100 comes before reg_img99
    across = [clip for clip in clips.values() if clip.onset < 100 <= clip.offset]
    assert across
    for clip in across:
        words = sorted(path.name for path in (root / clip.frames).iterdir())
        assert words[0] != f"reg_img{clip.onset}.jpg"
    assert "not used: CASME2_RAW_selected/CASME2_RAW_selected" in reading.notes


def test_casme2_irregular_clip_names(full):
    clips = full["casme2"][1]
    irregular = {"sub03/EP01_2", "sub03/EP08_1", "sub07/EP06_02_01", "sub07/EP06_02_02", "sub09/EP09f"}
    assert irregular <= clips.keys()
    assert {clips[key].video for key in irregular} == {"EP01", "EP08", "EP06", "EP09"}
    assert sum(key.endswith("f") for key in clips) == 72


def test_casme2_apexes(full):
    clips = full["casme2"][1]
    repaired = {key: (clip.apex, clip.apex_source) for key, clip in clips.items() if clip.repairs}
    assert repaired == {"sub04/EP12_01f": (291, "mid"), "sub05/EP09_05f": (94, "mid")}
    assert "apex missing ('/')" in ";".join(clips["sub04/EP12_01f"].repairs)
    assert "dead apex (apex = onset = 69)" in ";".join(clips["sub05/EP09_05f"].repairs)
    # an apex on the offset shows motion and is kept
    last = {key for key, clip in clips.items() if clip.apex == clip.offset}
    assert last == {"sub05/EP16_04f", "sub12/EP09_06", "sub20/EP16_01", "sub25/EP18_04f"}
    assert {clips[key].apex_source for key in last} == {"labelled"}


def test_casme2_action_units_of_mixed_type(full):
    clips = full["casme2"][1]
    rows = {f"sub{row.subject}/{row.name}": row.units for row in full_casme2.roster(0)}
    assert sum(isinstance(units, int) for units in rows.values()) == 133
    assert [clips[key].aus for key, units in rows.items() if units == "?"] == [""] * 5
    assert all(clips[key].aus == str(units) for key, units in rows.items() if isinstance(units, int))
    sided = {units: clips[key].aus for key, units in rows.items() if str(units).startswith(("L", "R"))}
    assert sided["L1+L2"] == "1+2"
    assert all(aus.replace("+", "").isdigit() for aus in sided.values())


def test_casme2_objective_classes_call_a_clip_by_another_name(full, tmp_path):
    root, clips, reading = full["casme2"]
    book = openpyxl.load_workbook(root / "CASME2-ObjectiveClasses.xlsx")
    cells = {(row[0].value, row[1].value): row[2].value for row in book.active.iter_rows(min_row=2)}
    assert (9, "EP09_05") in cells
    assert (9, "EP09f") not in cells
    assert clips["sub09/EP09f"].objective == cells[9, "EP09_05"] != ""
    assert [path.name for path in reading.workbooks] == ["CASME2-coding-20140508.xlsx", "CASME2-ObjectiveClasses.xlsx"]


CASME2_HEADER = ["Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None, "Action Units",
                 "Estimated Emotion"]  # fmt: skip


@pytest.fixture
def small_casme2(tmp_path):
    """Two clips, their codings, and room for objective classes."""
    rows = []
    for name in ("EP02_01f", "EP03_02"):
        frames(tmp_path, f"Cropped/sub01/{name}", ["reg_img1.jpg", "reg_img5.jpg", "reg_img9.jpg"])
        rows.append([1, name, None, 1, 5, 9, None, 4, "disgust"])
    workbook(tmp_path / "CASME2-coding-20190701.xlsx", [CASME2_HEADER, *rows])
    return tmp_path


def test_casme2_without_objective_classes(small_casme2):
    reading = read("casme2", small_casme2)
    assert [clip.objective for clip in reading.clips] == ["", ""]
    assert any("no objective classes" in note for note in reading.notes)


def test_casme2_objective_classes_that_do_not_fit_the_codings(small_casme2):
    path, header = small_casme2 / "CASME2-ObjectiveClasses.xlsx", ["Subject", "Filename", "Objective Class"]
    workbook(path, [header, ["01", "EP02_01f", "iv"], ["01", "EP99_01", "I"]])
    reading = read("casme2", small_casme2)
    assert [clip.objective for clip in reading.clips] == ["IV", ""]
    assert any("lists clips that are not read: casme2/sub01/EP99_01" in note for note in reading.notes)
    assert any("says nothing of: casme2/sub01/EP03_02" in note for note in reading.notes)
    workbook(path, [header, ["01", "EP02_01f", "IV"], ["01", "EP02_01f", "V"]])
    with pytest.raises(UserError, match="casme2/sub01/EP02_01f the objective classes IV and V"):
        read("casme2", small_casme2)


# ------------------------------------------------------------------------------------------------ SAMM


def test_samm_header_stands_on_row_14_and_duration_is_a_formula(full):
    root, clips, _ = full["samm"]
    path = root / "SAMM_Micro_FACS_Codes_v2.xlsx"
    sheet = openpyxl.load_workbook(path)["MICRO_ONLY"]
    assert [row[0].value for row in sheet.iter_rows(min_row=14, max_row=15)] == ["Subject", "006"]
    assert (sheet.max_row, sheet.max_column) == (173, 12)
    assert sheet["G15"].value == "=SUM(F15-D15)+1"
    stored = openpyxl.load_workbook(path, data_only=True)["MICRO_ONLY"]
    assert stored["G15"].value == stored["F15"].value - stored["D15"].value + 1
    assert len(clips) == 159


def test_samm_padding_is_a_habit_of_the_video(full):
    root, clips, _ = full["samm"]
    widths = defaultdict(set)
    for clip in clips.values():
        names = sorted(path.stem for path in (root / clip.frames).iterdir())
        assert (int(names[0][4:]), int(names[-1][4:])) == (clip.onset, clip.offset)
        widths[clip.video] |= {len(name) - 4 for name in names}
    assert len(widths) == 79
    assert {video for video, found in widths.items() if found == {5}} == full_samm.FIVE_DIGITS
    assert {tuple(found) for found in widths.values()} == {(4,), (5,)}


def test_samm_subjects_emotions_and_rows(full):
    clips = full["samm"][1]
    rows = full_samm.roster(0)
    assert {row.emotion for row in rows} >= {"Other", "Anger"}
    assert {clip.emotion for clip in clips.values()} >= {"others", "anger"}
    assert "samm/006" in {clip.subject for clip in clips.values()}
    # rows in the order of text, clips by name all the same
    names = [row.name for row in rows]
    assert names.index("006_5_10") < names.index("006_5_11") < names.index("006_5_9")
    by_name = {key.split("/")[1]: clip.onset for key, clip in clips.items()}
    assert {row.name: row.onset for row in rows} == by_name


def test_samm_apexes(full):
    clips = full["samm"][1]
    found = {key: (c.apex, c.apex_source, ";".join(c.repairs)) for key, c in clips.items() if c.repairs}
    assert found == {
        "028/028_4_1": (1102, "mid", "apex 1143 outside [1071, 1134]: the middle frame 1102 is taken"),
        "032/032_3_1": (4947, "mid", "apex 1931 outside [4916, 4978]: the middle frame 4947 is taken"),
    }
    # one frame after the onset is early, but it is a label
    assert (clips["032/032_3_2"].apex, clips["032/032_3_2"].apex_source) == (5127, "labelled")


def test_samm_action_units_with_sides_grades_and_alternatives(full):
    clips = full["samm"][1]
    cells = {row.units: clips[f"{row.subject}/{row.name}"].aus for row in full_samm.roster(0)}
    assert {type(units) for units in cells} == {int, str}
    wanted = {"L12 or L14": "12+14", "A9E+ref(10)": "9+10", "15A+17": "15+17", "(R6 or R12)+R15": "6+12+15"}
    planted = {units: cells[units] for units in wanted if units in cells}
    assert len(planted) >= 2
    assert planted == {units: wanted[units] for units in planted}


# ------------------------------------------------------------------------------------------------ SMIC


def test_smic_counters_are_absolute_and_of_any_length(full):
    root, clips, _ = full["smic"]
    widths = set()
    for clip in clips.values():
        names = sorted((path.name for path in (root / clip.frames).iterdir()), key=lambda n: int(n[5:-4]))
        assert {name[-4:] for name in names} == {".bmp"}
        assert (clip.onset, clip.offset) == (int(names[0][5:-4]), int(names[-1][5:-4]))
        widths.add(len(names[0]) - len("image.bmp"))
    assert widths == {6, 7, 8}
    # image1000000 comes before image999999 where names are words
    assert (clips["s04/s4_ne_05"].onset, clips["s04/s4_ne_05"].offset >= 1_000_000) == (999_985, True)
    assert min(clip.onset for clip in clips.values()) > 1
    assert any(clip.onset < 100_000 for clip in clips.values())  # written with zeros in front


def test_smic_takes_only_the_fast_camera_and_only_micro_expressions(full):
    root, clips, reading = full["smic"]
    trees = {path.relative_to(root).as_posix() for path in root.rglob("s11_ne_01")}
    assert trees == {
        *(f"SMIC_all_cropped/{camera}/s11/{kind}" for camera in ("VIS", "NIR", "HS")
          for kind in ("non_micro/s11_ne_01", "micro/negative/s11_ne_01")),
    }  # fmt: skip
    assert clips["s11/s11_ne_01"].frames == "SMIC_all_cropped/HS/s11/micro/negative/s11_ne_01"
    assert all(clip.frames.startswith("SMIC_all_cropped/HS/") for clip in clips.values())
    assert not any("non_micro" in clip.frames for clip in clips.values())
    assert reading.dropped == []
    assert {"s01", "s20"} <= {key.split("/")[0] for key in clips}  # s1 on disk


def test_smic_apex_is_the_middle_and_says_so(full):
    clips = full["smic"][1]
    assert {clip.apex_source for clip in clips.values()} == {"mid"}
    assert all(clip.apex == clip.onset + (clip.offset - clip.onset) // 2 for clip in clips.values())


@pytest.mark.parametrize(("dataset", "camera"), [("smic_vis", "VIS"), ("smic_nir", "NIR")])
def test_the_slow_cameras_are_read_from_their_own_folder(tmp_path, dataset, camera):
    for folder in ("HS", "VIS", "NIR"):
        numbers = range(500, 509 if folder == camera else 540)
        frames(tmp_path, f"SMIC_all_raw/{folder}/s11/micro/surprise/s11_sur_01", [f"image{n:06d}.bmp" for n in numbers])
    (clip,) = read(dataset, tmp_path).clips
    assert clip.clip_id == f"{dataset}/s11/s11_sur_01"
    assert (clip.onset, clip.apex, clip.offset, clip.fps) == (500, 504, 508, 25)
    shutil.rmtree(tmp_path / "SMIC_all_raw" / camera)
    with pytest.raises(UserError, match=f"holds no folders such as {camera}/s11/micro"):
        read(dataset, tmp_path)


# ------------------------------------------------------------------------------------------------ SMIC-E


def test_smic_long_reads_formulas_by_their_stored_values(full):
    root, clips, _ = full["smic_long"]
    path = root / "SMIC-HS-E_annotation.xlsx"
    sheet = openpyxl.load_workbook(path)["HS"]
    assert (sheet["A2"].value, sheet["B2"].value) == (20, "s20_ne_01")
    assert sheet["K2"].value == "=D2-100*(VIS!D2-VIS!I2)/25"
    assert sheet["E2"].value.startswith("=")
    video = next(video for video in full_smic_long.roster(0) if video.name == "s20_ne_01")
    clip = clips["s20/s20_ne_01"]
    assert (clip.onset, clip.offset) == video.spans[0]
    # the formulas mean what their values say
    stored = openpyxl.load_workbook(path, data_only=True)
    hs, vis = stored["HS"], stored["VIS"]
    for row in range(2, 73):
        assert hs[f"B{row}"].value == vis[f"B{row}"].value
        lead = 100 * (vis[f"D{row}"].value - vis[f"I{row}"].value) / 25
        assert hs[f"K{row}"].value == hs[f"D{row}"].value - lead
        assert hs[f"E{row}"].value == hs[f"D{row}"].value + hs[f"M{row}"].value - 1


def test_smic_long_every_micro_expression_is_where_the_roster_put_it(full):
    root, clips, reading = full["smic_long"]
    roster = list(full_smic_long.roster(0))
    planned = {
        f"s{int(video.subject):02d}/{video.name}" + (f"_{place}" if place > 1 else ""): span
        for video in roster
        for place, span in enumerate(video.spans, start=1)
    }
    assert {key: (clip.onset, clip.offset) for key, clip in clips.items()} == planned
    assert {"s03/s3_ne_02_2", "s04/s4_ne_04_2", "s04/s4_ne_04_3", "s09/s9_sur_01_2"} <= clips.keys()
    spans = {video.video: (video.first, video.last, video.gaps) for video in reading.videos}
    assert spans == {video.name: (video.first, video.last, 0) for video in roster}
    assert all(clip.frames.startswith("SMIC-E_raw image/HS_long/") for clip in clips.values())
    assert (root / "SMIC-E_raw image/VIS_long/SMIC_VIS_E/s11/s11_ne_01").is_dir()


def test_smic_long_counters_of_other_recordings_are_dropped_and_named(full):
    reading = full["smic_long"][2]
    named = {key.split("/")[-1]: reason for key, reason in reading.dropped if "/" in key}
    assert named.keys() == {f"{name}_3" for name in full_smic_long.STRAY}
    assert all("lies outside the video" in reason for reason in named.values())


def test_smic_long_remarks_in_cells_and_below_the_table(full):
    notes, dropped = full["smic_long"][2].notes, full["smic_long"][2].dropped
    assert "s1_ne_01: FirstF is 'MISSING <-426679', the frame on disk 426679" in notes
    assert [(key, reason) for key, reason in dropped if "/" not in key] == [
        ("SMIC-HS-E_annotation.xlsx row 161", "nothing in the column Subject"),
        ("SMIC-HS-E_annotation.xlsx row 160", "it names no video: 'checked twice'"),
        ("SMIC-HS-E_annotation.xlsx row 164", "it names no video: 'videos'"),
    ]


def test_smic_long_believes_the_name_of_a_clip_and_says_so(full):
    clips = full["smic_long"][1]
    assert {key: clip.emotion for key, clip in clips.items() if clip.repairs} == {"s18/s18_sur_03": "surprise"}
    assert ";".join(clips["s18/s18_sur_03"].repairs) == "its row says negative, its name surprise: surprise is taken"


E_HEADER = ["Subject", "Filename", None, "OnsetF", "OffsetF", "Onset2F", "Offset2F", None, "FirstF", "Emotion"]


def small_smic_long(root, name="SMIC-HS-E_annotation.xlsx", header=E_HEADER, row=(), folder="SMIC-E/HS_long/SMIC-HS-E"):
    """One video of the frames 76500 to 76620; ``row`` are the cells of its row."""
    frames(root, f"{folder}/s03/s3_ne_01", [f"image{n:06d}.jpg" for n in range(76500, 76621)])
    workbook(root / name, [header, list(row)], title="HS")
    return root


def test_smic_long_older_workbook_has_no_third_and_no_last(tmp_path):
    row = [3, "ne_01", None, 76510, 76540, 76560, 76590, None, 76500, "negative"]
    reading = read("smic_long", small_smic_long(tmp_path, row=row))
    assert [(c.clip_id, c.onset, c.apex, c.offset, c.apex_source) for c in reading.clips] == [
        ("smic_long/s03/s3_ne_01", 76510, 76525, 76540, "mid"),
        ("smic_long/s03/s3_ne_01_2", 76560, 76575, 76590, "mid"),
    ]
    assert [";".join(clip.repairs) for clip in reading.clips] == ["", ""]


@pytest.mark.parametrize("name", ["SMIC-HS-E_annotation_2019.xlsx", "SMIC_HS_E_annotation_2019.xlsx"])
def test_smic_long_edition_of_2019_may_label_the_apex(tmp_path, name):
    header = [*E_HEADER, "ApexF"]
    row = [3, "s3_ne_01", None, 76510, 76540, None, None, None, 76500, "negative", 76518]
    small_smic_long(tmp_path, name=name, header=header, row=row)
    workbook(tmp_path / "SMIC-HS-E_annotation.xlsx", [E_HEADER, [3, "s3_ne_01", None, 1, 2]])
    reading = read("smic_long", tmp_path)
    assert [path.name for path in reading.workbooks] == [name]
    assert (reading.clips[0].apex, reading.clips[0].apex_source) == (76518, "labelled")


def test_smic_long_formula_without_a_stored_value_is_named(tmp_path):
    row = [3, "s3_ne_01", None, 76510, "=D2+30", 76560, 76590, None, "=D2-10", "negative"]
    reading = read("smic_long", small_smic_long(tmp_path, row=row))
    assert [clip.clip_id for clip in reading.clips] == ["smic_long/s03/s3_ne_01_2"]
    ((key, reason),) = reading.dropped
    assert key == "smic_long/s03/s3_ne_01"
    assert "a formula without a stored value" in reason
    assert "spreadsheet program" in reason


def test_smic_long_takes_only_the_fast_camera(tmp_path):
    row = [3, "s3_ne_01", None, 76510, 76540, None, None, None, 76500, "negative"]
    root = small_smic_long(tmp_path, row=row, folder="SMIC-E_raw image/VIS_long/SMIC_VIS_E")
    with pytest.raises(UserError, match="holds no folders such as HS_long"):
        read("smic_long", root)


def test_smic_long_videos_and_rows_without_each_other(tmp_path):
    row = [3, "s3_ne_07", None, 76510, 76540, None, None, None, 76500, "negative"]
    root = small_smic_long(tmp_path, row=row)
    with pytest.raises(UserError, match="no row of .* becomes a clip"):
        read("smic_long", root)
    frames(root, "SMIC-E/HS_long/SMIC-HS-E/s03/s3_ne_07", [f"image{n:06d}.jpg" for n in range(76500, 76550) if n % 9])
    shutil.move(root / "SMIC-HS-E_annotation.xlsx", root / "SMIC-E" / "SMIC-HS-E_annotation.xlsx")
    reading = read("smic_long", root)
    assert "the video s3_ne_01 has no row in the workbook" in reading.notes
    assert [(v.video_id, v.frames_on_disk, v.gaps) for v in reading.videos] == [
        ("smic_long/s03/s3_ne_01", 121, 0),
        ("smic_long/s03/s3_ne_07", 44, 5),
    ]
    assert "of [76510, 76540] are not on disk" in ";".join(reading.clips[0].repairs)


def test_workbooks_of_stand_ins_are_equal_byte_by_byte(full, tmp_path):
    for name in ("samm", "smic_long"):
        generate.write(name, tmp_path / name, tmp_path / "truth", size="full")
        for path in sorted((tmp_path / name).glob("*.xlsx")):
            assert zipfile.is_zipfile(path)
            assert path.read_bytes() == (full[name][0] / path.name).read_bytes()


# ------------------------------------------------------------------------------------------------ apex of most motion


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """(root, reading, true peak of each clip, reading by motion) of a small generated SMIC: faces with known motion."""
    folder = tmp_path_factory.mktemp("moving")
    generate.write("smic", folder / "data", folder / "truth", subjects=3, clips=4, seed=2)
    clips = cast.draw_clips("smic", subjects=3, clips=4, seed=2)
    peaks = {f"smic/{subject_name('smic', clip.subject)}/{clip.name}": clip.peak for clip in clips}
    reading = smic.read(folder / "data")
    return folder / "data", reading, peaks, apex.with_apex_of_most_motion(reading, folder / "data", jobs=1)


def test_the_frame_of_most_motion_is_nearer_to_the_peak_than_the_middle(moving):
    _, reading, peaks, found = moving
    middle = [abs(clip.apex - peaks[clip.clip_id]) for clip in reading.clips]
    motion = [abs(clip.apex - peaks[clip.clip_id]) for clip in found.clips]
    assert np.mean(middle) > 1.5
    assert np.mean(motion) < 0.5
    for before, after in zip(reading.clips, found.clips, strict=True):
        assert after.apex_source == "flow_max"
        assert before.apex_source == "mid"  # the reading itself is left as it was
        moved = f"the frame of most motion {after.apex} is taken instead of the middle frame {before.apex}"
        assert (moved in ";".join(after.repairs)) == (after.apex != before.apex)


def test_the_frame_of_most_motion_does_not_depend_on_jobs(moving):
    root, reading, _, found = moving
    assert (
        apex.with_apex_of_most_motion(replace(reading, clips=reading.clips[:4]), root, jobs=2).clips == found.clips[:4]
    )


def test_a_labelled_apex_is_kept(moving):
    root, reading, _, found = moving
    labelled = replace(reading.clips[0], apex_source="labelled")
    clips = apex.with_apex_of_most_motion(replace(reading, clips=[labelled, reading.clips[1]]), root, jobs=1).clips
    assert clips == [labelled, found.clips[1]]


def test_a_clip_in_which_nothing_moves_keeps_its_middle(full):
    root, clips, reading = full["smic"]
    clip = clips["s01/s1_ne_01"]
    (still,) = apex.with_apex_of_most_motion(replace(reading, clips=[clip]), root, jobs=1).clips
    assert still == replace(clip, repairs=("no frame shows motion: the middle frame is kept",))


def test_a_drifting_head_is_not_an_expression():
    """Flow that only shifts, turns and grows has nothing left; a bump on top of it is found at its own size."""
    y, x = np.mgrid[0:128, 0:100].astype(float)
    head = np.stack([3 + 0.02 * (x - 50) - 0.05 * (y - 64), -2 + 0.05 * (x - 50) + 0.02 * (y - 64)], axis=-1)
    assert apex.expression(head) < 1e-6
    bump = 1.5 * np.exp(-((x - 60) ** 2 + (y - 90) ** 2) / 200)
    alone = np.stack([bump, 0 * bump], axis=-1)
    assert apex.expression(head + alone) == pytest.approx(apex.expression(alone), abs=0.02)
    assert apex.expression(alone) > 0.3


def test_units_of_the_stand_ins_are_those_that_readers_must_understand():
    """No cell that a stand-in plants loses its numbers."""
    for rows in (full_casme2.roster(0), full_samm.roster(0)):
        assert all(action_units(row.units, "here") for row in rows if row.units != "?")


def test_raw_frames_are_not_taken_for_crops(tmp_path, capsys):
    """A copy of CASME II without its cropped release: the card says crops, the folders say raw."""
    frames = tmp_path / "CASME2_RAW_selected" / "sub01" / "EP02_01f"
    frames.mkdir(parents=True)
    for number in range(46, 52):
        (frames / f"img{number}.jpg").write_bytes(b"")

    def reading(place):
        return Reading([Clip("casme2/sub01/EP02_01f", "casme2", "casme2/sub01", frames=place)])

    with pytest.raises(UserError, match="CASME2_RAW_selected/sub01/EP02_01f are whole frames.*crop: detected"):
        checks.refuse_raw_frames("casme2", tmp_path, reading(frames.relative_to(tmp_path).as_posix()))
    with pytest.raises(UserError, match="whole frames"):  # the raw folder itself as the source
        checks.refuse_raw_frames("casme2", tmp_path / "CASME2_RAW_selected", reading("sub01/EP02_01f"))
    for place in ("Cropped/sub01/EP02_01f", "SMIC_all_cropped/HS/s1", "raw_and_cropped/sub01/EP02_01f"):
        checks.refuse_raw_frames("casme2", tmp_path, reading(place))
