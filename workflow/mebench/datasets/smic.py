"""SMIC-HS (short clips): 100 fps, three classes, no workbook and no apex.

Frames are ``HS/s1/micro/negative/s1_ne_01/image559740.bmp``; numbers are the camera's running counter.
Onset is the first frame, offset the last, the apex the middle one. The class is in the folder and in the
clip's name (ne, po, sur); ``non_micro`` beside ``micro`` holds other clips and is not read.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mebench.datasets._folders import child, existing_folder, find_tree, list_frames
from mebench.datasets._reading import Reading, Unusable, emotion_name, refuse_duplicates, subject_name
from mebench.errors import UserError

CARD = {
    "delivers": "frames",
    "title": "SMIC-HS",
    "paper": {
        "title": "A Spontaneous Micro-expression Database: Inducement, Collection and Baseline",
        "authors": "X. Li, T. Pfister, X. Huang, G. Zhao, M. Pietikäinen",
        "venue": "IEEE International Conference on Automatic Face and Gesture Recognition (FG)",
        "year": 2013,
        "doi": "10.1109/FG.2013.6553717",
    },
    "licence": "free for research on request, signed agreement; do not redistribute",
    "homepage": "https://www.oulu.fi/cmvs/node/41319",
    "layout": "SMIC_all_cropped/HS/s1/micro/negative/s1_ne_01/image076518.bmp, or the same below "
    "SMIC_all_raw; only HS is read, not VIS, NIR or the long clips of SMIC-E",
    "fps": 100,
    "emotions": ["negative", "positive", "surprise"],
    "expected": {"clips": 164, "subjects": 16},
    "expected_emotions": {"negative": 70, "positive": 51, "surprise": 43},
    "inputs": ["tvl1", "apex_flow"],
}

INFIX = {"ne": "negative", "po": "positive", "sur": "surprise"}
EDITIONS = ("crop", "raw")


def read(root: Path) -> Reading:
    """Read the frame folders below ``root``; labels are the folders' and clips' names."""
    root = existing_folder(root, "smic")
    try:
        tree, others = find_tree(root, _is_subject, prefer=EDITIONS)
    except FileNotFoundError as error:
        raise UserError(f"{root} holds no folders such as HS/s1/micro; expected {CARD['layout']}") from error
    notes = [f"frames from {tree.relative_to(root).as_posix()}"]
    notes += [f"not used: {other.relative_to(root).as_posix()}" for other in others]
    clips, dropped = [], []
    for subject in sorted(path for path in tree.iterdir() if _is_subject(path)):
        for group in sorted(path for path in child(subject, "micro").iterdir() if path.is_dir()):
            emotion = emotion_name(group.name, CARD["emotions"], f"the folder {group}")
            for folder in sorted(path for path in group.iterdir() if path.is_dir()):
                try:
                    clips.append(_clip(folder, subject_name("smic", subject.name), emotion, root))
                except Unusable as reason:
                    dropped.append((folder.relative_to(root).as_posix(), str(reason)))
    refuse_duplicates(clips, tree)
    if not clips:
        raise UserError(f"{tree} holds no clips with frames; expected {CARD['layout']}")
    return Reading(sorted(clips, key=lambda clip: clip["clip_id"]), dropped, notes)


def _is_subject(folder: Path) -> bool:
    # VIS and NIR film the same subjects beside HS, at 25 fps
    if folder.parent.name.upper() in ("VIS", "NIR") or not re.fullmatch(r"s\d+", folder.name, re.IGNORECASE):
        return False
    return child(folder, "micro") is not None


def _clip(folder: Path, subject: str, emotion: str, root: Path) -> dict[str, Any]:
    match = re.fullmatch(r"s(\d+)_(ne|po|sur)_(\d+)", folder.name, flags=re.IGNORECASE)
    if not match:
        raise Unusable("its name is not of the form s1_ne_01")
    if subject_name("smic", match[1]) != subject:
        raise Unusable(f"its name is of another subject than its folder {subject}")
    frames = sorted(list_frames(folder))
    if len(frames) < 2:
        raise Unusable(f"it holds {len(frames)} frames, two are needed")
    repairs = []
    named = INFIX[match[2].lower()]
    if named != emotion:
        # the composite list of MEGC2019 follows the clip's name where the two disagree
        repairs.append(f"its folder says {emotion}, its name {named}: {named} is taken")
    middle = frames[0] + (frames[-1] - frames[0]) // 2
    name = f"s{int(match[1])}_{match[2].lower()}_{match[3]}"
    return {
        "clip_id": f"smic/{subject}/{name}",
        "dataset": "smic",
        "subject": f"smic/{subject}",
        "video": name,
        "onset": frames[0],
        "apex": min(frames[1:], key=lambda number: (abs(number - middle), number)),
        "offset": frames[-1],
        "apex_source": "mid",
        "emotion": named,
        "aus": "",
        "fps": CARD["fps"],
        "frames": folder.relative_to(root).as_posix(),
        "repairs": ";".join(repairs),
    }
