"""Where the intervals of a long video lie: one after another, spread over the video, their lengths drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def lay_out(
    lengths: Sequence[int], first: int, length: int | None, pause: int = 2
) -> tuple[list[tuple[int, int]], int]:
    """((onset, offset) of each interval, last frame of the video).

    The video begins with frame ``first`` and has ``length`` frames, or as many as its intervals need with ``pause``
    frames between them (always so where ``length`` is None).
    """
    needed = sum(lengths) + pause * (len(lengths) + 1)
    spare = max(0, (length or 0) - needed)
    gap = pause + spare // (len(lengths) + 1)
    places, at = [], first
    for frames in lengths:
        at += gap
        places.append((at, at + frames - 1))
        at += frames
    return places, first + max(needed, length or 0) - 1


def peak(rng: np.random.Generator, onset: int, offset: int, mean: float) -> int:
    """An apex inside (onset, offset], on average after the share ``mean`` of the interval."""
    share = float(np.clip(rng.normal(mean, 0.16), 0.05, 0.95))
    return min(offset, max(onset + 1, onset + round(share * (offset - onset))))


def spread(total: int, limits: Sequence[int], least: Sequence[int]) -> list[int]:
    """Whole numbers with that sum, from ``least`` to ``limits``, raised one by one in turns."""
    counts, left = list(least), total - sum(least)
    if left < 0 or total > sum(limits):
        raise ValueError(f"{total} does not lie between {sum(least)} and {sum(limits)}")
    while left:
        for i, limit in enumerate(limits):
            if left and counts[i] < limit:
                counts[i] += 1
                left -= 1
    return counts


def shuffled(rng: np.random.Generator, counts: dict[str, int]) -> list[str]:
    """Each name as often as it is counted, in random order."""
    names = [name for name, count in counts.items() for _ in range(count)]
    return [names[i] for i in rng.permutation(len(names))]
