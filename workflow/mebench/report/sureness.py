"""How sure the figures of a task are, from the statistics of a table that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from mebench import tables
from mebench.report.standing import RowId, Sureness
from mebench.statistics import table_statistics
from mebench.statistics.table_statistics import TableStatistics, named


def statistics_file(results: Path, table: str) -> Path:
    """Where the statistics of a table lie."""
    return results / "tables" / f"{table}{table_statistics.END}"


def read_statistics(results: Path, names: Iterable[str]) -> tuple[TableStatistics, ...]:
    """The statistics of those of the tables that have some, in their order; ``names`` may be paths of YAML files."""
    files = [statistics_file(results, tables.describe(name).name) for name in names]
    return tuple(table_statistics.read(path) for path in files if path.is_file())


def sureness(known: Sequence[TableStatistics], task: str, metric: str) -> Sureness:
    """What the first table says that has figures of the ``metric`` on all samples of a task."""
    for one in known:
        intervals = {
            (figure.model, figure.selection): (figure.low, figure.high)
            for figure in one.figures
            if (figure.task, figure.part, figure.metric) == (task, "all", metric)
            and figure.low is not None and figure.high is not None
        }  # fmt: skip
        if intervals:
            return _of_table(one, task, metric, intervals)
    said = next((why.reason for one in known if one.task == task for why in one.without), "")
    return Sureness(
        reason=said or "No table of this task has statistics: name one under 'tables' of the configuration."
    )


def _of_table(
    one: TableStatistics, task: str, metric: str, intervals: dict[RowId, tuple[float, float]]
) -> Sureness:  # fmt: skip
    family = one.family("all", metric, task)
    letters: dict[RowId, str] = {}
    if family:
        for name, own in zip(family.names, family.letters, strict=True):
            row = named(name, intervals)
            if row:
                letters[row] = own
    return Sureness(intervals, letters, family.warning if family else "", round(100 * one.level), "",
                    _power(one, task))  # fmt: skip


def _power(one: TableStatistics, task: str) -> str:
    own = [known for known in one.power if (known.task, known.part) == (task, "all")]
    if not own:
        return ""
    most = max(own, key=lambda known: known.seeds)
    seeds = f"{most.seeds} seed{'s' if most.seeds > 1 else ''}"
    return f"With {seeds} a difference of {most.difference:.3f}, and no smaller one, is found with a power of 80 %."
