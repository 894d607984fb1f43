"""The input ``mdmd_feature-<size>``: how much the face moves up to each frame of a recording and comes back after it
(MDMD, maximal difference in the main direction).

S.-J. Wang, S. Wu, X. Qian, J. Li, X. Fu, A main directional maximal difference analysis for spotting facial movements
from long-term videos, Neurocomputing 230, 2017; Y. He, S.-J. Wang, J. Li, M. H. Yap, arXiv 1912.11985, and its code.

Frame i is compared with the frames k before and k after it: the motion up to i is large, what is left of it at i + k is
small. What the released code does otherwise, and is not done here: it takes directions from arctan(u / v), so that two
of four sectors are never met; it keeps a k that was shortened for one video for all that follow; it leaves out the last
2k frames that have a score. Its flow is dense RLOF; here any flow is given, because OpenCV's dense RLOF has no value at
some pixels of smooth pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from mebench.clips.clip import Clip
from mebench.config.input_names import InputSpec
from mebench.faces.detect import Detection
from mebench.inputs import roi_flow
from mebench.inputs.flow import estimator
from mebench.inputs.maker import Made
from mebench.inputs.pairs import Box, Faces, PairInput

BLOCKS = 6  # on each side
# k of He et al. in seconds: 12 frames at 30 fps and 80 at 200 for micro-expressions, 39 and 260 for macro-expressions
SECONDS = {"micro": 0.4, "macro": 1.3}

Flow = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Input(PairInput):
    """The feature of each position, float32 (positions, 1), in pixels of a face of S x S; NaN for the first and
    the last k, which lack a frame to be compared with.

    k is 0.4 s for micro-expressions, 1.3 s for macro-expressions (the option ``expression``), halved until the
    recording has at least six of it. The face is the box around the landmarks in the first frame that shows one. Flow
    is OpenCV's DIS unless the option ``flow`` names another one.
    """

    CHANNELS = ("difference",)

    @classmethod
    def settings(cls, spec: InputSpec) -> Mapping[str, object]:
        return {**super().settings(spec), "blocks": BLOCKS, "seconds": SECONDS[spec.options["expression"]]}

    def make(self, clip: Clip) -> Made:
        numbers, files = self.reel(clip)
        reel = roi_flow.Reel(files, 1)
        k = half_window(len(files), max(1, round(SECONDS[self.spec.options["expression"]] * self.rate(clip))))
        box = self.looked_for(clip, reel, around)
        faces = Faces(reel, box, self.size, 3 * k + 1)  # three runs of frames are looked at, k apart
        values = features(faces, k, estimator(self.spec.options["flow"]))
        return Made(values.astype(np.float32)[:, None], self.extras(clip, numbers, len(files)))


def around(shape: tuple[int, ...], detection: Detection, landmarks: np.ndarray) -> Box | None:
    """The box around the landmarks, as far as it lies in a frame of this ``shape``."""
    (left, top), (right, bottom) = landmarks.min(axis=0), landmarks.max(axis=0)
    return Box.within((left, top, right, bottom), shape)


class Frames(Protocol):
    """Grey faces, uint8 (H, W), by number."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int) -> np.ndarray: ...


def half_window(frames: int, wanted: int) -> int:
    """``wanted``, halved until a video of that many ``frames`` has at least four of it between its ends; at least 1."""
    while wanted > 1 and frames - 2 * wanted < 4 * wanted:
        wanted //= 2
    return wanted


def features(frames: Frames, k: int, flow: Flow) -> np.ndarray:
    """The feature of each frame, (n,); NaN for the first k and the last k. ``flow`` gives the flow (2, H, W) between
    two frames."""
    values = np.full(len(frames), np.nan)
    for i in range(k, len(frames) - k):
        first = frames[i - k]
        values[i] = feature(flow(first, frames[i]), flow(first, frames[i + k]))
    return values


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
