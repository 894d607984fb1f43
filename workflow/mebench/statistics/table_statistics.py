"""The statistics of a table, as ``<results>/tables/TABLE.statistics.json`` has them: one writer, one reader."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mebench import formats
from mebench.errors import UserError
from mebench.files import read_json, write_json

END = ".statistics.json"
DIGITS = 6  # of every number: as in scores/TASK.csv


@dataclass(frozen=True)
class Figure:
    """A figure of a row of the table: the mean over ``seeds`` of a ``metric`` on a ``part`` (all, or a dataset) of a
    task, and its interval [low, high] over subjects. ``spread_subjects`` and ``spread_seeds`` are standard deviations.
    What is None is not known."""

    model: str
    selection: str
    task: str
    part: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    spread_subjects: float | None
    spread_seeds: float | None
    seeds: int


@dataclass(frozen=True)
class Difference:
    """The difference a - b of two results on the same clips, with its interval over subjects and its tests."""

    a: str
    b: str
    difference: float
    low: float | None
    high: float | None
    p_permutation: float | None
    p_holm: float | None
    p_mcnemar: float | None
    probability_a_better: float | None


@dataclass(frozen=True)
class TableFamily:
    """Results that are compared with each other, the best first: two that share one of their ``letters`` cannot be told
    apart. ``pairs`` are all of them. ``warning`` stands beside letters and ranks; it may be empty."""

    task: str
    part: str
    metric: str
    names: tuple[str, ...]
    letters: tuple[str, ...]
    pairs: tuple[Difference, ...]
    warning: str


@dataclass(frozen=True)
class Inflation:
    """How much choosing the epoch on the test subjects adds: the peeked figure of a model less its honest one."""

    model: str
    task: str
    part: str
    metric: str
    difference: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class TablePower:
    """The smallest difference that ``seeds`` seeds of two models show with a power of 80 %: the median over pairs of
    ``models``, and the least and most of them."""

    task: str
    part: str
    seeds: int
    difference: float
    low: float
    high: float
    models: tuple[str, ...]


@dataclass(frozen=True)
class Without:
    """A row without letters, or without intervals, and why. ``selection`` is empty where all rows of a model are
    meant, and ``model`` too where all rows of the table are."""

    model: str
    selection: str
    reason: str


@dataclass(frozen=True)
class TableStatistics:
    """All statistics of a table. ``metric`` is what its rows are ranked by, ``region`` that of practical
    equivalence."""

    table: str
    task: str
    metric: str
    level: float
    resamples: int
    unit: str
    region: float
    figures: tuple[Figure, ...] = ()
    families: tuple[TableFamily, ...] = ()
    inflation: tuple[Inflation, ...] = ()
    power: tuple[TablePower, ...] = ()
    without: tuple[Without, ...] = ()

    def figure(self, model: str, selection: str, part: str, metric: str, task: str = "") -> Figure | None:
        """The figure of a row; None where it has none. Without a ``task`` it is that of the table."""
        own = (model, selection, task or self.task, part, metric)
        return next((one for one in self.figures
                     if (one.model, one.selection, one.task, one.part, one.metric) == own), None)  # fmt: skip

    def family(self, part: str = "all", metric: str = "", task: str = "") -> TableFamily | None:
        """The results that are compared on a part; None where there are none."""
        own = (task or self.task, part, metric or self.metric)
        return next((one for one in self.families if (one.task, one.part, one.metric) == own), None)

    def letters(self, part: str = "all", metric: str = "", task: str = "") -> dict[tuple[str, str], str]:
        """The letters of each row (model, selection) that has one; by the metric of the ranking, unless another is
        named."""
        own = self.family(part, metric, task)
        there = {(one.model, one.selection) for one in self.figures}
        return {} if own is None else {
            row: letters for name, letters in zip(own.names, own.letters, strict=True)
            for row in (named(name, there),) if row
        }  # fmt: skip


BETWEEN = "::"  # in the name of a result: MODEL::SELECTION


def named(name: str, rows: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """The row (model, selection) that a result is called by. MODEL alone is its row that is not peeked."""
    model, _, selection = name.partition(BETWEEN)
    own = [row for row in rows if row[0] == model and (row[1] == selection if selection else row[1] != "test_peek")]
    return own[0] if own else None


def write(statistics: TableStatistics, stem: str | os.PathLike) -> Path:
    """Write ``<stem>.statistics.json``. Equal statistics give equal bytes."""
    path = Path(f"{stem}{END}")
    write_json(path, _rounded(asdict(statistics)))
    return path


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, DIGITS) + 0.0  # and no -0.0
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value


def read(path: str | os.PathLike) -> TableStatistics:
    """The statistics of a table; a UserError where the file lacks a key."""
    kept = read_json(path)
    lacking = [name for name in formats.TABLE_STATISTICS.names if name not in kept]
    if lacking:
        raise UserError(f"{path} lacks {', '.join(lacking)}; make the table again")
    try:
        lists = {name: tuple(make(one) for one in kept[name]) for name, make in LISTS.items()}
        return TableStatistics(**{**{name: kept[name] for name in formats.TABLE_STATISTICS.names}, **lists})
    except TypeError as error:
        raise UserError(f"{path} is not as this version writes it ({error}); make the table again") from error


def _made(record: Callable[..., object]) -> Callable[[Mapping[str, object]], object]:
    """What makes one record of its keys; lists in it become tuples."""

    def make(kept: Mapping[str, object]) -> object:
        return record(**{key: tuple(one) if isinstance(one, list) else one for key, one in kept.items()})

    return make


def _family(**kept: Sequence[Mapping[str, object]]) -> object:
    return _made(TableFamily)({**kept, "pairs": [_made(Difference)(one) for one in kept["pairs"]]})


LISTS = {"figures": _made(Figure), "families": _made(_family), "inflation": _made(Inflation),
         "power": _made(TablePower), "without": _made(Without)}  # fmt: skip
