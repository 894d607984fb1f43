"""Control: a class drawn at random with the class frequencies of the training clips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mebench.models import _draws

CARD = {
    "title": "Stratified random",
    "kind": "control",
    "paper": None,
    "licence": "",
    "module": "StratifiedRandom",
    "training": "fit",
    "torch": False,
    "shared": True,
    "parameters": 0,
    "flops": 0,
    "inputs": {"kind": "apex_flow", "size": 28, "channels": ["u", "v", "strain"], "range": "any", "center": "none"},
    "recipe": {},
    "resources": {"mem_mb": 1000, "runtime_min": 10, "gpu": 0},
    "notes": "Expected UF1 and UAR are one over the number of classes.",
}


class StratifiedRandom:
    """One class of each clip, (n, num_classes), with the probability 1. It is drawn with the seed of the fold."""

    def __init__(self, num_classes: int):
        self.shares = np.full(num_classes, 1 / num_classes)

    def fit(self, x: Sequence[np.ndarray], y: np.ndarray) -> None:
        self.shares = np.bincount(y, minlength=len(self.shares)) / len(y)

    def predict(self, x: Sequence[np.ndarray], seed: int) -> np.ndarray:
        return np.eye(len(self.shares))[_draws.classes(seed, self.shares, len(x))]
