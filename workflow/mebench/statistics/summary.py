"""The statistics of all results of a task that a table shows: intervals, letters, differences, inflation and power."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mebench.errors import UserError
from mebench.statistics.comparison import Settings, compare
from mebench.statistics.counts import Counts
from mebench.statistics.families import family
from mebench.statistics.intervals import intervals
from mebench.statistics.power import pair_detectable
from mebench.statistics.table_statistics import (
    BETWEEN,
    Difference,
    Figure,
    Inflation,
    TableFamily,
    TablePower,
)
from mebench.statistics.tallied import Tallied

POWER_PAIRS = 3  # of the best models, to save time: `mebench power` takes ten
POWER_TRIES = 6  # pairs that are tried for these
FEWEST_SUBJECTS = 6  # exchanges of five have no p-value below 2 / 2**5, so that they show nothing at 5 %
POWER_STUDIES = 100  # of each size of difference; `mebench power` takes 400
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


def summary(task: str, results: Sequence[Result], settings: Settings, further: Sequence[str] = ()) -> Summary:
    """The statistics of ``results``, whose order changes nothing. ``settings.metric`` is that of letters, differences
    and power; results are compared by the ``further`` metrics too."""
    results = sorted(results, key=lambda one: (one.model, one.selection))
    parts = _parts(task, results)
    compared = [found for metric in (settings.metric, *further) for one in parts
                for found in _family(one, replace(settings, metric=metric))]  # fmt: skip
    return Summary(
        figures=tuple(figure for one in parts for figure in _figures(one, settings)),
        families=tuple(compared),
        inflation=tuple(found for one in parts for found in _inflation(one, settings)),
        power=tuple(found for own in compared if (own.part, own.metric) == (parts[0].part, settings.metric)
                    for found in _power(parts[0], own, settings)),
    )  # fmt: skip


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


def _family(part: Part, settings: Settings) -> list[TableFamily]:
    """The results of a part that are compared; nothing where these are fewer than two."""
    counts = list(_compared(part, settings).values())
    if len(counts) < 2:
        return []
    own = family(counts, settings)
    pairs = tuple(
        Difference(one.name_a, one.name_b, one.difference, one.low, one.high, one.p_permutation, pair.p_holm,
                   one.p_mcnemar, one.probability_a_better)
        for pair in own.pairs for one in (pair.comparison,)
    )  # fmt: skip
    return [TableFamily(part.task, part.part, settings.metric, own.names, own.letters, pairs, own.warning)]


def _compared(part: Part, settings: Settings) -> dict[str, Tallied]:
    """What is compared, by its name."""
    own = [one for one in part.results if one.compared and one.counts.by_subject and _has(one, settings.metric)]
    return {
        name: replace(one.counts, name=name)  # type: ignore[type-var]  # every Tallied is a dataclass
        for one, name in zip(own, names(own).values(), strict=True)
    }


def _has(one: Result, metric: str) -> bool:
    """Whether a metric is defined for a result: one that names no emotions has no STRS."""
    formula = one.counts.metrics.get(metric)
    return formula is not None and not np.isnan(formula(one.counts.table.sum(axis=1)).mean())


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


def _power(part: Part, own: TableFamily, settings: Settings) -> list[TablePower]:
    """For each number of seeds that all of the best models have. What is counted of intervals is no confusion matrix,
    which the simulation changes."""
    compared = _compared(part, settings)
    best = [(name, counts) for name in own.names for counts in (compared[name],) if isinstance(counts, Counts)]
    most = min((len(counts.seeds) for _, counts in best), default=0)
    return [found for seeds in range(1, most + 1) for found in _detectable(part, best, seeds, settings)]


def _detectable(
    part: Part, best: Sequence[tuple[str, Counts]], seeds: int, settings: Settings
) -> list[TablePower]:  # fmt: skip
    """The median over the first pairs of models that tell something: two that do not differ, or that are too near to 0,
    do not. Nothing where there is no such pair."""
    found: dict[tuple[str, str], float] = {}
    if best and len(best[0][1].subjects) < FEWEST_SUBJECTS:
        return []
    for (a, of_a), (b, of_b) in itertools.islice(itertools.combinations(best, 2), POWER_TRIES):
        with contextlib.suppress(UserError):
            size = pair_detectable(of_a, of_b, seeds, settings.metric, studies=POWER_STUDIES)
            if size <= 1:  # a metric is a share: so few subjects show no difference that there can be
                found[a, b] = size
        if len(found) == POWER_PAIRS:
            break
    if not found:
        return []
    models = tuple(dict.fromkeys(name for pair in found for name in pair))
    middle = float(np.median(list(found.values())))
    return [TablePower(part.task, part.part, seeds, middle, min(found.values()), max(found.values()), models)]
