"""Dual-Inception: two streams of inception blocks, one for each component of the flow (Zhou, Mao, Xue; FG 2019)."""

from __future__ import annotations

import torch
from einops import rearrange
from einops.layers.torch import Rearrange
from torch import nn

CARD = {
    "title": "Dual-Inception",
    "kind": "model",
    "paper": "zhou2019dual_inception",
    "licence": "The authors released Keras code under MIT and withdrew it in 2019; written from a description of it.",
    "module": "DualInception",
    "parameters": 6449867,  # 3 classes, one channel per stream; 6,449,963 with the three of the released code
    "flops": 24793088,
    "flops_by_options": [
        {"options": {"variant": "released"}, "forward": 24943616},
    ],
    "stacks": True,
    "inputs": {"kind": "apex_flow", "size": 28, "channels": ["u", "v"], "range": "unit", "center": "none"},
    "recipe": {"optimizer": "adam", "lr": 1e-4, "batch_size": 32, "epochs": 40, "order": "shuffled"},
    "presets": {"paper": {}, "small": {"epochs": 10, "lr": 1e-3}},
    "options": {"variant": ["one_channel", "released"]},
    "changes": {
        "variant": {
            # the released code reads each component as a picture of three channels (taken here as copies), in batches
            # of 3
            "released": {"inputs": {"channels": ["u", "u", "u", "v", "v", "v"]}, "recipe": {"batch_size": 3}},
        }
    },
    "resources": {"mem_mb": 2000, "runtime_min": 720, "gpu": 0},
    "notes": "From the abstract and the withdrawn code.",
    "deviations": [
        {
            "what": "Flow ends at the apex; the authors took the middle frame of the clip.",
            "source": "the abstract and the withdrawn code",
        },
        {
            "what": "Batch 32 is our choice.",
            "source": "the abstract",
        },
        {
            "what": (
                "released: three channels for each stream, taken as copies of one map (not verified), and batch 3."
            ),
            "source": "the withdrawn code",
        },
        {
            "what": (
                "Not offered: training on the other two databases alone, with the best epoch by validation "
                "loss on the rest of the test subject's database; 100 rounds of the whole LOSO; "
                "class_weight='auto', which Keras is believed to ignore."
            ),
            "source": "the withdrawn code",
        },
    ],
}


class Inception(nn.Module):
    """(N, channels, S, S) -> (N, 4 filters, S/2, S/2): four branches side by side, ReLU after each convolution."""

    def __init__(self, channels: int, filters: int):
        super().__init__()

        def conv(channels: int, kernel: int) -> list[nn.Module]:
            return [nn.Conv2d(channels, filters, kernel, padding=kernel // 2), nn.ReLU()]

        self.branches = nn.ModuleList([
            nn.Sequential(*conv(channels, 1)),
            nn.Sequential(*conv(channels, 1), *conv(filters, 3)),
            nn.Sequential(*conv(channels, 1), *conv(filters, 5)),
            nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), *conv(channels, 1)),
        ])  # fmt: skip
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pool(torch.cat([branch(x) for branch in self.branches], dim=1))


def stream(channels: int) -> nn.Sequential:
    """(N, channels, 28, 28) -> (N, 3136): two inception blocks of 6 and 16 filters per branch."""
    return nn.Sequential(
        Inception(channels, 6),  # n 24 14 14
        Inception(24, 16),  # n 64 7 7
        Rearrange("n c h w -> n (c h w)"),
    )


class DualInception(nn.Module):
    """Flow (N, 2, 28, 28) in the order u, v -> logits (N, num_classes). ``released`` takes (N, 6, 28, 28), each
    component three times."""

    def __init__(self, num_classes: int, variant: str = "one_channel"):
        super().__init__()
        channels = 3 if variant == "released" else 1
        self.streams = nn.ModuleList([stream(channels), stream(channels)])
        self.head = nn.Sequential(nn.Linear(2 * 3136, 1024), nn.ReLU(), nn.Linear(1024, num_classes))
        self.apply(keras_start)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = rearrange(x, "n (s c) h w -> s n c h w", s=2)  # u and v
        return self.head(torch.cat([stream(part) for stream, part in zip(self.streams, parts, strict=True)], dim=1))


def keras_start(part: nn.Module) -> None:
    """The initial values of Keras for convolutions and dense layers: Glorot uniform weights, biases of zero."""
    if isinstance(part, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(part.weight)
        if part.bias is not None:
            nn.init.zeros_(part.bias)
