"""SMIC-HS (short clips): 100 fps, three classes, no workbook and no apex.

Frames are ``HS/s1/micro/negative/s1_ne_01/image559740.bmp``; numbers are the camera's running counter.
Onset is the first frame, offset the last, the apex the middle one. The class is in the folder and in the
clip's name (ne, po, sur); ``non_micro`` beside ``micro`` holds other clips and is not read.
"""

from __future__ import annotations

from pathlib import Path

from mebench.clips.card import dataset_card
from mebench.clips.reading import Reading
from mebench.datasets._smic import read_short

CARD = {
    "delivers": "frames",
    "title": "SMIC-HS",
    "paper": "li2013smic",
    "licence": "free for research on request, signed agreement; do not redistribute",
    "homepage": "https://www.oulu.fi/cmvs/node/41319",
    "layout": "SMIC_all_cropped/HS/s1/micro/negative/s1_ne_01/image076518.bmp, or the same below "
    "SMIC_all_raw; only HS is read, not VIS, NIR or the long clips of SMIC-E",
    "crop": "provided",
    "fps": 100,
    "emotions": ["negative", "positive", "surprise"],
    "expected": {"clips": 164, "subjects": 16},
    "expected_emotions": {"negative": 70, "positive": 51, "surprise": 43},
    "inputs": ["tvl1", "apex_flow"],
}


def read(root: Path) -> Reading:
    """Read the frame folders below ``root``; labels are the folders' and clips' names."""
    return read_short(root, dataset_card("smic"), "HS")
