"""What the labels of a fold's training subjects say: how many a frame, how long, of which emotions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mebench.metrics.intervals import Interval
from mebench.spotting.recording import Footage


@dataclass(frozen=True)
class TrainingLabels:
    """All ``labels``, in the order of their recordings, and their ``rate``: how many there are per frame."""

    labels: list[Interval]
    rate: float

    @classmethod
    def of(cls, training: Iterable[Footage]) -> TrainingLabels:
        """Those of the training recordings."""
        videos = list(training)
        labels, frames = [label for video in videos for label in video.labels], sum(v.pace.frames for v in videos)
        return cls(labels, len(labels) / frames if frames else 0.0)
