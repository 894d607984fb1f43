"""CASME II: 200 fps, onset, apex, offset, action units and seven emotions.

Frames are ``sub01/EP02_01f/reg_img46.jpg`` in the cropped edition and ``img46.jpg`` in the raw ones, without
zero padding. Labels are in ``CASME2-coding-*.xlsx``: a header with two blank separator columns, subjects as
text or number, one apex '/' and one apex on its onset.
"""

from __future__ import annotations

import re
from pathlib import Path

from mebench.datasets._labelled import Labelled
from mebench.datasets._reading import Reading

CARD = {
    "delivers": "frames",
    "title": "CASME II",
    "paper": {
        "title": "CASME II: An Improved Spontaneous Micro-Expression Database and the Baseline Evaluation",
        "authors": "W.-J. Yan, X. Li, S.-J. Wang, G. Zhao, Y.-J. Liu, Y.-H. Chen, X. Fu",
        "venue": "PLoS ONE 9(1): e86041",
        "year": 2014,
        "doi": "10.1371/journal.pone.0086041",
    },
    "licence": "free for research on request, signed agreement; do not redistribute frames or labels",
    "homepage": "http://casme.psych.ac.cn/casme/e2",
    "layout": "CASME2-coding-20140508.xlsx (or -20190701) and Cropped/sub01/EP02_01f/reg_img46.jpg, or "
    "CASME2_RAW_selected/sub01/EP02_01f/img46.jpg; doubled folders are fine",
    "fps": 200,
    "emotions": ["happiness", "disgust", "repression", "surprise", "sadness", "fear", "others"],
    "expected": {"clips": 255, "subjects": 26},
    "expected_emotions": {"others": 99, "disgust": 63, "happiness": 32, "repression": 27, "surprise": 25,
                          "sadness": 7, "fear": 2},
    "inputs": ["tvl1", "apex_flow"],
}  # fmt: skip


COLUMNS = {
    "subject": "Subject",
    "clip": "Filename",
    "onset": "OnsetFrame",
    "apex": "ApexFrame",
    "offset": "OffsetFrame",
    "aus": "Action Units",
    "emotion": "Estimated Emotion",
}


def read(root: Path) -> Reading:
    """Read the coding workbook and the frames below ``root``; cropped faces are preferred to raw frames."""
    return Labelled(
        dataset="casme2",
        card=CARD,
        workbooks=("CASME2-coding-20140508*.xlsx", "CASME2*cod*.xlsx"),
        columns=COLUMNS,
        editions=("crop", "preprocessed", "selected", "raw"),
        is_subject=lambda folder: re.fullmatch(r"sub\d+", folder.name, flags=re.IGNORECASE) is not None,
        video=lambda clip: clip.split("_")[0].rstrip("f"),  # the episode shown to the subject: EP02
    ).read(root)
