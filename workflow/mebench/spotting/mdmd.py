"""MDMD, maximal difference in the main direction: spotting without training, the baseline of MEGC2020.

S.-J. Wang, S. Wu, X. Qian, J. Li, X. Fu, A main directional maximal difference analysis for spotting facial movements
from long-term videos, Neurocomputing 230, 2017; Y. He, S.-J. Wang, J. Li, M. H. Yap, arXiv 1912.11985, and its code.

A face moves away and comes back. Frame i is compared with the frames k before and k after it: the motion up to i is
large, what is left of it at i + k is small. What the released code does otherwise, and is not done here: it takes
directions from arctan(u / v), so that two of four sectors are never met; it keeps a half window that was shortened for
one video for all that follow; it leaves out the last 2k frames that have a score. Its flow is
dense RLOF; here any flow is given, because OpenCV's dense RLOF has no value at some pixels of smooth pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mebench.metrics.intervals import Interval
from mebench.spotting.curve import threshold

SIDE = 227  # of the grey faces
BLOCKS = 6  # on each side
SHARE = 0.01  # of the way from the mean to the maximum; He et al. looked it up on the evaluation data

Flow = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Setting:
    """``half_window``: frames before and after the frame that is looked at. ``shortest`` and ``longest``: frames of an
    interval; None for no limit."""

    half_window: int
    shortest: int
    longest: int | None


# of He et al., by dataset and type of expression
SETTINGS = {
    ("casme_sq", "micro"): Setting(12, 7, 16),
    ("casme_sq", "macro"): Setting(39, 17, None),
    ("samm_long", "micro"): Setting(80, 47, 105),
    ("samm_long", "macro"): Setting(260, 106, None),
}


def half_window(frames: int, wanted: int) -> int:
    """``wanted``, halved until a video of that many ``frames`` has at least four of it between its ends; at least 1."""
    while wanted > 1 and frames - 2 * wanted < 4 * wanted:
        wanted //= 2
    return wanted


def feature(rise: np.ndarray, rest: np.ndarray) -> float:
    """How much of the motion ``rise`` is gone in ``rest``; flows (2, H, W), u right and v down, in pixels.

    In each of 6 x 6 blocks the pixels count whose direction lies in the fullest of four quadrants, and of their
    differences of length, |rise| - |rest|, the mean of the largest third; of the blocks, the mean of the largest third.
    """
    lengths = np.hypot(*rise) - np.hypot(*rest)
    quadrants = np.floor(np.arctan2(rise[1], rise[0]) / (np.pi / 2)).astype(np.int64).clip(-2, 1) + 2
    height, width = (side // BLOCKS for side in lengths.shape)
    means = []
    for row in range(BLOCKS):
        for column in range(BLOCKS):
            block = np.s_[row * height : (row + 1) * height, column * width : (column + 1) * width]
            main = np.bincount(quadrants[block].ravel(), minlength=4).argmax()
            means.append(_largest_third(lengths[block][quadrants[block] == main]))
    return _largest_third(np.array(means))


def _largest_third(values: np.ndarray) -> float:
    return float(np.sort(values)[-max(1, round(len(values) / 3)) :].mean())


def features(frames: Sequence[np.ndarray], k: int, flow: Flow) -> np.ndarray:
    """The feature of each frame, (n,); NaN for the first k and the last k. ``frames`` are grey faces, uint8 (H, W);
    ``flow`` gives the flow (2, H, W) between two of them."""
    values = np.full(len(frames), np.nan)
    for i in range(k, len(frames) - k):
        first = frames[i - k]
        values[i] = feature(flow(first, frames[i]), flow(first, frames[i + k]))
    return values


def relative(values: np.ndarray, k: int) -> np.ndarray:
    """Each feature without the mean of those k - 1 before and k - 1 after it, (n,); NaN where one is missing."""
    contrast = np.full(len(values), np.nan)
    n, reach = len(values), k - 1
    if n > 2 * reach:
        inner = values[reach : n - reach]
        contrast[reach : n - reach] = inner - (values[: n - 2 * reach] + values[2 * reach :]) / 2
    return contrast


def intervals(contrast: np.ndarray, setting: Setting, share: float = SHARE) -> list[Interval]:
    """The runs of frames, counted from 0, that are above mean + ``share`` x (maximum - mean) of the contrast and as
    long as the setting allows. Frames without a contrast count neither way."""
    known = contrast[np.isfinite(contrast)]
    if not len(known):
        return []
    above = np.concatenate([[False], np.nan_to_num(contrast, nan=-np.inf) > threshold(known, share), [False]])
    edges = np.flatnonzero(above[1:] != above[:-1])
    runs = (Interval(int(start), int(end) - 1) for start, end in zip(edges[::2], edges[1::2], strict=True))
    longest = np.inf if setting.longest is None else setting.longest
    return [run for run in runs if setting.shortest <= run.length <= longest]


def spot(frames: Sequence[np.ndarray], setting: Setting, flow: Flow, share: float = SHARE) -> list[Interval]:
    """The intervals of one video, in frames counted from 0."""
    k = half_window(len(frames), setting.half_window)
    return intervals(relative(features(frames, k, flow), k), setting, share)
