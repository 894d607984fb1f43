"""A table as text: figures, marks and footnotes read the same in all formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mebench.tables.description import Column
from mebench.tables.printed import as_fraction
from mebench.tables.table import BLOCKS, INCOMPLETE, Cell, Row, Table

DAGGER = "†"
BEFORE, AFTER = ("#", "Method", "Selection", "Folds", "Seeds"), "Source"  # the columns around the figures


@dataclass(frozen=True)
class Figure:
    """The text of one figure. ``spread`` is its standard deviation, ``partial`` says that some seeds lack it; both may
    be empty. Readers sort by ``value``."""

    mean: str
    spread: str
    partial: str
    best: bool
    value: float

    @property
    def below(self) -> str:
        """The second line of the cell in HTML."""
        return " ".join(filter(None, [f"± {self.spread}" if self.spread else "", self.partial]))


@dataclass(frozen=True)
class Line:
    """The text of one row. ``footnote`` is the number of its note, if it has one. A figure that nobody measured or
    printed is None."""

    rank: str
    method: str
    footnote: int | None
    selection: str
    folds: str
    seeds: str
    figures: tuple[Figure | None, ...]
    source: str
    row: Row

    @property
    def looks(self) -> str:
        """The classes that the row has in table.css."""
        peeked, pale = self.row.peeked, self.row.peeked or not self.row.complete
        return " ".join(["mb-peeked"] * peeked + ["mb-dim"] * pale)


@dataclass(frozen=True)
class Block:
    """Rows that stand together: measured ones, controls, published ones."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Group:
    """A heading over neighbouring columns of one part: the columns ``first`` to ``last``, counted from 1."""

    title: str
    first: int
    last: int


@dataclass(frozen=True)
class Shown:
    """Everything that a template needs of a table. ``footnotes`` are numbered in the order of their first row."""

    table: Table
    groups: tuple[Group, ...]
    blocks: tuple[Block, ...]
    footnotes: Mapping[str, int]

    @property
    def headings(self) -> tuple[str, ...]:
        """The heading of every column."""
        return (*BEFORE, *(column.header for column in self.table.columns), AFTER)

    @property
    def least(self) -> frozenset[int]:
        """The numbers of the columns, counted from 1, in which less is better."""
        return frozenset(n for n, column in enumerate(self.table.columns, len(BEFORE) + 1) if column.sign < 0)

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.headings)

    def warns(self, number: int) -> bool:
        """Whether a line of the caption says that the data are not real, or that something is missing."""
        line = self.table.caption[number]
        return (bool(self.table.mark) and number == 0) or line.startswith(INCOMPLETE)


def shown(table: Table) -> Shown:
    """Spell a table out."""
    footnotes: dict[str, int] = {}
    for row in table.rows:
        if row.note:
            footnotes.setdefault(row.note, len(footnotes) + 1)
    blocks = (Block(title, tuple(_line(table, row, footnotes) for row in table.block(name)))
              for name, title in BLOCKS.items())  # fmt: skip
    return Shown(table, tuple(_groups(table)), tuple(block for block in blocks if block.lines), footnotes)


def _line(table: Table, row: Row, footnotes: Mapping[str, int]) -> Line:
    counted = row.block not in ("published", "missing")
    return Line(
        rank=str(row.rank or ""),
        method=f"{row.method} {DAGGER}" if row.peeked else row.method,
        footnote=footnotes.get(row.note),
        selection="peeked" if row.peeked else row.selection,
        folds=f"{row.folds_done}/{row.folds_expected}" if counted else "",
        seeds=str(row.seeds or ""),
        figures=tuple(_figure(row, column) for column in table.columns),
        source=", ".join(row.source) or row.origin_archive,
        row=row,
    )


def _figure(row: Row, column: Column) -> Figure | None:
    cell = row.cells.get(column.key)
    if cell is None:
        return None
    lacking = row.block != "published" and cell.seeds < row.seeds
    partial = f"(n={cell.seeds})" if lacking else ""
    return Figure(mean(cell, column.digits), spread(cell, column.digits), partial, column.key in row.best, cell.mean)


def mean(cell: Cell, digits: int = 4) -> str:
    """The figure with ``digits`` decimals, or with those it was printed with. The mean of counts has one decimal."""
    return as_fraction(cell.printed) if cell.printed else f"{cell.mean:.{_digits(cell, digits)}f}"


def spread(cell: Cell, digits: int = 4) -> str:
    """The standard deviation with as many decimals, empty for a single seed and for published figures."""
    return f"{cell.sd:.{_digits(cell, digits)}f}" if cell.sd is not None else ""


def _digits(cell: Cell, digits: int) -> int:
    return 1 if not digits and cell.seeds > 1 else digits


def _groups(table: Table) -> list[Group]:
    groups: list[Group] = []
    parts: list[str] = []
    for number, column in enumerate(table.columns, len(BEFORE) + 1):
        if parts and parts[-1] == column.part:
            groups[-1] = Group(groups[-1].title, groups[-1].first, number)
        else:
            groups.append(Group(table.parts[column.part], number, number))
            parts.append(column.part)
    return groups
