"""SSSNet: two convolutional blocks on optical flow and strain (Varanka, Peng, Zhao; IS&T HVEI 2021), as MEB has it."""

from __future__ import annotations

import torch
from einops.layers.torch import Rearrange
from torch import nn

CARD = {
    "title": "SSSNet",
    "kind": "model",
    "paper": "varanka2021sssnet",
    "licence": "MEB's code is Apache-2.0; written from a description of it.",
    "module": "SSSNet",
    "parameters": 1349251,  # 3 classes
    "flops": 31879680,
    "flops_by_options": [
        {"options": {"variant": "softmax_twice"}, "forward": 31879680},
    ],
    "stacks": True,
    "inputs": {
        "kind": "apex_flow",
        "size": 64,
        "channels": ["u", "v", "strain"],
        "range": "unit",
        "center": "none",
    },
    "recipe": {
        "optimizer": "adam",
        "lr": 1e-4,
        "weight_decay": 1e-3,
        "batch_size": 64,
        "epochs": 200,
        "order": "shuffled",
    },
    "presets": {
        "paper": {},
        "small": {"epochs": 10, "lr": 1e-3, "resources": {"mem_mb": 1500, "runtime_min": 30, "gpu": 0}},
    },
    "options": {"variant": ["logits", "softmax_twice"]},
    "changes": {"variant": {"softmax_twice": {"recipe": {"batch_size": 32}}}},
    "resources": {"mem_mb": 2500, "runtime_min": 720, "gpu": 1},
    "notes": "Architecture and settings of MEB; the paper itself was not read.",
    "deviations": [
        {
            "what": (
                "batch_size: 64 (minimal example), 32 (MEGC2019), 128 and 256 (other notebooks): MEB's runs differ."
            ),
            "source": "MEB",
        },
        {
            "what": ("softmax_twice: MEB's MEGC2019 run, batch 32, a softmax in the network and another in the loss."),
            "source": "MEB",
        },
        {
            "what": "Not offered: MEB's flow estimator, and its strain (axes exchanged, no cross term).",
            "source": "MEB",
        },
        {
            "what": "Flow is stretched to [0, 1] after the resize, in 256 levels; there, before it.",
            "source": "MEB",
        },
    ],
}


def block(channels: int, filters: int, kernel: int, pool: int) -> list[nn.Module]:
    """Convolution without padding, ReLU, max-pooling, batch norm, dropout of whole channels, in this order."""
    return [nn.Conv2d(channels, filters, kernel), nn.ReLU(), nn.MaxPool2d(pool),
            nn.BatchNorm2d(filters), nn.Dropout2d(0.5)]  # fmt: skip


class SSSNet(nn.Module):
    """Flow and strain (N, 3, 64, 64) in the order u, v, strain -> logits (N, num_classes).

    ``softmax_twice`` returns probabilities although the loss expects logits, so that it applies a second softmax.
    """

    def __init__(self, num_classes: int, variant: str = "logits"):
        super().__init__()
        self.features = nn.Sequential(
            *block(3, 32, kernel=5, pool=3),  # n 32 20 20, from 60 60 before pooling
            *block(32, 64, kernel=3, pool=2),  # n 64 9 9, from 18 18 before pooling
        )
        self.head = nn.Sequential(
            Rearrange("n c h w -> n (c h w)"),  # n 5184
            nn.Linear(64 * 9 * 9, 256), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(256, num_classes),
        )  # fmt: skip
        self.out = nn.Softmax(dim=1) if variant == "softmax_twice" else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.head(self.features(x)))
