"""Bad workbooks: one clear sentence, exit code 2, and nothing half-written; or a row that is dropped by name."""

from __future__ import annotations

import datetime
import shutil
import zipfile

import openpyxl
import pytest
from bad import index

from mebench import cards, cli
from mebench.files import read_csv
from mebench.synthetic import generate
from mebench.synthetic.marker import MARKER

# ------------------------------------------------------------------------------------------------ labels


@pytest.fixture(scope="module")
def generated_samm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samm")
    generate.write("samm", folder / "data", folder / "truth", subjects=2, clips=1, seed=0)
    return folder / "data"


@pytest.fixture
def samm(generated_samm, tmp_path):
    """A fresh copy of a small generated SAMM."""
    shutil.copytree(generated_samm, tmp_path / "samm")
    return tmp_path / "samm"


def coding(root):
    return root / "CASME2-coding-20140508.xlsx"


def edit(path, change):
    """Change the first sheet of a workbook (a folder means its CASME II codings)."""
    path = coding(path) if path.is_dir() else path
    book = openpyxl.load_workbook(path)
    change(book.worksheets[0])
    book.save(path)


def cell_of(sheet, text, new):
    """Write ``new`` into the cell that holds ``text``."""
    cell = next(cell for row in sheet.iter_rows() for cell in row if cell.value == text)
    cell.value = new


COLUMN = {"subject": 1, "clip": 2, "onset": 4, "apex": 5, "offset": 6, "emotion": 9}  # of the CASME II codings


def with_values(root, **values):
    """The first row of the codings with other values; returns its clip_id and its former frame numbers."""
    was = {}

    def change(sheet):
        was.update({name: sheet.cell(2, COLUMN[name]).value for name in COLUMN})
        for name, value in values.items():
            sheet.cell(2, COLUMN[name]).value = value

    edit(root, change)
    return f"casme2/sub{int(was['subject']):02d}/{was['clip']}", was


def read(root):
    return cards.load("datasets", "casme2").read(root)


def test_duplicate_clip(capsys, casme2, tmp_path):
    edit(casme2, lambda sheet: sheet.append([cell.value for cell in sheet[2]]))
    index(capsys, "casme2", casme2, tmp_path / "clips.csv", says=["more than once", "casme2/sub01/"])


def test_unknown_emotion(capsys, casme2, tmp_path):
    edit(casme2, lambda sheet: sheet.cell(3, 9, "boredom"))
    index(capsys, "casme2", casme2, tmp_path / "clips.csv", says=["unknown emotion 'boredom'", "row 3"])


@pytest.mark.parametrize("dataset", ["casme2", "samm"])
def test_missing_column(capsys, casme2, samm, tmp_path, dataset):
    root = {"casme2": casme2, "samm": samm}[dataset]
    path = next(path for path in root.glob("*.xlsx") if "Objective" not in path.name)
    whole = path.read_bytes()
    names = cards.load("datasets", dataset).COLUMNS
    for name in (names[key] for key in ("clip", "onset", "apex", "offset", "aus", "emotion")):
        edit(path, lambda sheet, name=name: cell_of(sheet, name, "Gone"))
        index(capsys, dataset, root, tmp_path / "clips.csv", says=[f"lacks the column {name}", "Gone"])
        path.write_bytes(whole)
    edit(path, lambda sheet: cell_of(sheet, "Subject", "Person"))
    index(capsys, dataset, root, tmp_path / "clips.csv", says="no header row that starts with 'Subject'")


def test_no_header(capsys, casme2, tmp_path):
    edit(casme2, lambda sheet: sheet.delete_rows(1))
    index(capsys, "casme2", casme2, tmp_path / "clips.csv", says="no header row that starts with 'Subject'")


def test_damaged_and_missing_workbook(capsys, casme2, tmp_path):
    path = casme2 / "CASME2-coding-20140508.xlsx"
    path.write_bytes(b"not a workbook")
    index(capsys, "casme2", casme2, tmp_path / "clips.csv", says="cannot read the workbook")
    path.rename(casme2 / "CASME2_label_Ver_2.xls")
    index(capsys, "casme2", casme2, tmp_path / "clips.csv", says=["no coding workbook", "CASME2_label_Ver_2.xls"])


def test_frames_of_no_row(capsys, casme2, tmp_path):
    for subject in (casme2 / "Cropped" / "Cropped").iterdir():
        for clip in list(subject.iterdir()):
            clip.rename(clip.with_name(f"other_{clip.name}"))
    index(capsys, "casme2", casme2, tmp_path / "clips.csv", says=["no row of", "no folder of frames"])


# ------------------------------------------------------------------------------------------------ workbooks


def test_workbook_cut_short(capsys, casme2, tmp_path):
    coding(casme2).write_bytes(coding(casme2).read_bytes()[:2000])
    index(capsys, "casme2", casme2, tmp_path / "clips.csv", says=["cannot read the workbook", coding(casme2).name])


def test_zip_that_is_no_workbook(capsys, casme2, tmp_path):
    with zipfile.ZipFile(coding(casme2), "w") as file:
        file.writestr("hello.txt", "hello")
    index(capsys, "casme2", casme2, tmp_path / "clips.csv", says=["cannot read the workbook", coding(casme2).name])


def test_empty_workbook_file(capsys, casme2, tmp_path):
    coding(casme2).write_bytes(b"")
    index(capsys, "casme2", casme2, tmp_path / "clips.csv", says=["cannot read the workbook", coding(casme2).name])


def test_empty_sheets(capsys, casme2, tmp_path):
    openpyxl.Workbook().save(coding(casme2))
    index(capsys, "casme2", casme2, tmp_path / "clips.csv", says="no header row that starts with 'Subject'")


def test_header_without_rows(capsys, casme2, tmp_path):
    edit(casme2, lambda sheet: sheet.delete_rows(2, 100))
    index(capsys, "casme2", casme2, tmp_path / "clips.csv", says=["no row of", "there are none"])


def test_codings_on_the_second_sheet_are_found(casme2):
    expected = read(casme2).clips
    book = openpyxl.load_workbook(coding(casme2))
    book.create_sheet("empty", 0)
    book.save(coding(casme2))
    assert read(casme2).clips == expected


def test_lock_file_of_an_open_workbook_is_not_read(casme2):
    expected = read(casme2).clips
    (casme2 / f"~${coding(casme2).name}").write_bytes(b"somebody has it open")
    (casme2 / f"._{coding(casme2).name}").write_bytes(b"made by macOS")
    assert read(casme2).clips == expected


def test_unknown_edition_is_refused_until_it_is_accepted(capsys, casme2, tmp_path):
    (casme2 / MARKER).unlink()  # a copy of the owner
    coding(casme2).rename(casme2 / "CASME2-coding-20991231.xlsx")
    out = tmp_path / "out" / "clips.csv"
    words = ["index", "casme2", "--root", str(casme2), "--out", str(out), "--accept", "counts"]
    assert cli.main(words) == 2
    error = capsys.readouterr().err
    assert "CASME2-coding-20991231.xlsx is of no edition that is known (20140508" in error
    assert "accept: [edition]" in error
    assert not out.parent.exists()
    assert cli.main([*words, "edition"]) == 0
    assert "Accepted deviation (edition)" in (out.parent / "report.md").read_text()


# ------------------------------------------------------------------------------------------------ cells


@pytest.mark.parametrize("value", ["x", "12a", "3.5", 3.5, -4, "", "?", datetime.date(2014, 5, 8), True])
@pytest.mark.parametrize("column", ["onset", "offset"])
def test_onset_or_offset_that_is_no_frame_number(casme2, column, value):
    key, _ = with_values(casme2, **{column: value})
    reading = read(casme2)
    assert key not in {clip.clip_id for clip in reading.clips}
    assert "is not a frame number" in dict(reading.dropped)[key]


@pytest.mark.parametrize("value", ["x", "12a", 3.5, -4, "", "?", datetime.date(2014, 5, 8), True])
def test_apex_that_is_no_frame_number_becomes_the_middle(casme2, value):
    key, was = with_values(casme2, apex=value)
    clip = next(clip for clip in read(casme2).clips if clip.clip_id == key)
    middle = was["onset"] + (was["offset"] - was["onset"]) // 2
    assert (clip.apex, clip.apex_source) == (middle, "mid")
    assert f"the middle frame {middle} is taken" in ";".join(clip.repairs)


def test_offset_before_or_on_the_onset(casme2, tmp_path):
    key, was = with_values(casme2)
    for offset in (was["onset"] - 1, was["onset"]):
        with_values(casme2, offset=offset)
        reading = read(casme2)
        assert dict(reading.dropped)[key].startswith(f"onset {was['onset']} is not before offset {offset} (")
        assert len(reading.clips) == 6


def test_rows_that_were_dropped_refuse_a_copy_that_should_be_complete(capsys, casme2, tmp_path):
    (casme2 / MARKER).unlink()
    key, _ = with_values(casme2, onset="x")
    index(capsys, "casme2", casme2, tmp_path / "clips.csv", says=["clips 6 instead of 255", "1 rows were dropped", key])


def test_repairs_and_dropped_rows_are_in_the_report(casme2, tmp_path):
    key, _ = with_values(casme2, onset="x")
    assert cli.main(["index", "casme2", "--root", str(casme2), "--out", str(tmp_path / "clips.csv")]) == 0
    assert len(read_csv(tmp_path / "clips.csv")) == 6
    report = (tmp_path / "report.md").read_text()
    assert "## Dropped rows (1)" in report
    assert f"`{key}`: onset 'x'" in report


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("subject", "bob", "'bob' is not a subject of casme2"),
        ("subject", 1.5, "'1.5' is not a subject of casme2"),
        ("emotion", 7, "unknown emotion '7' in CASME2-coding-20140508.xlsx row 2"),
    ],
)
def test_values_that_nobody_can_guess(capsys, casme2, tmp_path, column, value, says):
    with_values(casme2, **{column: value})
    index(capsys, "casme2", casme2, tmp_path / "clips.csv", says=says)


def test_clip_name_that_is_a_path(casme2):
    for value in ("../../etc", "/etc", "..", "."):
        with_values(casme2, clip=value)
        reading = read(casme2)
        assert len(reading.clips) == 6
        assert "no folder of frames" in reading.dropped[0][1]


def test_clip_without_a_name(casme2):
    with_values(casme2, clip=None)
    reading = read(casme2)
    assert len(reading.clips) == 6
    assert len(reading.dropped) == 1
