"""A sheet of a workbook as a spreadsheet program shows it: sparse, merged cells filled, what is hidden known."""

from __future__ import annotations

import datetime
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mebench.clips.odd_cell import OddCell

Rows = dict[int, dict[int, object]]  # number of a row -> number of a column -> text, number or OddCell; both from 1


@dataclass(frozen=True, slots=True)
class Block:
    """Merged cells, ends included."""

    top: int
    bottom: int
    left: int
    right: int

    def __str__(self) -> str:
        return f"{letters(self.left)}{self.top}:{letters(self.right)}{self.bottom}"


@dataclass(frozen=True)
class Sheet:
    """``rows`` hold no empty cells and no empty rows, so one stray cell in the last corner costs nothing."""

    title: str
    hidden: bool
    rows: Rows
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[Block, ...] = ()

    def cells(self, number: int, width: int) -> tuple[object, ...]:
        """The first ``width`` cells of a row; None where one is empty."""
        row = self.rows[number]
        return tuple(row.get(column) for column in range(1, width + 1))


def sheet(
    title: str, hidden: bool, rows: Rows, merged: Iterable[Block],
    hidden_rows: Iterable[int] = (), hidden_columns: Iterable[int] = (),
) -> Sheet:  # fmt: skip
    """A sheet whose merged cells are filled: a spreadsheet program shows the first cell in all rows of the block."""
    blocks = tuple(merged)
    return Sheet(title, hidden, _filled(rows, blocks), frozenset(hidden_rows), frozenset(hidden_columns), blocks)


def _filled(rows: Rows, blocks: Iterable[Block]) -> Rows:
    """``rows`` with the first cell of each block in all rows that have a cell of their own outside of blocks; its other
    columns hold an OddCell, because nobody knows which of them is meant."""
    numbers = sorted(rows)
    filled = {number: dict(row) for number, row in rows.items()}
    for block in blocks:
        value = rows.get(block.top, {}).get(block.left)
        covered = OddCell("a part of the merged cells", str(block))
        for number in numbers[bisect_left(numbers, block.top) : bisect_right(numbers, block.bottom)]:
            row = filled[number]
            for column in [column for column in row if block.left <= column <= block.right]:
                del row[column]  # a program that merges may leave what it hides
            if value is not None:
                row[block.left] = value
                last = min(block.right, block.left + 100)
                row.update(dict.fromkeys(range(block.left + 1, last + 1), covered))
    own = _with_own_cells(filled, rows, blocks)
    return {number: row for number, row in filled.items() if row and number in own}


def _with_own_cells(filled: Rows, rows: Rows, blocks: Iterable[Block]) -> set[int]:
    """Rows that show something themselves: a cell outside of blocks, or the first of one."""
    tops = {(block.top, block.left) for block in blocks}
    spans: dict[int, list[Block]] = {}
    numbers = sorted(filled)
    for block in blocks:
        for number in numbers[bisect_left(numbers, block.top) : bisect_right(numbers, block.bottom)]:
            spans.setdefault(number, []).append(block)

    def covered(number: int, column: int) -> bool:
        if (number, column) in tops:
            return False
        return any(block.left <= column <= block.right for block in spans.get(number, ()))

    return {number for number, row in rows.items() if not all(covered(number, column) for column in row)}


def without_blanks(cells: Mapping[int, object]) -> dict[int, object]:
    """The cells that hold something; a blank, also one that does not break a line, is nothing."""
    return {
        column: value for column, value in cells.items()
        if value is not None and not (isinstance(value, str) and not value.strip())
    }  # fmt: skip


def plain_or_odd(value: object, number_format: str) -> object:
    """``value`` where it is text or a number, else an OddCell. A share of a hundred is shown as another number than the
    one that is stored, so it is none of the two."""
    if isinstance(value, bool):
        return OddCell("the truth value", str(value).upper())
    if isinstance(value, datetime.datetime | datetime.date):
        return OddCell("the date", str(value).removesuffix(" 00:00:00"))
    if isinstance(value, datetime.time | datetime.timedelta):
        return OddCell("the time", str(value))
    if isinstance(value, int | float) and "%" in number_format:
        return OddCell("the percentage", f"{value * 100:g}%")
    return value


def letters(column: int) -> str:
    """The name of a column: 1 -> 'A', 27 -> 'AA'."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
