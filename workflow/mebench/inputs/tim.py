"""Temporal interpolation (TIM): the frames of a clip of any length as a fixed number of frames.

Z. Zhou, G. Zhao, M. Pietikäinen, Towards a Practical Lipreading System, CVPR 2011.

TIM lays the n frames on a curve: frame j is the point t = j/n of y_k(t) = sin(pi k t + pi (n - k) / (2n)), k = 1 ..
n - 1, the eigenvectors of a path of n nodes, and a linear map leads from the curve back to pictures. The map is
fitted by a singular value decomposition of the frames, which have to be linearly independent once their mean is
subtracted. Where they are, the decomposition cancels out of the result: y_k(j/n) = cos(pi k (j - 1/2) / n), so each
pixel is interpolated by cosines with weights that depend on n alone. Those weights are used here for every clip.
For frames that are linearly dependent, such as repeated ones, they are the limit of the definition: what it tends to
as noise that makes the frames independent tends to nothing.
"""

from __future__ import annotations

import numpy as np


def weights(count: int, wanted: int) -> np.ndarray:
    """Shares of ``count`` frames in each of ``wanted`` ones, spread evenly from the first to the last: float64
    (wanted, count). Each row sums to 1; shares may be negative."""
    if count < 1 or wanted < 1:
        raise ValueError(f"cannot interpolate {wanted} of {count} frames")
    return (1 + 2 * curve(np.linspace(1, count, wanted), count) @ curve(np.arange(1, count + 1), count).T) / count


def curve(place: np.ndarray, count: int) -> np.ndarray:
    """Points (P, count - 1) of the curve at ``place`` (P,) = n t, where frame j has the place j, from 1 to n."""
    return np.cos(np.pi * np.arange(1, count) * (place[:, None] - 0.5) / count)


def interpolate(frames: np.ndarray, wanted: int) -> np.ndarray:
    """Frames (n, ...) -> float64 (wanted, ...); ``wanted`` = n gives the frames back, and the first and the last
    always stay. Values may leave the range of the frames."""
    return np.tensordot(weights(len(frames), wanted), frames.astype(np.float64), axes=1)


def grey_levels(frames: np.ndarray) -> np.ndarray:
    """Rounded to whole grey levels (half up) and limited to 0..255: uint8.

    The sixth decimal is the last that counts, so that the order in which a machine adds decides nothing.
    """
    return np.clip(np.floor(np.round(frames, 6) + 0.5), 0, 255).astype(np.uint8)
