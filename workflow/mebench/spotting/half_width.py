"""k_p, half the length of an interval: from the labels of a fold's training subjects, or of all subjects."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean, median

from mebench.metrics.intervals import Interval


def half_width(length: float) -> int:
    """int((length + 1) / 2) for a mean or median ``length``, offset minus onset in positions; at least 1."""
    return max(1, int((length + 1) / 2))


def lengths(intervals: Iterable[Interval]) -> list[int]:
    """Offset minus onset of each interval, in positions."""
    return [one.offset - one.onset for one in intervals]


def typical(values: Iterable[float]) -> dict[str, float]:
    """The mean and the median of lengths; both 0 where there is none."""
    values = list(values)
    return {"mean": fmean(values), "median": float(median(values))} if values else {"mean": 0.0, "median": 0.0}
