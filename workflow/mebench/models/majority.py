"""Control: always the most frequent class of the training clips."""

from __future__ import annotations

import torch
from torch import nn

CARD = {
    "title": "Majority class",
    "kind": "control",
    "paper": None,
    "licence": "",
    "module": "Majority",
    "training": "fit",
    "parameters": 0,
    "flops": 0,
    "inputs": {"kind": "apex_flow", "size": 28, "channels": ["u", "v", "strain"], "range": "any", "center": "none"},
    "recipe": {},
    "resources": {"mem_mb": 1000, "runtime_min": 10, "gpu": 0},
    "notes": "Reference level: UF1 .2408, UAR .3333, accuracy .5656 on the 442 clips of MEGC2019.",
}


class Majority(nn.Module):
    """Logits (N, num_classes): the logarithms of the class counts of the training clips. Ties go to the first class."""

    counts: torch.Tensor

    def __init__(self, num_classes: int):
        super().__init__()
        self.register_buffer("counts", torch.zeros(num_classes))

    def fit(self, x: torch.Tensor, y: torch.Tensor) -> None:
        self.counts.copy_(torch.bincount(y, minlength=len(self.counts)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (self.counts + 1e-9).log().expand(len(x), -1)
