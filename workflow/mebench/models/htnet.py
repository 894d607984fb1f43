"""HTNet: a hierarchical transformer on a mosaic of four face windows (Wang, Zhang, Luo, Sankaranarayana;
Neurocomputing 2024)."""

from __future__ import annotations

import torch
from einops import rearrange, reduce
from einops.layers.torch import Rearrange
from torch import nn

from mebench.models._layers import LayerNorm2d

CARD = {
    "title": "HTNet",
    "kind": "model",
    "paper": "wang2024htnet",
    "licence": "The authors' code carries no licence; written from a description of it.",
    "module": "HTNet",
    "parameters": 139582982,  # 3 classes; 22,195,200 of them are the dead queries and keys
    "flops": 370079744,
    "flops_by_options": [
        {"options": {"crop": "corrected"}, "forward": 370079744},
        {"options": {"size": "small"}, "forward": 1514304},
    ],
    # attention over blocks of one token: softmax of one score is 1, whatever queries and keys are; and the last
    # position is a constant over channels that every later LayerNorm takes away again
    "dead": ["levels.*.queries_keys.weight", "levels.2.position"],
    "inputs": {
        "kind": "apex_flow",
        "size": 28,
        "channels": ["strain", "v", "u"],  # the flow pictures read as BGR
        "range": "byte",
        "center": "none",
    },
    "recipe": {
        "optimizer": "adam",
        "lr": 5e-5,
        "batch_size": 256,
        "epochs": 800,
        "order": "shuffled",
        "precision": "tf32",
    },
    "presets": {"paper": {}, "by_class": {"order": "by_class"}, "small": {"size": "small", "epochs": 25, "lr": 1e-3}},
    "options": {"crop": ["transposed", "corrected"], "size": ["paper", "small"]},
    "changes": {"size": {"small": {"resources": {"mem_mb": 1500, "runtime_min": 30, "gpu": 0}}}},
    "resources": {"mem_mb": 6000, "runtime_min": 720, "gpu": 1},
    "notes": (
        "Each attention block holds one token, so 22,195,200 query and key weights never get a gradient and "
        "the last position has no effect: kept as released, but scores of one token are not computed. "
        "precision: tf32 is what the release has on a GPU that knows it: its layers but the last are "
        "convolutions, which PyTorch computes so unless told not to."
    ),
    "deviations": [
        {
            "what": (
                "Fixed points serve all clips; there, five points are looked for with a face detector on the "
                "apex face shrunk to 28x28, and the fixed ones are what it falls back to."
            ),
            "source": "the released code",
        },
        {
            "what": (
                "crop: corrected cuts at the points themselves; there, a point's x is taken as row and its y "
                "as column (crop: transposed)."
            ),
            "source": "the released code",
        },
        {
            "what": (
                "Training shuffles; the released loader does not: its batches are those of order: by_class "
                "(preset by_class)."
            ),
            "source": "the released code",
        },
        {
            "what": (
                "CAS(ME)^3 has the TV-L1 flow and the channels of the other datasets; there, Farneback's flow "
                "is computed and (u, v, magnitude) is read."
            ),
            "source": "the released code",
        },
        {
            "what": "The last epoch counts; there, the best epoch on the test fold.",
            "source": "the released code",
        },
    ],
}

# (x, y) of eye, eye, mouth corner, mouth corner in a 28x28 face: the released fallback, without its unused nose
POINTS = [(9.53, 11.06), (21.40, 10.92), (10.26, 22.12), (20.58, 22.26)]

# width of the first level, repeats of each level
SIZES = {"paper": (256, (2, 2, 10)), "small": (24, (1, 1, 2))}
HEADS = 3  # of the first level; width and heads double from level to level
EPSILON = 1e-5  # of every norm


class HTNet(nn.Module):
    """Flow pictures (N, 3, 28, 28), 0..255 -> logits (N, num_classes).

    Three levels see 4x4, 2x2 and 1x1 patches, each split into blocks of one token. A 3x3 convolution and a pooling lead
    from one level to the next; only they mix neighbouring patches. ``size: small`` is the same network with fewer
    channels and repeats.
    """

    def __init__(self, num_classes: int, crop: str = "transposed", size: str = "paper"):
        super().__init__()
        self.crop = crop
        width, repeats = SIZES[size]
        dims = [width, 2 * width, 4 * width]
        self.patches = nn.Sequential(
            Rearrange("n c (h ph) (w pw) -> n h w (ph pw c)", ph=7, pw=7),  # n 4 4 147
            nn.Linear(7 * 7 * 3, width),
            Rearrange("n h w d -> n d h w"),
        )
        self.levels = nn.ModuleList(
            Level(dim, HEADS * 2**i, repeats[i], side=2 ** (2 - i)) for i, dim in enumerate(dims)
        )
        self.aggregations = nn.ModuleList([aggregation(dims[0]), aggregation(dims[1]), nn.Identity()])
        self.norm = LayerNorm2d(dims[2], eps=EPSILON)
        self.head = nn.Linear(dims[2], num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patches(mosaic(x, self.crop))  # n 256 4 4
        for level, aggregate in zip(self.levels, self.aggregations, strict=True):
            x = aggregate(level(x))  # n 512 2 2, n 1024 1 1, n 1024 1 1
        return self.head(reduce(self.norm(x), "n d h w -> n d", "mean"))  # n classes


def mosaic(x: torch.Tensor, crop: str) -> torch.Tensor:
    """(N, C, 28, 28) -> (N, C, 28, 28): the 14x14 windows around the four points, eyes above mouth corners."""
    windows = [x[..., row - 7 : row + 7, column - 7 : column + 7] for row, column in centres(crop)]
    return rearrange(windows, "(i j) n c h w -> n c (i h) (j w)", i=2)


def centres(crop: str) -> list[tuple[int, int]]:
    """(row, column) of the windows: the points clamped to 7..21, where a window fits, and truncated."""
    clamped = [(int(min(max(x, 7), 21)), int(min(max(y, 7), 21))) for x, y in POINTS]
    return clamped if crop == "transposed" else [(y, x) for x, y in clamped]


class Level(nn.Module):
    """(N, dim, H, W) -> the same shape: a transformer in each of side x side blocks, which have one token each.

    The released code has 1x1 convolutions instead of linear layers; the numbers are the same.
    """

    def __init__(self, dim: int, heads: int, repeats: int, side: int):
        super().__init__()
        self.side = side
        self.position = nn.Parameter(torch.randn(1))  # one scalar per token of a block, shared by all channels
        self.attention = nn.ModuleList(Attention(dim, heads) for _ in range(repeats))
        self.mlp = nn.ModuleList(mlp(dim) for _ in range(repeats))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        sides = {"bh": self.side, "bw": self.side, "h": x.shape[2] // self.side}
        x = rearrange(x, "n d (bh h) (bw w) -> (n bh bw) (h w) d", **sides) + self.position
        for attention, mlp in zip(self.attention, self.mlp, strict=True):
            x = x + attention(x)
            x = x + mlp(x)
        return rearrange(x, "(n bh bw) (h w) d -> n d (bh h) (bw w)", **sides)


class Attention(nn.Module):
    """Self-attention among the T tokens of a block (B, T, dim). Here T is 1, so that it returns the projected value:
    the softmax of a single score is 1."""

    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads, width = heads, dim // heads  # 85: 256 / 3, 512 / 6, 1024 / 12
        self.scale = width**-0.5
        self.norm = nn.LayerNorm(dim, eps=EPSILON)
        # the released code has one layer with the values; here they are apart, because these weights get no gradient
        self.queries_keys = nn.Linear(dim, 2 * heads * width, bias=False)
        self.values = nn.Linear(dim, heads * width, bias=False)
        self.out = nn.Linear(heads * width, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(x)
        v = self.values(x)  # b t (a c)
        return self.out(v if x.shape[1] == 1 else self.mixed(x, v))

    def mixed(self, x: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        """The values (B, T, heads * c) of several tokens, weighted by the scores of each head."""
        q, k = rearrange(self.queries_keys(x), "b t (two a c) -> two b a t c", two=2, a=self.heads)
        weights = (self.scale * q @ k.transpose(-1, -2)).softmax(dim=-1)  # b heads t t
        return rearrange(weights @ rearrange(v, "b t (a c) -> b a t c", a=self.heads), "b a t c -> b t (a c)")


def mlp(dim: int) -> nn.Sequential:
    """(B, T, dim) -> the same shape. Each token is processed alone, in a hidden layer four times as wide."""
    return nn.Sequential(nn.LayerNorm(dim, eps=EPSILON), nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))


def aggregation(dim: int) -> nn.Sequential:
    """(N, dim, H, W) -> (N, 2 dim, H/2, W/2): from one level to the next, across the borders of the blocks."""
    return nn.Sequential(
        nn.Conv2d(dim, 2 * dim, 3, padding=1),
        LayerNorm2d(2 * dim, eps=EPSILON),  # over channels, one position at a time
        nn.MaxPool2d(3, stride=2, padding=1),
    )
