"""Subjects drawn with replacement: a drawn subject brings all its clips. In a composite each dataset keeps its number
of subjects. The draws are the same in every run, so equal counts give equal bytes.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from mebench.metrics.pooled import Metric

RESAMPLES = 9999
LEVEL = 0.95
STREAM = 68442  # of all fixed random numbers


def places_by_stratum(strata: Sequence[str]) -> list[np.ndarray]:
    """The places of the subjects of each dataset, datasets sorted."""
    names = np.array(strata)
    return [np.flatnonzero(names == name) for name in sorted(set(strata))]


@functools.lru_cache(maxsize=8)
def draws(strata: tuple[str, ...], resamples: int = RESAMPLES) -> np.ndarray:
    """How often each subject is drawn, (resamples, S)."""
    random = np.random.default_rng([STREAM, len(strata), resamples])
    drawn = np.zeros((resamples, len(strata)))
    for places in places_by_stratum(strata):
        drawn[:, places] = random.multinomial(len(places), np.full(len(places), 1 / len(places)), resamples)
    return drawn


def without_each(subjects: int) -> np.ndarray:
    """The weights that leave out one subject after the other, (S, S)."""
    return 1 - np.eye(subjects)


def pooled(table: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The counts (K, R, ...) of all subjects for each row of ``weights`` (R, S), from those (K, S, ...) of each. Counts
    are whole, so sums are exact."""
    return weighed(table.astype(np.float64), weights)


def weighed(table: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The sums (K, R, ...) over subjects of (K, S, ...), weighed by each row of (R, S). In memory the rows lie one
    after another: NumPy adds over few classes three times as fast as where the classes do."""
    seeds, subjects, *shape = table.shape
    flat = table.reshape(seeds, subjects, int(np.prod(shape)))
    sums = flat.transpose(0, 2, 1) @ weights.T
    return np.moveaxis(sums.reshape(seeds, *shape, len(weights)), -1, 1)


def mean_over_seeds(metric: Metric, counts: np.ndarray) -> np.ndarray:
    """The mean over K seeds of a metric of counts (K, ...)."""
    return metric(counts).mean(axis=0)
