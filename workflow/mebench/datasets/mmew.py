"""MMEW: 90 fps, onset, apex, offset, action units and seven emotions; its macro-expressions are not read.

Frames are ``S03/happiness/S03-01-002/1.jpg`` (subject, emotion, then subject-emotion-sample), in some copies without
the subject's folder. The class that the workbook calls others lies in folders called repression, so clips are found by
their name and labelled by the workbook alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mebench.clips.card import dataset_card
from mebench.clips.reading import Reading
from mebench.datasets._labelled import Labelled, Places
from mebench.errors import UserError
from mebench.media.folders import folders_in

CARD = {
    "delivers": "frames",
    "title": "MMEW",
    "paper": "ben2021mmew",
    "licence": "free for research on request, signed agreement; do not redistribute frames or labels",
    "homepage": "http://www.dpailab.com/database.html",
    "layout": "MMEW_Micro_Exp.xlsx and Micro_Expression/S03/happiness/S03-01-002/1.jpg, or the same without S03/",
    "editions": {"published": {"file": "MMEW_Micro_Exp"}},
    "crop": "provided",
    "fps": 90,
    "emotions": ["happiness", "surprise", "disgust", "others", "repression", "fear", "sadness", "anger"],
    "expected": {"clips": 300},  # no counts of subjects and emotions were read
    "expected_emotions": {},
    "inputs": ["tvl1", "apex_flow"],
}

COLUMNS = {
    "subject": "Subject",
    "clip": "Filename",
    "onset": "OnsetFrame",
    "apex": "ApexFrame",
    "offset": "OffsetFrame",
    "aus": "Action Units",
    "emotion": "Estimated Emotion",
}
CLIP = re.compile(r"S\d+-\d+-\d+", re.IGNORECASE)


class ByName(Labelled):
    """Clips are found by their name, which holds subject and class, wherever they lie."""

    def places(self, root: Path) -> Places:
        """Where the frames of clips lie below ``root``."""
        folders: dict[str, Path] = {}
        for folder in clip_folders(root):
            name = folder.name.upper()
            if folders.setdefault(name, folder) != folder:
                raise UserError(f"{folder} and {folders[name]} are the same clip; keep one of them")
        if not folders:
            raise UserError(f"{root} holds no folders such as S03-01-002; expected {self.card.layout}")
        note = f"{len(folders)} folders of frames"
        return Places(lambda subject, name: folders.get(name.upper()), list(folders.values()), [note])


def clip_folders(folder: Path, depth: int = 6) -> Iterator[Path]:
    """Folders that are called like a clip, down to ``depth`` levels below ``folder``."""
    for below in folders_in(folder):
        if CLIP.fullmatch(below.name):
            yield below
        elif depth > 1:
            yield from clip_folders(below, depth - 1)


def read(root: Path) -> Reading:
    """Read the coding workbook and the frames below ``root``."""
    return ByName(
        card=dataset_card("mmew"),
        workbooks=("MMEW_Micro_Exp*.xlsx", "MMEW*Micro*.xlsx"),
        columns=COLUMNS,
        editions=(),
        is_subject=lambda folder: False,
        video=lambda clip: clip,
    ).read(root)
