"""The nouns of a table: cells, rows, and the table that every format shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mebench.statistics.table_statistics import TableStatistics
from mebench.tables.description import Column, Key, Place
from mebench.tables.printed import DERIVED

INCOMPLETE = "INCOMPLETE"
HONEST = ("last", "inner")  # selections without a look at the test subjects
BLOCKS = {"measured": "Measured here", "missing": "Missing", "control": "Controls", "published": "Published"}


@dataclass(frozen=True)
class Cell:
    """One figure, mostly in 0..1.

    ``sd``: sample standard deviation over ``seeds`` runs; ``printed``: the text of a published figure. ``low`` to
    ``high`` is the interval over subjects, ``spread_subjects`` the standard deviation over subjects that are drawn.
    """

    mean: float
    sd: float | None = None
    seeds: int = 0
    printed: str = ""
    low: float | None = None
    high: float | None = None
    spread_subjects: float | None = None


@dataclass(frozen=True)
class Row:
    """One measured or published row. Its properties say whether it may be compared with others; rows that share one of
    their ``letters`` are ties."""

    block: str
    method: str
    cells: Mapping[Key, Cell]
    model: str = ""
    selection: str = ""
    origin: str = ""
    folds_done: int = 0
    folds_expected: int = 0
    clips: int = 0
    left_out: int = 0
    seeds: int = 0
    seeds_absent: int = 0
    excluded: int = 0
    exclusions: str = ""
    corrected: int = 0
    corrections: str = ""
    deviations: str = ""
    conventions: str = ""
    origin_archive: str = ""
    audit: str = ""
    audit_failed: str = ""
    source: tuple[str, ...] = ()
    note: str = ""
    rank: int | None = None
    letters: str = ""
    best: frozenset[Key] = field(default_factory=frozenset)

    @property
    def peeked(self) -> bool:
        """True if the epoch was chosen on the test subjects."""
        return self.selection == "test_peek"

    @property
    def complete(self) -> bool:
        """True if every fold of every seed is done, no clip is left out, and the data are those that the task expects
        (published rows count as complete)."""
        return self.all_folds and not self.left_out and not self.seeds_absent and not self.deviations

    @property
    def compared(self) -> bool:
        """True if the row may be ranked and have a letter: a complete model, its epoch chosen without the test."""
        return self.block == "measured" and self.complete and self.selection in HONEST

    @property
    def all_folds(self) -> bool:
        """True if every fold of every seed is done."""
        return self.folds_done >= self.folds_expected

    @property
    def derived(self) -> bool:
        """True if a figure of the row was derived by rounding back, not printed."""
        return any(cell.printed.startswith(DERIVED) for cell in self.cells.values())


@dataclass(frozen=True)
class Table:
    """Everything that the four formats show. ``mark`` says that its figures are no results on real data, in a word."""

    name: str
    title: str
    task: str
    caption: tuple[str, ...]
    columns: tuple[Column, ...]
    parts: Mapping[str, str]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    sources: Mapping[str, str]
    mark: str
    statistics: TableStatistics | None = None
    places: Mapping[str, Place] = field(default_factory=dict)

    def place(self, part: str) -> Place:
        """Whose figures stand under a part: those of the table's task, where nothing else is said."""
        return self.places.get(part, Place(self.task, part))

    def block(self, name: str) -> list[Row]:
        """The rows of one block, in order."""
        return [row for row in self.rows if row.block == name]
