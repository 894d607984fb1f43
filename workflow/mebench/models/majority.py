"""Control: always the most frequent class of the training clips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CARD = {
    "title": "Majority class",
    "kind": "control",
    "paper": None,
    "licence": "",
    "module": "Majority",
    "training": "fit",
    "torch": False,
    "shared": True,
    "parameters": 0,
    "flops": 0,
    "inputs": {"kind": "apex_flow", "size": 28, "channels": ["u", "v", "strain"], "range": "any", "center": "none"},
    "recipe": {},
    "resources": {"mem_mb": 1000, "runtime_min": 10, "gpu": 0},
    "notes": "Reference level: UF1 .2408, UAR .3333, accuracy .5656 on the 442 clips of MEGC2019.",
}


class Majority:
    """The shares of the classes among the training clips, (n, num_classes). Ties go to the first class."""

    def __init__(self, num_classes: int):
        self.counts = np.zeros(num_classes, dtype=np.int64)

    def fit(self, x: Sequence[np.ndarray], y: np.ndarray) -> None:
        self.counts = np.bincount(y, minlength=len(self.counts))

    def predict(self, x: Sequence[np.ndarray], seed: int) -> np.ndarray:
        return np.tile(self.counts / self.counts.sum(), (len(x), 1))
