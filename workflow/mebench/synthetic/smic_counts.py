"""SMIC at full size: who shows what, shared by the stand-ins of its three cameras and of its long clips."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mebench.synthetic.cast import INFIX, random_stream
from mebench.synthetic.full import Frames
from mebench.synthetic.shown import short
from mebench.synthetic.tallies import Span, parse

TABLE = """
   negative positive surprise
1         3        2        1
2         0        1        5
3        22       11        6
4        10        4        5
5         1        0        1
6         2        0        2
8         9        4        0
9         0        1        3
11        3        3        1
12        0        8        1
13        0       10        0
14        3        2        5
15        1        1        2
18        2        0        5
19        0        1        1
20       14        3        5
"""
SPAN = {
    "HS": Span(mean=33.7, sd=9.2, least=11, most=58),
    "VIS": Span(mean=9.7, sd=2.5, least=4, most=13),
    "NIR": Span(mean=9.7, sd=2.5, least=4, most=13),
}
ACROSS = {"s4_ne_05": 999_985}  # the counter gets a digit longer within the clip
SLOW = {"11", "12", "13", "14", "15", "18", "19", "20"}  # filmed by VIS and NIR too


def clips(camera: str) -> Iterator[tuple[str, str, str]]:
    """(subject '1', name 's1_ne_01', emotion) of the short clips of a camera."""
    for subject, counts in parse(TABLE).items():
        if camera == "HS" or subject in SLOW:
            for emotion, count in counts.items():
                for number in range(1, count + 1):
                    yield subject, f"s{subject}_{INFIX[emotion]}_{number:02d}", emotion


def counter(rng: np.random.Generator) -> int:
    """What the camera's counter shows when a clip starts: most have six digits, some with a zero in front."""
    least = (5_000, 100_000, 1_000_000, 10_000_000)[int(rng.choice(4, p=[0.24, 0.5, 0.11, 0.15]))]
    return int(rng.integers(least, least * 9))


def write_short(camera: str, frames: Frames, seed: int, only: frozenset[str] = frozenset()) -> None:
    """Write the short clips of a camera, below its folder, and beside ``micro`` clips that show no micro-expression.

    ``only`` are the subjects to write, all without it.
    """
    rng = random_stream(seed, "smic", camera, "full")
    tree = Path("SMIC_all_cropped") / camera
    for subject, name, emotion in clips(camera):
        onset, _, offset = SPAN[camera].draw(rng, ACROSS.get(name, counter(rng)))
        if only and subject not in only:
            continue
        names = (f"image{number:06d}.bmp" for number in range(onset, offset + 1))
        take = None if only else short(f"s{subject}", name, emotion, onset, "", offset)  # no apex is labelled
        frames.write(tree / f"s{subject}/micro/{emotion}/{name}", names, take=take)
        if name.endswith("_01"):
            others = (f"image{number:06d}.bmp" for number in range(onset + 500, onset + 520))
            frames.write(tree / f"s{subject}/non_micro/{name}", others)
