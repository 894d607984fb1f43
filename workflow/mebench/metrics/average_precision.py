"""Average precision over a sweep of thresholds: one figure that needs no threshold."""

from __future__ import annotations

from collections.abc import Iterable


def interpolated_ap(points: Iterable[tuple[float, float]]) -> float:
    """The area under precision over recall. ``points`` are (recall, precision) at each threshold; at recall r counts
    the best precision at r or more, so that the curve never rises (PASCAL VOC from 2010). 0 without points."""
    best, area, right = 0.0, 0.0, 0.0
    for recall, precision in sorted(points, reverse=True):
        area += best * (right - recall)
        right, best = recall, max(best, precision)
    return area + best * right
