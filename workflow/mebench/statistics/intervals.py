"""Intervals by resampling subjects, from the figure itself, its resamples, and its values without each subject.

``expanded`` is the percentile interval with wider ends: the quantiles are those of Student's t instead of the normal
distribution, times sqrt(n/(n-1)), for few subjects (Hesterberg 2015, "What teachers should know about the bootstrap").
It is the default, because it covers what it says (benchmarks/README.md#coverage) where ``percentile`` and ``bca`` of
so few subjects are too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

from mebench.metrics.pooled import evaluated
from mebench.statistics.resampling import (
    LEVEL,
    RESAMPLES,
    draws,
    places_by_stratum,
    pooled,
    without_each,
)
from mebench.statistics.tallied import Tallied

METHODS = ("expanded", "percentile", "bca")
FEWEST = 0.5  # share of resamples in which a figure must be defined


@dataclass(frozen=True)
class Interval:
    """A figure, the mean over ``seeds``, with the interval [low, high] over ``unit``, ``subject`` or None. What is
    None is not known. ``spread_seeds`` is the standard deviation over seeds, ``spread_subjects`` that over
    resamples of subjects. ``method`` is what the interval was made by."""

    value: float | None
    low: float | None
    high: float | None
    level: float
    resamples: int
    unit: str | None
    method: str | None
    seeds: int
    spread_seeds: float | None
    spread_subjects: float | None


@dataclass(frozen=True)
class Resampled:
    """A figure's ``value``, its values in the resamples, and those ``without`` each subject."""

    value: float
    resamples: np.ndarray
    without: np.ndarray
    strata: tuple[str, ...]


def intervals(
    counts: Tallied, level: float = LEVEL, resamples: int = RESAMPLES, method: str = METHODS[0]
) -> dict[str, Interval]:  # fmt: skip
    """The interval of every metric, by its name (``mebench.metrics.pooled.metrics``)."""
    everyone = counts.table.sum(axis=1).astype(np.float64)
    named = counts.metrics
    by_seed = evaluated(named, everyone)
    if not counts.by_subject or len(counts.subjects) < 2:
        return {name: _without_subjects(values, level) for name, values in by_seed.items()}
    drawn = evaluated(named, pooled(counts.table, draws(counts.strata, resamples)))
    without = evaluated(named, pooled(counts.table, without_each(len(counts.subjects))))
    return {
        name: _interval(values, Resampled(float(values.mean()), drawn[name].mean(axis=0), without[name].mean(axis=0),
                                          counts.strata), level, method)
        for name, values in by_seed.items()
    }  # fmt: skip


def _interval(by_seed: np.ndarray, found: Resampled, level: float, method: str) -> Interval:
    ends = interval_ends(found, level, method)
    return Interval(
        value=_number(found.value),
        low=ends.low,
        high=ends.high,
        level=level,
        resamples=ends.resamples,
        unit="subject",
        method=ends.method,
        seeds=len(by_seed),
        spread_seeds=_spread(by_seed),
        spread_subjects=ends.spread,
    )


def _without_subjects(by_seed: np.ndarray, level: float) -> Interval:
    value = _number(float(by_seed.mean()))
    return Interval(value, None, None, level, 0, None, None, len(by_seed), _spread(by_seed), None)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value


def _spread(by_seed: np.ndarray) -> float | None:
    return _number(float(by_seed.std(ddof=1))) if len(by_seed) > 1 else None


@dataclass(frozen=True)
class Ends:
    """The ends of an interval, by which ``method``, from how many resamples, and the standard deviation of these."""

    low: float | None
    high: float | None
    method: str | None
    resamples: int
    spread: float | None


def interval_ends(found: Resampled, level: float = LEVEL, method: str = METHODS[0]) -> Ends:
    """The ends of an interval. Resamples in which the figure is not defined are left out; there is no interval where
    they are most of them. All resamples being equal, both ends are that value."""
    values = found.resamples[~np.isnan(found.resamples)]
    if np.isnan(found.value) or len(values) < FEWEST * len(found.resamples):
        return Ends(None, None, None, len(values), None)
    shares, used = np.array([(1 - level) / 2, (1 + level) / 2]), "percentile"
    if method != "percentile" and np.ptp(values) and not np.isnan(found.without).any():
        moved = _expanded(found, shares) if method == "expanded" else _bca(found, values, shares)
        if moved is not None:
            shares, used = moved, method
    low, high = (float(end) for end in np.quantile(values, shares))
    return Ends(low, high, used, len(values), float(values.std(ddof=1)))


def _expanded(found: Resampled, shares: np.ndarray) -> np.ndarray | None:
    """The shares of the expanded percentile interval; None where no dataset has two subjects that differ."""
    few = few_subjects(found.without, found.strata)
    return ndtr(stdtrit(few.freedom, shares) * few.widening) if few else None


@dataclass(frozen=True)
class FewSubjects:
    """What few subjects make of a normal interval: the degrees of ``freedom`` of Student's t, and the ``widening``."""

    freedom: float
    widening: float


def few_subjects(without: np.ndarray, strata: tuple[str, ...]) -> FewSubjects | None:
    """From the values of a figure without each subject. Each dataset adds its variance, which the plain bootstrap has
    (n-1)/n times too small; the degrees of freedom are Satterthwaite's. None where no dataset has two subjects that
    differ."""
    true = plain = below = 0.0
    for places in places_by_stratum(strata):
        n, own = len(places), without[places]
        if n > 1:
            variance = (n - 1) / n * float(((own - own.mean()) ** 2).sum())  # of the jackknife
            true += variance
            plain += variance * (n - 1) / n
            below += variance**2 / (n - 1)
    return FewSubjects(true**2 / below, float(np.sqrt(true / plain))) if below else None


def _bca(found: Resampled, values: np.ndarray, shares: np.ndarray) -> np.ndarray | None:
    """The shares of the bias-corrected and accelerated interval (Efron 1987), for several samples as in SciPy. None
    where it is not defined."""
    middle = float(ndtri((np.mean(values < found.value) + np.mean(values <= found.value)) / 2))
    third = second = 0.0
    for places in places_by_stratum(found.strata):
        n, own = len(places), found.without[places]
        away = (n - 1) * (own.mean() - own)
        third += float((away**3).sum()) / n**3
        second += float((away**2).sum()) / n**2
    if not np.isfinite(middle) or not second:
        return None
    bent = middle + ndtri(shares)
    return ndtr(middle + bent / (1 - third / (6 * second**1.5) * bent))
