"""Control: no interval at all. What it scores is what a score gives for silence."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from mebench.metrics.intervals import Interval
from mebench.spotting.recording import Footage

CARD = {
    "title": "Nothing spotted",
    "kind": "control",
    "serves": ["spotting"],
    "paper": None,
    "licence": "",
    "module": "NothingSpotted",
    "training": "direct",
    "torch": False,
    "shared": True,
    "parameters": 0,
    "flops": 0,
    "inputs": {"kind": "roi_flow", "size": 10, "channels": ["brow_left_u"], "range": "any", "center": "none"},
    "recipe": {},
    "resources": {"mem_mb": 1000, "runtime_min": 10, "gpu": 0},
    "notes": "Predicts no interval.",
}


class NothingSpotted:
    """Spots nothing."""

    def __init__(self, num_classes: int):
        pass

    def spot(self, training: Sequence[Footage], tested: Sequence[Footage], draw: Random) -> list[list[Interval]]:
        """No interval of any recording."""
        return [[] for _ in tested]
