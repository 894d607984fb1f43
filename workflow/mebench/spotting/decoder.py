"""From the scores of one video to intervals. docs/spotting.md says which code decodes how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mebench.metrics.intervals import Interval
from mebench.spotting.curve import peaks, smooth, threshold
from mebench.spotting.emotion import NEUTRAL, Synergy, frame_classes, interval_class
from mebench.spotting.variable import Span, span, suppress

EMPTY = ("none", "first_frame")
LENGTHS = ("fixed", "variable")


@dataclass(frozen=True)
class Decoder:
    """All choices between scores and intervals.

    ``half_width`` and ``distance`` (default: half_width) count rows. ``threshold`` lies between the mean (0) and the
    maximum (1) of the smoothed scores. ``edges``: what lies outside a video. ``empty``: what a video without a peak
    predicts: none, or first_frame, an interval of its first frame. ``clip``: intervals are cut to the video.
    ``lengths``: fixed, from half a width before the peak to half a width after it, or variable.
    """

    half_width: int
    threshold: float
    edges: str = "zero"
    empty: str = "none"
    distance: int | None = None
    clip: bool = False
    lengths: str = "fixed"
    synergy: Synergy = field(default_factory=Synergy)

    def spans(self, scores: np.ndarray) -> list[Span]:
        """The intervals of one video, in rows counted from 0, in the order of their peaks; fixed ones may begin before
        the first row or end after the last."""
        curve = smooth(scores, self.half_width, self.edges)
        if not len(curve.values):
            return []
        distance = self.half_width if self.distance is None else self.distance
        rows = [int(row) + curve.first
                for row in peaks(curve.values, threshold(curve.values, self.threshold), distance)]  # fmt: skip
        if self.lengths == "variable":
            return suppress((span(scores, row, self.half_width) for row in rows), self.half_width)
        return [Span(row - self.half_width, row + self.half_width, row) for row in rows]


@dataclass(frozen=True)
class Track:
    """The scores of one video: one row for each of its frames ``first``, ``first`` + ``step`` and so on. ``logits``
    (frames, classes) are those of the emotions ``classes``; without them no emotion is decoded."""

    first: int
    step: int
    scores: np.ndarray
    logits: np.ndarray | None = None
    classes: Sequence[str] = ()

    @property
    def last(self) -> int:
        """The number of its last frame."""
        return self.first + (len(self.scores) - 1) * self.step


def decode(track: Track, decoder: Decoder) -> list[Interval]:
    """The intervals of one video, in frames, sorted. Rows of the file times the step of its frames are frames."""
    spans = decoder.spans(track.scores)
    if not spans and decoder.empty == "first_frame":
        spans = [Span(0, 0, 0)]
    emotions = _emotions(track, spans, decoder.synergy)
    intervals = []
    for one, emotion in zip(spans, emotions, strict=True):
        onset, offset = (track.first + row * track.step for row in (one.start, one.end))
        if decoder.clip:
            onset, offset = max(onset, track.first), min(offset, track.last)
        if not (emotion == NEUTRAL and decoder.synergy.strategy == 1):
            intervals.append(Interval(onset, offset, emotion))
    return sorted(intervals)


def _emotions(track: Track, spans: Sequence[Span], synergy: Synergy) -> list[str]:
    if track.logits is None:
        return [""] * len(spans)
    frames = frame_classes(track.logits, track.classes, synergy)
    return [track.classes[interval_class(frames, one.start, one.end, one.peak)] for one in spans]
