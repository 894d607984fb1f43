"""SMIC-NIR (short clips): 25 fps, a near-infrared camera beside that of SMIC-HS; three classes, no workbook, no apex.

The subjects are the last ten recorded, eight of whom show a micro-expression; each is the same person as in SMIC-HS.
Frames are ``NIR/s11/micro/negative/s11_ne_01/image076518.bmp``, read as those of SMIC-HS are.
"""

from __future__ import annotations

from pathlib import Path

from mebench.clips.card import dataset_card
from mebench.clips.reading import Reading
from mebench.datasets._smic import read_short

CARD = {
    "delivers": "frames",
    "title": "SMIC-NIR",
    "paper": "li2013smic",
    "licence": "free for research on request, signed agreement; do not redistribute",
    "homepage": "https://www.oulu.fi/cmvs/node/41319",
    "layout": "SMIC_all_cropped/NIR/s11/micro/negative/s11_ne_01/image076518.bmp, or the same below "
    "SMIC_all_raw; only NIR is read",
    "crop": "provided",
    "fps": 25,
    "emotions": ["negative", "positive", "surprise"],
    # classes by the clips' names; a column of SMIC-E calls one of the surprises negative
    "expected": {"clips": 71, "subjects": 8},
    "expected_emotions": {"negative": 23, "positive": 28, "surprise": 20},
    "inputs": ["tvl1", "apex_flow"],
}


def read(root: Path) -> Reading:
    """Read the frame folders below ``root``; labels are the folders' and clips' names."""
    return read_short(root, dataset_card("smic_nir"), "NIR")
