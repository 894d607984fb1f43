"""What HTML folds away below a table: further figures of its rows, and the differences between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mebench.metrics.pooled import SEPARATOR
from mebench.statistics.table_statistics import Difference, Figure, TableFamily, TableStatistics
from mebench.tables.sure import part_title, title_of, titles
from mebench.tables.table import Table

NOT_SHOWN = f"f1{SEPARATOR}"  # of each class; TABLE.figures.csv has it
TITLES = {"weighted_f1": "weighted F1", "macro_precision": "macro precision"}


@dataclass(frozen=True)
class FoldedCell:
    """A text with what stands ``below`` it; readers sort by ``value``, or by the text where there is none."""

    text: str
    below: str = ""
    value: float | None = None
    is_text: bool = False


@dataclass(frozen=True)
class Folded:
    """A table that is opened by a click on its title."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[FoldedCell, ...], ...]

    @property
    def text_columns(self) -> frozenset[int]:
        """The numbers of the columns of text, counted from 0."""
        return frozenset(place for row in self.rows[:1] for place, cell in enumerate(row) if cell.is_text)


def folded(table: Table) -> list[Folded]:
    """The tables that are folded away below a table; none of a table without statistics."""
    if table.statistics is None:
        return []
    both = (_figures(table, table.statistics), _differences(table, table.statistics))
    return [_without_empty(one) for one in both if one.rows]


def _without_empty(one: Folded) -> Folded:
    """Without the columns in which no row has anything, as that of McNemar's test where there are several seeds."""
    used = [place for place in range(len(one.headings)) if any(row[place].text for row in one.rows)]
    rows = tuple(tuple(row[place] for place in used) for row in one.rows)
    return Folded(one.title, tuple(one.headings[place] for place in used), rows)


def _text(text: str) -> FoldedCell:
    return FoldedCell(text, is_text=True)


def _figures(table: Table, statistics: TableStatistics) -> Folded:
    """The figures that have no column, of each row and part."""
    shown = {column.metric for column in table.columns}
    metrics = list(dict.fromkeys(one.metric for one in statistics.figures
                                 if one.metric not in shown and not one.metric.startswith(NOT_SHOWN)))  # fmt: skip
    by_row: dict[tuple[str, str, str, str], dict[str, Figure]] = {}
    for one in statistics.figures:
        by_row.setdefault((one.model, one.selection, one.task, one.part), {})[one.metric] = one
    rows = [
        (_text(row.method), _text(row.selection), _text(part_title(table, task, part)),
         *(_figure(own.get(metric)) for metric in metrics))
        for row in table.rows if row.block in ("measured", "control")
        for (model, selection, task, part), own in by_row.items()
        if metrics and (model, selection) == (row.model, row.selection)
    ]  # fmt: skip
    title = (
        "Precision and recall of each class" if any(SEPARATOR in metric for metric in metrics) else "Further figures"
    )
    return Folded(title, ("Method", "Selection", "Part", *map(_heading, metrics)), tuple(rows))


def _heading(metric: str) -> str:
    name, _, of = metric.partition(SEPARATOR)
    return f"{name} of {of}" if of else TITLES.get(name, name.replace("_", " "))


def _figure(one: Figure | None) -> FoldedCell:
    if one is None or one.value is None:
        return FoldedCell("")
    below = "" if one.low is None or one.high is None or one.low == one.high else f"[{one.low:.2f}, {one.high:.2f}]"
    return FoldedCell(f"{one.value:.3f}", below, one.value)


def _differences(table: Table, statistics: TableStatistics) -> Folded:
    """Every pair of models that are compared, on each part."""
    called = titles(table)
    rows = [row for one in statistics.families for row in _pairs(table, one, called)]
    better = f"A better by more than {statistics.region:g}"
    headings = ("Part", "Figure", "A", "B", "A − B", "p", "p, Holm", "p of McNemar, accuracy", better)
    return Folded("Differences between models", headings, tuple(rows))


def _pairs(table: Table, own: TableFamily, called: Mapping[str, str]) -> Sequence[tuple[FoldedCell, ...]]:
    about = (_text(part_title(table, own.task, own.part)), _text(title_of(table, own.metric)))
    return [
        (*about, _text(called.get(one.a, one.a)), _text(called.get(one.b, one.b)), _difference(one),
         *(_share(p) for p in (one.p_permutation, one.p_holm, one.p_mcnemar, one.probability_a_better)))
        for one in own.pairs
    ]  # fmt: skip


def _difference(one: Difference) -> FoldedCell:
    below = "" if one.low is None or one.high is None else f"[{one.low:+.2f}, {one.high:+.2f}]"
    return FoldedCell(f"{one.difference:+.3f}", below, one.difference)


def _share(value: float | None) -> FoldedCell:
    return FoldedCell("") if value is None else FoldedCell(f"{value:.3f}", value=value)
