"""RCN-A: a small recurrent convolutional network, whose attention uses the weights of its classifier (Xia, Peng, Khor,
Feng, Zhao; TIP 2020)."""

from __future__ import annotations

import torch
from einops import einsum, rearrange, reduce
from torch import nn

CARD = {
    "title": "RCN-A",
    "kind": "model",
    "paper": "xia2020rcn_a",
    "licence": "The authors' code carries no licence; written from a description of it.",
    "module": "RCNA",
    "parameters": 51139,  # 3 classes, 64 feature maps, a 5 x 5 attention map
    "flops": 152904832,
    "flops_by_options": [
        {"options": {"variant": "pool7"}, "forward": 153293952},
        {"options": {"variant": "readme"}, "forward": 45945408},
        {"options": {"variant": "meb"}, "forward": 152904832},
    ],
    "stacks": True,
    "inputs": {
        "kind": "apex_flow",
        "size": 60,
        "channels": ["u", "v", "strain"],
        "range": "unit",
        "center": "none",
    },
    "recipe": {
        "optimizer": "sgd",
        "lr": 5e-4,
        "momentum": 0.9,
        "batch_size": 64,
        "epochs": 100,
        "order": "shuffled",
    },
    "presets": {
        "paper": {},
        "small": {
            "epochs": 5,
            "batch_size": 16,
            "lr": 1e-2,
            "resources": {"mem_mb": 2000, "runtime_min": 30, "gpu": 0},
        },
    },
    "options": {"variant": ["pool5", "pool7", "readme", "meb"]},
    "changes": {
        "variant": {
            # the example call in the README of the authors' code, with 32 feature maps
            "readme": {"recipe": {"epochs": 20}},
            "meb": {"recipe": {"lr": 1e-4, "weight_decay": 5e-4, "epochs": 500, "batch_size": 32}},
        }
    },
    "resources": {"mem_mb": 2500, "runtime_min": 1440, "gpu": 1},
    "notes": (
        "pool5: 64 maps, attention 5 x 5; pool7: the argument defaults of the authors' code (64, 7 x 7); "
        "readme: its example (32, 5 x 5); meb: pool5 with MEB's recipe (batch: its library's default)."
    ),
    "deviations": [
        {
            "what": (
                "Flow is (u, v, strain) at 60 x 60, not magnified: its own flow and motion magnification were not read."
            ),
            "source": "the paper",
        },
        {
            "what": (
                "Its third channel, a Sobel quantity that is no strain, its flow (classic+nl-fast) and motion "
                "magnification are not offered."
            ),
            "source": "MEB",
        },
        {
            "what": "Of its losses only cross-entropy is offered (no focal, balanced focal or cosine loss).",
            "source": "the authors' code",
        },
        {
            "what": "The rate is constant: its halving of the learning rate is never stepped.",
            "source": "the authors' code",
        },
        {
            "what": "1e-8 in the attention map is ours.",
            "source": "the authors' code",
            "effect": "Without it a constant map is not a number.",
        },
    ],
}
STEPS = 2  # times that the recurrent block is applied


class RCNA(nn.Module):
    """Flow (N, 3, 60, 60) in the order u, v, strain -> logits (N, num_classes).

    The weights of the classifier are also those of the attention: they get gradients from the logits and from the map.
    """

    from_28: torch.Tensor
    from_14: torch.Tensor

    def __init__(self, num_classes: int, variant: str = "pool5"):
        super().__init__()
        maps, side = 32 if variant == "readme" else 64, 7 if variant == "pool7" else 5
        self.stem = nn.Sequential(*block(3, maps, kernel=5, padding=0), nn.MaxPool2d(2), nn.Dropout(0.5))
        self.enter = block(maps, maps, kernel=1, padding=0)
        self.again = block(maps, maps, kernel=3, padding=1)  # one block for every step, batch statistics included
        self.shrink = nn.Sequential(nn.MaxPool2d(2), nn.Dropout(0.5))
        self.head = nn.Linear(maps * side * side, num_classes)
        self.register_buffer("from_28", bins(28, side), persistent=False)
        self.register_buffer("from_14", bins(14, side), persistent=False)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)  # n maps 28 28
        focus = attention(pooled(x, self.from_28), self.head.weight)  # n 1 side side
        y = self.enter(x)  # n maps 28 28
        for _ in range(STEPS):
            y = self.again(x + y)
        y = pooled(self.shrink(y), self.from_14)  # n maps side side, from 14 14
        return self.head(rearrange(focus * y, "n c p q -> n (c p q)"))  # n classes


def block(channels: int, maps: int, kernel: int, padding: int) -> nn.Sequential:
    """Convolution (Kaiming normal, fan out), batch norm, ReLU."""
    conv = nn.Conv2d(channels, maps, kernel, padding=padding)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(conv, nn.BatchNorm2d(maps), nn.ReLU(inplace=True))


def attention(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Where the classes look: ``x`` (N, C, P, P) under the classifier's ``weight`` (K, C P P) -> (N, 1, P, P) in 0..1.

    The map of a class is the mean over channels of ``x`` times its weights, scaled to 0..1. The result is their mean.
    """
    rows = rearrange(weight, "k (c p q) -> k c p q", p=x.shape[2], q=x.shape[3])
    # products of single numbers keep float32 weights in float32 at any precision; 1e-8 would vanish in float16
    maps = reduce(rearrange(x, "n c p q -> n 1 c p q") * rows, "n k c p q -> n k p q", "mean")
    maps = maps - maps.amin(dim=(2, 3), keepdim=True)
    maps = maps / (maps.amax(dim=(2, 3), keepdim=True) + 1e-8)
    return reduce(maps, "n k p q -> n 1 p q", "mean")


def pooled(x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """(N, C, H, H) -> (N, C, P, P) by the P x H ``weights`` of :func:`bins`, along both sides."""
    return einsum(x, weights, weights, "n c h w, p h, q w -> n c p q")


def bins(size: int, parts: int) -> torch.Tensor:
    """Adaptive average pooling of ``size`` numbers to ``parts``, as a matrix (parts, size). Neighbours may overlap.

    The gradient of PyTorch's own pooling differs between runs on a GPU where ``parts`` does not divide ``size``.
    """
    weights = torch.zeros(parts, size)
    for i in range(parts):
        start, end = i * size // parts, -(-(i + 1) * size // parts)
        weights[i, start:end] = 1 / (end - start)
    return weights
