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


def looks_of(arrays: Mapping[str, np.ndarray]) -> dict[str, Look]:
    """The looks of clips by their arrays (..., H, W), or arrays without planes; a clip in which nothing is seen has
    none. Arrays of one shape are looked at together."""
    planes: dict[tuple[int, ...], dict[str, np.ndarray]] = {}
    found: dict[str, Look] = {}
    for clip, array in arrays.items():
        own = _planes(array)
        if own is not None:
            planes.setdefault(own.shape, {})[clip] = own
        elif np.ptp(array) > FLAT:
            found[clip] = Look(np.zeros(0, dtype=bool), np.asarray(array, dtype=np.float64).ravel())
    for group in planes.values():
        found |= _hashed(list(group), np.stack(list(group.values())).astype(np.float32))
    return found


def _planes(array: np.ndarray) -> np.ndarray | None:
    """The first planes (P, H, W); None where there are none."""
    if array.ndim >= 3 and array.shape[-1] <= 4 < array.shape[-3]:
        array = np.moveaxis(array, -1, -3)  # colours stand last
    if array.ndim < 2 or min(array.shape[-2:]) < BLOCKS:
        return None
    return array.reshape(-1, *array.shape[-2:])[:PLANES]


def _hashed(clips: Sequence[str], planes: np.ndarray) -> dict[str, Look]:
    """The looks of clips by their planes (N, P, H, W)."""
    rows, columns = (np.linspace(0, length, BLOCKS + 1).astype(int)[:-1] for length in planes.shape[-2:])
    sums = np.add.reduceat(np.add.reduceat(planes, rows, axis=-2), columns, axis=-1)
    blocks = sums / np.outer(np.diff([*rows, planes.shape[-2]]), np.diff([*columns, planes.shape[-1]]))
    spread = blocks.std(axis=(-2, -1), keepdims=True)
    blocks = np.where(spread < FLAT, 0, (blocks - blocks.mean(axis=(-2, -1), keepdims=True)) / np.maximum(spread, FLAT))
    bits = blocks > np.median(blocks, axis=(-2, -1), keepdims=True)
    seen = (spread >= FLAT).any(axis=(1, 2, 3))
    return {clip: Look(bits[place].ravel(), blocks[place].ravel()) for place, clip in enumerate(clips) if seen[place]}


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
