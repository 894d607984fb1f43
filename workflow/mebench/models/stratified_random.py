"""Control: a class drawn at random with the class frequencies of the training clips."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

CARD = {
    "title": "Stratified random",
    "kind": "control",
    "paper": None,
    "licence": "",
    "module": "StratifiedRandom",
    "training": "fit",
    "parameters": 0,
    "flops": 0,
    "inputs": {"kind": "apex_flow", "size": 28, "channels": ["u", "v", "strain"], "range": "any", "center": "none"},
    "recipe": {},
    "resources": {"mem_mb": 1000, "runtime_min": 10, "gpu": 0},
    "notes": "Expected UF1 and UAR are one over the number of classes.",
}


class StratifiedRandom(nn.Module):
    """Logits (N, num_classes) for one class of each clip. It is drawn with the CPU's global random numbers, which the
    fold seeds: all devices give the same."""

    prior: torch.Tensor

    def __init__(self, num_classes: int):
        super().__init__()
        self.register_buffer("prior", torch.full((num_classes,), 1 / num_classes))

    def fit(self, x: torch.Tensor, y: torch.Tensor) -> None:
        self.prior.copy_(torch.bincount(y, minlength=len(self.prior)) / len(y))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        drawn = torch.multinomial(self.prior.cpu(), len(x), replacement=True)
        return 30.0 * F.one_hot(drawn, len(self.prior)).to(x.device)
