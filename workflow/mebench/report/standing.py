"""How the models of a task stand: the best one, how sure that is, and who cannot be told apart from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mebench.tables import shown
from mebench.tables.description import Column
from mebench.tables.table import Row, Table

RowId = tuple[str, str]  # model and selection of a row


@dataclass(frozen=True)
class Sureness:
    """What the statistics of a table say of the rows of a task by its first metric: intervals (low, high) over
    subjects, letters, and the ``warning`` beside letters. ``level`` is in per cent. ``reason`` says why there are
    none."""

    intervals: Mapping[RowId, tuple[float, float]] = field(default_factory=dict)
    letters: Mapping[RowId, str] = field(default_factory=dict)
    warning: str = ""
    level: int = 95
    reason: str = ""
    power: str = ""


@dataclass(frozen=True)
class Place:
    """One row of the drawing at the top of the page. ``left``, ``width`` and ``at`` are per cent of its axis; the
    first two are None where no interval is known."""

    model: str
    title: str
    block: str
    ranked: bool
    peeked: bool
    figure: str
    interval: str
    letters: str
    at: float
    left: float | None
    width: float | None


@dataclass(frozen=True)
class Standing:
    """``places`` are the rows with a figure, the best first, controls last. ``best`` is the first ranked one, ``ties``
    are the titles of those that share a letter with it. ``low`` and ``high`` are the ends of the axis."""

    header: str
    places: tuple[Place, ...]
    best: Place | None
    ties: tuple[str, ...]
    low: float
    high: float
    sureness: Sureness

    @property
    def tied(self) -> str:
        """The ties as words, the first three by name."""
        names = list(self.ties[:3]) + ([f"{len(self.ties) - 3} more"] if len(self.ties) > 3 else [])
        return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def standing(table: Table, sureness: Sureness) -> Standing:
    """The standing by the first column of a task's table."""
    column = table.columns[0]
    rows = [row for row in table.rows if row.block in ("measured", "control") and column.key in row.cells]
    low, high = _axis(column, rows, sureness)
    places = tuple(_place(row, column, (low, high), sureness) for row in rows)
    best = next((place for place, row in zip(places, rows, strict=True) if row.rank == 1), None)
    ties = tuple(
        place.title for place in places
        if best and place is not best and place.ranked and set(place.letters) & set(best.letters)
    )  # fmt: skip
    return Standing(column.header, places, best, ties, low, high, sureness)


def _axis(column: Column, rows: list[Row], sureness: Sureness) -> tuple[float, float]:
    """0 to 1 for shares; else as far as figures and intervals reach."""
    values = [row.cells[column.key].mean for row in rows]
    values += [end for row in rows for end in sureness.intervals.get((row.model, row.selection), ())]
    low, high = min([0.0, *values]), max([0.0, *values])
    return low, max(high, 1.0 if high <= 1 else high)


def _place(row: Row, column: Column, axis: tuple[float, float], sureness: Sureness) -> Place:
    def share(value: float) -> float:
        return round(100 * (value - axis[0]) / (axis[1] - axis[0]), 2)

    cell, ends = row.cells[column.key], sureness.intervals.get((row.model, row.selection))
    return Place(
        model=row.model,
        title=row.method + (" (peeked)" if row.peeked else ""),
        block=row.block,
        ranked=row.rank is not None,
        peeked=row.peeked,
        figure=shown.mean(cell, column.digits),
        interval=f"{ends[0]:.2f} to {ends[1]:.2f}" if ends else "",
        letters=sureness.letters.get((row.model, row.selection), ""),
        at=share(cell.mean),
        left=share(ends[0]) if ends else None,
        width=round(share(ends[1]) - share(ends[0]), 2) if ends else None,
    )
