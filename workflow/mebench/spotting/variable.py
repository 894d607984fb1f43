"""Intervals of their own length around peaks, as BoostingVRME makes them (arXiv 2508.18834)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

MOST_OVERLAP = 0.2
REACH = 5  # half widths from the peak


@dataclass(frozen=True)
class Span:
    """Rows from ``start`` to ``end``, both included, and the row of the ``peak``; all counted from 0."""

    start: int
    end: int
    peak: int


def span(scores: np.ndarray, peak: int, half_width: int) -> Span:
    """The interval of one peak in raw ``scores`` with mean m.

    Within k rows of the peak it begins before the first row that rises and is above m / 1.5, or k rows before the peak
    where none does; the end is found likewise, from outside. Then it grows on each side until two rows running are
    below m, where that happens within 5 k rows of the peak. Its peak is the highest score inside.
    """
    mean = float(scores.mean())
    start = _grow(scores, _begin(scores, peak, half_width, mean), peak, half_width, mean)
    mirrored, last = scores[::-1], len(scores) - 1
    end = last - _grow(mirrored, _begin(mirrored, last - peak, half_width, mean), last - peak, half_width, mean)
    return Span(start, end, start + int(scores[start : end + 1].argmax()))


def _begin(scores: np.ndarray, peak: int, half_width: int, mean: float) -> int:
    outer = max(0, peak - half_width)
    rises = (i for i in range(outer + 1, peak) if scores[i] > scores[i - 1] and scores[i] > mean / 1.5)
    return next((i - 1 for i in rises), outer)


def _grow(scores: np.ndarray, start: int, peak: int, half_width: int, mean: float) -> int:
    outer = max(1, peak - REACH * half_width)
    quiet = (i for i in range(start - 1, outer - 1, -1) if scores[i] < mean and scores[i - 1] < mean)
    return next((i + 1 for i in quiet), start)


def suppress(spans: Iterable[Span], half_width: int) -> list[Span]:
    """From left to right, those that overlap with every kept one by less than 0.2 and whose peaks are more than k rows
    apart. This overlap counts distances, not frames, as the released code does."""
    kept: list[Span] = []
    for one in sorted(spans, key=lambda span: (span.start, span.end, span.peak)):
        if all(_overlap(one, other) < MOST_OVERLAP and abs(one.peak - other.peak) > half_width for other in kept):
            kept.append(one)
    return kept


def _overlap(one: Span, other: Span) -> float:
    both = max(0, min(one.end, other.end) - max(one.start, other.start))
    whole = max(one.end, other.end) - min(one.start, other.start)
    return both / whole if whole else 0.0
