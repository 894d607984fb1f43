"""Control: the true classes. It must score exactly 1; anything else is an error of the benchmark."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CARD = {
    "title": "Oracle",
    "kind": "control",
    "paper": None,
    "licence": "",
    "module": "Oracle",
    "training": "oracle",
    "torch": False,
    "shared": True,
    "parameters": 0,
    "flops": 0,
    "inputs": {"kind": "apex_flow", "size": 28, "channels": ["u", "v", "strain"], "range": "any", "center": "none"},
    "recipe": {},
    "resources": {"mem_mb": 1000, "runtime_min": 10, "gpu": 0},
    "notes": "The only entry that is shown the labels of the test clips.",
}


class Oracle:
    """The classes that ``reveal`` was given, (n, num_classes), each with the probability 1."""

    def __init__(self, num_classes: int):
        self.num_classes = num_classes
        self.truth = np.zeros(0, dtype=np.int64)

    def reveal(self, y: np.ndarray) -> None:
        """Show the classes (n,) of the clips that are predicted next."""
        self.truth = y

    def predict(self, x: Sequence[np.ndarray], seed: int) -> np.ndarray:
        return np.eye(self.num_classes)[self.truth]
