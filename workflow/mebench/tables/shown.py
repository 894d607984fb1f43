"""A table as text: figures, marks and footnotes read the same in all formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mebench.tables.description import Column
from mebench.tables.folded import Folded, folded
from mebench.tables.printed import as_fraction
from mebench.tables.sure import RANKS
from mebench.tables.table import BLOCKS, INCOMPLETE, Cell, Row, Table

DAGGER = "†"
RANK, BEFORE, SOURCE = "#", ("Method", "Selection", "Folds", "Seeds"), "Source"  # the columns around the figures
TIES = "Ties"  # behind the rank, where rows have letters
AUDIT = "Audit"  # before the source, where rows were looked at


@dataclass(frozen=True)
class Figure:
    """The text of one figure. ``spread`` is its standard deviation over seeds, ``interval`` that over subjects,
    ``partial`` says that some seeds lack it; all may be empty. ``hint`` has both spreads. Readers sort by ``value``."""

    mean: str
    spread: str
    interval: str
    hint: str
    partial: str
    best: bool
    value: float

    @property
    def below(self) -> str:
        """The line of the cell about seeds."""
        return " ".join(filter(None, [f"± {self.spread}" if self.spread else "", self.partial]))

    @property
    def lines(self) -> int:
        """How many lines the cell has where it is narrow."""
        return 1 + bool(self.below) + bool(self.interval)


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
    def ties(self) -> bool:
        """Whether there is a column of letters."""
        return any(row.letters for row in self.table.rows)

    @property
    def audited(self) -> bool:
        """Whether there is a column of verdicts."""
        return any(row.audit for row in self.table.rows)

    @property
    def sourced(self) -> bool:
        """Whether there is a column of sources: of published figures, or of archives."""
        return any(line.source for block in self.blocks for line in block.lines)

    @property
    def stacked(self) -> bool:
        """Whether a cell has several lines."""
        figures = (figure for block in self.blocks for line in block.lines for figure in line.figures)
        return any(figure and figure.lines > 1 for figure in figures)

    @property
    def before(self) -> tuple[str, ...]:
        """The headings before the figures."""
        return _before(self.table)

    @property
    def after(self) -> tuple[str, ...]:
        """The headings behind the figures."""
        return (*([AUDIT] if self.audited else []), *([SOURCE] if self.sourced else []))

    @property
    def folded(self) -> list[Folded]:
        """What is folded away below the table."""
        return folded(self.table)

    @property
    def headings(self) -> tuple[str, ...]:
        """The heading of every column."""
        return (*self.before, *(column.header for column in self.table.columns), *self.after)

    @property
    def least(self) -> frozenset[int]:
        """The numbers of the columns, counted from 1, in which less is better."""
        return frozenset(n for n, column in enumerate(self.table.columns, len(self.before) + 1) if column.sign < 0)

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.headings)

    def warns(self, number: int) -> bool:
        """Whether a line of the caption says that the data are not real, that something is missing, or that seeds are
        few."""
        line = self.table.caption[number]
        return (bool(self.table.mark) and number == 0) or line.startswith((INCOMPLETE, RANKS))


def _before(table: Table) -> tuple[str, ...]:
    return (RANK, *([TIES] if any(row.letters for row in table.rows) else []), *BEFORE)


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
    if column.fixed:
        of_any_seed = mean(replace(cell, seeds=1), column.digits)
        return Figure(of_any_seed, "", "", "", "", column.key in row.best, cell.mean)
    lacking = row.block != "published" and cell.seeds < row.seeds
    partial = f"(n={cell.seeds})" if lacking else ""
    between, about = interval(cell, column.digits), hint(cell, column.digits)
    best = column.key in row.best
    return Figure(mean(cell, column.digits), spread(cell, column.digits), between, about, partial, best, cell.mean)


def mean(cell: Cell, digits: int = 4) -> str:
    """The figure with ``digits`` decimals, or with those it was printed with. The mean of counts has one decimal."""
    return as_fraction(cell.printed) if cell.printed else f"{cell.mean:.{_digits(cell, digits)}f}"


def spread(cell: Cell, digits: int = 4) -> str:
    """The standard deviation with as many decimals, empty for a single seed and for published figures."""
    return f"{cell.sd:.{_digits(cell, digits)}f}" if cell.sd is not None else ""


def interval(cell: Cell, digits: int = 4) -> str:
    """The interval over subjects with at most two decimals. It is empty where there is none, and where all draws of
    subjects are alike: then they say nothing of others."""
    if cell.low is None or cell.high is None or cell.low == cell.high:
        return ""
    return f"[{cell.low:.{min(digits, 2)}f}, {cell.high:.{min(digits, 2)}f}]"


def hint(cell: Cell, digits: int = 4) -> str:
    """The standard deviations over subjects that are drawn, and over seeds, apart."""
    if cell.spread_subjects is None:
        return ""
    seeds = f", seeds ± {spread(cell, digits)}" if cell.sd is not None else ""
    return f"subjects ± {cell.spread_subjects:.{_digits(cell, digits)}f}{seeds}"


def _digits(cell: Cell, digits: int) -> int:
    return 1 if not digits and cell.seeds > 1 else digits


def _groups(table: Table) -> list[Group]:
    groups: list[Group] = []
    parts: list[str] = []
    for number, column in enumerate(table.columns, len(_before(table)) + 1):
        if parts and parts[-1] == column.part:
            groups[-1] = Group(groups[-1].title, groups[-1].first, number)
        else:
            groups.append(Group(table.parts[column.part], number, number))
            parts.append(column.part)
    return groups
