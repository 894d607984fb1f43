"""The smoothed score of a video, its threshold, and its peaks. Needs numpy only, so that it starts quickly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

EDGES = ("zero", "valid")


@dataclass(frozen=True)
class Curve:
    """Smoothed scores; ``values[0]`` is that of row ``first``, counted from 0."""

    values: np.ndarray
    first: int


def smooth(scores: np.ndarray, half_width: int, edges: str = "zero") -> Curve:
    """Box of width 2k: row i holds the mean of the rows i-k to i+k-1.

    ``edges`` zero: rows outside the video count as 0, and every row has a value (ME-TST, BoostingVRME). valid: only
    rows whose whole box lies inside have one, none where the video is shorter than the box (SOFTNet, MEAN, SL-Swin).
    Every box is added in the order of its rows, so that equal boxes give equal bits on every machine.
    """
    n, width = len(scores), 2 * half_width
    if edges == "zero":
        padded = np.concatenate([np.zeros(half_width), scores, np.zeros(half_width - 1)])
        first, count = 0, n
    else:
        padded, first, count = np.asarray(scores, dtype=np.float64), half_width, max(0, n - width + 1)
    total = np.zeros(count)
    for step in range(width if count else 0):
        total += padded[step : step + count]
    return Curve(total / width, first)


def threshold(values: np.ndarray, share: float) -> float:
    """mean + share x (maximum - mean): 0 is the mean of the curve, 1 its maximum (Moilanen et al., ICPR 2014)."""
    mean = float(values.mean())
    return mean + share * (float(values.max()) - mean)


def peaks(values: np.ndarray, height: float, distance: int) -> np.ndarray:
    """Rows of the local maxima of at least ``height``, in order.

    A plateau gives its middle. The first and the last value are no peak. Of two that are closer than ``distance`` rows
    the lower is left out, the highest peak deciding first; of equal ones the later stays. As
    ``scipy.signal.find_peaks`` does it, which takes a second to import.
    """
    found = _maxima(values)
    found = found[values[found] >= height]
    keep = np.ones(len(found), dtype=bool)
    for number in np.argsort(values[found], kind="stable")[::-1]:
        if keep[number]:
            near = np.abs(found - found[number]) < distance
            near[number] = False
            keep[near] = False
    return found[keep]


def _maxima(values: np.ndarray) -> np.ndarray:
    """Middles of all plateaus that are higher than what is beside them."""
    if len(values) < 3:
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    ends = np.concatenate([starts[1:] - 1, [len(values) - 1]])
    level = values[starts]
    inner = np.flatnonzero((level[1:-1] > level[:-2]) & (level[1:-1] > level[2:])) + 1
    return (starts[inner] + ends[inner]) // 2
