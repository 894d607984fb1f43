"""How big a difference must be: the smallest one that the subjects of a task show with a given power.

It is found by simulation from measured predictions of two models. One of them is made better or worse until the two are
a wanted difference apart; studies are drawn, subjects with replacement; each study is tested as any comparison is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from mebench.errors import UserError
from mebench.metrics.pooled import Metric
from mebench.statistics.comparison import metric_named
from mebench.statistics.counts import Counts, check_same_clips
from mebench.statistics.intervals import few_subjects
from mebench.statistics.permutation import exchanged
from mebench.statistics.resampling import STREAM, mean_over_seeds, places_by_stratum, pooled, without_each

POWER = 0.8
ALPHA = 0.05
STUDIES = 400  # of each size of difference
EXCHANGES = 399
LARGEST = 6.0  # the difference that is tried first, in standard errors; 1.96 + 0.84 = 2.8 is a first guess
HALVINGS = 7  # of the range in which the difference is: to a twentieth of a standard error
MOST_PAIRS = 10


@dataclass(frozen=True)
class Detectable:
    """The smallest difference that is detected with ``power``, of the median pair of models; ``smallest`` and
    ``largest`` are of the most and the least alike pair."""

    seeds: int
    difference: float
    smallest: float
    largest: float
    pairs: int
    power: float
    alpha: float
    metric: str


def detectable(
    results: Sequence[Counts], seeds: int, metric: str = "uf1", power: float = POWER, studies: int | None = None
) -> Detectable:  # fmt: skip
    """The smallest difference that ``seeds`` seeds of models show, from measured ``results`` of several on one task.
    ``studies`` of each size of difference are simulated, :data:`STUDIES` where none are given."""
    few = [one for one in results if len(one.seeds) < seeds]
    if few or len(results) < 2:
        raise UserError(
            f"{few[0].name} has {len(few[0].seeds)} of the {seeds} seeds that are asked for; give fewer with --seeds"
            if few
            else f"{len(results)} results are measured, and power needs two on the same clips; give more results"
        )
    pairs = [(a, b) for place, a in enumerate(results) for b in results[place + 1 :]]
    step = -(-len(pairs) // MOST_PAIRS)
    found = [pair_detectable(a, b, seeds, metric, power, studies) for a, b in pairs[::step]]
    middle = float(np.median(found))
    return Detectable(seeds, middle, min(found), max(found), len(found), power, ALPHA, metric)


def pair_detectable(
    a: Counts, b: Counts, seeds: int, metric: str = "uf1", power: float = POWER, studies: int | None = None
) -> float:  # fmt: skip
    """The smallest difference that is detected between models like these two: where the simulated power is ``power``,
    found by halving. Every size is tried on the same studies, so that more is found where the difference is larger."""
    a, b = check_same_clips(a, b)
    formula = metric_named(metric, a.classes)
    error = _standard_error(a, b, formula, _stream(seeds))

    def shown(difference: float) -> bool:
        study = Study(a, b, formula, share_for(a, b, formula, difference))
        return rejections(study, seeds, _stream(seeds), studies or STUDIES) >= power

    most = _furthest(a, b, formula)
    low, high = 0.0, min(LARGEST * error, most)
    while not (enough := shown(high)) and high < most:
        low, high = high, min(2 * high, most)
    if not enough:
        raise UserError(f"{a.name} and {b.name} cannot be so far apart that a test would show it on these clips; give "
                        "results of other models")  # fmt: skip
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if shown(middle) else (middle, high)
    return (low + high) / 2 * _allowance(a, b, formula, power)


def _stream(seeds: int) -> np.random.Generator:
    return np.random.default_rng([STREAM, 2, seeds])


def _furthest(a: Counts, b: Counts, metric: Metric) -> float:
    """How far apart the two can be: B all right, or all wrong."""
    return max(_apart(a, b, metric, 1.0), -_apart(a, b, metric, -1.0))


def _allowance(a: Counts, b: Counts, metric: Metric, power: float) -> float:
    """By how much few subjects raise the difference: studies that are drawn from the measured subjects vary too little,
    and how much they vary is not known well. It is what makes an interval ``expanded`` (``intervals.py``)."""
    left = without_each(len(a.subjects))
    of_a, of_b = (mean_over_seeds(metric, pooled(one.table, left)) for one in (a, b))
    few = few_subjects(of_a - of_b, a.strata)
    wanted = np.array([1 - ALPHA / 2, power])
    return float(few.widening * stdtrit(few.freedom, wanted).sum() / ndtri(wanted).sum()) if few else 1.0


def _standard_error(a: Counts, b: Counts, metric: Metric, random: np.random.Generator) -> float:
    """A first guess: of the difference of one seed of each, subjects drawn with replacement."""
    drawn = _subjects(a, 200, random)
    of_a, of_b = (metric(one.table[0][drawn].sum(axis=1)) for one in (a, b))
    error = float(np.nanstd(of_a - of_b))
    if not error:
        raise UserError(f"{a.name} and {b.name} do not differ, so that nothing tells how models differ on these clips; "
                        "give results of other models")  # fmt: skip
    return error


def _subjects(counts: Counts, studies: int, random: np.random.Generator) -> np.ndarray:
    """The places of the subjects of each study, (studies, S); each dataset keeps its number of subjects."""
    drawn = np.empty((studies, len(counts.subjects)), dtype=np.int64)
    for places in places_by_stratum(counts.strata):
        drawn[:, places] = random.choice(places, (studies, len(places)))
    return drawn


@dataclass(frozen=True)
class Study:
    """Two models of which B is changed: of its errors a ``share`` becomes right; a share below 0 of what is right
    becomes wrong, as its errors are."""

    a: Counts
    b: Counts
    metric: Metric
    share: float

    @property
    def difference(self) -> float:
        """How far the metric of the changed B is from that of A, on all subjects."""
        return abs(_apart(self.a, self.b, self.metric, self.share))


def share_for(a: Counts, b: Counts, metric: Metric, difference: float) -> float:
    """The share by which B becomes ``difference`` better than A, or as much worse where it cannot be so much better."""
    low, high = -1.0, 1.0
    wanted = difference if _apart(a, b, metric, high) >= difference else -difference
    if _apart(a, b, metric, low) > wanted:
        raise UserError(f"{a.name} is too near to 0 for a difference of {difference:.3f}; give results of other models")
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _apart(a, b, metric, middle) < wanted else (low, middle)
    return (low + high) / 2


def _apart(a: Counts, b: Counts, metric: Metric, share: float) -> float:
    """The expected metric of the changed B less that of A, on all subjects."""
    counts = b.table.sum(axis=1).astype(np.float64)
    moved = _moved(counts, share, _error_shares(b))
    return float(metric(moved).mean() - metric(a.table.sum(axis=1)).mean())


def _moved(counts: np.ndarray, share: float, errors: np.ndarray) -> np.ndarray:
    """What is expected of counts (..., C, C) after the change."""
    right = np.eye(counts.shape[-1], dtype=bool)
    if share >= 0:
        left = np.where(right, counts, counts * (1 - share))
        return left + right * (counts.sum(axis=-1) - left.sum(axis=-1))[..., None]
    spoilt = (counts * right).sum(axis=-1, keepdims=True) * -share
    return counts - spoilt * right + spoilt * errors


def _error_shares(counts: Counts) -> np.ndarray:
    """How the errors of each class spread over the others, (C, C); evenly where there are none."""
    classes = len(counts.classes)
    errors = counts.table.sum(axis=(0, 1)) * (1 - np.eye(classes))
    errors = np.where(errors.sum(axis=1, keepdims=True) > 0, errors, 1 - np.eye(classes))
    return errors / errors.sum(axis=1, keepdims=True)


def rejections(study: Study, seeds: int, random: np.random.Generator, studies: int = STUDIES) -> float:
    """The share of simulated studies in which the permutation of subjects finds a difference."""
    drawn = _subjects(study.a, studies, random)
    errors, found = _error_shares(study.b), 0
    for subjects in drawn:
        of_a, of_b = (random.permutation(len(one.seeds))[:seeds] for one in (study.a, study.b))
        first = study.a.table[of_a][:, subjects]
        second = _changed(study.b.table[of_b][:, subjects], study.share, errors, random)
        tested = exchanged(first, second, study.metric, EXCHANGES)
        found += tested is not None and tested.p <= ALPHA
    return found / studies


def _changed(counts: np.ndarray, share: float, errors: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Counts (..., C, C) after the change, clip by clip by chance."""
    right = np.eye(counts.shape[-1], dtype=bool)
    if share >= 0:
        mended = random.binomial(np.where(right, 0, counts), share)
        return counts - mended + right * mended.sum(axis=-1)[..., None]
    spoilt = random.binomial(np.diagonal(counts, axis1=-2, axis2=-1), -share)
    return counts - spoilt[..., None] * right + random.multinomial(spoilt, errors)
