"""The median of 5 x 5 pixels by minima and maxima of whole pictures: exact, and alike on every device.

A comparator puts the smaller of two pictures, pixel by pixel, before the larger. All windows are sorted at once, and
the five sorted columns of a window are shared with its neighbours.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

SORT5 = ((0, 1), (3, 4), (2, 4), (2, 3), (1, 4), (0, 3), (0, 2), (1, 3), (1, 2))


def median5(picture: torch.Tensor) -> torch.Tensor:
    """Median of the 5 x 5 pixels around each pixel of (..., H, W); the border is repeated."""
    height, width = picture.shape[-2:]
    wide = F.pad(picture, (2, 2, 2, 2), mode="replicate")
    columns = _sort5([wide[..., i : i + height, :] for i in range(5)], range(5))
    left = []
    for i, row in enumerate(columns):
        # in columns and rows sorted like this, (i + 1)(j + 1) pixels are no larger than the one at i, j, and
        # (5 - i)(5 - j) no smaller; of 25, whoever has more than 13 on either side is not the median: 13 are left
        ranks = [j for j in range(5) if (i + 1) * (j + 1) <= 13 and (5 - i) * (5 - j) <= 13]
        sorted_row = _sort5([row[..., j : j + width] for j in range(5)], ranks)
        left += [sorted_row[j] for j in ranks]
    return _middle(left)


def _sort5(pictures: list[torch.Tensor], ranks) -> list[torch.Tensor]:
    """Five pictures sorted; only those of ``ranks`` are needed."""
    pictures = list(pictures)
    for i, j in SORT5:
        _compare(pictures, i, j)
    return pictures


def _middle(pictures: list[torch.Tensor]) -> torch.Tensor:
    """The median of an odd number of pictures: of just more than half of them, the smallest and the largest cannot be
    it; they are dropped, the next comes in, and so on."""
    coming = list(pictures)
    held = [coming.pop() for _ in range(len(coming) // 2 + 2)]
    while len(held) > 1:
        last = len(held) - 1
        for i in range(len(held) // 2):
            _compare(held, i, last - i)
        for i in range(1, (last + 2) // 2):
            _compare(held, 0, i)
        for i in range((last + 1) // 2, last):
            _compare(held, i, last)
        held = held[1:-1] + ([coming.pop()] if coming else [])
    return held[0]


def _compare(pictures: list[torch.Tensor], i: int, j: int) -> None:
    pictures[i], pictures[j] = torch.minimum(pictures[i], pictures[j]), torch.maximum(pictures[i], pictures[j])
