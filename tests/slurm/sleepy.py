"""A linear layer that takes its time, so that its training can be hit by what befalls jobs on a cluster.

Neither sleep nor memory changes a result: a disturbed run must make what an undisturbed one makes.
"""

import time
from pathlib import Path

import torch
from torch import nn

CARD = {
    "title": "Sleepy",
    "kind": "model",
    "paper": None,
    "licence": "",
    "module": "Sleepy",
    "parameters": 7059,
    "inputs": {"kind": "apex_flow", "size": 28, "channels": ["u", "v", "strain"], "range": "unit", "center": "none"},
    "recipe": {"optimizer": "adam", "lr": 1e-3, "batch_size": 64, "epochs": 20},
    "resources": {"mem_mb": 1000, "runtime_min": 10, "gpu": 1},
    "notes": "",
}
STEP = Path(__file__).with_name("step")  # what each training step takes: seconds of sleep, and MiB


class Sleepy(nn.Module):
    """Flow (N, 3, 28, 28) -> logits (N, num_classes)."""

    def __init__(self, num_classes: int):
        super().__init__()
        self.head = nn.Linear(3 * 28 * 28, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            seconds, megabytes = STEP.read_text().split()
            held = torch.ones(int(megabytes), 2**18)
            time.sleep(float(seconds))
            del held
        return self.head(x.flatten(1))
