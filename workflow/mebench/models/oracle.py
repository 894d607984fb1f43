"""Control: the true classes. It must score exactly 1; anything else is an error of the benchmark."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

CARD = {
    "title": "Oracle",
    "kind": "control",
    "paper": None,
    "licence": "",
    "module": "Oracle",
    "training": "oracle",
    "parameters": 0,
    "flops": 0,
    "inputs": {"kind": "apex_flow", "size": 28, "channels": ["u", "v", "strain"], "range": "any", "center": "none"},
    "recipe": {},
    "resources": {"mem_mb": 1000, "runtime_min": 10, "gpu": 0},
    "notes": "The only entry that is shown the labels of the test clips.",
}


class Oracle(nn.Module):
    """Logits (N, num_classes) for the labels that ``reveal`` was given; before, all are equal."""

    def __init__(self, num_classes: int):
        super().__init__()
        self.num_classes = num_classes
        self.truth: torch.Tensor | None = None

    def reveal(self, y: torch.Tensor) -> None:
        """Show the labels (N,) of the clips that the next call predicts."""
        self.truth = y

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.truth is None:
            return torch.zeros(len(x), self.num_classes)
        return 30.0 * F.one_hot(self.truth, self.num_classes)
