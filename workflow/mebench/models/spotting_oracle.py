"""Control: the labelled intervals. It must reach STRS 1; anything else is an error of the benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from mebench.metrics.intervals import Interval
from mebench.spotting.recording import Footage

CARD = {
    "title": "Oracle of spotting",
    "kind": "control",
    "serves": ["spotting"],
    "paper": None,
    "licence": "",
    "module": "SpottingOracle",
    "training": "oracle",
    "torch": False,
    "shared": True,
    "parameters": 0,
    "flops": 0,
    "inputs": {"kind": "roi_flow", "size": 10, "channels": ["brow_left_u"], "range": "any", "center": "none"},
    "recipe": {},
    "resources": {"mem_mb": 1000, "runtime_min": 10, "gpu": 0},
    "notes": "The only spotter that is shown the labels of the test recordings.",
}


class SpottingOracle:
    """Spots what is labelled."""

    def __init__(self, num_classes: int):
        pass

    def spot(self, training: Sequence[Footage], tested: Sequence[Footage], draw: Random) -> list[list[Interval]]:
        """The labels of each tested recording, which no other model is given."""
        return [list(video.labels) for video in tested]
