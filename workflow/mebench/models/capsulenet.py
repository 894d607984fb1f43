"""CapsuleNet: capsules with dynamic routing on the apex frame (Quang, Chun, Tokuyama; FG 2019)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from einops import einsum, rearrange
from torch import nn

from mebench.errors import UserError
from mebench.models._pretrained import WeightsRecord, timm_backbone

CARD = {
    "title": "CapsuleNet",
    "kind": "model",
    "paper": "quang2019capsulenet",
    "licence": "The authors' code carries no licence; written from a description of it.",
    "module": "CapsuleNet",
    "parameters": 13842496,  # 3 classes; 157,504 of them frozen
    "flops": 15142449152,
    "flops_by_options": [
        {"options": {"frozen": "none"}, "forward": 15142449152},
        {"options": {"size": "small"}, "forward": 62626816},
        {"options": {"size": "small", "frozen": "none"}, "forward": 62626816},
    ],
    "frozen": ["backbone.conv1.*", "backbone.bn1.*", "backbone.layer1.*"],
    "inputs": {
        "kind": "frames",
        "size": 224,
        "frames": 0,  # none of the interval: onset and apex alone
        "channels": ["r", "g", "b"],
        "range": "unit",
        "center": "none",
    },
    "recipe": {
        "optimizer": "adam",
        "lr": 1e-4,
        "schedule": "step",
        "step_epochs": 1,
        "gamma": 0.9,
        "first_epoch": 1,  # the schedule is stepped before the first epoch
        "batch_size": 32,
        "epochs": 30,
        "order": "balanced",
        "augment": "flip shift:5 rotate:8 light:0.2",
    },
    "presets": {
        "paper": {},
        "small": {"size": "small", "pretrained": "none", "frozen": "none", "lr": 2e-3, "batch_size": 16, "epochs": 8},
    },
    "options": {
        "pretrained": ["imagenet", "none", "FILE"],
        "frozen": ["stem_and_stage1", "none"],
        "size": ["paper", "small"],
    },
    "changes": {
        "size": {
            "small": {
                "inputs": {"size": 64},
                "recipe": {"augment": "flip shift:2 rotate:8 light:0.2"},
                "resources": {"mem_mb": 1500, "runtime_min": 30, "gpu": 0},
            }
        }
    },
    "resources": {"mem_mb": 6000, "runtime_min": 720, "gpu": 1},
    "notes": (
        "Sees the apex frame alone, 0..1, without ImageNet's mean and deviation, as released. The loss is the "
        "margin loss: class_weights and label_smoothing have no effect. Class probabilities are the lengths "
        "of the class capsules over their sum. frozen: stem_and_stage1 fixes 15 tensors, batch statistics "
        "move all the same; it is meant for pretrained weights, so with pretrained: none choose frozen: none "
        "(preset small does), or random filters stay random."
    ),
    "deviations": [
        {
            "what": (
                "The configuration is that of the published figure: ResNet-18 from ImageNet, its first stages frozen. "
                "The released script is another one: nothing is frozen, and it begins with weights from pictures of "
                "facial expressions, whose file it does not name."
            ),
            "source": "train_me_loso.py, and the authors' log of the run resnet, sampled, freeze",
            "effect": "That log, rescored, gives the printed figures: 0.6520 UF1 and 0.6506 UAR, on 435 clips.",
        },
        {
            "what": (
                "first_epoch: 1 multiplies the rate by 0.9 before the first epoch, as the script does from PyTorch "
                "1.1 on; 0 begins at 1e-4, as the same lines do under PyTorch 1.0, the version of the paper's time."
            ),
            "source": "train_me_loso.py, which steps its schedule at the start of each epoch",
            "effect": "All rates are 0.9 of the others. Which version the authors used is not known.",
        },
        {
            "what": (
                "Apex frames are drawn with equal chances of all classes (order: balanced); there, up to 4 "
                "neighbours of the apex frame are drawn again in every epoch until classes are about equal."
            ),
            "source": "the released code",
            "effect": (
                "An epoch of the composite has about 430 pictures where the released one has about 1,200, and "
                "30 epochs have fewer steps."
            ),
        },
        {
            "what": (
                "Frames are 224 pixels across as a whole, shifted by at most 5; there, a random crop of 224 "
                "out of 234 x 240, up to 5 pixels off the centre one way and 8 the other."
            ),
            "source": "the released code",
            "effect": "No slight zoom, in training and testing.",
        },
        {
            "what": "Up to 0.2 of white is added; there, brightness is multiplied by 0.8 to 1.2.",
            "source": "the released code",
        },
        {
            "what": "Jitter of hue and of saturation is left out.",
            "source": "the released code",
        },
        {
            "what": "No test clip is rotated at random.",
            "source": "the released code",
        },
        {
            "what": ("Where a workbook has no apex (SMIC) the middle frame is taken, not a search by facial cells."),
            "source": "the released code",
        },
        {
            "what": "The last epoch counts; there, the best epoch on the test fold by mean F1.",
            "source": "the released code",
            "effect": "test_peek goes by accuracy.",
        },
    ],
}

FROZEN = ("conv1.", "bn1.", "layer1.")
# filters and kernel of both convolutions behind the backbone, sides of the capsules' map, changes to ResNet-18
SIZES = {
    "paper": (256, 9, 6, {}),
    "small": (64, 3, 2, {"channels": (16, 32, 64, 128), "layers": (1, 1, 1, 1)}),
}
Criterion = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
PRIMARY, CLASS = 8, 16  # numbers of a capsule
ROUNDS = 3


class CapsuleNet(nn.Module):
    """Onset and apex (N, 2, 3, 224, 224), 0..1 -> log lengths of the class capsules (N, num_classes).

    Only the last frame, the apex, is used. A softmax of the result gives the lengths divided by their sum: the longest
    capsule is the most probable class. ``size: small`` is the same network, narrower, shallower and with smaller
    kernels, for frames of 64 x 64.
    """

    def __init__(
        self, num_classes: int, pretrained: str = "imagenet", frozen: str = "stem_and_stage1", size: str = "paper"
    ):
        super().__init__()
        filters, kernel, side, changes = SIZES[size]
        if changes and pretrained == "imagenet":
            raise UserError(f"capsulenet has no ImageNet weights for size: {size}; write pretrained: none")
        self.backbone = backbone(pretrained, changes)
        self.conv = nn.Conv2d(self.backbone.num_features, filters, kernel)
        self.primary = nn.Conv2d(filters, filters, kernel, stride=2)
        capsules = side * side * filters // PRIMARY  # 1152
        self.weight = nn.Parameter(0.01 * torch.randn(num_classes, capsules, CLASS, PRIMARY))
        for name, parameter in self.backbone.named_parameters():
            parameter.requires_grad = frozen == "none" or not name.startswith(FROZEN)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.lengths(x).clamp(min=1e-8).log()

    def training_loss(
        self, x: torch.Tensor, y: torch.Tensor, criterion: Criterion
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Margin loss and log lengths; the recipe's cross-entropy ``criterion`` is not used."""
        lengths = self.lengths(x)
        return margin_loss(lengths, y), lengths.detach().clamp(min=1e-8).log()

    def lengths(self, x: torch.Tensor) -> torch.Tensor:
        """Frames (N, T, 3, H, W) -> lengths of the class capsules of the last one (N, num_classes), 0..1."""
        x = self.backbone(x[:, -1])  # n 256 28 28
        x = self.primary(F.relu(self.conv(x)))  # n 256 6 6, from 20 20
        x = squash(rearrange(x, "n (c d) h w -> n (h w c) d", d=PRIMARY))  # n 1152 8
        predictions = einsum(x, self.weight, "n i d, k i e d -> n k i e")  # n 3 1152 16
        return routed(predictions).norm(dim=2)


class Backbone(nn.Sequential):
    """The used parts of a network, with facts about the whole network."""

    weights_record: WeightsRecord
    num_features: int


def backbone(pretrained: str, changes: Mapping[str, tuple[int, ...]]) -> Backbone:
    """ResNet-18 without max-pooling and without what follows its third stage: (N, 3, 8 S, 8 S) is halved by the stem,
    the second and the third stage -> (N, 256, S, S)."""
    net = timm_backbone("resnet18.tv_in1k", pretrained, num_classes=0, zero_init_last=False, **changes)
    parts = Backbone()
    for name in ("conv1", "bn1", "act1", "layer1", "layer2", "layer3"):
        parts.add_module(name, getattr(net, name))
    parts.weights_record, parts.num_features = net.weights_record, net.feature_info[3]["num_chs"]
    return parts


def squash(s: torch.Tensor) -> torch.Tensor:
    """Capsules (..., D) of length n -> the same directions, of length n^2 / (1 + n^2)."""
    n = s.norm(dim=-1, keepdim=True)
    return n**2 / (1 + n**2) * s / (n + 1e-8)


def routed(predictions: torch.Tensor) -> torch.Tensor:
    """Predictions of each capsule i for each class k, (N, K, I, D) -> class capsules (N, K, D).

    The weights of a capsule for the classes are a softmax of logits. A logit grows with the agreement of its prediction
    and the class capsule. Gradients pass through the last round alone, where the weights are constant.
    """
    fixed = predictions.detach()
    logits = fixed.new_zeros(fixed.shape[:3])  # n k i
    for _ in range(ROUNDS - 1):
        logits = logits + einsum(fixed, gathered(fixed, logits), "n k i d, n k d -> n k i")
    return gathered(predictions, logits)


def gathered(predictions: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """Class capsules (N, K, D): the predictions (N, K, I, D), weighted by a softmax of ``logits`` (N, K, I) over K."""
    return squash(einsum(logits.softmax(dim=1), predictions, "n k i, n k i d -> n k d"))


def margin_loss(lengths: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Mean over clips of a sum of squares: how far the length (N, K) of the class y (N,) is below 0.99, and half of how
    far the other lengths are above 0.01."""
    present = F.one_hot(y, lengths.shape[1])
    missing, spare = F.relu(0.99 - lengths) ** 2, F.relu(lengths - 0.01) ** 2
    return (present * missing + 0.5 * (1 - present) * spare).sum(dim=1).mean()
