"""The emotion of an interval, from logits of its frames, and what becomes of neutral ones (ME-TST's strategies)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NEUTRAL = "neutral"
SYNERGY = (0, 1, 2)
LOGIT = ("keep", "zero")


@dataclass(frozen=True)
class Synergy:
    """How recognition and spotting meet, under ME-TST's numbers.

    ``strategy`` 0: neither leads; a frame has the class with the highest logit, and neutral intervals stay. 1:
    recognition leads; the same, and neutral intervals are deleted. 2: spotting leads; neutral is no class of a frame.
    ``neutral`` zero: the neutral logit counts as 0 (BoostingVRME), keep: as it is.
    """

    strategy: int = 2
    neutral: str = "keep"


def frame_classes(logits: np.ndarray, classes: Sequence[str], synergy: Synergy) -> np.ndarray:
    """The class of each frame, as its number in ``classes``, from logits (frames, classes)."""
    logits = np.array(logits, dtype=np.float64)
    if NEUTRAL in classes:
        if synergy.strategy == 2:
            logits[:, classes.index(NEUTRAL)] = -np.inf
        elif synergy.neutral == "zero":
            logits[:, classes.index(NEUTRAL)] = 0
    return logits.argmax(axis=1)


def interval_class(frames: np.ndarray, start: int, end: int, peak: int) -> int:
    """The most frequent class in the rows from ``start`` + 1 to ``end`` - 2, as ME-TST cuts them; of equally frequent
    ones the one that comes first. The class of the peak where no row is left."""
    inside = frames[max(0, start) + 1 : max(0, end - 1)]
    if not len(inside):
        return int(frames[peak])
    counts = np.bincount(inside)
    return int(inside[counts[inside] == counts.max()][0])
