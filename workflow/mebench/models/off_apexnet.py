"""OFF-ApexNet: two small convolutional streams on the flow from onset to apex (Liong, Gan, Yau, Huang, Tan; SPIC
2019)."""

from __future__ import annotations

import torch
from einops import rearrange
from einops.layers.torch import Rearrange
from torch import nn

CARD = {
    "title": "OFF-ApexNet",
    "kind": "model",
    "paper": "liong2019off_apexnet",
    "licence": "No code of the authors was found; written from two published descriptions.",
    "module": "OFFApexNet",
    "parameters": 2664475,  # 3 classes, two streams
    "flops": 7666560,
    "flops_by_options": [
        {"options": {"variant": "meb"}, "forward": 2119808},
    ],
    "stacks": True,
    "inputs": {"kind": "apex_flow", "size": 28, "channels": ["u", "v"], "range": "unit", "center": "none"},
    "recipe": {"optimizer": "adam", "lr": 1e-4, "batch_size": 256, "epochs": 3000, "order": "shuffled"},
    "presets": {
        "paper": {},
        "small": {"epochs": 25, "lr": 1e-3, "resources": {"mem_mb": 1500, "runtime_min": 30, "gpu": 0}},
    },
    "options": {"variant": ["two_stream", "meb"]},
    "changes": {"variant": {"meb": {"recipe": {"weight_decay": 1e-3, "batch_size": 32}}}},
    "resources": {"mem_mb": 2500, "runtime_min": 720, "gpu": 1},
    "notes": "The paper was not read and no code of its authors was found.",
    "deviations": [
        {
            "what": (
                "two_stream: ReLU after each convolution, range [0, 1] and batches of 256 are our choices (64 "
                "there); Adam 1e-4 and 3,000 epochs are that description's and MEB's."
            ),
            "source": "a third party's description",
        },
        {
            "what": "meb: MEB's one stream with MEB's recipe, which is another network.",
            "source": "MEB",
            "effect": "Figures published by MEB belong to it.",
        },
        {
            "what": "Its flow (classic+nl-fast) is not offered.",
            "source": "MEB",
        },
    ],
}


def stream(channels: int, kernel: int) -> nn.Sequential:
    """(N, channels, 28, 28) -> (N, 784): two convolutions of 6 and 16 filters, each with ReLU and 2x2 max-pooling.

    ReLU comes after the pooling: results and gradients are the same, for a quarter of the operations.
    """
    return nn.Sequential(
        nn.Conv2d(channels, 6, kernel, padding=kernel // 2), nn.MaxPool2d(2), nn.ReLU(),  # n 6 14 14
        nn.Conv2d(6, 16, kernel, padding=kernel // 2), nn.MaxPool2d(2), nn.ReLU(),  # n 16 7 7
        Rearrange("n c h w -> n (c h w)"),
    )  # fmt: skip


class OFFApexNet(nn.Module):
    """Flow (N, 2, 28, 28) in the order u, v -> logits (N, num_classes).

    ``two_stream`` has one 5x5 stream for u and one for v and two hidden layers of 1024; ``meb`` is the single 3x3
    stream with one hidden layer that MEB evaluates (807,909 parameters at 3 classes).
    """

    def __init__(self, num_classes: int, variant: str = "two_stream"):
        super().__init__()
        if variant == "meb":
            self.streams = nn.ModuleList([stream(2, kernel=3)])
            self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(784, 1024), nn.ReLU(),
                                      nn.Dropout(0.5), nn.Linear(1024, num_classes))  # fmt: skip
        else:
            self.streams = nn.ModuleList([stream(1, kernel=5), stream(1, kernel=5)])
            self.head = nn.Sequential(nn.Linear(2 * 784, 1024), nn.ReLU(), nn.Dropout(0.5),
                                      nn.Linear(1024, 1024), nn.ReLU(), nn.Dropout(0.5),
                                      nn.Linear(1024, num_classes))  # fmt: skip
        # on a CPU so few filters are faster with channels last, an order that an input of one channel cannot show
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch says nothing of this form

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = rearrange(x, "n (s c) h w -> s n c h w", s=len(self.streams))  # one part per stream
        return self.head(torch.cat([stream(part) for stream, part in zip(self.streams, parts, strict=True)], dim=1))
