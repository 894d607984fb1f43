"""What the readers of workbooks share: each row of a table is used, dropped with its reason, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from mebench.clips.odd_cell import OddCell
from mebench.clips.reading import Unusable
from mebench.clips.spelling import frame_number, missing, subject_name
from mebench.errors import UserError
from mebench.workbooks.table import Row

Made = TypeVar("Made")


def each(rows: Iterable[Row], make: Callable[[Row], Made]) -> tuple[list[Made], list[tuple[str, str]]]:
    """What ``make`` makes of the rows, and those that it cannot use."""
    made: list[Made] = []
    dropped: list[tuple[str, str]] = []
    for row in rows:
        try:
            made.append(make(row))
        except Unusable as reason:
            dropped.append((row.where, str(reason)))
    return made, dropped


def subject_of(row: Row, dataset: str, column: str, frames: Sequence[str]) -> str:
    """The subject of a row in its one spelling. A row without a subject and without a number in the columns ``frames``
    is a remark or a total: Unusable. One with such a number is a label of somebody unknown: UserError."""
    try:
        return subject_name(dataset, row[column])
    except UserError as error:
        if any(frame_number(row.cells.get(name)) is not None for name in frames):
            raise UserError(f"{row.where}: {error}") from error
        raise Unusable(f"no label: '{row[column]}' is no subject, and the row names no frames") from error


def name_in(row: Row, column: str) -> str:
    """The text in a column, a whole number without its '.0'; Unusable where there is none."""
    cell = row[column]
    if missing(cell):
        raise Unusable(f"nothing in the column {column}")
    if isinstance(cell, OddCell):
        raise Unusable(f"{column} is {cell.told}")
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
