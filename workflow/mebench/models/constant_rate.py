"""Control: intervals one after another at the rate of the training subjects' labels, all alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

from mebench.metrics.intervals import Interval
from mebench.spotting.recording import Footage
from mebench.spotting.training_labels import TrainingLabels

CARD = {
    "title": "Constant rate",
    "kind": "control",
    "serves": ["spotting"],
    "paper": None,
    "licence": "",
    "module": "ConstantRate",
    "training": "direct",
    "torch": False,
    "shared": True,
    "parameters": 0,
    "flops": 0,
    "inputs": {"kind": "roi_flow", "size": 10, "channels": ["brow_left_u"], "range": "any", "center": "none"},
    "recipe": {},
    "resources": {"mem_mb": 1000, "runtime_min": 10, "gpu": 0},
    "notes": "Mean length and most frequent emotion of the training subjects' labels, at their rate.",
}


class ConstantRate:
    """Spots like a clock. ``num_classes`` is not needed: emotions are those of the labels."""

    def __init__(self, num_classes: int):
        pass

    def spot(self, training: Sequence[Footage], tested: Sequence[Footage], draw: Random) -> list[list[Interval]]:
        """Intervals of each recording, in frames: one in the middle of each 1 / rate frames."""
        known = TrainingLabels.of(training)
        if not known.labels:
            return [[] for _ in tested]
        length = round(sum(label.length for label in known.labels) / len(known.labels))
        counts = Counter(label.emotion for label in known.labels)
        emotion = min(counts, key=lambda name: (-counts[name], name))
        found = []
        for video in tested:
            middles = ((number + 0.5) / known.rate for number in range(int(known.rate * video.pace.frames + 0.5)))
            onsets = (video.pace.first + round(middle - length / 2) for middle in middles)
            found.append([Interval(onset, onset + length - 1, emotion) for onset in onsets])
        return found
