"""STSTNet: a shallow network of three streams on optical flow (Liong, Gan, See, Khor, Huang; FG 2019)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

CARD = {
    "title": "STSTNet",
    "kind": "model",
    "paper": "liong2019ststnet",
    "licence": "The authors' code carries no licence; written from the paper and a description of the port.",
    "module": "STSTNet",
    "parameters": 1683,  # 3 classes; the paper states 1,670, which neither its text nor the port reproduces
    "flops": 679776,
    "flops_by_options": [
        {"options": {"variant": "port"}, "forward": 780000},
    ],
    "inputs": {
        "kind": "apex_flow",
        "size": 28,
        "channels": ["u", "v", "strain"],
        "range": "unit",
        "center": "train_mean",
    },
    "recipe": {"optimizer": "adam", "lr": 5e-5, "batch_size": 256, "epochs": 500, "order": "shuffled"},
    "presets": {"paper": {}, "small": {"epochs": 50, "lr": 1e-3}},
    "options": {"variant": ["paper", "port"]},
    "changes": {
        "variant": {
            # the authors' PyTorch port: pictures read as BGR, raw 0..255, fixed batches in class order, 800 epochs
            "port": {
                "inputs": {"channels": ["strain", "v", "u"], "range": "byte", "center": "none"},
                "recipe": {"epochs": 800, "order": "by_class"},
            },
        }
    },
    "resources": {"mem_mb": 1500, "runtime_min": 60, "gpu": 0},
    "notes": "Port: padding 2, raw 0..255, (strain, v, u).",
    "deviations": [
        {
            "what": (
                "Padding 1 and the training mean picture subtracted are the paper's; 0..1 instead of 0..255 is ours."
            ),
            "source": "the paper",
        },
        {
            "what": (
                "SMIC, which has no apex, has the middle frame unless the dataset says otherwise; there, the "
                "apex is that of D&C-RoIs."
            ),
            "source": "the paper",
        },
    ],
}


class STSTNet(nn.Module):
    """Three streams with 3, 5 and 8 filters see the same picture (N, 3, 28, 28); logits (N, num_classes).

    A stream is conv 3x3 -> ReLU -> batch norm -> max-pool 3x3/3 -> dropout. Each of these works on one filter at a
    time, and all streams read the full input, so three parallel streams are one stream of 3 + 5 + 8 = 16 filters:
    the same function, the same initial distribution (fan-in 27 in each stream), a third of the passes over memory.
    """

    def __init__(self, num_classes: int, variant: str = "paper"):
        super().__init__()
        self.conv = nn.Conv2d(3, 3 + 5 + 8, kernel_size=3, padding=2 if variant == "port" else 1)
        self.norm = nn.BatchNorm2d(16)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(16 * 5 * 5, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.conv(x), inplace=True)  # n 16 28 28 (port: 30 30)
        x = F.max_pool2d(self.norm(x), kernel_size=3, stride=3, padding=1)  # n 16 10 10
        x = F.avg_pool2d(self.drop(x), kernel_size=2)  # n 16 5 5
        return self.head(rearrange(x, "n c h w -> n (c h w)"))  # n classes
