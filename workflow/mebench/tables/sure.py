"""How sure the figures of a table are: its rows with intervals and letters, and the sentences that explain them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mebench.errors import UserError
from mebench.statistics.table_statistics import BETWEEN, Figure, TableStatistics
from mebench.tables.description import Key
from mebench.tables.table import Cell, Row, Table

NEAR = 2e-6  # scores have six decimals
RANKS = "Ranks and letters"  # begins the line that warns of few seeds


def with_statistics(table: Table, statistics: TableStatistics) -> Table:
    """The table with intervals and letters, and with the sentences about them. A UserError where a figure of the scores
    is not that of the predictions."""
    letters = statistics.letters(table.place(table.columns[0].part).part)
    rows = tuple(_row(table, row, statistics, letters) for row in table.rows)
    return replace(table, rows=rows, statistics=statistics, caption=(*table.caption, *_sentences(table, statistics)))


def _row(table: Table, row: Row, statistics: TableStatistics, letters: Mapping[tuple[str, str], str]) -> Row:
    if row.block not in ("measured", "control"):
        return row
    cells = {key: _cell(row, key, cell, _figure(table, row, key, statistics)) for key, cell in row.cells.items()}
    return replace(row, cells=cells, letters=letters.get((row.model, row.selection), ""))


def _figure(table: Table, row: Row, key: Key, statistics: TableStatistics) -> Figure | None:
    place = table.place(key.part)
    return statistics.figure(row.model, row.selection, place.part, key.metric, place.task)


def _cell(row: Row, key: Key, cell: Cell, found: Figure | None) -> Cell:
    if found is None:
        return cell
    if found.value is None or abs(found.value - cell.mean) > NEAR:
        raise UserError(
            f"{row.model} has the {key.metric} {cell.mean:.6f} on {key.part} in its scores and {found.value} in its "
            "predictions; score its runs again (mebench score)"
        )
    return replace(cell, low=found.low, high=found.high, spread_subjects=found.spread_subjects)


# --- sentences


def _sentences(table: Table, statistics: TableStatistics) -> list[str]:
    """What is said of intervals and letters above the table."""
    lines = []
    if any(one.low is not None for one in statistics.figures):
        lines.append(
            f"In brackets: the {100 * statistics.level:g} % interval over subjects, who are drawn with replacement, "
            "each with all that was measured of them; it says nothing of other seeds."
        )
    family = statistics.family(table.place(table.columns[0].part).part)
    if family is not None:
        lines.append(
            f"Ties: models that share a letter cannot be told apart by {title_of(table, family.metric)} (permutation "
            "of subjects, Holm's correction, 5 %)."
        )
        lines += [f"{RANKS}: {family.warning[0].lower()}{family.warning[1:]}"] if family.warning else []
    return [*lines, *_power(table, statistics), *_inflation(table, statistics), *_without(table, statistics)]


def title_of(table: Table, metric: str) -> str:
    """The heading of a metric in the table."""
    return next((column.header for column in table.columns if column.metric == metric), metric)


def part_title(table: Table, task: str, part: str) -> str:
    """What the table calls a part of a task."""
    return next((title for name, title in table.parts.items() if table.place(name) == (task, part)),
                part if task == table.task else f"{task}, {part}")  # fmt: skip


def titles(table: Table) -> dict[str, str]:
    """What each result is called in the table: MODEL, or MODEL::SELECTION."""
    own = [row for row in table.rows if row.block in ("measured", "control")]
    of_model = {row.model: row.method for row in reversed(own)}
    twice = {title for title in of_model.values() if list(of_model.values()).count(title) > 1}
    of_model = {model: f"{title} ({model})" if title in twice else title for model, title in of_model.items()}
    return of_model | {f"{row.model}{BETWEEN}{row.selection}": f"{of_model[row.model]}, {row.selection}" for row in own}


def _power(table: Table, statistics: TableStatistics) -> list[str]:
    sizes: dict[str, list[str]] = {}
    for one in statistics.power:
        sizes.setdefault(one.task, []).append(f"{one.difference:.3f} with {one.seeds} seed{'s' * (one.seeds > 1)}")
    title = title_of(table, statistics.metric)
    return [
        f"Differences of {title}{_on(statistics, task)} that these subjects show with a power of 80 %: "
        f"{', '.join(own)} (simulated from the best models)."
        for task, own in sizes.items()
    ]


def _on(statistics: TableStatistics, task: str) -> str:
    """Which task is meant, where a table shows several."""
    return f" on {task}" if len({one.task for one in statistics.figures}) > 1 else ""


def _inflation(table: Table, statistics: TableStatistics) -> list[str]:
    called = titles(table)
    return [
        f"Choosing the epoch on the test subjects adds {one.difference:+.3f}"
        + (f" [{one.low:.2f}, {one.high:.2f}]" if one.low is not None and one.high is not None else "")
        + f" {title_of(table, one.metric)}{_on(statistics, one.task)} to {called[one.model]}."
        for one in statistics.inflation if one.part == "all"
    ]  # fmt: skip


def _without(table: Table, statistics: TableStatistics) -> list[str]:
    """Rows without letters or intervals, once for each reason."""
    called, reasons = titles(table), dict[str, list[str]]()
    several = {row.model for row in table.rows if row.block in ("measured", "control")
               for other in table.rows if other.model == row.model and other.selection != row.selection
               and other.block == row.block}  # fmt: skip
    for one in statistics.without:
        name = f"{one.model}{BETWEEN}{one.selection}" if one.model in several else one.model
        reasons.setdefault(one.reason, []).append(called.get(name, one.model))
    return [f"{', '.join(filter(None, names)) or 'No intervals and no letters'}: {reason.rstrip('.')}."
            for reason, names in reasons.items() if not _said(names, reason)]  # fmt: skip


def _said(names: Sequence[str], reason: str) -> bool:
    """Whether the caption says it anyway: of peeked rows."""
    return reason.startswith("no letter, because the epoch")
