"""MSMMT: transformers on patches of several scales, of the texture and of the motion of a face (F. Wang and others;
arXiv 2301.02969), re-implemented from the abstract."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import torch
import torch.nn.functional as F
from einops import einsum, rearrange, reduce, repeat
from torch import nn

CARD = {
    "title": "MSMMT (re-implementation from the abstract)",
    "kind": "model",
    "paper": "wang2023msmmt",
    "licence": "No code of the authors was found; written from the abstract alone.",
    "module": "MSMMT",
    "parameters": 2675971,  # 3 classes; 1,287,296 in each branch, 98,816 in the projections for contrast
    "flops": 1077266340,
    "flops_by_options": [
        {"options": {"texture": "diff"}, "forward": 1077266340},
        {"options": {"size": "small"}, "forward": 12823020},
    ],
    "inputs": {
        "kind": "texture_motion",
        "size": 128,
        "crop": "eyes",
        "channels": ["texture_r", "texture_g", "texture_b", "u", "v", "strain"],
        "range": "any",
        "center": "train_p99",
    },
    "recipe": {
        "optimizer": "adamw",
        "lr": 3e-4,
        "weight_decay": 0.05,
        "weight_decay_on": "matrices",
        "batch_size": 32,
        "order": "balanced",
        "class_weights": "balanced",
        "label_smoothing": 0.1,
        "epochs": 100,
        "schedule": "cosine",
        "warmup_epochs": 5,
        "min_lr": 1e-6,
        "clip_norm": 1.0,
        "augment": "flip shift:4 rotate:5 scale:0.8:1.5 light:0.1",
    },
    "presets": {"paper": {}, "small": {"size": "small", "epochs": 12, "warmup_epochs": 1, "lr": 1e-3}},
    "options": {
        "modalities": ["both", "texture", "motion"],
        "scales": ["all", 8, 16, 32],
        "weighting": ["fused", "last", "uniform", "max_heads", "no_identity", "per_head", "detached"],
        "contrastive": [0.2, 0.0, 0.1, 0.5, 1.0],
        "contrast": ["masked", "plain", "supervised"],
        "texture": ["apex", "diff"],
        "encoder": ["shared", "separate"],
        "size": ["paper", "small"],
    },
    "changes": {
        "texture": {
            "diff": {
                "inputs": {
                    "channels": ["texture_onset", "texture_apex", "texture_change", "u", "v", "strain"],
                    "options": {"texture": "diff"},
                },
            },
        },
        "size": {
            "small": {"inputs": {"size": 64}, "resources": {"mem_mb": 1500, "runtime_min": 30, "gpu": 0}},
        },
    },
    "resources": {"mem_mb": 6000, "runtime_min": 1440, "gpu": 1},
    "notes": (
        "From the abstract alone: two modalities, texture and motion; patch features at several scales; "
        "attention weights fused over layers and heads that weigh the patch features; cross-modal contrastive "
        "learning beside the classification. Its numbers can be neither confirmed nor refuted with this. The "
        "authors are named from memory. Measured at full size: 5.8 s of one CPU core and 3.1 GB for a "
        "training step of 32 clips. The small size reads 64x64 with width 32 and 2 layers."
    ),
    "deviations": [
        {
            "what": (
                "Inputs, sizes, how the weights are fused (attention rollout), where the modalities meet, "
                "form, temperature and weight of the contrast, and the whole recipe are this benchmark's "
                "completion."
            ),
            "source": "the abstract, all that was available",
        },
        {
            "what": (
                "The name MSMMT, the places of dropout (those of torch's TransformerEncoderLayer; the fused "
                "weights are taken before it) and the mean of the two directions of the contrast are ours."
            ),
            "source": "the abstract, all that was available",
        },
        {
            "what": ("One class token for each scale, biases everywhere, one final LayerNorm with each encoder."),
            "source": "the abstract, all that was available",
            "effect": "The counts are those of this reading; nothing was left to choose.",
        },
        {
            "what": ("Classes are balanced twice, by the sampler and by class weights from the training fold."),
            "source": "the abstract, all that was available",
        },
        {
            "what": "Clips are drawn with replacement, so a clip may meet itself in a batch.",
            "source": "the abstract, all that was available",
            "effect": "contrast: plain takes its copy for a negative, masked does not.",
        },
        {
            "what": ("The weight 0.2 of the contrast is a guess; contrastive is to be chosen on inner folds only."),
            "source": "the abstract, all that was available",
            "effect": "With one modality or contrastive: 0 there is no contrast and no projection for it.",
        },
        {
            "what": "encoder: separate gives each scale an encoder with a final LayerNorm of its own.",
            "source": "the abstract, all that was available",
        },
        {
            "what": (
                "Faces are aligned by the eyes where they are detected; crops as delivered (CASME II, SMIC) "
                "are used as they are unless the dataset's entry says crop: detected."
            ),
            "source": "the abstract, all that was available",
        },
        {
            "what": (
                "SMIC's apex is the middle frame, or with apex: flow_max that of most motion (Farneback's "
                "flow at 128 pixels less the head's own motion, its fastest tenth)."
            ),
            "source": "the abstract, all that was available",
        },
        {
            "what": "No pre-training and no neighbours of the apex as extra clips; ema: 0.999 may be set.",
            "source": "the abstract, all that was available",
        },
    ],
}

CHANNELS = {"texture": slice(0, 3), "motion": slice(3, 6)}
SCALES = (8, 16, 32)  # sides of the patches in pixels
SIZES = {"paper": (128, 128, 4), "small": (64, 32, 2)}  # side of the picture, width, layers
HEADS = 4
DROPOUT, HEAD_DROPOUT = 0.1, 0.3
TEMPERATURE = 0.1
Criterion = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class MSMMT(nn.Module):
    """Texture and motion (N, 6, 128, 128), three channels each -> logits (N, num_classes).

    Each modality has a branch; the head joins the features of both. ``training_loss`` has a second term beside that of
    the classes. ``texture`` says which picture the input has, and changes nothing in the network.
    """

    no_decay = ("*.class_token", "*.positions")

    # parameters: the options of the card
    def __init__(
        self,
        num_classes: int,
        modalities: str = "both",
        scales: str | int = "all",
        weighting: str = "fused",
        contrastive: float = 0.2,
        contrast: str = "masked",
        texture: str = "apex",
        encoder: str = "shared",
        size: str = "paper",
    ):
        super().__init__()
        side, dim, depth = SIZES[size]
        patches = SCALES if scales == "all" else (int(scales),)
        names = tuple(CHANNELS) if modalities == "both" else (modalities,)
        self.branches = nn.ModuleDict({n: Branch(side, dim, depth, patches, weighting, encoder) for n in names})
        width = len(names) * 2 * dim
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Dropout(HEAD_DROPOUT), nn.Linear(width, num_classes))
        self.contrastive, self.contrast = contrastive, contrast
        contrasted = names if modalities == "both" and contrastive else ()
        self.projections = nn.ModuleDict({n: projection(dim) for n in contrasted})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classified(self.described(x))

    def described(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """The feature (N, 2 d) of each modality."""
        return {name: branch(x[:, CHANNELS[name]]) for name, branch in self.branches.items()}

    def classified(self, features: dict[str, torch.Tensor]) -> torch.Tensor:
        return self.head(torch.cat(list(features.values()), dim=1))  # n 512 -> n classes

    def training_loss(
        self, x: torch.Tensor, y: torch.Tensor, criterion: Criterion
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(loss, logits): ``criterion(logits, y)`` plus the weighted contrast between the modalities."""
        features = self.described(x)
        logits = self.classified(features)
        loss = criterion(logits, y)
        if self.projections:
            texture, motion = (F.normalize(self.projections[n](f).float(), dim=1) for n, f in features.items())
            loss = loss + self.contrastive * cross_modal(texture, motion, y, self.contrast)
        return loss, logits


class Branch(nn.Module):
    """One modality (N, 3, S, S) -> its feature (N, 2 d), from the class token and the weighted patches of each scale.

    With ``encoder: shared`` the tokens of all scales pass through the same weights.
    """

    def __init__(self, side: int, dim: int, depth: int, patches: tuple[int, ...], weighting: str, encoder: str):
        super().__init__()
        self.weighting = weighting
        self.tokens = nn.ModuleList(Tokens(side, patch, dim) for patch in patches)
        self.encoders = nn.ModuleList(Encoder(dim, depth) for _ in (patches if encoder == "separate" else patches[:1]))
        self.join = nn.Sequential(nn.Linear(len(patches) * 2 * dim, 2 * dim), nn.GELU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = []
        for i, tokens in enumerate(self.tokens):
            z, maps = self.encoders[i % len(self.encoders)](tokens(x))  # n 1+p d, p = 256, 64, 16 patches
            weights = patch_weights(maps, self.weighting)  # n p
            features += [z[:, 0], einsum(weights, z[:, 1:], "n p, n p d -> n d")]
        return self.join(torch.cat(features, dim=1))  # n 768 -> n 256


class Tokens(nn.Module):
    """Picture (N, 3, S, S) -> tokens (N, 1 + (S / patch)^2, d): the class token, then the patches row by row."""

    def __init__(self, side: int, patch: int, dim: int):
        super().__init__()
        self.embed = nn.Conv2d(3, dim, patch, stride=patch)
        self.class_token = nn.Parameter(0.02 * torch.randn(1, 1, dim))
        self.positions = nn.Parameter(0.02 * torch.randn(1, 1 + (side // patch) ** 2, dim))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        patches = rearrange(self.embed(x), "n d h w -> n (h w) d")
        first = repeat(self.class_token, "1 1 d -> n 1 d", n=len(x))
        return torch.cat([first.to(patches.dtype), patches], dim=1) + self.positions


class Encoder(nn.Module):
    """Tokens (N, T, d) -> tokens (N, T, d) after the final LayerNorm, and the attention (N, h, T, T) of each layer."""

    def __init__(self, dim: int, depth: int):
        super().__init__()
        self.layers = nn.ModuleList(Layer(dim) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        maps = []
        for layer in self.layers:
            x, attention = layer(x)
            maps.append(attention)
        return self.norm(x), maps


class Layer(nn.Module):
    """A pre-norm transformer layer. The attention is written out, because its weights are used again."""

    def __init__(self, dim: int):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.queries_keys_values = nn.Linear(dim, 3 * dim)
        self.drop = nn.Dropout(DROPOUT)
        self.out = nn.Sequential(nn.Linear(dim, dim), nn.Dropout(DROPOUT))
        self.mlp = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GELU(), nn.Dropout(DROPOUT),
            nn.Linear(2 * dim, dim), nn.Dropout(DROPOUT),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        z = self.queries_keys_values(self.norm(x))
        q, k, v = rearrange(z, "n t (three h c) -> three n h t c", three=3, h=HEADS)
        attention = (q * q.shape[-1] ** -0.5 @ k.mT).softmax(dim=-1)  # n h t t
        x = x + self.out(rearrange(self.drop(attention) @ v, "n h t c -> n t (h c)"))
        return x + self.mlp(x), attention


def projection(dim: int) -> nn.Sequential:
    """Feature of a modality (N, 2 d) -> (N, d), where the modalities are compared."""
    return nn.Sequential(nn.Linear(2 * dim, dim), nn.GELU(), nn.Linear(dim, dim))


# --- the weights of the patches --------------------------------------------------------------------------------------


def patch_weights(maps: list[torch.Tensor], weighting: str) -> torch.Tensor:
    """Attention (N, h, 1 + P, 1 + P) of each layer, first layer first -> weights (N, P) of the patches, float32, sum 1.

    ``fused`` is attention rollout: the mean over heads plus the identity (for the residual), with normalised rows,
    multiplied over the layers. The weight of a patch is its share in the class token over all paths. Half precision
    would underflow in a product over 257 tokens. ``last`` uses the last layer only; ``uniform`` gives all patches the
    same weight; ``max_heads`` takes the strongest head instead of the mean; ``no_identity`` multiplies the means alone;
    ``per_head`` multiplies each head by itself and takes the mean at the end; ``detached`` is ``fused`` without a
    gradient.
    """
    if weighting == "uniform":
        n, _, tokens, _ = maps[0].shape
        return torch.full((n, tokens - 1), 1 / (tokens - 1), device=maps[0].device)
    if weighting == "last":
        maps = maps[-1:]
    with full_precision(maps[0].device):
        steps = [step(attention.float(), weighting) for attention in maps]
        row = steps[-1][:, :, :1]  # n g 1 t: only the class token's row of the product is needed
        for earlier in reversed(steps[:-1]):
            row = row @ earlier
        row = row[:, :, 0, 1:]
        weights = reduce(row / row.sum(dim=-1, keepdim=True), "n g p -> n p", "mean")
    return weights.detach() if weighting == "detached" else weights


def step(attention: torch.Tensor, weighting: str) -> torch.Tensor:
    """How one layer (N, h, T, T) mixes tokens: (N, g, T, T) with rows of sum 1; g is 1, or h for ``per_head``."""
    if weighting == "max_heads":
        attention = reduce(attention, "n h i j -> n 1 i j", "max")
    elif weighting != "per_head":
        attention = reduce(attention, "n h i j -> n 1 i j", "mean")
    if weighting != "no_identity":
        attention = attention + torch.eye(attention.shape[-1], device=attention.device)
    return attention / attention.sum(dim=-1, keepdim=True)


def full_precision(device: torch.device) -> contextlib.AbstractContextManager:
    """Matrix products in float32, also where the recipe has half precision."""
    if torch.amp.is_autocast_available(device.type):
        return torch.autocast(device.type, enabled=False)
    return contextlib.nullcontext()


# --- the contrast between the modalities -----------------------------------------------------------------------------


def cross_modal(texture: torch.Tensor, motion: torch.Tensor, y: torch.Tensor, contrast: str) -> torch.Tensor:
    """Symmetric InfoNCE of a batch: unit vectors (N, d) of either modality and labels (N,) -> scalar.

    It is the mean of two losses: the texture of a clip has to match its own motion among all, and the other way round.
    """
    with full_precision(texture.device):
        scores = texture @ motion.mT / TEMPERATURE  # row: a clip's texture; column: a clip's motion
    return (anchored(scores, y, contrast).mean() + anchored(scores.mT, y, contrast).mean()) / 2


def anchored(scores: torch.Tensor, y: torch.Tensor, contrast: str) -> torch.Tensor:
    """Scores (N, N) of the clips as anchors (rows) with the other modality (columns) -> the loss of each anchor (N,).

    ``masked``: other clips of the anchor's class are left out, they are no negatives. ``plain``: all other clips are
    negatives. ``supervised``: all clips of the anchor's class are positives; the loss is the mean of their terms.
    """
    own = torch.eye(len(y), dtype=torch.bool, device=y.device)
    same = y[:, None] == y
    if contrast == "masked":
        scores = scores.masked_fill(same & ~own, -torch.inf)
    positive = same if contrast == "supervised" else own
    return -scores.log_softmax(dim=1).where(positive, 0).sum(dim=1) / positive.sum(dim=1)
