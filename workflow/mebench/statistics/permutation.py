"""Whether two results on the same subjects differ: the results of whole subjects change places."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from mebench.metrics.pooled import Metric
from mebench.statistics.resampling import STREAM, weighed
from mebench.statistics.tallied import Result

PERMUTATIONS = 9999  # by chance; all are tried where there are not more, so up to 13 subjects whose results differ
SAME = 1e-12  # differences that only rounding tells apart


@dataclass(frozen=True)
class Permutation:
    """The p-value; whether it is exact, and of how many exchanges."""

    p: float
    exact: bool
    exchanges: int


def permutation(a: Result, b: Result, metric: Metric) -> Permutation | None:
    """The two-sided test that A and B are as good: under it, each subject's results could as well be the other's. With
    as many seeds, seed by seed; else each seed of A with each of B. None where the metric is not defined."""
    return exchanged(*seed_pairs(a.table, b.table), metric, PERMUTATIONS)


def exchanged(first: np.ndarray, second: np.ndarray, metric: Metric, exchanges: int) -> Permutation | None:
    """The same of counts (K, S, ...) of seeds that are compared with each other, by at most so many ``exchanges``."""
    changed = np.flatnonzero((first != second).any(axis=(0, *range(2, first.ndim))))
    exact = 1 << len(changed) <= exchanges
    stay = _every_exchange(len(changed)) if exact else _random_exchanges(len(changed), exchanges)
    observed = float((metric(first.sum(axis=1)) - metric(second.sum(axis=1))).mean())
    found = differences(first, second, changed, stay, metric)
    if np.isnan(observed) or np.isnan(found).any():
        return None
    extreme = int((np.abs(found) >= abs(observed) - SAME).sum())
    p = extreme / len(found) if exact else (extreme + 1) / (len(found) + 1)
    return Permutation(p, exact, len(found))


def seed_pairs(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts (K, S, ...) of seeds that are compared with each other."""
    if len(a) == len(b):
        return a, b
    return np.repeat(a, len(b), axis=0), np.tile(b, (len(a), *(1,) * (b.ndim - 1)))


def differences(
    first: np.ndarray, second: np.ndarray, changed: np.ndarray, stay: np.ndarray, metric: Metric
) -> np.ndarray:  # fmt: skip
    """The differences of a metric, mean over seeds, when the subjects ``changed`` stay or change places, (R,)."""
    moved = weighed((first - second)[:, changed].astype(np.float64), stay)
    same = np.delete(first, changed, axis=1).sum(axis=1)[:, None]
    pairs = [chosen[:, changed].sum(axis=1)[:, None] + same for chosen in (first, second)]
    return (metric(pairs[1] + moved) - metric(pairs[0] - moved)).mean(axis=0)


def _every_exchange(subjects: int) -> np.ndarray:
    return (np.arange(1 << subjects)[:, None] >> np.arange(subjects) & 1).astype(np.float64)


@functools.lru_cache(maxsize=32)  # the simulation of power has studies of many sizes
def _random_exchanges(subjects: int, count: int) -> np.ndarray:
    """1 where a subject stays, 0 where its results change places, (count, subjects)."""
    return np.random.default_rng([STREAM, 1, subjects]).integers(0, 2, (count, subjects)).astype(np.float64)
