"""SLSTT: a vision transformer reads each of eleven long-term flow pictures, then an LSTM reads its outputs in order
(Zhang, Hong, Arandjelović, Zhao; IEEE TAFFC 2022)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from einops import rearrange, reduce
from timm.data.constants import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from torch import nn

from mebench.errors import UserError
from mebench.models._pretrained import timm_backbone

if TYPE_CHECKING:
    from mebench.models._pretrained import TimmNet

CARD = {
    "title": "SLSTT",
    "kind": "model",
    "paper": "zhang2022slstt",
    "licence": "The authors' code is MIT; written from a description of it. The weights are Google's, through timm.",
    "module": "SLSTT",
    "parameters": 93050627,  # 3 classes; 6,961,667 of them are trained
    "flops": 1220789024256,
    "flops_by_options": [
        {"options": {}, "forward": 1220789024256, "head": 150210048},
        {"options": {"aggregator": "mean"}, "forward": 1220638864896, "head": 50688},
        {"options": {"size": "small"}, "forward": 80665792, "head": 2527424},
        {"options": {"size": "small", "aggregator": "mean"}, "forward": 78146816, "head": 8448},
        {"options": {"features": "live"}, "forward": 1220789024256},
        {"options": {"flow": "tvl1"}, "forward": 1220789024256, "head": 150210048},
        {"options": {"flow": "tvl1_torch"}, "forward": 1220789024256, "head": 150210048},
        {"options": {"stretch": "clip"}, "forward": 1220789024256, "head": 150210048},
        {"options": {"statistics": "half"}, "forward": 1220789024256, "head": 150210048},
        {"options": {"init": "released"}, "forward": 1220789024256, "head": 150210048},
    ],
    "frozen": ["vit.*"],
    "inputs": {
        "kind": "long_flow",
        "size": 384,
        "channels": ["red", "green", "blue"],
        "range": "imagenet",
        "center": "none",
        "crop": "nose",
    },
    "recipe": {
        "optimizer": "sgd",
        "lr": 0.01,
        "momentum": 0.9,
        "weight_decay": 1e-4,
        "batch_size": 2,
        "epochs": 40,
        "schedule": "step",  # the full rate in epochs 1 to 29, a tenth of it in 30 to 40
        "step_epochs": 30,
        "gamma": 0.1,
    },
    "presets": {
        "paper": {},
        "paper-bf16": {"precision": "bfloat16"},
        "small": {
            "size": "small",
            "pretrained": "none",
            "optimizer": "adam",
            "lr": 1e-3,
            "step_epochs": 50,
            "epochs": 60,
            "batch_size": 8,
        },
        "small-bf16": {
            "size": "small",
            "pretrained": "none",
            "optimizer": "adam",
            "lr": 1e-3,
            "step_epochs": 50,
            "epochs": 60,
            "batch_size": 8,
            "precision": "bfloat16",
        },
    },
    "options": {
        "aggregator": ["lstm", "mean"],
        "features": ["cached", "live"],
        "backbone": ["frozen", "finetune"],  # after features: what it changes of the resources holds for both
        "pretrained": ["imagenet", "none", "FILE"],
        "flow": ["farneback", "tvl1", "tvl1_torch"],
        "stretch": ["frame", "clip"],
        "statistics": ["imagenet", "half"],
        "init": ["google", "released"],
        "size": ["paper", "small"],
    },
    "changes": {
        "features": {"live": {"resources": {"mem_mb": 12000, "runtime_min": 1440, "gpu": 1}}},
        "backbone": {"finetune": {"resources": {"mem_mb": 12000, "runtime_min": 2880, "gpu": 1}}},
        "flow": {
            "tvl1": {"inputs": {"options": {"flow": "tvl1"}}},
            "tvl1_torch": {"inputs": {"options": {"flow": "tvl1_torch"}}},
        },
        "stretch": {"clip": {"inputs": {"options": {"stretch": "clip"}}}},
        "size": {"small": {"inputs": {"size": 64}, "resources": {"mem_mb": 1500, "runtime_min": 30, "gpu": 0}}},
    },
    "resources": {"mem_mb": 8000, "runtime_min": 240, "gpu": 1},
    "notes": (
        "From the released code; the paper's text was not read. How many stages of training, and which other "
        "data, stand behind the published numbers is not known."
    ),
    "deviations": [
        {
            "what": (
                "backbone: finetune trains all, as a reader of the paper would assume, at the same rate of "
                "0.01 (older scripts of the authors have 0.001 or 3e-5 for that stage: lr); there, every "
                "block of the transformer runs without gradients (backbone: frozen)."
            ),
            "source": "the released code",
            "effect": "frozen: only the final norm and what follows it learn.",
        },
        {
            "what": (
                "features: cached, which is ours, computes the frozen part once for all folds, without "
                "dropout; live computes it in every step with its dropout, as released."
            ),
            "source": "the released code",
            "effect": "cached has no meaning with finetune.",
        },
        {
            "what": "aggregator: mean averages the logits of the frames (SLSTT-Mean).",
            "source": "the released code",
        },
        {
            "what": (
                "pretrained: imagenet is timm's orig_in21k_ft_in1k, by description the same Google "
                "checkpoint, with the release's tanh form of GELU; a file takes timm's names."
            ),
            "source": "the released code",
            "effect": (
                "With none, a frozen transformer is the same random one in every fold and seed, as a "
                "pretrained one would be."
            ),
        },
        {
            "what": (
                "init: google, ours, draws random weights as timm does after Google's code; released draws them as the "
                "release does: queries, keys and values as matrices of their own, patches as PyTorch does, biases of "
                "attention from N(0, 1e-6), a class token of zeros. For pretrained: none."
            ),
            "source": "model/slstt.py of the release",
            "effect": "released: weights of queries, keys and values are 1.41 times as large.",
        },
        {
            "what": (
                "Modules that are built and never called are left out: a classifier with the LSTM, the LSTM "
                "with the mean."
            ),
            "source": "the released code",
            "effect": "93,052,934 parameters with the classifier.",
        },
        {
            "what": (
                "ImageNet's mean and deviation are the release's, though these weights were trained on -1..1 "
                "(statistics: half)."
            ),
            "source": "the released code",
        },
        {
            "what": "flow: tvl1 for the flow that its code has not; it has Farneback's.",
            "source": "the released code",
        },
        {
            "what": (
                "stretch: clip keeps how the motion rises and falls; there, the brightness of each frame is "
                "stretched, which takes it away."
            ),
            "source": "the released code",
        },
        {
            "what": "Frames are in order; there, as the file system lists them.",
            "source": "the released code",
        },
        {
            "what": (
                "The square around the nose is cut where faces are detected (landmarks of the onset frame and "
                "its largest face, there of the apex frame and the last face found); datasets that deliver "
                "crops (CASME II, SMIC) are used as they are unless their entry says crop: detected."
            ),
            "source": "the released code",
            "effect": "At the border the square is completed; there, it is cut off.",
        },
        {
            "what": "Frames that are missing are blended from their neighbours, not made by RIFE.",
            "source": "the released code",
            "effect": "11 clips of 577.",
        },
        {
            "what": (
                "The clip that is skipped there because its apex is its onset (CASME II sub05 EP09_05f) has "
                "the middle frame for an apex in casme2-5 and is no part of megc2019."
            ),
            "source": "the released code",
        },
        {
            "what": (
                "Pictures are made smaller by averaging over areas, grey is made of RGB as such (there, "
                "OpenCV's BGR is taken for RGB), and none goes through JPEG."
            ),
            "source": "the released code",
        },
        {
            "what": (
                "The last epoch counts; there, the best epoch on the test subject (accuracy at least as high, "
                "macro F1 higher; for the composite the other way round), and training stops at its 100 %."
            ),
            "source": "trainer.py of the release",
            "effect": "test_peek goes by accuracy alone.",
        },
        {
            "what": (
                "Every subject is trained by itself. There, the best scores are never set back between subjects: after "
                "the first subject with 100 % all later ones stop after one epoch and may keep none; for the composite "
                "(--combined) nothing is saved at all."
            ),
            "source": "trainer.py and LOSO.py of the release",
            "effect": "What the release as it stands would print depends on the order of subjects.",
        },
    ],
}

VIT = "vit_base_patch16_384.orig_in21k_ft_in1k"
# the transformer where it differs from timm's, and the widths of the LSTM and of the layer after it
SIZES = {
    "paper": ({}, 512, 256),
    "small": ({"img_size": 64, "patch_size": 32, "embed_dim": 128, "depth": 2, "num_heads": 2}, 64, 32),
}
DROP = 0.1  # on attention probabilities, on what attention returns, and on what an MLP returns
BACKBONE_SEED = 2022  # of a frozen transformer with random weights


class SLSTT(nn.Module):
    """Long-term flow pictures (N, 11, 3, 384, 384) -> logits (N, num_classes).

    ``forward(x)`` is ``from_features(features(x))``: the transformer before its final norm, then all that is trained
    while the transformer is frozen. ``caches`` says that its features may be computed once. Pictures come with
    ImageNet's mean and deviation; with ``statistics: half`` they are scaled to -1..1. ``flow`` and ``stretch`` say
    which pictures they are and change nothing in the network. ``init`` says how random weights of the transformer are
    drawn. ``size: small`` is the same network with a narrower transformer of two blocks on four patches, for pictures
    of 64 x 64.
    """

    mean: torch.Tensor | None
    deviation: torch.Tensor | None

    # parameters: the options of the card
    def __init__(
        self,
        num_classes: int,
        aggregator: str = "lstm",
        backbone: str = "frozen",
        features: str = "cached",
        pretrained: str = "imagenet",
        flow: str = "farneback",
        stretch: str = "frame",
        statistics: str = "imagenet",
        init: str = "google",
        size: str = "paper",
    ):
        super().__init__()
        if size != "paper" and pretrained == "imagenet":
            raise UserError(f"slstt has no ImageNet weights for size: {size}; write pretrained: none")
        if init == "released" and pretrained != "none":
            raise UserError("slstt has init: released for random weights alone; write pretrained: none")
        self.aggregator, self.frozen = aggregator, backbone == "frozen"
        for name, numbers in (("mean", IMAGENET_DEFAULT_MEAN), ("deviation", IMAGENET_DEFAULT_STD)):
            constant = torch.tensor(numbers)[:, None, None] if statistics == "half" else None
            self.register_buffer(name, constant, persistent=False)
        self.caches = self.frozen and features == "cached"
        changes, hidden, narrow = SIZES[size]
        self.vit, self.norm = transformer(pretrained, self.frozen, init, 0.0 if self.caches else DROP, changes)
        width = self.vit.embed_dim
        if aggregator == "lstm":
            self.lstm = nn.LSTM(width, hidden, num_layers=3, batch_first=True)
            self.fc1 = nn.Linear(hidden, narrow)
            self.fc2 = nn.Linear(narrow, num_classes)
        else:
            self.head = nn.Linear(width, num_classes)
            nn.init.zeros_(self.head.weight)
            nn.init.zeros_(self.head.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.from_features(self.features(x))

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Pictures (N, 11, 3, S, S) -> class tokens before the final norm (N, 11, 768); no gradient where frozen."""
        frames = rearrange(x, "n t c h w -> (n t) c h w")
        if self.mean is not None and self.deviation is not None:
            frames = 2 * (self.mean + self.deviation * frames) - 1
        with torch.no_grad() if self.frozen else contextlib.nullcontext():
            tokens = self.vit.forward_features(frames)  # (n t) 577 768
        return rearrange(tokens[:, 0], "(n t) d -> n t d", n=len(x))

    def from_features(self, f: torch.Tensor) -> torch.Tensor:
        """Class tokens (N, 11, 768) -> logits (N, num_classes)."""
        f = self.norm(f)
        if self.aggregator == "mean":
            return reduce(self.head(f), "n t k -> n k", "mean")
        if f.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
            with torch.autocast("cpu", enabled=False):  # not every processor has an LSTM in half precision
                steps, _ = self.lstm(f.float())
        else:
            steps, _ = self.lstm(f)  # n 11 512, from a state of zeros
        return self.fc2(F.relu(self.fc1(steps[:, -1])))  # n classes


def transformer(
    pretrained: str, frozen: bool, init: str, drop: float, changes: dict[str, int]
) -> tuple[TimmNet, nn.Module]:
    """(ViT-B/16 without its final norm and classifier, that norm). The norm is always trained."""
    kwargs = changes | {"num_classes": 0, "act_layer": "gelu_tanh", "attn_drop_rate": drop, "proj_drop_rate": drop}
    with the_same_random_numbers() if frozen else contextlib.nullcontext():
        # where weights stay random, they are drawn as Google's own code draws them, or as the release does
        vit = timm_backbone(VIT, pretrained, weight_init="jax", **kwargs)
        if init == "released":
            draw_as_released(vit)
    for block in vit.blocks:
        block.mlp.drop1 = nn.Identity()  # nothing is dropped between the two linear layers
    norm, vit.norm = vit.norm, nn.Identity()
    return vit.requires_grad_(not frozen), norm


@torch.no_grad()
def draw_as_released(vit: TimmNet) -> None:
    """Draw all weights of timm's transformer as the release's own begins: linear layers by Glorot's uniform, those of
    queries, keys and values each by itself, with biases from N(0, 1e-6); positions from N(0, 0.02); a class token of
    zeros; patches as PyTorch draws a convolution."""
    for name, layer in vit.named_modules():
        if isinstance(layer, nn.Linear):
            for matrix in layer.weight.chunk(3 if name.endswith("qkv") else 1):
                nn.init.xavier_uniform_(matrix)
            nn.init.normal_(layer.bias, std=1e-6)
    nn.init.normal_(vit.pos_embed, std=0.02)
    nn.init.zeros_(vit.cls_token)
    vit.patch_embed.proj.reset_parameters()


@contextlib.contextmanager
def the_same_random_numbers() -> Iterator[None]:
    """Use the same random numbers in all folds and seeds. Afterwards the stream goes on as if none had been used."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(BACKBONE_SEED)  # torch.manual_seed would seed GPUs as well
        yield
