"""The statistics of all results of a task that a table shows: intervals, letters, differences, inflation and power."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mebench.errors import UserError
from mebench.statistics.comparison import Settings, compare
from mebench.statistics.counts import Counts
from mebench.statistics.families import Family, family
from mebench.statistics.intervals import intervals
from mebench.statistics.power import detectable
from mebench.statistics.table_statistics import (
    BETWEEN,
    Difference,
    Figure,
    Inflation,
    TableFamily,
    TablePower,
)
from mebench.statistics.tallied import Tallied

POWER_MODELS = 3  # the best ones, of which each pair is simulated
POWER_STUDIES = 100
PEEKED = "test_peek"


@dataclass(frozen=True)
class Result:
    """What a row of a table was computed from. ``compared``: whether it takes part in letters."""

    model: str
    selection: str
    counts: Tallied
    compared: bool


@dataclass(frozen=True)
class Summary:
    """The statistics of the results of one task."""

    figures: tuple[Figure, ...]
    families: tuple[TableFamily, ...]
    inflation: tuple[Inflation, ...]
    power: tuple[TablePower, ...]


def summary(task: str, results: Sequence[Result], settings: Settings) -> Summary:
    """The statistics of ``results``, whose order changes nothing. ``settings.metric`` is that of letters, differences
    and power."""
    results = sorted(results, key=lambda one: (one.model, one.selection))
    parts = _parts(task, results)
    compared = [own for one in parts for own in (_family(one, settings),) if own]
    return Summary(
        figures=tuple(figure for one in parts for figure in _figures(one, settings)),
        families=tuple(_written(one, own, settings) for one, own in compared),
        inflation=tuple(found for one in parts for found in _inflation(one, settings)),
        power=tuple(_power(*compared[0], settings) if compared and compared[0][0].part == "all" else ()),
    )


@dataclass(frozen=True)
class Part:
    """The results on a part of the data: all, or a dataset, which is a slice of the same predictions."""

    task: str
    part: str
    results: tuple[Result, ...]


def _parts(task: str, results: Sequence[Result]) -> list[Part]:
    datasets = sorted({name for one in results for name in one.counts.datasets})
    sliced = [
        Part(task, name, tuple(replace(one, counts=one.counts.part(name)) for one in results
                               if name in one.counts.datasets)) for name in datasets
    ]  # fmt: skip
    return [Part(task, "all", tuple(results)), *sliced]


def _figures(part: Part, settings: Settings) -> list[Figure]:
    return [
        Figure(one.model, one.selection, part.task, part.part, metric, found.value, found.low, found.high,
               found.spread_subjects, found.spread_seeds, found.seeds)
        for one in part.results
        for metric, found in intervals(one.counts, settings.level, settings.resamples, settings.method).items()
    ]  # fmt: skip


# --- letters and differences


def names(results: Iterable[Result]) -> dict[tuple[str, str], str]:
    """What results are called: by their model, and with their selection where a model has several."""
    rows = [(one.model, one.selection) for one in results]
    models = [model for model, _ in rows]
    return {row: row[0] if models.count(row[0]) == 1 else f"{row[0]}{BETWEEN}{row[1]}" for row in rows}


def _family(part: Part, settings: Settings) -> tuple[Part, Family] | None:
    """The results of a part that are compared; None where these are fewer than two."""
    own = [one for one in part.results if one.compared and one.counts.by_subject and _has(one, settings.metric)]
    called = names(own)
    counts = [replace(one.counts, name=called[one.model, one.selection]) for one in own]  # type: ignore[type-var]
    return (part, family(counts, settings)) if len(counts) > 1 else None


def _has(one: Result, metric: str) -> bool:
    """Whether a metric is defined for a result: one that names no emotions has no STRS."""
    formula = one.counts.metrics.get(metric)
    return formula is not None and not np.isnan(formula(one.counts.table.sum(axis=1)).mean())


def _written(part: Part, own: Family, settings: Settings) -> TableFamily:
    pairs = tuple(
        Difference(one.name_a, one.name_b, one.difference, one.low, one.high, one.p_permutation, pair.p_holm,
                   one.p_mcnemar, one.probability_a_better)
        for pair in own.pairs for one in (pair.comparison,)
    )  # fmt: skip
    return TableFamily(part.task, part.part, settings.metric, own.names, own.letters, pairs, own.warning)


def _inflation(part: Part, settings: Settings) -> list[Inflation]:
    """The difference of each peeked result and the honest one of its model."""
    own = [one for one in part.results if one.counts.by_subject and _has(one, settings.metric)]
    honest = {one.model: one for one in own if one.selection != PEEKED}
    found = []
    for one in own:
        if one.selection == PEEKED and one.model in honest:
            apart = compare(one.counts, honest[one.model].counts, settings)
            found.append(Inflation(one.model, part.task, part.part, settings.metric, apart.difference, apart.low,
                                   apart.high))  # fmt: skip
    return found


# --- power


def _power(part: Part, own: Family, settings: Settings) -> list[TablePower]:
    """For each number of seeds that they have, of each pair of the best models. What is counted of intervals is no
    confusion matrix, which the simulation changes."""
    called = names(one for one in part.results if one.compared)
    by_name = {called[one.model, one.selection]: one.counts for one in part.results if one.compared}
    best = [(name, counts) for name in own.names[:POWER_MODELS]
            for counts in (by_name[name],) if isinstance(counts, Counts)]  # fmt: skip
    most = min((len(counts.seeds) for _, counts in best), default=0)
    found = []
    for seeds in range(1, most + 1):
        try:
            one = detectable([counts for _, counts in best], seeds, settings.metric, studies=POWER_STUDIES)
        except UserError:  # models that do not differ, or that are too near to 0, tell nothing
            continue
        found.append(TablePower(part.task, part.part, seeds, one.difference, one.smallest, one.largest,
                                tuple(name for name, _ in best)))  # fmt: skip
    return found
