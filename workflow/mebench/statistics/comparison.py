"""The difference of two results on the same clips: its interval, its tests, and how likely A is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mebench.errors import UserError, did_you_mean
from mebench.metrics.pooled import Metric, metrics
from mebench.statistics.intervals import METHODS, Resampled, interval_ends
from mebench.statistics.permutation import permutation
from mebench.statistics.resampling import LEVEL, RESAMPLES, draws, mean_over_seeds, pooled, without_each
from mebench.statistics.tallied import Result, Tallied

REGION = 0.02  # of practical equivalence: a smaller difference is none


@dataclass(frozen=True)
class Settings:
    """Of a comparison: the metric, the level of the interval, resamples, and the region of practical equivalence.
    ``sign`` is -1 where less is better."""

    metric: str = "uf1"
    level: float = LEVEL
    resamples: int = RESAMPLES
    region: float = REGION
    method: str = METHODS[0]
    sign: int = 1


DEFAULT = Settings()


@dataclass(frozen=True)
class Comparison:
    """``a`` and ``b`` are the figures of two results, ``difference`` is a - b, with its interval [low, high] over
    subjects. ``p_permutation`` is of the exchange of subjects, exact where all exchanges were tried; ``p_mcnemar``
    is of the accuracy of clips. ``probability_a_better`` is the share of resamples with a - b above ``region``.
    None: the form of the results does not give it."""

    name_a: str
    name_b: str
    metric: str
    a: float
    b: float
    difference: float
    low: float | None
    high: float | None
    p_permutation: float | None
    p_mcnemar: float | None
    probability_a_better: float | None
    level: float
    resamples: int
    region: float
    unit: str | None
    method: str | None
    exact: bool
    seeds_a: int
    seeds_b: int


# of a result by its name, the bytes of its counts and its strata: its metric in each resample, and without each subject
Memo = dict[tuple[str, bytes, tuple[str, ...]], tuple[np.ndarray, np.ndarray]]


def compare(a: Result, b: Result, settings: Settings = DEFAULT, memo: Memo | None = None) -> Comparison:
    """Compare two results; a UserError where they are not on the same clips. ``memo`` keeps what comparisons of the
    same results by the same settings share."""
    a, b = a.beside(b)
    metric = metric_of(settings.metric, a)
    values = [float(metric(one.table.sum(axis=1)).mean()) for one in (a, b)]
    for one, value in zip((a, b), values, strict=True):
        if np.isnan(value):
            raise UserError(f"{settings.metric} is not defined for {one.name}; choose another metric with --metric")
    difference = values[0] - values[1]
    by_subject = a.by_subject and b.by_subject and len(a.subjects) > 1
    found = _resampled(a, b, metric, settings, {} if memo is None else memo) if by_subject else None
    ends = interval_ends(found, settings.level, settings.method) if found else None
    tested = permutation(a, b, metric) if by_subject else None
    return Comparison(
        name_a=a.name,
        name_b=b.name,
        metric=settings.metric,
        a=values[0],
        b=values[1],
        difference=difference,
        low=ends.low if ends else None,
        high=ends.high if ends else None,
        p_permutation=tested.p if tested else None,
        p_mcnemar=mcnemar(a, b),
        probability_a_better=_share_above(settings.sign * found.resamples, settings.region) if found else None,
        level=settings.level,
        resamples=ends.resamples if ends else 0,
        region=settings.region,
        unit="subject" if by_subject else None,
        method=ends.method if ends else None,
        exact=bool(tested and tested.exact),
        seeds_a=len(a.seeds),
        seeds_b=len(b.seeds),
    )


def metric_named(name: str, classes: tuple[str, ...]) -> Metric:
    """The metric of a name; a UserError where there is none."""
    return _known(name, metrics(classes))


def metric_of(name: str, result: Tallied) -> Metric:
    """The metric of a name, as a formula of what a result counts."""
    return _known(name, result.metrics)


def _known(name: str, known: Mapping[str, Metric]) -> Metric:
    if name not in known:
        raise UserError(f"there is no metric '{name}'{did_you_mean(name, known)}")
    return known[name]


def _resampled(a: Result, b: Result, metric: Metric, settings: Settings, memo: Memo) -> Resampled:
    """The difference, in the same resamples of subjects for both results."""
    whole = [float(mean_over_seeds(metric, one.table.sum(axis=1)[:, None])[0]) for one in (a, b)]
    (of_a, lacking_a), (of_b, lacking_b) = (_drawn(one, metric, settings, memo) for one in (a, b))
    return Resampled(whole[0] - whole[1], of_a - of_b, lacking_a - lacking_b, a.strata)


def _drawn(one: Result, metric: Metric, settings: Settings, memo: Memo) -> tuple[np.ndarray, np.ndarray]:
    """The metric of a result in each resample, and without each subject."""
    key = (one.name, one.table.tobytes(), one.strata)
    if key not in memo:
        weights = (draws(one.strata, settings.resamples), without_each(len(one.subjects)))
        drawn, lacking = (mean_over_seeds(metric, pooled(one.table, own)) for own in weights)
        memo[key] = drawn, lacking
    return memo[key]


def _share_above(differences: np.ndarray, region: float) -> float | None:
    there = differences[~np.isnan(differences)]
    return float((there > region).mean()) if len(there) else None


def mcnemar(a: Tallied, b: Tallied) -> float | None:
    """The exact test of McNemar: do A and B predict as many clips right? None unless both are predictions of clips with
    one seed. It takes clips for independent, which those of one subject are not."""
    if not (a.clips and b.clips and len(a.seeds) == len(b.seeds) == 1):
        return None
    right, other = a.clips.right[0], b.clips.right[0]
    return mcnemar_exact(int((right & ~other).sum()), int((~right & other).sum()))


def mcnemar_exact(only_a: int, only_b: int) -> float:
    """The same from how many clips only A and only B predict right."""
    from statsmodels.stats.contingency_tables import mcnemar as tested

    return float(tested([[0, only_a], [only_b, 0]], exact=True).pvalue)
