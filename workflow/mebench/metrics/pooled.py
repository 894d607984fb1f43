"""The metrics of recognition as functions of many confusion matrices at once: counts (..., C, C), rows are the truth.

The formulas and the rule for classes that are absent are those of ``from_confusion`` (docs/metrics.md#definitions).
Here a matrix may be any leading shape, as resampling needs it, and counts may be weighted. A figure is NaN where
nothing defines it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Metric = Callable[[np.ndarray], np.ndarray]


def accuracy(counts: np.ndarray) -> np.ndarray:
    """Clips predicted right, of all clips."""
    return _divided(_hits(counts).sum(axis=-1), counts.sum(axis=(-2, -1)), np.nan)


def uf1(counts: np.ndarray) -> np.ndarray:
    """The mean F1 over the classes that are in truth or prediction."""
    return _mean(f1(counts))


def uar(counts: np.ndarray) -> np.ndarray:
    """The mean recall over the classes that are in the truth."""
    return _mean(recall(counts))


def weighted_f1(counts: np.ndarray) -> np.ndarray:
    """The mean F1, each class weighted by its clips."""
    true = counts.sum(axis=-1)
    return _divided((np.nan_to_num(f1(counts)) * true).sum(axis=-1), true.sum(axis=-1), np.nan)


def macro_precision(counts: np.ndarray) -> np.ndarray:
    """The mean precision over the classes that are in truth or prediction; 0 for a class that is never predicted."""
    hits, both = _hits(counts), counts.sum(axis=-1) + counts.sum(axis=-2)
    return _mean(np.where(both > 0, _divided(hits, counts.sum(axis=-2), 0), np.nan))


def f1(counts: np.ndarray) -> np.ndarray:
    """F1 of each class, (..., C); NaN for a class that is in neither truth nor prediction."""
    return _divided(2 * _hits(counts), counts.sum(axis=-1) + counts.sum(axis=-2), np.nan)


def recall(counts: np.ndarray) -> np.ndarray:
    """Recall of each class, (..., C); NaN for a class without truth."""
    return _divided(_hits(counts), counts.sum(axis=-1), np.nan)


def precision(counts: np.ndarray) -> np.ndarray:
    """Precision of each class, (..., C); NaN for a class that is never predicted."""
    return _divided(_hits(counts), counts.sum(axis=-2), np.nan)


WHOLE: dict[str, Metric] = {"uf1": uf1, "uar": uar, "accuracy": accuracy, "weighted_f1": weighted_f1,
                            "macro_precision": macro_precision}  # fmt: skip
OF_EACH_CLASS: dict[str, Metric] = {"f1": f1, "precision": precision, "recall": recall}
SEPARATOR = ":"  # precision:surprise


def metrics(classes: Sequence[str]) -> dict[str, Metric]:
    """All metrics by name: those of the whole matrix, then ``f1:CLASS``, ``precision:CLASS`` and ``recall:CLASS``."""
    each = {
        f"{name}{SEPARATOR}{title}": OneOf(formula, place)
        for name, formula in OF_EACH_CLASS.items()
        for place, title in enumerate(classes)
    }
    return WHOLE | each


@dataclass(frozen=True)
class OneOf:
    """One of several figures that a formula gives together, (..., C): that at ``place``."""

    formula: Metric
    place: int

    def __call__(self, counts: np.ndarray) -> np.ndarray:
        return self.formula(counts)[..., self.place]


def evaluated(named: Mapping[str, Metric], counts: np.ndarray) -> dict[str, np.ndarray]:
    """Each metric of the same counts; a formula that gives several is computed once."""
    together = {one.formula for one in named.values() if isinstance(one, OneOf)}
    found = {formula: formula(counts) for formula in together}
    return {name: found[one.formula][..., one.place] if isinstance(one, OneOf) else one(counts)
            for name, one in named.items()}  # fmt: skip


def _hits(counts: np.ndarray) -> np.ndarray:
    return np.diagonal(counts, axis1=-2, axis2=-1)


def _divided(above: np.ndarray, below: np.ndarray, undefined: float) -> np.ndarray:
    shape = np.broadcast_shapes(above.shape, below.shape)
    return np.divide(above, below, out=np.full(shape, undefined, dtype=np.float64), where=below > 0)


def _mean(values: np.ndarray) -> np.ndarray:
    """The mean over the last axis without what is not defined."""
    there = ~np.isnan(values)
    return _divided(np.where(there, values, 0).sum(axis=-1), there.sum(axis=-1), np.nan)
