"""MEAN: a shallow network of three streams on the flow of frame pairs, with a spotting score and, on the same streams,
emotions (Liong, See, Chan; 2023)."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

# fmt: off
CARD = {
    "title": "MEAN",
    "kind": "model",
    "serves": ["spotting"],
    "paper": "liong2023mean_net",
    "licence": "The authors' code carries no licence; written from a description of it.",
    "module": "MEAN",
    "parameters": 7580,  # 3 emotions; 3,593 of spotting, 3,987 of recognition, as in the authors' networks
    "flops": 3433136,
    "flops_by_options": [
        {"options": {"flow": "tvl1_torch"}, "forward": 3433136},
        {"options": {"flow": "farneback"}, "forward": 3433136},
        {"options": {"flow": "dis"}, "forward": 3433136},
        {"options": {"pace": "fps30"}, "forward": 3433136},
        {"options": {"flow": "dis", "pace": "fps30"}, "forward": 3433136},
    ],
    "inputs": {
        "kind": "pair_flow",
        "size": 42,
        "channels": ["u", "v", "strain"],
        "range": "unit",
        "center": "none",
    },
    "recipe": {
        "optimizer": "adam",
        "lr": 5e-4,
        "batch_size": 32,
        "epochs": 10,
        "negatives": 5.0,
    },
    "presets": {
        "paper": {},
        "small": {"flow": "dis", "pace": "fps30", "lr": 2e-3},
    },
    "stage": {"edges": "valid"},
    "options": {
        "flow": ["tvl1", "tvl1_torch", "farneback", "dis"],
        "pace": ["full", "fps30"],
    },
    "changes": {
        "flow": {
            "tvl1_torch": {"inputs": {"options": {"flow": "tvl1_torch"}}},
            "farneback": {"inputs": {"options": {"flow": "farneback"}}},
            "dis": {"inputs": {"options": {"flow": "dis"}}},
        },
        "pace": {"fps30": {"inputs": {"options": {"pace": "fps30"}}}},
    },
    "resources": {"mem_mb": 4000, "runtime_min": 240, "gpu": 0},
    "notes": (
        "From a description of the released TensorFlow code; the paper's text was not read. Each position is a picture "
        "of its own. Its decoding has edges: valid, as the released one."
    ),
    "deviations": [
        {
            "what": (
                "The target is 1 strictly between onset and offset, as in every task of spotting here; there, where "
                "the k_p frames from i on overlap a label at all."
            ),
            "source": "the authors' code",
            "effect": "Positions up to k_p before an onset count as still.",
        },
        {
            "what": "Half the length of an interval, k_p, is that of the training subjects; there, of all.",
            "source": "the authors' code",
        },
        {
            "what": (
                "The emotions' layers learn beside the streams, from the positions inside an expression and for the "
                "same 10 epochs; there, after them, from pairs of onset and apex and for 100. No gradient of theirs "
                "reaches the streams, as there."
            ),
            "source": "the authors' code",
        },
        {
            "what": (
                "There is no neutral class: the logit of neutral is the lowest of the emotions', so that it is never "
                "chosen."
            ),
            "source": "the kind of task, which asks for one",
        },
        {
            "what": "The score is cut to 0..1 after training; there, it is any number.",
            "source": "the kind of task, which asks for it",
            "effect": "Scores below 0 count as 0 in the smoothed curve.",
        },
        {
            "what": "Each fold begins with a new optimiser; there, Adam's state is kept from fold to fold.",
            "source": "the authors' code",
        },
        {
            "what": (
                "Strain is that of central differences, and bands are averaged over areas where they shrink; there, "
                "backward differences, and how bands are resized was not read."
            ),
            "source": "the authors' code",
        },
        {
            "what": "Flow is stored as bytes of its range in the face.",
            "source": "the authors' code",
            "effect": "It is off by 1/510 of that range at most.",
        },
        {
            "what": "The constants of Adam and batch norm are Keras's, but for Adam's epsilon, 1e-8 for 1e-7.",
            "source": "the authors' code",
        },
        {
            "what": "pace: fps30 has a position for every seventh frame at 200 fps; there, for each.",
            "source": "the authors' code",
        },
    ],
}
# fmt: on

FILTERS = (3, 3, 8)  # of the streams of u, v and strain
TOP = 8  # filters behind them
STREAM_DECAY, TOP_DECAY = 1e-3, 0.1  # of the squared weights of convolutions, in the loss


class Stream(nn.Module):
    """One channel (N, 1, 42, 42) -> (N, filters, 14, 14): conv 5x5, ReLU, batch norm, max-pool 3, dropout 0.3."""

    def __init__(self, filters: int):
        super().__init__()
        self.conv = nn.Conv2d(1, filters, 5, padding=2)
        self.norm = nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01)
        self.drop = nn.Dropout(0.3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.drop(F.max_pool2d(self.norm(F.relu(self.conv(x))), 3))


class Top(nn.Module):
    """All streams (N, 14, 14, 14) -> (N, outputs): conv 5x5, ReLU, max-pool 2, dropout 0.2, linear."""

    def __init__(self, outputs: int):
        super().__init__()
        self.conv = nn.Conv2d(sum(FILTERS), TOP, 5, padding=2)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(TOP * 7 * 7, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool2d(F.relu(self.conv(x)), 2)  # n 8 7 7
        return self.head(self.drop(rearrange(x, "n c h w -> n (c h w)")))


class MEAN(nn.Module):
    """Flow of frame pairs (N, 3, 42, 42): u, v and strain in 0..1. A picture is one position, T = 1.

    The emotions have a top of their own, whose gradient stops before the streams. ``flow`` and ``pace`` are those of
    the input and change nothing in the network.
    """

    def __init__(self, num_classes: int, flow: str = "tvl1", pace: str = "full"):
        super().__init__()
        self.streams = nn.ModuleList(map(Stream, FILTERS))
        self.spot = Top(1)
        self.emotion = Top(num_classes)
        self.apply(as_keras)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Spotting scores (N, 1), any number, and logits (N, num_classes) of the emotions."""
        x = torch.cat([stream(x[:, i : i + 1]) for i, stream in enumerate(self.streams)], dim=1)
        return self.spot(x), self.emotion(x.detach())

    def frames(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Spotting scores (N, 1), 0 to 1, and logits (N, 1, num_classes + 1) of the emotions and, last, neutral, which
        is never the highest."""
        scores, logits = self(x)
        return scores.clamp(0, 1), rearrange(with_neutral(logits), "n c -> n 1 c")

    def training_loss(
        self, x: torch.Tensor, y: torch.Tensor, criterion: Callable[..., torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Loss of positions of classes ``y`` (N, 1) as :mod:`mebench.tasks.spotting` has them, and their scores and
        logits (N, 1, 1 + num_classes + 1). It asks for no neutral class, so the recipe's ``criterion`` is not used."""
        scores, logits = self(x)
        loss = spotting_loss(scores, y, logits.shape[1]) + emotion_loss(logits, y[:, 0]) + self.decay()
        return loss, rearrange(torch.cat([scores, with_neutral(logits)], dim=1), "n c -> n 1 c")

    def decay(self) -> torch.Tensor:
        """What the squared weights of the convolutions add to the loss."""
        streams = torch.stack([one.square().sum() for name, one in self.streams.named_parameters()
                               if name.endswith("conv.weight")])  # fmt: skip
        tops = self.spot.conv.weight.square().sum() + self.emotion.conv.weight.square().sum()
        return STREAM_DECAY * streams.sum() + TOP_DECAY * tops


def with_neutral(logits: torch.Tensor) -> torch.Tensor:
    """Logits (N, C) of emotions -> (N, C + 1), with one of neutral that is never the highest."""
    return torch.cat([logits, logits.amin(dim=1, keepdim=True)], dim=1)


def spotting_loss(scores: torch.Tensor, y: torch.Tensor, neutral: int) -> torch.Tensor:
    """Mean squared error of the scores (N, 1), which are to be 1 inside an expression and 0 where ``y`` is ``neutral``;
    -1 counts for nothing."""
    known = y >= 0
    return F.mse_loss(scores[known].float(), (y[known] != neutral).float())


def emotion_loss(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of the logits (N, C) where ``y`` (N,) is an emotion; 0 where none is."""
    named = (y >= 0) & (y < logits.shape[1])
    total = F.cross_entropy(logits[named].float(), y[named], reduction="sum")
    return total / named.sum().clamp(min=1)


@torch.no_grad()
def as_keras(module: nn.Module) -> None:
    """Keras's initial values: Glorot's uniform weights, and biases of 0."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
