"""The positions of a recording, and its labelled intervals as one text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mebench.metrics.intervals import Interval

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Pace:
    """Position p of a recording is frame ``first`` + p ``step``; it has ``count`` positions."""

    first: int
    step: int
    count: int

    @classmethod
    def of_row(cls, row: Mapping[str, str]) -> Pace:
        """The pace of a row with first, step and frames."""
        return cls(int(row["first"]), int(row["step"]), int(row["frames"]))

    @property
    def frames(self) -> int:
        """How many frames lie from its first to its last position."""
        return (self.count - 1) * self.step + 1

    def position(self, frame: int) -> int:
        """The last position at or before a frame; it may lie outside the recording."""
        return (frame - self.first) // self.step

    def positions(self, interval: Interval) -> Interval:
        """An interval of frames in positions, as ME-TST counts: both ends are rounded down."""
        return Interval(self.position(interval.onset), self.position(interval.offset), interval.emotion)


@dataclass(frozen=True)
class Footage:
    """A recording for a model that predicts intervals: its name, its frames in a second, its pace, its labels where the
    model may see them, and a function that reads its input (windows, ...)."""

    clip_id: str
    fps: float
    pace: Pace
    labels: Sequence[Interval]
    read: Callable[[], np.ndarray]


def as_text(intervals: Iterable[Interval]) -> str:
    """``12..40 negative;90..130 others``: intervals in frames, each with its class, sorted."""
    return ";".join(f"{one.onset}..{one.offset} {one.emotion}".strip() for one in sorted(intervals))


def from_text(text: str) -> list[Interval]:
    """The intervals of :func:`as_text`."""
    found = []
    for part in text.split(";") if text else ():
        ends, _, emotion = part.partition(" ")
        onset, _, offset = ends.partition("..")
        found.append(Interval(int(onset), int(offset), emotion))
    return found
