"""ViT-tiny on optical flow: the plain network of timm (Dosovitskiy et al.; ICLR 2021), as a yardstick."""

from __future__ import annotations

import torch
from torch import nn

from mebench.errors import UserError
from mebench.models._pretrained import timm_backbone

CARD = {
    "title": "ViT-tiny",
    "kind": "model",
    "paper": "dosovitskiy2021vit_tiny",
    "licence": "timm and its weights (augreg_in21k_ft_in1k) are Apache-2.0.",
    "module": "ViTTiny",
    "parameters": 5524995,  # 3 classes
    "flops": 2506983552,
    "flops_by_options": [
        {"options": {"size": "flow28"}, "forward": 61954176},
        {"options": {"size": "small"}, "forward": 4166496},
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
        "warmup_epochs": 5,
        "epochs": 50,
        "weight_decay": 0.05,
        "weight_decay_on": "matrices",
        "batch_size": 32,
        "clip_norm": 1.0,
        "label_smoothing": 0.1,
        "augment": "flip shift:8",
    },
    "presets": {
        "paper": {},
        "small": {"size": "small", "pretrained": "none", "epochs": 8, "warmup_epochs": 1, "batch_size": 16},
    },
    "options": {"size": ["paper", "flow28", "small"], "pretrained": ["imagenet", "none", "FILE"]},
    "changes": {
        "size": {
            "flow28": {
                "inputs": {"size": 28},
                "recipe": {"augment": "flip shift:1"},
                "resources": {"mem_mb": 2500, "runtime_min": 240, "gpu": 0},
            },
            "small": {
                "inputs": {"size": 64},
                "recipe": {"augment": "flip shift:2"},
                "resources": {"mem_mb": 1500, "runtime_min": 30, "gpu": 0},
            },
        },
        "pretrained": {"none": {"recipe": {"lr": 5e-4}}},
    },
    "resources": {"mem_mb": 4000, "runtime_min": 720, "gpu": 1},
    "notes": (
        "No paper on micro-expressions has this recipe: it is the benchmark's own, the same for every dataset "
        "and chosen without one. ImageNet weights fit size: paper alone."
    ),
    "deviations": [
        {
            "what": "Flow is stretched to 0..1 for each picture, as flow pictures are published.",
            "source": "the cited paper, which is that of the architecture",
        },
        {
            "what": "With pretrained: none the learning rate is five times as high.",
            "source": "the cited paper, which is that of the architecture",
        },
        {
            "what": ("flow28: ViT-tiny's width and heads on 16 patches of 7 x 7 with 4 of its 12 blocks, for CPUs."),
            "source": "the cited paper, which is that of the architecture",
            "effect": "All 12 on 4 x 4 patches take eight times as long.",
        },
    ],
}

# what differs from timm's ViT-tiny: width 192, 3 heads, 12 blocks, 14 x 14 patches
SIZES = {
    "paper": {},
    "flow28": {"img_size": 28, "patch_size": 7, "depth": 4},
    "small": {"img_size": 64, "patch_size": 16, "depth": 3, "embed_dim": 48},
}


class ViTTiny(nn.Module):
    """Flow (N, 3, H, H) in the order u, v, strain -> logits (N, num_classes)."""

    no_decay = ("net.cls_token", "net.pos_embed")

    def __init__(self, num_classes: int, size: str = "paper", pretrained: str = "imagenet"):
        super().__init__()
        if SIZES[size] and pretrained == "imagenet":
            raise UserError(f"vit_tiny has no ImageNet weights for size: {size}; write pretrained: none")
        name = "vit_tiny_patch16_224.augreg_in21k_ft_in1k"
        self.net = timm_backbone(name, pretrained, num_classes=num_classes, **SIZES[size])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)
