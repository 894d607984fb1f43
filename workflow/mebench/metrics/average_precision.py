"""Average precision over a sweep of thresholds: one figure that needs no threshold."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def interpolated_ap(points: Iterable[tuple[float, float]]) -> float:
    """The area under precision over recall. ``points`` are (recall, precision) at each threshold; at recall r counts
    the best precision at r or more, so that the curve never rises (PASCAL VOC from 2010). 0 without points."""
    recall, precision = np.array(list(points), dtype=float).reshape(-1, 2).T
    return float(interpolated_aps(recall, precision))


def interpolated_aps(recall: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """The same of many curves, each of which has T thresholds: recall and precision (..., T) -> (...)."""
    order = np.argsort(-recall, axis=-1, kind="stable")
    recall, precision = (np.take_along_axis(one, order, axis=-1) for one in (recall, precision))
    best = np.maximum.accumulate(precision, axis=-1)
    widths = recall - np.concatenate([recall[..., 1:], np.zeros((*recall.shape[:-1], 1))], axis=-1)
    return (best * widths).sum(axis=-1)
