"""SAMM: 200 fps, grey, onset, apex, offset, action units and eight emotions.

Frames are ``006/006_1_2/006_05562.jpg``, zero-padded to four or five digits depending on the source video.
Labels are in ``SAMM_Micro_FACS_Codes_v2.xlsx``: thirteen lines of preamble, the header on row 14 (row 1 in
trimmed copies), subjects as text or number, a formula in Duration, two apexes outside their clip.
"""

from __future__ import annotations

import re
from pathlib import Path

from mebench.clips.card import dataset_card
from mebench.clips.reading import Reading
from mebench.datasets._labelled import Labelled
from mebench.media.folders import folders_in, undoubled

CARD = {
    "delivers": "frames",
    "title": "SAMM",
    "paper": "davison2018samm",
    "licence": "free for research on request, signed agreement; do not redistribute frames or labels",
    "homepage": "http://www2.docm.mmu.ac.uk/STAFF/M.Yap/dataset.php",
    "layout": "SAMM_Micro_FACS_Codes_v2.xlsx and SAMM/006/006_1_2/006_05562.jpg; doubled folders are fine",
    "editions": {"v2": {"file": "Micro_FACS_Codes_v2"}},
    "crop": "detected",
    "fps": 200,
    "emotions": ["anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise", "others"],
    "expected": {"clips": 159, "subjects": 29},
    "expected_emotions": {"anger": 57, "happiness": 26, "others": 26, "surprise": 15, "contempt": 12,
                          "disgust": 9, "fear": 8, "sadness": 6},
    "inputs": ["tvl1", "apex_flow"],
}  # fmt: skip


COLUMNS = {
    "subject": "Subject",
    "clip": "Filename",
    "onset": "Onset Frame",
    "apex": "Apex Frame",
    "offset": "Offset Frame",
    "aus": "Action Units",
    "emotion": "Estimated Emotion",
    "objective": "Objective Classes",
}


def read(root: Path) -> Reading:
    """Read the FACS workbook and the frames below ``root``; face crops are preferred to raw frames."""
    return Labelled(
        card=dataset_card("samm"),
        workbooks=("SAMM_Micro_FACS_Codes_v2*.xlsx", "SAMM*Micro*FACS*.xlsx"),
        columns=COLUMNS,
        editions=("crop",),
        is_subject=_is_subject,
        video=lambda clip: clip.rpartition("_")[0],  # subject and inducement: 006_1
        sheets=("MICRO_ONLY",),
    ).read(root)


def _is_subject(folder: Path) -> bool:
    # the long videos have folders such as 006_1 directly below the root
    if not re.fullmatch(r"\d{1,3}", folder.name):
        return False
    return any(re.fullmatch(r"\d{1,3}_\d+_\d+", path.name) for path in folders_in(undoubled(folder)))
