"""Bi-WOOF: orientations of the flow from onset to apex, weighted by its magnitude in each block and by the strain of
the block (Liong, See, Wong, Phan; SPIC 2018), with a linear SVM."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from einops import einsum, rearrange
from torch import nn

from mebench.models._svm import LinearSVM

CARD = {
    "title": "Bi-WOOF + SVM",
    "kind": "model",
    "paper": "liong2018bi_woof_svm",
    "licence": "The authors' script carries no licence; written from a description of it.",
    "module": "BiWOOFSVM",
    "training": "fit",
    "shared": True,
    "parameters": 0,  # none trained by gradient; the hyperplanes are 201 numbers per class
    "flops": 0,
    "inputs": {
        "kind": "apex_flow",
        "size": 140,  # the narrower side of the field's 170 x 140 crops: 25 blocks of 28 x 28 flow vectors
        "channels": ["u", "v", "strain"],
        "range": "pixels",
        "center": "none",
    },
    "recipe": {},
    "options": {"C": [1, 10000], "blocks": [5, 6, 8]},
    "resources": {"mem_mb": 2500, "runtime_min": 30, "gpu": 0},
    "notes": (
        "Published flow pictures cannot be used: they are stretched to 0..255 and have lost direction and length."
    ),
    "deviations": [
        {
            "what": (
                "Blocks are disjoint and cover the face; there, inner blocks reach a pixel into their "
                "neighbours, and the last row and column take the remainder."
            ),
            "source": "the authors' script",
        },
        {
            "what": "A block without motion gives zeros; there, 0 is divided by 0.",
            "source": "the authors' script",
        },
        {
            "what": "An angle of 180 degrees counts as -180.",
            "source": "the authors' script",
        },
        {
            "what": ("5 x 5 blocks (or 6 x 6, 8 x 8) for all databases: its numbers of blocks for each were not read."),
            "source": "the paper",
        },
        {
            "what": (
                "C = 1 (or 10,000), one class against the others, with LIBLINEAR's squared hinge loss: its "
                "SVM was not read."
            ),
            "source": "the paper",
        },
    ],
}
ORIENTATIONS = 8  # of 45 degrees each


class BiWOOFSVM(nn.Module):
    """Flow (N, 3, H, W) in pixels: u, v, strain -> margins (N, num_classes)."""

    def __init__(self, num_classes: int, C: int = 1, blocks: int = 5):
        super().__init__()
        self.blocks = blocks
        self.svm = LinearSVM(num_classes, blocks**2 * ORIENTATIONS, C)

    def fit(self, x: torch.Tensor, y: torch.Tensor) -> None:
        self.svm.fit(bi_woof(x, self.blocks), y)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.svm(bi_woof(x, self.blocks))


def bi_woof(x: torch.Tensor, blocks: int = 5) -> torch.Tensor:
    """u, v and strain (N, 3, H, W) -> vectors (N, blocks^2 * 8) of length 1, block by block in rows.

    The local weight is the magnitude: each pixel counts with its magnitude in the histogram of its block, which is then
    divided by its sum. The global weight is the strain: the histogram is multiplied by the sum of strain in the block.
    A block without motion gives zeros, and so does a clip without motion.
    """
    u, v, strain = x.unbind(dim=1)  # n h w each
    magnitude, direction = torch.hypot(u, v), octant(u, v)
    parts = [block_sums(magnitude * (direction == o), blocks) for o in range(ORIENTATIONS)]
    histogram = torch.stack(parts, dim=-1)  # n b b 8
    total = histogram.sum(dim=-1, keepdim=True)
    histogram = torch.where(total > 0, histogram / total, 0.0)
    weighted = histogram * block_sums(strain, blocks)[..., None]
    return F.normalize(rearrange(weighted, "n p q o -> n (p q o)"), dim=1)


def octant(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """The orientation bin, 0..7. Bin b has the angles of (u, v) from -180 + 45 b degrees up to 45 more, which is
    excluded; 180 degrees is -180. Comparisons are used, because rounding could move an angle on the edge of two bins.
    """
    negative = (v < 0) | ((v == 0) & (u < 0))  # -180 to 0
    u, v = torch.where(negative, -u, u), torch.where(negative, -v, v)  # now 0 to 180
    return 4 * (~negative).long() + (v >= u).long() + (u <= 0).long() + (-u >= v).long()


def block_sums(x: torch.Tensor, blocks: int) -> torch.Tensor:
    """Sums (N, blocks, blocks) of ``x`` (N, H, W) over disjoint blocks; pixel i of H is in block i * blocks // H."""
    of_row, of_column = (
        F.one_hot(torch.arange(side, device=x.device) * blocks // side, blocks).to(x.dtype) for side in x.shape[1:]
    )
    return einsum(x, of_row, of_column, "n h w, h p, w q -> n p q")
