"""HSTA: a transformer with two branches, for the frames of a clip and for the pair of onset and apex. They attend to
each other after every stage (Hao, Wang, Ben, Hao, Wang, Wang; 2024)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from torch import nn

from mebench.errors import UserError
from mebench.models._layers import DropPath

if TYPE_CHECKING:
    from mebench.models._pretrained import TimmNet, WeightsRecord

CARD = {
    "title": "HSTA",
    "kind": "model",
    "paper": "hao2024hsta",
    "licence": "The authors' code carries no licence; written from a description of it.",
    "module": "HSTA",
    "parameters": 81883011,  # 3 classes; 81,887,623 at the 7 of CAS(ME)^3
    "flops": 88435538688,
    "flops_by_options": [
        {"options": {"head_dropout": 0.2}, "forward": 88435538688},
        {"options": {"head_dropout": 0.4}, "forward": 88435538688},
        {"options": {"frames": "from_onset"}, "forward": 88435538688},
        {"options": {"size": "small", "stages": 2}, "forward": 22734000},
        {"options": {"size": "small", "stages": 2, "frames": "from_onset"}, "forward": 22734000},
    ],
    # the same for all keys, so it moves all scores of the one query alike, and the softmax takes it away again
    "dead": ["stages.*.csta_*.attention.k.bias"],
    "inputs": {
        "kind": "frames",
        "size": 224,
        "frames": 6,
        "channels": ["r", "g", "b"],
        "range": "imagenet",
        "center": "none",
        "crop": "provided",  # frames as delivered, whole
    },
    "recipe": {
        "optimizer": "adamw",
        "lr": 6.25e-5,  # 5e-4 x 32 / 256
        "min_lr": 1.25e-7,  # 1e-6 x 32 / 256
        "schedule": "cosine",
        "warmup_epochs": 5,
        "epochs": 150,
        "layer_decay": 0.9,
        "weight_decay": 0.05,
        "weight_decay_on": "matrices",
        "batch_size": 32,
        "last_batch": "drop",
        "order": "balanced",
    },
    "presets": {
        "paper": {},
        "paper-bf16": {"precision": "bfloat16"},
        "small": {
            "size": "small",
            "stages": 2,
            "frames": "from_onset",
            "lr": 3e-3,
            "min_lr": 3e-5,
            "warmup_epochs": 1,
            "epochs": 11,
            "augment": "shift:2",
            "batch_size": 8,
            "last_batch": "keep",
        },
        "small-bf16": {
            "size": "small",
            "stages": 2,
            "frames": "from_onset",
            "lr": 3e-3,
            "min_lr": 3e-5,
            "warmup_epochs": 1,
            "epochs": 11,
            "augment": "shift:2",
            "batch_size": 8,
            "last_batch": "keep",
            "precision": "bfloat16",
        },
    },
    "options": {
        "stages": [4, 1, 2, 3],
        "v_depth": [2, 1, 3, 4],
        "head_dropout": [0.0, 0.2, 0.4],
        "size": ["paper", "small"],
        "frames": ["as_filmed", "from_onset"],
        "pretrained": ["none", "imagenet", "FILE"],
    },
    "changes": {
        "size": {"small": {"inputs": {"size": 64}, "resources": {"mem_mb": 1500, "runtime_min": 30, "gpu": 0}}},
    },
    "resources": {"mem_mb": 12000, "runtime_min": 1440, "gpu": 1},
    "notes": (
        "From the released code, which is incomplete (no training loop); the paper's text and tables were not "
        "read. stages: 4 and v_depth: 2 are what its scripts run. The special branch does not see the last 8 "
        "rows and columns (224 = 18 x 12 + 8). Of the parameters, the 4,608 key biases of CSTA have no "
        "effect."
    ),
    "deviations": [
        {
            "what": (
                "The preset paper trains on micro-expressions alone (extra_clips: none). The authors' script of the "
                "full model trains on the macro-expressions of CAS(ME)^3 too: extra_clips: macro, for objective "
                "classes."
            ),
            "source": "5_folds_casme3_hsta4_usta21.sh (--use_extra_macro_data); add_exp_oc.sh leaves them off",
            "effect": "4,034 instead of 688 training clips in each of its five folds.",
        },
        {
            "what": (
                "The release cannot be built as it stands: it has two definitions of cross_uni_hsta_base_224, and the "
                "second, which counts, is given its depths twice. The network here is the first."
            ),
            "source": "_model_hsta.py",
        },
        {
            "what": (
                "Frames are as delivered, neither aligned nor cropped here, and brought to size by averaging "
                "over areas, not bilinearly."
            ),
            "source": "the released code",
        },
        {
            "what": (
                "An apex that a workbook puts on or before its onset is replaced by the middle frame when a "
                "dataset is read (its report lists them); there, the onset is shown twice. Onsets and offsets "
                "that are slips are mended."
            ),
            "source": "the released code",
            "effect": "55 clips of CAS(ME)^3.",
        },
        {
            "what": "Test frames are evenly spaced; there, they are drawn at random.",
            "source": "the released code",
        },
        {
            "what": (
                "No test clip is used in training: there, the test clips are listed as the validation set, "
                "pictures of the test subject under random labels are put into training unless told not to, "
                "and the five folds are dealt out by clip."
            ),
            "source": "the released code",
            "effect": "There, most test subjects are trained on.",
        },
        {
            "what": (
                "precision is float32 unless set; there, gradients are scaled for mixed precision, presumably float16."
            ),
            "source": "its scripts",
        },
        {
            "what": (
                "head_dropout is an option; 0.2 (README) or 0.4 (scripts) is asked for before the classifier "
                "and never applied."
            ),
            "source": "the released code",
        },
        {
            "what": (
                "pretrained: imagenet, or a file in its place, begins the video branch with a ViT-B/16 "
                "(DeiT-B: ImageNet-1k under the mean and deviation used here), its filters halved over 2 "
                "frames, its first blocks as the layers; there, training is from scratch."
            ),
            "source": "its scripts",
        },
        {
            "what": "extra_clips: macro is theirs for objective classes; for emotions it is ours.",
            "source": "the released code",
        },
        {
            "what": (
                "size: small is ours, and not the release's own small. Its linear layers begin with a deviation of "
                "0.7 / sqrt(inputs): 0.02 suits widths of 384 and 768."
            ),
            "source": "the released code",
        },
        {
            "what": (
                "frames: from_onset, which the preset small has, is ours: each frame less the onset, twenty times. "
                "Without it, the network learns from some dozens of clips whose face it is."
            ),
            "source": "the released code, which has frames as filmed",
        },
        {
            "what": (
                "Not offered: other pairs of frames and pictures of sparse flow in the place of onset and "
                "apex, other numbers of frames, heads on more than the class tokens, and a special branch of "
                "216 or 228 pixels."
            ),
            "source": "the released code",
        },
    ],
}

FRAMES = 6  # of the interval; onset and apex follow
TUBELET = 2  # frames of a token
# of the special branch (onset and apex), then of the video branch: pixels of a token's side, width
PATCHES = (12, 16)
WIDTHS = {"paper": (384, 768), "small": (24, 48)}
HEADS = {"paper": 12, "small": 3}  # the same number in both branches
SIDE = {"paper": 224, "small": 64}
FURTHER = 20  # times: motion of a pixel changes a frame by about a twentieth of what makes faces differ
EPS = 1e-6
DROP = 0.2  # of tokens, of what attention returns, and after both linear layers of an MLP
DROP_PATH = 0.2  # in the last layer

# a ViT-B/16 of the video branch's shape, trained under the mean and standard deviation that the frames have here
VIT = "deit_base_patch16_224.fb_in1k"
VIT_BLOCKS = 12


class HSTA(nn.Module):
    """Frames (N, 6 + 2, 3, 224, 224): six of the interval, onset, apex -> logits (N, num_classes).

    There are ``stages`` stages, each with ``v_depth`` layers in the video branch, and ``head_dropout`` before the
    classifier. ``size: small`` is the same network with narrower branches, for frames of 64 x 64. With
    ``frames: from_onset`` it sees what differs from the onset. With ``pretrained`` the video branch starts from the
    patches and blocks of a ViT-B/16; a UserError where these do not fit.
    """

    def __init__(
        self,
        num_classes: int,
        stages: int = 4,
        v_depth: int = 2,
        head_dropout: float = 0.0,
        size: str = "paper",
        frames: str = "as_filmed",
        pretrained: str = "none",
    ):
        super().__init__()
        self.frames = frames
        widths, heads = WIDTHS[size], HEADS[size]
        self.special = Tokens(widths[0], PATCHES[0], frames=2, side=SIDE[size])
        self.video = Tokens(widths[1], PATCHES[1], FRAMES, SIDE[size])
        self.stages = nn.ModuleList(Stage(widths, heads, rates) for rates in drop_paths(stages, v_depth))
        self.special_norm = nn.LayerNorm(widths[0], EPS)
        self.video_norm = nn.LayerNorm(widths[1], EPS)
        self.drop = nn.Dropout(head_dropout) if head_dropout else nn.Identity()
        self.head = nn.Linear(sum(widths), num_classes)
        self.apply(partial(initialise, size=size))
        # layer-wise decay counts stages, not layers; class tokens, last norms and head keep the full learning rate
        self.layers = [("special.patches", "video.patches"), *((f"stages.{i}",) for i in range(stages))]
        if pretrained != "none":
            self.weights_record = begin_with_vit(self, size, pretrained)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.frames == "from_onset":
            x = FURTHER * (x - x[:, FRAMES : FRAMES + 1])
        s = self.special(x[:, FRAMES:])  # n 325 384
        v = self.video(x[:, :FRAMES])  # n 589 768
        for stage in self.stages:
            s, v = stage(s, v)
        s, v = self.special_norm(s[:, 0]), self.video_norm(v[:, 0])  # n 384, n 768: the class tokens
        return self.head(self.drop(torch.cat([s, v], dim=1)))  # n classes


def drop_paths(stages: int, v_depth: int) -> list[list[float]]:
    """Rates of stochastic depth of the video layers of each stage. They grow linearly from 0 to 0.2 over all layers."""
    last = max(stages * v_depth - 1, 1)
    return [[DROP_PATH * (v_depth * i + j) / last for j in range(v_depth)] for i in range(stages)]


class Tokens(nn.Module):
    """Frames (N, frames, 3, side, side) -> tokens (N, 1 + frames / 2 * (side // patch)**2, width), the class token
    first. Rows and columns that do not fill a patch are ignored."""

    positions: torch.Tensor

    def __init__(self, width: int, patch: int, frames: int, side: int):
        super().__init__()
        tubelet = (TUBELET, patch, patch)
        self.patches = nn.Conv3d(3, width, kernel_size=tubelet, stride=tubelet)
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        count = 1 + frames // TUBELET * (side // patch) ** 2
        self.register_buffer("positions", sinusoids(count, width), persistent=False)
        self.drop = nn.Dropout(DROP)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patches(rearrange(x, "n t c h w -> n c t h w"))  # n width frames/2 rows columns
        x = rearrange(x, "n d t h w -> n (t h w) d")
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], dim=1)
        return self.drop(x + self.positions)


def sinusoids(count: int, width: int) -> torch.Tensor:
    """(count, width): sines at even and cosines at odd channels, of the index in the sequence; the class token has
    index 0.

    There is one index for time, row and column together, as in the released code.
    """
    place = torch.arange(count, dtype=torch.float64)
    rate = 10000 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angle = place[:, None] * rate
    return rearrange([angle.sin(), angle.cos()], "two t d -> t (d two)").float()


class Stage(nn.Module):
    """Tokens of the special branch (N, S, 384) and of the video branch (N, V, 768) -> the same shapes.

    USTA runs within each branch, then CSTA in both directions. Each CSTA reads the other branch as it is after USTA.
    """

    def __init__(self, widths: tuple[int, int], heads: int, rates: list[float]):
        super().__init__()
        special, video = widths
        self.usta_special = USTA(special, heads, rates[0])
        self.usta_video = nn.Sequential(*(USTA(video, heads, rate) for rate in rates))
        self.csta_special = CSTA(special, video, heads)
        self.csta_video = CSTA(video, special, heads)

    def forward(self, s: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        s, v = self.usta_special(s), self.usta_video(v)
        return self.csta_special(s, v), self.csta_video(v, s)


class USTA(nn.Module):
    """A transformer layer over all tokens of a branch, space and time together: (N, T, width) -> the same shape."""

    def __init__(self, width: int, heads: int, rate: float):
        super().__init__()
        self.norm = nn.LayerNorm(width, EPS)
        self.attention = Attention(width, heads, key_bias=False)
        self.mlp = nn.Sequential(
            nn.LayerNorm(width, EPS),
            nn.Linear(width, 4 * width),
            nn.GELU(),
            nn.Dropout(DROP),
            nn.Linear(4 * width, width),
            nn.Dropout(DROP),
        )
        self.drop_path = DropPath(rate)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        normed = self.norm(x)
        x = x + self.drop_path(self.attention(normed, normed))
        return x + self.drop_path(self.mlp(x))


class CSTA(nn.Module):
    """The class token of a branch (N, T, own) attends to the patches of the other branch (N, U, other): (N, T, own).
    Only the class token changes."""

    def __init__(self, own: int, other: int, heads: int):
        super().__init__()
        self.there = projection(own, other)
        self.norm = nn.LayerNorm(other, EPS)
        self.attention = Attention(other, heads, key_bias=True)
        self.back = projection(other, own)

    def forward(self, own: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        cls = self.there(own[:, :1])  # n 1 other
        seen = self.norm(torch.cat([cls, other[:, 1:]], dim=1))  # the class token is among its own keys
        cls = self.back(cls + self.attention(seen[:, :1], seen))  # n 1 own
        return torch.cat([cls, own[:, 1:]], dim=1)


class Attention(nn.Module):
    """Multi-head attention of queries (N, Q, width) over tokens (N, T, width): (N, Q, width)."""

    def __init__(self, width: int, heads: int, key_bias: bool):
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width)
        self.k = nn.Linear(width, width, bias=key_bias)
        self.v = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self.drop = nn.Dropout(DROP)

    def forward(self, queries: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        parts = self.q(queries), self.k(tokens), self.v(tokens)
        q, k, v = (rearrange(part, "n t (h d) -> n h t d", h=self.heads) for part in parts)
        x = F.scaled_dot_product_attention(q, k, v)
        return self.drop(self.out(rearrange(x, "n h t d -> n t (h d)")))


def projection(width: int, to: int) -> nn.Sequential:
    """(..., width) -> (..., to): a class token for the other branch, or back for its own."""
    return nn.Sequential(nn.LayerNorm(width, EPS), nn.GELU(), nn.Linear(width, to))


def initialise(part: nn.Module, size: str) -> None:
    """Linear layers and class tokens: truncated normal with deviation 0.02 (``size: small``: more in linear layers),
    biases 0. The patches keep PyTorch's values."""
    if isinstance(part, nn.Linear):
        nn.init.trunc_normal_(part.weight, std=0.7 / part.in_features**0.5 if size == "small" else 0.02)
        if part.bias is not None:
            nn.init.zeros_(part.bias)
    elif isinstance(part, Tokens):
        nn.init.trunc_normal_(part.cls, std=0.02)


# --- ImageNet, which the authors' scripts do not use ---------------------------------------------------------------


def begin_with_vit(model: HSTA, size: str, pretrained: str) -> WeightsRecord:
    """Load a ViT-B/16 into the video branch; gives the origin and digest of its weights."""
    layers = len(video_layers(model))
    if size != "paper":
        raise UserError(
            f"the model hsta has size: {size} and pretrained: {pretrained}, but the weights of a ViT-B/16 only fit "
            "size: paper; set that, or pretrained: none"
        )
    if layers > VIT_BLOCKS:
        raise UserError(
            f"the model hsta has {layers} layers in its video branch and pretrained: {pretrained}, but a ViT-B/16 has "
            f"only {VIT_BLOCKS} blocks; choose smaller stages or v_depth, or pretrained: none"
        )
    from mebench.models._pretrained import timm_backbone  # it imports timm

    vit = timm_backbone(VIT, pretrained, num_classes=0)
    copy_vit(model, vit)
    return vit.weights_record


def video_layers(model: HSTA) -> list[nn.Module]:
    """The layers of the video branch, from the first to the last."""
    return [layer for stage in model.stages for layer in cast(Stage, stage).usta_video]


@torch.no_grad()
def copy_vit(model: HSTA, vit: TimmNet) -> None:
    """Copy patches and first blocks of timm's ViT to the video branch, without positions and class token.

    A filter is halved for each of two frames, so that two equal frames give what one picture gives in the ViT.
    """
    filters = repeat(vit.patch_embed.proj.weight / TUBELET, "d c h w -> d c t h w", t=TUBELET)
    model.video.patches.load_state_dict({"weight": filters, "bias": vit.patch_embed.proj.bias})
    for layer, block in zip(video_layers(model), vit.blocks, strict=False):  # more blocks than layers
        layer.load_state_dict(as_usta(block.state_dict()))


def as_usta(block: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A block of timm's ViT under the names of :class:`USTA`. The bias of the keys is left out: it does not change
    attention."""
    weights, biases = block["attn.qkv.weight"].chunk(3), block["attn.qkv.bias"].chunk(3)
    names = {"norm1": "norm", "attn.proj": "attention.out", "norm2": "mlp.0", "mlp.fc1": "mlp.1", "mlp.fc2": "mlp.4"}
    renamed = {f"{new}.{kind}": block[f"{old}.{kind}"] for old, new in names.items() for kind in ("weight", "bias")}
    return renamed | {
        "attention.q.weight": weights[0],
        "attention.q.bias": biases[0],
        "attention.k.weight": weights[1],
        "attention.v.weight": weights[2],
        "attention.v.bias": biases[2],
    }
