"""SMIC-NIR at full size: 71 clips of 8 subjects, with a subject of SMIC-HS beside them."""

from __future__ import annotations

from pathlib import Path

from mebench.synthetic.full import Frames
from mebench.synthetic.smic_counts import write_short


def write(root: Path, frames: Frames, seed: int) -> None:
    """Write the folders; there is no workbook."""
    write_short("NIR", frames, seed)
    write_short("HS", frames, seed, only=frozenset({"11"}))
