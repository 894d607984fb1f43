"""From the features of MDMD, maximal difference in the main direction, to intervals: spotting without training, the
baseline of MEGC2020. The features are the input ``mdmd_feature``.

S.-J. Wang, S. Wu, X. Qian, J. Li, X. Fu, A main directional maximal difference analysis for spotting facial movements
from long-term videos, Neurocomputing 230, 2017; Y. He, S.-J. Wang, J. Li, M. H. Yap, arXiv 1912.11985, and its code.

A feature is high where the face has moved in the k frames before a frame and comes back in the k frames after it. It is
compared with its neighbours, and where the contrast stays high for as long as an expression lasts, there is one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mebench.metrics.intervals import Interval
from mebench.spotting.curve import threshold

SHARE = 0.01  # of the way from the mean to the maximum; He et al. looked it up on the evaluation data
SHORTEST_MICRO, LONGEST_MICRO = 0.235, 0.525  # seconds


@dataclass(frozen=True)
class Lengths:
    """How many frames an interval has; None for no limit."""

    shortest: int
    longest: int | None


def lengths(rate: float, expression: str) -> Lengths:
    """The lengths of He et al. for micro- or macro-expressions, in frames, at any ``rate`` of frames in a second.

    Micro-expressions have 7 to 16 at 30 fps (CAS(ME)^2) and 47 to 105 at 200 (SAMM Long Videos), which is the same in
    seconds; macro-expressions are longer.
    """
    longest = max(1, round(LONGEST_MICRO * rate))
    if expression == "macro":
        return Lengths(longest + 1, None)
    return Lengths(max(1, round(SHORTEST_MICRO * rate)), longest)


def relative(values: np.ndarray, k: int) -> np.ndarray:
    """Each feature without the mean of those k - 1 before and k - 1 after it, (n,); NaN where one is missing."""
    contrast = np.full(len(values), np.nan)
    n, reach = len(values), k - 1
    if n > 2 * reach:
        inner = values[reach : n - reach]
        contrast[reach : n - reach] = inner - (values[: n - 2 * reach] + values[2 * reach :]) / 2
    return contrast


def intervals(contrast: np.ndarray, allowed: Lengths, share: float = SHARE) -> list[Interval]:
    """The runs of frames, counted from 0, that are above mean + ``share`` x (maximum - mean) of the contrast and as
    long as is allowed. Frames without a contrast count neither way."""
    known = contrast[np.isfinite(contrast)]
    if not len(known):
        return []
    above = np.concatenate([[False], np.nan_to_num(contrast, nan=-np.inf) > threshold(known, share), [False]])
    edges = np.flatnonzero(above[1:] != above[:-1])
    runs = (Interval(int(start), int(end) - 1) for start, end in zip(edges[::2], edges[1::2], strict=True))
    longest = np.inf if allowed.longest is None else allowed.longest
    return [run for run in runs if allowed.shortest <= run.length <= longest]


def contrast(values: np.ndarray) -> np.ndarray:
    """The contrast of the features of one video, (n,). k is how many features are missing at its start."""
    missing = np.isnan(values)
    return values if missing.all() else relative(values, max(1, int(missing.argmin())))
