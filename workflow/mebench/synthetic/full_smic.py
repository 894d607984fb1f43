"""SMIC-HS at full size: 164 clips of 16 subjects, with a subject of each slower camera beside them."""

from __future__ import annotations

from pathlib import Path

from mebench.synthetic.full import Frames
from mebench.synthetic.smic_counts import write_short


def write(root: Path, frames: Frames, seed: int) -> None:
    """Write the folders; there is no workbook."""
    write_short("HS", frames, seed)
    for camera in ("VIS", "NIR"):
        write_short(camera, frames, seed, only=frozenset({"11"}))
