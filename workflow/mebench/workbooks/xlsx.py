"""The sheets of an .xlsx file: every cell by its type, merged and hidden ones known, whatever size a sheet claims.

openpyxl's own ways do not serve: the one for whole files makes an object for every cell of a merged block (there may be
17 thousand million), the other knows neither merged nor hidden cells. So its parser of a sheet is used.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mebench.clips.odd_cell import OddCell
from mebench.workbooks.sheet import Block, Rows, Sheet, plain_or_odd, sheet, without_blanks

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    import openpyxl
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet
    from openpyxl.worksheet._reader import WorkSheetParser

NO_VALUE = OddCell("a formula without a stored value", "a formula without a stored value: open the workbook in a "
                   "spreadsheet program and save it")  # fmt: skip


def sheets(path: Path) -> list[Sheet]:
    """All sheets, hidden ones too. A formula gives the value that its writer stored."""
    import openpyxl

    with warnings.catch_warnings(), open(path, "rb") as handle:
        warnings.simplefilter("ignore")  # of extensions that are not read
        book = openpyxl.load_workbook(handle, read_only=True, data_only=True, keep_links=False)
        return [_sheet(book, one) for one in book.worksheets]


def _sheet(book: openpyxl.Workbook, one: ReadOnlyWorksheet) -> Sheet:
    from openpyxl.cell.read_only import ReadOnlyCell

    rows: Rows = {}
    with one._get_source() as source:
        parser = _parser(book, one, source)
        for number, cells in parser.parse():
            values = {}
            for cell in cells:
                if cell["value"] is not None:
                    read = ReadOnlyCell(one, **cell)
                    odd = cell["data_type"] == "e" and not isinstance(cell["value"], OddCell)
                    values[cell["column"]] = (
                        OddCell("the error", str(cell["value"]))
                        if odd
                        else plain_or_odd(read.value, read.number_format)
                    )
            if kept := without_blanks(values):
                rows[number] = kept
    merged = parser.merged_cells.mergeCell if parser.merged_cells else []
    hidden_columns = [
        column
        for about in parser.column_dimensions.values() if _is_hidden(about)
        for column in range(int(about["min"]), min(int(about["max"]), int(about["min"]) + 1000) + 1)
    ]  # fmt: skip
    hidden_rows = [int(number) for number, about in parser.row_dimensions.items() if _is_hidden(about)]
    blocks = [Block(one.min_row, one.max_row, one.min_col, one.max_col) for one in merged]
    return sheet(one.title, one.sheet_state != "visible", rows, blocks, hidden_rows, hidden_columns)


def _parser(book: openpyxl.Workbook, one: ReadOnlyWorksheet, source: IO[bytes]) -> WorkSheetParser:
    from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser

    class Parser(WorkSheetParser):
        """Knows a formula whose value was not stored from an empty cell."""

        def parse_cell(self, element: Element) -> dict[str, object]:
            cell: dict[str, object] = super().parse_cell(element)
            stored = element.findtext(VALUE_TAG) or element.get("t") == "str"  # the value may be an empty text
            if element.find(FORMULA_TAG) is not None and not stored:
                cell["value"], cell["data_type"] = NO_VALUE, "e"
            return cell

    return Parser(source, one._shared_strings, data_only=True, epoch=book.epoch, date_formats=book._date_formats,
                  timedelta_formats=book._timedelta_formats)  # fmt: skip


def _is_hidden(about: Mapping[str, str]) -> bool:
    return about.get("hidden") in ("1", "true") or float(about.get("width", about.get("ht", 1))) == 0
