"""A sweep over the threshold: a curve to look at, never a way to choose one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mebench.metrics.spotting import Convention, Located, Video, score
from mebench.spotting.decoder import Decoder, Track, decode


@dataclass(frozen=True)
class Point:
    """Precision, recall and F1 of spotting at one threshold."""

    threshold: float
    precision: float
    recall: float
    f1: float


def sweep(
    tracks: Mapping[Video, Track],
    labels: Sequence[Located],
    decoder: Decoder,
    convention: Convention,
    steps: int = 100,
    kind: str = "",
) -> list[Point]:
    """A point for each of ``steps`` + 1 thresholds from 0 to 1, with all else as ``decoder`` and ``convention`` have
    it. ``kind`` is the type of expression that is predicted, as labels tell it."""
    points = []
    for step in range(steps + 1):
        at = replace(decoder, threshold=step / steps)
        rows = [Located(video, kind, interval) for video, track in tracks.items() for interval in decode(track, at)]
        found = score(rows, labels, convention, emotions=False)
        points.append(Point(at.threshold, found["precision"], found["recall"], found["f1_spotting"]))
    return points
