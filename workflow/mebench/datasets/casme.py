"""CASME (the first of the name): 60 fps, onset, two coders' apexes, offset, action units and eight emotions.

Frames are ``sub01/EP01_5/EP01_5-113.jpg``, with and without zero padding. A workbook cell without a value holds a
backslash. No counts of subjects and emotions were read, and the names of the emotions not verified.
"""

from __future__ import annotations

import re
from pathlib import Path

from mebench.clips.card import dataset_card
from mebench.clips.reading import Reading
from mebench.datasets._labelled import Labelled

CARD = {
    "delivers": "frames",
    "title": "CASME",
    "paper": "yan2013casme",
    "licence": "free for research on request, signed agreement; do not redistribute frames or labels",
    "homepage": "http://casme.psych.ac.cn",
    "layout": "CASME-coded-20190721.xls (or casme.xlsx) and Cropped/sub01/EP01_5/EP01_5-113.jpg, or "
    "CASME_raw_selected/sub01/EP01_5/EP01_5-113.jpg",
    "editions": {"20190721": {"file": "CASME-coded-20190721"}, "casme.xlsx": {"file": "casme.xlsx"}},
    "crop": "provided",
    "fps": 60,
    "emotions": ["happiness", "disgust", "repression", "surprise", "sadness", "fear", "contempt", "tense"],
    # 193 rows in one copy, 189 clips as MEB evaluates them
    "expected": {"clips": 189},
    "expected_emotions": {},
    "inputs": ["tvl1", "apex_flow"],
}

COLUMNS = {
    "subject": "Subject",
    "clip": "Filename",
    "onset": "OnsetF",
    "apex": "ApexF1",
    "second apex": "ApexF2",
    "offset": "OffsetF",
    "aus": "AU",
    "emotion": "Emotion",
}


def read(root: Path) -> Reading:
    """Read the coding workbook and the frames below ``root``; cropped faces are preferred to raw frames."""
    return Labelled(
        card=dataset_card("casme"),
        workbooks=("CASME-coded*.xlsx", "casme.xlsx"),
        columns=COLUMNS,
        editions=("crop", "selected", "raw"),
        is_subject=lambda folder: re.fullmatch(r"sub\d+", folder.name, flags=re.IGNORECASE) is not None,
        video=lambda clip: clip.split("_")[0],  # the episode shown to the subject
    ).read(root)
