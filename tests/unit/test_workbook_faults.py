"""Every reader of a workbook and every fault of a workbook: the same clips, or the row is dropped on record, or one
sentence names file and row. A reader without its cell of the matrix fails here."""

from __future__ import annotations

import datetime
import re
import shutil
import time
from dataclasses import dataclass, field

import old_workbook
import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter
from small_copies import COPIES

from mebench import cards
from mebench.errors import UserError
from mebench.indexing.read import read

WITHOUT_WORKBOOK = {"smic", "smic_nir", "smic_vis", "flow_images"}
DATASETS = sorted(COPIES)
SAME, GONE, REFUSED, ABSENT = "the same clips", "its row dropped", "refused", "the table has no such thing"


@dataclass(frozen=True)
class Cell:
    """What becomes of a fault: an outcome, and text that the sentence, the reason or the notes must hold."""

    outcome: str
    says: str = ""
    others: dict[str, tuple[str, str]] = field(default_factory=dict)  # dataset -> another outcome

    def of(self, dataset):
        return self.others.get(dataset, (self.outcome, self.says))


def test_every_reader_is_in_the_matrix():
    assert set(COPIES) | WITHOUT_WORKBOOK == set(cards.names("datasets"))


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """dataset -> (root, what its whole copy is read as)."""
    folder = tmp_path_factory.mktemp("small")
    made = {}
    for name, copy in COPIES.items():
        copy.make(folder / name)
        made[name] = folder / name, read(name, folder / name)
    return made


@pytest.fixture(params=DATASETS)
def whole(request, roots):
    """(dataset, its copy, root, reading); files that a test leaves are removed."""
    root, reading = roots[request.param]
    copy = COPIES[request.param]
    yield request.param, copy, root, reading
    for path in root.iterdir():
        if path.is_file():
            path.unlink()
    copy.write(root / copy.file)


def judge(dataset, root, before, cell, row=None):
    """Read the copy, and hold what comes to the cell of the matrix."""
    outcome, says = cell.of(dataset)
    if outcome == REFUSED:
        with pytest.raises(UserError) as refusal:
            read(dataset, root)
        sentence = str(refusal.value)
        assert "\n" not in sentence
        assert re.search(says, sentence), sentence
        if row:
            assert re.search(rf"{re.escape(COPIES[dataset].file)} row {row}\b", sentence), sentence
        return
    after = read(dataset, root)
    if outcome == SAME:
        assert after.clips == before.clips
        told = [*after.notes, *(f"{key}: {why}" for key, why in after.dropped)]
    else:
        lost = [clip for clip in before.clips if clip not in after.clips]
        assert [clip for clip in after.clips if clip not in before.clips] == []
        assert len(lost) == 1
        told = [f"{key}: {why}" for key, why in after.dropped]
        assert len([text for text in told if re.search(rf"row {row}\b", text)]) == 1, told
    assert any(re.search(says, text) for text in told) or not says, told


def test_the_whole_copy_is_read(whole):
    _, _, _, reading = whole
    assert [(clip.onset, clip.apex, clip.offset, clip.apex_source) for clip in reading.clips] == [
        (46, 50, 60, "labelled")
    ] * 3
    assert reading.dropped == []
    assert reading.rows == 3


# ------------------------------------------------------------------------------------------------ values of a cell

APRIL = datetime.datetime(2026, 4, 12)
ERROR = old_workbook.Error(42)
NO_AUS = {"smic_long": (ABSENT, "")}
NO_EMOTION = {"samm_long": (ABSENT, "")}
UNITS, LABEL = Cell(REFUSED, "the action units in", NO_AUS), Cell(REFUSED, "unknown emotion", NO_EMOTION)
FRAME = Cell(GONE, "is not a frame number")
ONSET = Cell(GONE, "is not a frame number", {"casme3": (GONE, "no folder of frames")})  # its folders are called by it
CLIP = {"smic_long": (REFUSED, "has the Filename")}
WHOSE = Cell(REFUSED, "is no(t a)? (subject|number)", {"samm_long": (REFUSED, "not a subject")})

# column, value in the second row -> its cell
VALUES = {
    ("aus", APRIL): Cell(REFUSED, "the date '2026-04-12'", NO_AUS),
    ("aus", ERROR): UNITS,
    ("aus", True): Cell(REFUSED, "the truth value 'TRUE'", NO_AUS),
    ("aus", 12.5): UNITS,
    ("aus", 4.12): UNITS,
    ("aus", 46124): UNITS,  # a date that lost its format
    ("aus", "12-Apr"): UNITS,
    ("aus", "4月12日"): UNITS,
    ("aus", "2026-04-12 00:00:00"): UNITS,
    ("aus", "4.12"): UNITS,
    ("aus", "L4A+R12"): Cell(SAME, "", NO_AUS),
    ("aus", "4，12"): Cell(SAME, "", NO_AUS),
    ("onset", APRIL): ONSET,
    ("onset", ERROR): ONSET,
    ("onset", True): ONSET,
    ("offset", 59.5): FRAME,
    ("offset", None): Cell(GONE, "(is not a frame number|no value in OffsetF)", {}),
    ("onset", "46"): Cell(SAME),
    ("onset", "046.0"): Cell(SAME),
    ("onset", "\u00a046 "): Cell(SAME),
    ("offset", 60.0): Cell(SAME),
    ("subject", APRIL): WHOSE,
    ("subject", ERROR): WHOSE,
    ("subject", "somebody"): WHOSE,
    ("subject", None): Cell(GONE, "nothing in the column", {"casme_sq": (REFUSED, "of the subject 'None'")}),
    ("clip", APRIL): Cell(GONE, "the date '2026-04-12'", CLIP),
    ("clip", ERROR): Cell(GONE, "the error '#N/A'", CLIP),
    ("clip", None): Cell(GONE, "nothing in the column", CLIP),
    ("emotion", APRIL): LABEL,
    ("emotion", ERROR): LABEL,
    ("emotion", 7): LABEL,
    ("objective", ERROR): Cell(REFUSED, "unknown objective class", dict.fromkeys(
        set(DATASETS) - {"casme3", "casme3_long", "samm"}, (ABSENT, ""))),
    ("objective", "Ⅲ"): Cell(SAME, "", dict.fromkeys(
        set(DATASETS) - {"casme3", "casme3_long", "samm"}, (ABSENT, ""))),
    ("type", ERROR): Cell(GONE, "the error '#N/A'", {"samm_long": (REFUSED, "unknown type"), **dict.fromkeys(
        set(DATASETS) - {"casme3_long", "casme_sq", "samm_long"}, (ABSENT, ""))}),
    ("type", None): Cell(GONE, "nothing in the column", dict.fromkeys(
        set(DATASETS) - {"casme3_long", "casme_sq", "samm_long"}, (ABSENT, ""))),
}  # fmt: skip


@pytest.mark.parametrize("old", [False, True], ids=["xlsx", "xls"])
@pytest.mark.parametrize("case", VALUES, ids=lambda case: f"{case[0]} {case[1]!r}")
def test_values(whole, case, old):
    dataset, copy, root, before = whole
    (column, value), cell = case, VALUES[case]
    if column not in copy.columns:
        assert cell.of(dataset)[0] == ABSENT
        return
    assert cell.of(dataset)[0] != ABSENT
    (root / copy.file).unlink()
    if not old and isinstance(value, old_workbook.Error):
        value = "#N/A"
    path = root / (copy.file.replace(".xlsx", ".xls") if old else copy.file)
    copy.write(path, copy.changed(column, value), old=old)
    if old:
        cell = Cell(*cell.of(dataset))
        sentence_file(dataset, root, before, cell, copy.first + 1)
    else:
        judge(dataset, root, before, cell, copy.first + 1)


def sentence_file(dataset, root, before, cell, row):
    """The same for a workbook whose name ends in .xls."""
    outcome, says = cell.outcome, cell.says
    if outcome != REFUSED:
        judge(dataset, root, before, cell, row)
        return
    with pytest.raises(UserError, match=rf"\.xls row {row}\b") as refusal:
        read(dataset, root)
    assert re.search(says, str(refusal.value))


# ------------------------------------------------------------------------------------------------ sheets


def sheet_of(book, copy):
    return book[copy.sheet]


def merged_subject(book, copy):
    sheet_of(book, copy).merge_cells(start_row=copy.first, end_row=copy.first + 2, start_column=1, end_column=1)


def merged_emotion(book, copy):
    at = copy.columns.get("emotion", 0) + 1
    sheet_of(book, copy).merge_cells(start_row=copy.first + 1, end_row=copy.first + 2, start_column=at, end_column=at)


def merged_frames(book, copy):
    """Onset to offset in one cell: only the first is shown."""
    row, left, right = copy.first + 1, copy.columns["onset"] + 1, copy.columns["offset"] + 1
    sheet_of(book, copy).merge_cells(start_row=row, end_row=row, start_column=left, end_column=right)


def stale(book, copy, at=0, title="old"):
    """Another table, whose offsets are other ones."""
    sheet = book.create_sheet(title, at)
    for row in copy.rows():
        changed = list(row)
        if row != copy.header:
            changed[copy.columns["offset"]] = 55
        sheet.append(changed)
    return sheet


def stale_hidden(book, copy):
    stale(book, copy).sheet_state = "hidden"


def stale_very_hidden(book, copy):
    stale(book, copy).sheet_state = "veryHidden"


def table_hidden(book, copy):
    book.create_sheet("cover")
    sheet_of(book, copy).sheet_state = "hidden"
    book.active = book.worksheets.index(book["cover"])


def stale_shown(book, copy):
    stale(book, copy)


def stale_shown_without_names(book, copy):
    sheet_of(book, copy).title = "new"
    stale(book, copy, at=None)


def the_same_twice(book, copy):
    sheet_of(book, copy).title = "new"
    sheet = book.create_sheet("again")
    for row in copy.rows():
        sheet.append(list(row))


def hidden_rows(book, copy):
    sheet_of(book, copy).row_dimensions[copy.first + 1].hidden = True


def filtered_rows(book, copy):
    sheet = sheet_of(book, copy)
    sheet.auto_filter.ref = sheet.dimensions
    sheet.auto_filter.add_filter_column(0, ["1"])
    hidden_rows(book, copy)


def hidden_column(book, copy):
    sheet_of(book, copy).column_dimensions[get_column_letter(copy.columns["offset"] + 1)].hidden = True


def stray_cell(book, copy):
    sheet_of(book, copy).cell(1048576, 16384).value = " "


def stray_note(book, copy):
    sheet_of(book, copy).cell(1048576, 16384).value = "x"


def endless_merge(book, copy):
    """A merged block of 17 thousand million cells, which a person makes with two keys."""
    from openpyxl.worksheet.cell_range import CellRange

    sheet_of(book, copy).merged_cells.ranges.add(CellRange("A100:XFD1048576"))


def remark(book, copy):
    sheet_of(book, copy).cell(copy.first + 5, 1).value = "checked twice"


def total(book, copy):
    sheet = sheet_of(book, copy)
    sheet.cell(copy.first + 4, 1).value = "Total"
    sheet.cell(copy.first + 4, max(copy.columns.values()) + 1).value = 3


def merged_remark(book, copy):
    remark(book, copy)
    sheet_of(book, copy).merge_cells(
        start_row=copy.first + 5, end_row=copy.first + 5, start_column=1, end_column=len(copy.row(1))
    )


def blank_rows(book, copy):
    sheet_of(book, copy).insert_rows(copy.first + 1, 3)


def preamble(book, copy):
    sheet = sheet_of(book, copy)
    sheet.insert_rows(1, 2)
    sheet["A1"] = "A title"


def header_again(book, copy):
    sheet = sheet_of(book, copy)
    sheet.insert_rows(copy.first + 2)
    for column, name in enumerate(copy.header or ("subject", "clip"), start=1):
        sheet.cell(copy.first + 2, column).value = name


def second_table(book, copy):
    sheet = sheet_of(book, copy)
    sheet.append([])
    for row in copy.rows():
        sheet.append([None, *row])


def other_order(book, copy):
    sheet = sheet_of(book, copy)
    for row in sheet.iter_rows():
        values = [cell.value for cell in row]
        for cell, value in zip(row, reversed(values), strict=True):
            cell.value = value


def repeated_column(book, copy):
    sheet = sheet_of(book, copy)
    at = len(copy.row(1)) + 1
    sheet.cell(copy.first - 1 or 1, at).value = copy.header[copy.columns["offset"]] if copy.header else "Offset"
    for number in range(3):
        sheet.cell(copy.first + number, at).value = 55


def repeated_column_hidden(book, copy):
    repeated_column(book, copy)
    sheet_of(book, copy).column_dimensions[get_column_letter(len(copy.row(1)) + 1)].hidden = True


def untidy_header(book, copy):
    if copy.header:
        for cell in sheet_of(book, copy)[1]:
            cell.value = cell.value and f" {cell.value.replace(' ', chr(10))}\u00a0 "


def rich_cells(book, copy):
    sheet, row = sheet_of(book, copy), copy.first + 1
    cell = sheet.cell(row, copy.columns["clip"] + 1)
    cell.value = CellRichText(TextBlock(InlineFont(b=True), cell.value[:3]), cell.value[3:])
    sheet.cell(row, copy.columns["onset"] + 1).comment = Comment("see the video", "somebody")
    sheet.cell(row, copy.columns["offset"] + 1).hyperlink = "https://example.org"


def untidy_names(book, copy):
    cell = sheet_of(book, copy).cell(copy.first + 1, copy.columns["clip"] + 1)
    cell.value = f"\u00a0{cell.value} "


def numbers_as_text(book, copy):
    for row in sheet_of(book, copy).iter_rows(min_row=copy.first):
        for cell in row:
            cell.value = str(cell.value) if isinstance(cell.value, int | float) else cell.value


def percent(book, copy):
    sheet_of(book, copy).cell(copy.first + 1, copy.columns["onset"] + 1).number_format = "0%"


def formula(book, copy):
    sheet_of(book, copy).cell(copy.first + 1, copy.columns["offset"] + 1).value = "=40+20"


def no_subject_below_the_first(book, copy):
    """Written once, the cells below left empty: nobody knows that they are of the same subject."""
    sheet_of(book, copy).cell(copy.first + 1, 1).value = None


NO_HEADER = {"casme_sq": (ABSENT, "")}
SHEETS = {
    merged_subject: Cell(SAME, "merged cells count for all of their rows, such as A", {"casme_sq": (SAME, "")}),
    merged_emotion: Cell(SAME, "", NO_EMOTION),
    merged_frames: Cell(GONE, "is not a frame number"),
    stale_hidden: Cell(SAME, "'old' is hidden and is not read", {"casme_sq": (SAME, "")}),
    stale_very_hidden: Cell(SAME, "'old' is hidden and is not read", {"casme_sq": (SAME, "")}),
    table_hidden: Cell(REFUSED, "is hidden; show it"),
    stale_shown: Cell(SAME, "'old' is not read", {
        "casme_sq": (SAME, ""), **dict.fromkeys(("casme", "mmew"), (REFUSED, "'old' and 'Sheet1', and they differ"))}),
    stale_shown_without_names: Cell(REFUSED, "'new' and 'old', and they differ", {"casme_sq": (SAME, "")}),
    the_same_twice: Cell(SAME, "'again' is not read", {"casme_sq": (SAME, "")}),
    hidden_rows: Cell(SAME, "1 hidden rows are read"),
    filtered_rows: Cell(SAME, "1 hidden rows are read"),
    hidden_column: Cell(SAME, "the hidden column [A-Z] is read", {"casme_sq": (SAME, "")}),
    stray_cell: Cell(SAME),
    stray_note: Cell(SAME),
    endless_merge: Cell(SAME),
    remark: Cell(SAME, "row [67]: (no label|it names no video|nothing in the column)"),
    total: Cell(SAME, "row [56]: (no label|it names no video|nothing in the column)"),
    merged_remark: Cell(SAME, "row [67]: (no label|it names no video|nothing in the column|Filename is)"),
    blank_rows: Cell(SAME),
    preamble: Cell(SAME),
    header_again: Cell(SAME, "the header once more", {"casme_sq": (SAME, "row 3: no label: 'subject'")}),
    second_table: Cell(REFUSED, "row 6 begins another table", {"casme_sq": (REFUSED, "is of the subject 'None'")}),
    other_order: Cell(SAME, "", {"casme_sq": (REFUSED, "has no rows with the columns")}),
    repeated_column: Cell(REFUSED, "has the column .* twice, [A-Z]+ and [A-Z]+, and they differ in row 2",
                          {"casme_sq": (SAME, "")}),
    repeated_column_hidden: Cell(SAME),
    untidy_header: Cell(SAME),
    rich_cells: Cell(SAME),
    untidy_names: Cell(SAME),
    numbers_as_text: Cell(SAME),
    percent: Cell(GONE, "is not a frame number", dict.fromkeys(("casme3", "casme3_long"), (SAME, ""))),
    formula: Cell(GONE, "a formula without a stored value"),
    no_subject_below_the_first: Cell(GONE, "nothing in the column", {"casme_sq": (REFUSED, "the subject 'None'")}),
}  # fmt: skip


@pytest.mark.parametrize("fault", SHEETS, ids=lambda fault: fault.__name__)
def test_sheets(whole, fault):
    dataset, copy, root, before = whole
    cell = SHEETS[fault]
    if cell.of(dataset)[0] == ABSENT:
        assert "emotion" not in copy.columns
        return
    book = copy.book()
    fault(book, copy)
    book.save(root / copy.file)
    begin = time.monotonic()
    judge(dataset, root, before, cell, copy.first + 1 if cell.of(dataset)[0] == GONE else None)
    assert time.monotonic() - begin < 5


# ------------------------------------------------------------------------------------------------ files

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
CSV = "Subject,Filename,OnsetFrame\n1,EP01,46\n"
# what lies under the name of the workbook -> what the sentence says
BYTES = {
    "empty": (b"", "it is empty"),
    "zeros": (bytes(4096), "it is empty"),
    "csv": (CSV.encode(), "CSV, separated by commas.*save it as .xlsx"),
    "csv of Windows": (CSV.replace(",", ";").encode("utf-16"), "CSV, separated by semicolons"),
    "tsv in GBK": ((CSV.replace(",", "\t") + "表情").encode("gb18030"), "TSV, separated by tabs"),
    "page": (b"\n<!DOCTYPE html><html><body>Log in</body></html>", "a web page"),
    "page of a table": (b"<html xmlns:x='urn:schemas-microsoft-com:office:excel'><table></table></html>", "a web page"),
    "2003": (
        b"<?xml version='1.0'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'/>",
        "XML spreadsheet",
    ),
    "password": (OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
    "Word": (OLE + "WordDocument".encode("utf-16-le"), "another Office program"),
    "pdf": (b"%PDF-1.4 ...", "a PDF"),
    "git": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
    "noise": (bytes(range(128, 256)) * 9, "no workbook by its bytes"),
}


@pytest.mark.parametrize("kind", BYTES)
def test_files_of_other_kinds(whole, kind):
    dataset, copy, root, before = whole
    data, says = BYTES[kind]
    (root / copy.file).write_bytes(data)
    judge(dataset, root, before, Cell(REFUSED, f"{re.escape(copy.file)} .*{says}"))


@pytest.mark.parametrize("part", [0.3, 0.7, 0.98])
def test_workbooks_cut_short(whole, part):
    dataset, copy, root, before = whole
    data = (root / copy.file).read_bytes()
    (root / copy.file).write_bytes(data[: int(len(data) * part)])
    judge(dataset, root, before, Cell(REFUSED, f"{re.escape(copy.file)} .*damaged or cut short.*get a fresh copy"))


MEMBERS = {"content.xml": ".ods", "xl/workbook.bin": ".xlsb", "a.txt": "no workbook", "word/document.xml": ".docx",
           "Index/Document.iwa": "Numbers"}  # fmt: skip


@pytest.mark.parametrize(("member", "says"), MEMBERS.items())
def test_archives_that_are_no_workbook(tmp_path, roots, member, says):
    import zipfile

    root, _ = roots["casme2"]
    copy = shutil.copytree(root, tmp_path / "copy")
    with zipfile.ZipFile(copy / COPIES["casme2"].file, "w") as file:
        file.writestr(member, "x")
    with pytest.raises(UserError, match=says):
        read("casme2", copy)


def test_the_name_does_not_decide_the_format(whole):
    dataset, copy, root, before = whole
    copy.write(root / copy.file, old=True)
    judge(dataset, root, before, Cell(SAME))
    (root / copy.file).unlink()
    copy.write(root / copy.file).rename(root / copy.file.replace(".xlsx", ".xls"))
    after = read(dataset, root)
    assert after.clips == before.clips


BESIDE = ("{} (1).xlsx", "{} - Copy.xlsx", "{} - 副本.xlsx", "{} (Jo's conflicted copy 2026-01-02).xlsx", "{}.bak.xlsx",
          "{}_backup.xlsx", "{}.xls")  # fmt: skip


@pytest.mark.parametrize("name", BESIDE)
def test_copies_beside_the_workbook(whole, name):
    """The plain name wins, and the report says what is not read."""
    dataset, copy, root, before = whole
    other = root / name.format(copy.file.removesuffix(".xlsx"))
    copy.write(other, copy.changed("offset", 55))
    after = read(dataset, root)
    assert after.clips == before.clips
    assert [note for note in after.notes if note.endswith(f": {other.name}")]


@pytest.mark.parametrize("name", ["~${}.xlsx", ".~{}.xlsx", "{}.xlsx.bak", "{}.xlsx~", "{}.tmp"])
def test_files_that_are_no_copies(whole, name):
    dataset, copy, root, before = whole
    (root / name.format(copy.file.removesuffix(".xlsx"))).write_bytes(b"x")
    assert read(dataset, root) == before


def test_two_copies_and_no_plain_name(whole):
    dataset, copy, root, before = whole
    stem = copy.file.removesuffix(".xlsx")
    (root / copy.file).rename(root / f"{stem} (1).xlsx")
    copy.write(root / f"{stem} (2).xlsx", copy.changed("offset", 55))
    judge(dataset, root, before, Cell(REFUSED, r"\(1\)\.xlsx and .*\(2\)\.xlsx may both be the workbook"))
    shutil.copy(root / f"{stem} (1).xlsx", root / f"{stem} (2).xlsx")
    assert read(dataset, root).clips == before.clips


def test_a_table_as_text_is_named(whole):
    dataset, copy, root, before = whole
    (root / copy.file).rename(root / copy.file.replace(".xlsx", ".csv"))
    says = "lacks workbooks" if dataset == "casme3_long" else "save it as .xlsx"
    judge(dataset, root, before, Cell(REFUSED, says))


def test_old_workbooks_are_read_as_they_are_shown(whole):
    """Merged, hidden and stale cells of the old format."""
    dataset, copy, root, before = whole
    (root / copy.file).unlink()
    rows = [list(row) for row in copy.rows()]
    for row in rows[copy.first :]:
        row[0] = None
    other = {"title": "old", "rows": copy.changed("offset", 55), "hidden": True}
    table = {"title": copy.sheet, "rows": rows, "merged": [(copy.first - 1, copy.first + 1, 0, 0)], "hidden_rows": [2]}
    more = [{"title": title, "rows": cells} for title, cells in copy.more.items()]
    old_workbook.write(root / copy.file.replace(".xlsx", ".xls"), [other, table, *more])
    after = read(dataset, root)
    assert after.clips == before.clips
    assert any("hidden rows are read" in note for note in after.notes)


def test_the_date_of_a_sheet_is_no_number(tmp_path):
    """The types of cells, as the parser gives them, of a workbook that openpyxl wrote."""
    from mebench.workbooks.read import read_sheets

    book = openpyxl.Workbook()
    book.active.append([1, 2.5, "x", True, APRIL, datetime.time(4, 12), datetime.timedelta(hours=30), "#REF!", "=1+1"])
    book.active["J1"] = 0.12
    book.active["J1"].number_format = "0.0%"
    book.save(tmp_path / "a.xlsx")
    (sheet,) = read_sheets(tmp_path / "a.xlsx")
    plain, odd = sheet.cells(1, 3), sheet.cells(1, 10)[3:]
    assert plain == (1, 2.5, "x")
    assert [cell.kind for cell in odd] == [
        "the truth value", "the date", "the time", "the time", "the error", "a formula without a stored value",
        "the percentage",
    ]  # fmt: skip
    assert odd[-1].text == "12%"
