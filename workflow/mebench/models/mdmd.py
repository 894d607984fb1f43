"""MDMD: maximal difference in the main direction, spotting without training (Wang, Wu, Qian, Li, Fu; 2017), as the
baseline of MEGC2020 sets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from mebench.metrics.intervals import Interval
from mebench.metrics.spotting import Convention, Counts, match
from mebench.spotting import mdmd
from mebench.spotting.recording import Footage

# fmt: off
CARD = {
    "title": "MDMD",
    "kind": "model",
    "serves": ["spotting"],
    "paper": "wang2017mdmd",
    "licence": "The code of MEGC2020's baseline was not copied; written from a description of it.",
    "module": "MDMD",
    "training": "direct",
    "torch": False,
    "shared": True,
    "parameters": 0,
    "flops": 0,
    "inputs": {
        "kind": "mdmd_feature",
        "size": 227,
        "channels": ["difference"],
        "range": "any",
        "center": "none",
    },
    "recipe": {},
    "options": {
        "expression": ["micro", "macro"],
        "share": [0.01, "train"],
        "flow": ["dis", "farneback", "tvl1", "tvl1_torch"],
        "pace": ["full", "fps30"],
        "size": ["paper", "small"],
    },
    "presets": {"paper": {}, "small": {"pace": "fps30", "size": "small"}},
    "changes": {
        "expression": {"macro": {"inputs": {"options": {"expression": "macro"}}}},
        "flow": {
            "farneback": {"inputs": {"options": {"flow": "farneback"}}},
            "tvl1": {"inputs": {"options": {"flow": "tvl1"}}},
            "tvl1_torch": {"inputs": {"options": {"flow": "tvl1_torch"}}},
        },
        "pace": {"fps30": {"inputs": {"options": {"pace": "fps30"}}}},
        "size": {"small": {"inputs": {"size": 96}}},
    },
    "resources": {"mem_mb": 4000, "runtime_min": 60, "gpu": 0},
    "notes": (
        "Learns nothing and names no emotion, so recognition and STRS have no figure. Choose expression: macro for a "
        "task of macro-expressions."
    ),
    "deviations": [
        {
            "what": "Flow is OpenCV's DIS (or Farneback, TV-L1); there, dense robust local flow (RLOF).",
            "source": "the code of MEGC2020's baseline",
            "effect": "OpenCV's dense RLOF has no value at some pixels of smooth pictures.",
        },
        {
            "what": "Directions lie in four quadrants; there, arctan(u / v) meets two of the four.",
            "source": "the code of MEGC2020's baseline",
        },
        {
            "what": (
                "Half a window that is too long for a video is halved for that video alone, and all frames that have "
                "one on both sides count; there, it stays halved, and the last 2k frames are left out."
            ),
            "source": "the code of MEGC2020's baseline",
        },
        {
            "what": (
                "Half a window is 0.4 s (macro: 1.3 s), an interval 0.235 to 0.525 s long (macro: longer): their "
                "frames at 30 and 200 fps exactly, at other rates in proportion."
            ),
            "source": "the code of MEGC2020's baseline",
        },
        {
            "what": (
                "share: 0.01 is theirs, looked up on the evaluation data; train takes the share with the best F1 on "
                "the fold's training subjects."
            ),
            "source": "the code of MEGC2020's baseline",
        },
        {
            "what": "The face is the box around the landmarks; how theirs is cut was not read.",
            "source": "the code of MEGC2020's baseline",
        },
        {
            "what": (
                "pace: fps30 looks at about 30 frames in a second, size: small at faces of 96 pixels; there, at all "
                "frames, at 227 pixels."
            ),
            "source": "the code of MEGC2020's baseline",
            "effect": "At 200 fps a seventh of the cost, and a third of that.",
        },
    ],
}
# fmt: on

SHARES = tuple(percent / 100 for percent in range(1, 100))


@dataclass(frozen=True)
class Curve:
    """The contrast of each position of a recording, and the lengths that its intervals may have."""

    video: Footage
    values: np.ndarray
    allowed: mdmd.Lengths

    def intervals(self, share: float) -> list[Interval]:
        """The intervals above a ``share`` of the threshold, in frames."""
        first, step = self.video.pace.first, self.video.pace.step
        return [
            Interval(first + one.onset * step, first + one.offset * step)
            for one in mdmd.intervals(self.values, self.allowed, share)
        ]


class MDMD:
    """Spots motion that comes back. ``num_classes`` is not needed; ``flow``, ``pace`` and ``size`` are those of its
    input."""

    def __init__(
        self,
        num_classes: int,
        expression: str = "micro",
        share: float | str = mdmd.SHARE,
        flow: str = "dis",
        pace: str = "full",
        size: str = "paper",
    ):
        self.expression, self.share = expression, share

    def spot(self, training: Sequence[Footage], tested: Sequence[Footage], draw: Random) -> list[list[Interval]]:
        """Intervals of each recording, in frames, without emotions."""
        share = self.best(training) if isinstance(self.share, str) else self.share
        return [self.curve(video).intervals(share) for video in tested]

    def curve(self, video: Footage) -> Curve:
        """The contrast of a recording."""
        values = video.read()[:, 0].astype(np.float64)
        allowed = mdmd.lengths(video.fps / video.pace.step, self.expression)
        return Curve(video, mdmd.contrast(values), allowed)

    def best(self, training: Sequence[Footage]) -> float:
        """The share with the best F1 on training recordings, of equal ones the least; 0.01 without any label."""
        curves, convention = [self.curve(video) for video in training], Convention()

        def f1(share: float) -> float:
            counts = (match(one.intervals(share), one.video.labels, convention).counts for one in curves)
            return sum(counts, Counts()).f1

        return max(SHARES, key=f1)
