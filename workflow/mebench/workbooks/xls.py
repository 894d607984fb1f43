"""The sheets of a file of the old format, .xls: every cell by its type, merged and hidden ones known."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from mebench.clips.odd_cell import OddCell
from mebench.workbooks.sheet import Block, Rows, Sheet, plain_or_odd, sheet, without_blanks

if TYPE_CHECKING:
    import xlrd


def sheets(path: Path) -> list[Sheet]:
    """All sheets, hidden ones too. A formula gives the value that its writer stored."""
    import xlrd

    book = xlrd.open_workbook(
        file_contents=path.read_bytes(), formatting_info=True, ragged_rows=True, logfile=io.StringIO()
    )
    return [_sheet(book, one) for one in book.sheets()]


def _sheet(book: xlrd.Book, one: xlrd.sheet.Sheet) -> Sheet:
    rows: Rows = {}
    for number in range(one.nrows):
        cells = {column: _value(book, cell) for column, cell in enumerate(one.row(number), start=1)}
        if kept := without_blanks(cells):
            rows[number + 1] = kept
    blocks = [Block(top + 1, bottom, left + 1, right) for top, bottom, left, right in one.merged_cells]
    hidden_rows = [number + 1 for number, about in one.rowinfo_map.items() if about.hidden]
    hidden_columns = [column + 1 for column, about in one.colinfo_map.items() if about.hidden]
    return sheet(one.name, one.visibility != 0, rows, blocks, hidden_rows, hidden_columns)


def _value(book: xlrd.Book, cell: xlrd.sheet.Cell) -> object:
    import xlrd

    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return None
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return OddCell("the error", xlrd.error_text_from_code.get(cell.value, f"error {cell.value}"))
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return plain_or_odd(bool(cell.value), "")
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return plain_or_odd(xlrd.xldate.xldate_as_datetime(cell.value, book.datemode), "")
        except (xlrd.xldate.XLDateError, OverflowError, ValueError):
            return OddCell("the date", f"{cell.value:g}")
    if cell.ctype == xlrd.XL_CELL_NUMBER:
        formatted = book.format_map.get(book.xf_list[cell.xf_index].format_key) if cell.xf_index is not None else None
        return plain_or_odd(cell.value, formatted.format_str if formatted else "")
    return cell.value
