"""Control: intervals at random, as many a frame and as long as those of the training subjects."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from mebench.metrics.intervals import Interval
from mebench.spotting.recording import Footage
from mebench.spotting.training_labels import TrainingLabels

CARD = {
    "title": "Random intervals",
    "kind": "control",
    "serves": ["spotting"],
    "paper": None,
    "licence": "",
    "module": "RandomIntervals",
    "training": "direct",
    "torch": False,
    "shared": True,
    "parameters": 0,
    "flops": 0,
    "inputs": {"kind": "roi_flow", "size": 10, "channels": ["brow_left_u"], "range": "any", "center": "none"},
    "recipe": {},
    "resources": {"mem_mb": 1000, "runtime_min": 10, "gpu": 0},
    "notes": "Draws number, place, length and emotion from the training subjects' labels.",
}


class RandomIntervals:
    """Spots at random. ``num_classes`` is not needed: emotions are those of the labels."""

    def __init__(self, num_classes: int):
        pass

    def spot(self, training: Sequence[Footage], tested: Sequence[Footage], draw: Random) -> list[list[Interval]]:
        """Intervals of each recording, in frames. Their number is the training rate times its frames, rounded up as
        often as the fraction says; length and emotion are those of a label that is drawn, the place is uniform."""
        known = TrainingLabels.of(training)
        return [self._one(known, video, draw) for video in tested]

    @staticmethod
    def _one(known: TrainingLabels, video: Footage, draw: Random) -> list[Interval]:
        first, frames = video.pace.first, video.pace.frames
        expected = known.rate * frames
        number = int(expected) + (draw.random() < expected % 1)
        found = []
        for label in draw.choices(known.labels, k=number) if known.labels else []:
            onset = first + draw.randrange(max(1, frames - label.length + 1))
            found.append(Interval(onset, onset + label.length - 1, label.emotion))
        return sorted(found)
