"""What a clip looks like: a perceptual hash of its frames or of a stored input, to find copies under other names.

Three planes of a clip (u, v and strain of a flow, or three frames) are averaged to 8 x 8 blocks. The hash has a bit for
each block: is it above the median of its plane? Two clips are near-duplicates where 16 of 192 bits or fewer differ and
the blocks correlate with 0.98 or more; of the published flow pictures of MEGC2019, no two clips, even of one subject,
differ in fewer than 24 bits. What has no planes, such as a histogram, is a copy where all its numbers are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

BLOCKS, PLANES = 8, 3
MOST_BITS, LEAST_CORRELATION = 16 / 192, 0.98
FLAT = 1e-6  # a plane that varies less shows nothing


@dataclass(frozen=True)
class Look:
    """``bits`` of the hash and ``blocks``, normalised, of a clip; where it has no planes, its numbers are the
    ``blocks`` and there are no bits."""

    bits: np.ndarray
    blocks: np.ndarray


def look_of(array: np.ndarray) -> Look | None:
    """The look of an array (..., H, W), or of one without planes; None where nothing is seen in it."""
    numbers = np.asarray(array)
    if numbers.ndim >= 3 and numbers.shape[-1] <= 4 < numbers.shape[-3]:
        numbers = np.moveaxis(numbers, -1, -3)  # colours stand last
    if numbers.ndim < 2 or min(numbers.shape[-2:]) < BLOCKS:
        flat = numbers.astype(np.float64).ravel()
        return None if flat.std() < FLAT else Look(np.zeros(0, dtype=bool), flat)
    planes = numbers.reshape(-1, *numbers.shape[-2:])[:PLANES].astype(np.float64)
    blocks = np.stack([_averaged(plane) for plane in planes])
    spread = blocks.std(axis=(1, 2), keepdims=True)
    if (spread < FLAT).all():
        return None
    blocks = np.where(spread < FLAT, 0, (blocks - blocks.mean(axis=(1, 2), keepdims=True)) / np.maximum(spread, FLAT))
    return Look((blocks > np.median(blocks, axis=(1, 2), keepdims=True)).ravel(), blocks.ravel())


def _averaged(plane: np.ndarray) -> np.ndarray:
    """The means of 8 x 8 blocks, of as equal a size as there is."""
    rows, columns = (np.linspace(0, length, BLOCKS + 1).astype(int)[:-1] for length in plane.shape)
    sums = np.add.reduceat(np.add.reduceat(plane, rows, axis=0), columns, axis=1)
    sizes = np.outer(np.diff([*rows, plane.shape[0]]), np.diff([*columns, plane.shape[1]]))
    return sums / sizes


def alike(looks: Mapping[str, Look]) -> list[tuple[str, str]]:
    """All pairs of clips that look alike, by name."""
    groups: dict[tuple[int, int], list[str]] = {}
    for clip in sorted(looks):
        groups.setdefault((len(looks[clip].bits), len(looks[clip].blocks)), []).append(clip)
    return sorted(pair for (bits, _), clips in groups.items() for pair in _alike(clips, looks, bits))


def _alike(clips: Sequence[str], looks: Mapping[str, Look], length: int) -> list[tuple[str, str]]:
    blocks = np.stack([looks[clip].blocks for clip in clips])
    if not length:
        by_numbers: dict[bytes, list[str]] = {}
        for clip, row in zip(clips, blocks, strict=True):
            by_numbers.setdefault(row.tobytes(), []).append(clip)
        return [(same[0], other) for same in by_numbers.values() for other in same[1:]]
    bits = np.stack([looks[clip].bits for clip in clips]).astype(np.float32)
    differ = bits.sum(axis=1)[:, None] + bits.sum(axis=1)[None] - 2 * bits @ bits.T
    near = np.argwhere(np.triu(differ <= MOST_BITS * length, 1))
    size = np.linalg.norm(blocks, axis=1)
    return [(clips[a], clips[b]) for a, b in near
            if blocks[a] @ blocks[b] >= LEAST_CORRELATION * size[a] * size[b]]  # fmt: skip
