"""Intervals of frames, and how far two of them overlap."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Interval(NamedTuple):
    """The frames from ``onset`` to ``offset``, both included, and the ``emotion`` in them; '' where none is named.

    Intervals are sorted by onset, then offset, then emotion.
    """

    onset: int
    offset: int
    emotion: str = ""

    @property
    def length(self) -> int:
        """How many frames it has."""
        return self.offset - self.onset + 1


def iou(one: Interval, other: Interval) -> float:
    """Frames that both have, of those that any of them has: from 0 to 1."""
    both = min(one.offset, other.offset) - max(one.onset, other.onset) + 1
    return both / (one.length + other.length - both) if both > 0 else 0.0


@dataclass(frozen=True)
class Passes:
    """Whether an overlap is enough: at least ``iou``, or more than that where the comparison is ``strict``."""

    iou: float = 0.5
    strict: bool = False

    def __call__(self, overlap: float) -> bool:
        return overlap > self.iou if self.strict else overlap >= self.iou


@dataclass(frozen=True)
class Overlaps:
    """Where predictions and labels of one video touch. ``near`` has for each prediction the (label, IoU) of all labels
    that share a frame with it, in the order of the labels. Both are sorted by onset, then offset."""

    near: tuple[tuple[tuple[int, float], ...], ...]
    labels: int

    def hits(self, prediction: int, passes: Passes) -> list[tuple[int, float]]:
        """The (label, IoU) of a prediction whose overlap is enough."""
        return [(label, overlap) for label, overlap in self.near[prediction] if passes(overlap)]


def overlaps(predictions: Sequence[Interval], labels: Sequence[Interval]) -> Overlaps:
    """All pairs of one video that share a frame. Both lists are sorted first, so their order changes nothing."""
    labels, onsets = sorted(labels), sorted(label.onset for label in labels)
    longest = max((label.length for label in labels), default=0)
    near = []
    for prediction in sorted(predictions):
        first = bisect_left(onsets, prediction.onset - longest + 1)
        last = bisect_right(onsets, prediction.offset)
        pairs = ((number, iou(prediction, labels[number])) for number in range(first, last))
        near.append(tuple((number, overlap) for number, overlap in pairs if overlap > 0))
    return Overlaps(tuple(near), len(labels))
