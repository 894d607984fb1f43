"""ResNet-18 on optical flow: the plain network of timm (He, Zhang, Ren, Sun; CVPR 2016), as a yardstick."""

from __future__ import annotations

import torch
from torch import nn

from mebench.errors import UserError
from mebench.models._pretrained import timm_backbone

CARD = {
    "title": "ResNet-18",
    "kind": "model",
    "paper": "he2016resnet18",
    "licence": "timm and its weights (a1_in1k) are Apache-2.0.",
    "module": "ResNet18",
    "parameters": 11178051,  # 3 classes
    "flops": 3627125760,
    "flops_by_options": [
        {"options": {"size": "flow28"}, "forward": 68473344},
        {"options": {"size": "small"}, "forward": 31195904},
    ],
    "inputs": {
        "kind": "apex_flow",
        "size": 224,
        "channels": ["u", "v", "strain"],
        "range": "unit",
        "center": "train_mean",
    },
    "recipe": {
        "optimizer": "adamw",
        "lr": 1e-4,
        "min_lr": 1e-6,
        "schedule": "cosine",
        "warmup_epochs": 3,
        "epochs": 40,
        "weight_decay": 0.05,
        "weight_decay_on": "matrices",
        "batch_size": 32,
        "last_batch": "drop",  # batch statistics of a single clip would be none at all
        "label_smoothing": 0.1,
        "augment": "flip shift:8",
    },
    "presets": {
        "paper": {},
        "small": {"size": "small", "pretrained": "none", "epochs": 10, "warmup_epochs": 1, "batch_size": 8},
    },
    "options": {"size": ["paper", "flow28", "small"], "pretrained": ["imagenet", "none", "FILE"]},
    "changes": {
        "size": {
            "flow28": {
                "inputs": {"size": 28},
                "recipe": {"augment": "flip shift:1", "batch_size": 64},
                "resources": {"mem_mb": 2500, "runtime_min": 240, "gpu": 0},
            },
            "small": {
                "inputs": {"size": 64},
                "recipe": {"augment": "flip shift:2"},
                "resources": {"mem_mb": 1500, "runtime_min": 30, "gpu": 0},
            },
        },
        "pretrained": {"none": {"recipe": {"lr": 1e-3}}},
    },
    "resources": {"mem_mb": 4000, "runtime_min": 720, "gpu": 1},
    "notes": (
        "No paper on micro-expressions has this recipe: it is the benchmark's own, the same for every dataset "
        "and chosen without one."
    ),
    "deviations": [
        {
            "what": "Flow is stretched to 0..1 for each picture, as flow pictures are published.",
            "source": "the cited paper, which is that of the architecture",
        },
        {
            "what": "With pretrained: none the learning rate is ten times as high.",
            "source": "the cited paper, which is that of the architecture",
        },
        {
            "what": "flow28: the network as it is on 28 x 28.",
            "source": "the cited paper, which is that of the architecture",
            "effect": "Its last stage is down to 1 x 1.",
        },
    ],
}

# what differs from timm's ResNet-18
SIZES = {"paper": {}, "flow28": {}, "small": {"channels": (16, 32, 64, 128), "layers": (1, 1, 1, 1)}}


class ResNet18(nn.Module):
    """Flow (N, 3, H, W) in the order u, v, strain -> logits (N, num_classes). ``size: small`` has narrower stages of
    one block."""

    def __init__(self, num_classes: int, size: str = "paper", pretrained: str = "imagenet"):
        super().__init__()
        if SIZES[size] and pretrained == "imagenet":
            raise UserError(f"resnet18 has no ImageNet weights for size: {size}; write pretrained: none")
        # otherwise timm begins with residual branches of zero, whose convolutions get no gradient in the first step
        options = {"num_classes": num_classes, "zero_init_last": False, **SIZES[size]}
        self.net = timm_backbone("resnet18.a1_in1k", pretrained, **options)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)
