"""A CSV that people hand in, read as columns of text: any separator, any line ends, names of columns in any case."""

from __future__ import annotations

import difflib
import itertools
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench import given_table
from mebench.errors import UserError
from mebench.given_table import OpenTable
from mebench.given_values import clean

ROWS_AT_ONCE = 1000
NEAR = 0.85  # of two names: 'emotions' is emotion, 'emotion_id' is another
MOST_DIGITS = 15
WHOLE = re.compile(rf"([+-]?[0-9]{{1,{MOST_DIGITS}}})(?:\.0*)?")


@dataclass(frozen=True)
class HandTable:
    """The ``columns`` of a file under their known names, cells without blanks around them, and the line of each row.
    ``decimal_comma`` where numbers may be written 0,5, because another sign separates the columns."""

    path: Path
    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int]
    decimal_comma: bool

    def place(self, row: int) -> str:
        """Where a row stands, for an error."""
        return f"{self.path} line {self.lines[row]}"

    def names(self, column: str) -> Sequence[str]:
        """The cells of a column of names, none of them empty; all '' where the file does not have the column."""
        cells = self.columns.get(column)
        if cells is None:
            return [""] * len(self.lines)
        if "" in cells:
            raise UserError(f"{self.place(cells.index(''))} has no {column}; fill the cell in, or remove the row")
        return cells

    def whole(self, column: str) -> list[int]:
        """The whole numbers of a column; 12.0 is 12."""
        return [self._whole(column, row, cell) for row, cell in enumerate(self.columns[column])]

    def _whole(self, column: str, row: int, cell: str) -> int:
        if len(cell) <= MOST_DIGITS and cell.isascii() and cell.isdigit():
            return int(cell)
        match = WHOLE.fullmatch(self._point(cell))
        if not match:
            what = f"has '{cell}' under {column}, which is no whole number" if cell else f"has no {column}"
            raise UserError(f"{self.place(row)} {what}; write the number of a frame") from None
        return int(match[1])

    def _point(self, cell: str) -> str:
        return cell.replace(",", ".") if self.decimal_comma else cell

    def number_cells(self, column: str) -> list[str]:
        """The cells of a column of numbers, with a decimal point."""
        return [self._point(cell) for cell in self.columns[column]] if self.decimal_comma else [*self.columns[column]]


def read(path: Path, known: Mapping[str, Sequence[str]], required: Iterable[str]) -> HandTable:
    """Read ``path``. ``known`` has further spellings of each known column; other columns keep the names they have.

    A missing, misspelled or repeated column, a row with too few or too many cells and a file that is no CSV in UTF-8
    are errors. Rows without any text are left out.
    """
    opened = given_table.opened(path, [*required], known)
    _check_slips(path, opened.columns, known)
    columns, lines = _body(opened)
    named = {name: column for name, column in zip(opened.columns, columns, strict=True) if name}
    return HandTable(path, named, lines, opened.delimiter != ",")


def _check_slips(path: Path, columns: Sequence[str], known: Mapping[str, Sequence[str]]) -> None:
    """A UserError where a column is nearly called as a known one that is not there: it would not be read."""
    others = {name.casefold(): name for name in columns if name not in known}
    for name in known:
        near = difflib.get_close_matches(name, others, n=1, cutoff=NEAR) if name not in columns else []
        if near:
            raise UserError(f"{path} has the column {others[near[0]]}, and none that is called {name}; call it so, or "
                            "give it another name")  # fmt: skip


def _body(table: OpenTable) -> tuple[list[list[str]], list[int]]:
    """The columns, and the line of each row. A part of the file at a time, because a list for each of a million rows
    costs more than the reading."""
    columns: list[list[str]] = [[] for _ in table.columns]
    lines: list[int] = []
    while part := list(itertools.islice(table.records, ROWS_AT_ONCE)):
        lines += [line for line, _ in part]
        for column, cells in zip(columns, zip(*(row for _, row in part), strict=True), strict=True):
            different = set(cells)
            if len(different) < ROWS_AT_ONCE // 10:  # names: each is kept once, not in each row
                names = {cell: sys.intern(clean(cell)) for cell in different}
                column += [names[cell] for cell in cells]
            else:
                column += map(clean, cells)
    return columns, lines
