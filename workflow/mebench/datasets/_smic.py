"""What the readers of SMIC share: its names of subjects and clips, its three classes, its short clips.

A clip is called ``s1_ne_01``: subject, class (ne, po, sur), number. SMIC has no apex labels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from mebench.clips.card import DatasetCard
from mebench.clips.clip import Clip
from mebench.clips.reading import Reading, Unusable, refuse_duplicates
from mebench.clips.spelling import emotion_name, subject_name
from mebench.errors import UserError
from mebench.media.folders import (
    child,
    existing_folder,
    files_instead,
    find_tree,
    first_picture,
    folders_in,
    frame_names,
    inner,
    only_elsewhere,
    strangers,
    undoubled,
    unread_pictures,
)

INFIX = {"ne": "negative", "po": "positive", "sur": "surprise"}
CAMERAS = ("HS", "VIS", "NIR")
EDITIONS = ("crop", "raw")


def read_short(root: Path, card: DatasetCard, camera: str) -> Reading:
    """The short clips of one camera (HS, VIS or NIR) below ``root``: labels are the folders' and clips' names, the
    onset is the first frame on disk, the offset the last."""
    root = existing_folder(root, card.name)

    def is_subject(folder: Path) -> bool:
        return _is_subject(folder, camera)

    try:
        tree, others = find_tree(root, is_subject, prefer=EDITIONS)
    except FileNotFoundError as error:
        raise UserError(f"{root} holds no folders such as {camera}/s11/micro; expected {card.layout}") from error
    notes = [f"frames from {tree.relative_to(root).as_posix()}"]
    notes += [f"not used: {other.relative_to(root).as_posix()}" for other in others]
    folders, dropped = _clip_folders(tree, root, is_subject, others)
    elsewhere = only_elsewhere(tree, others, is_subject, lambda name: subject_name("smic", name))
    dropped += unread_pictures(elsewhere, root, "another tree is read, which lacks this subject")
    rows = len(folders) + len(dropped)
    clips = []
    for subject, group, folder in folders:
        emotion = emotion_name(group.name, card.emotions, f"the folder {group}")
        try:
            clips.append(_clip(folder, subject, emotion, card, root))
        except Unusable as reason:
            dropped.append((folder.relative_to(root).as_posix(), str(reason)))
    refuse_duplicates(clips, tree)
    if not clips:
        first = f" (the first of {len(dropped)}, {dropped[0][0]}: {dropped[0][1]})" if dropped else ""
        raise UserError(f"{tree} holds no clips with frames{first}; expected {card.layout}")
    return Reading(sorted(clips, key=lambda clip: clip.clip_id), dropped, notes, rows=rows)


def _clip_folders(
    tree: Path, root: Path, is_subject: Callable[[Path], bool], trees: Sequence[Path]
) -> tuple[list[tuple[str, Path, Path]], list[tuple[str, str]]]:
    """((subject, folder of its class, folder) of each clip, and what holds pictures elsewhere)."""
    unknown = strangers(tree, is_subject, trees)
    folders, levels, loose = [], [], [tree] if first_picture(tree, depth=0) else []
    for subject in folders_in(tree):
        micro = child(undoubled(subject), "micro")
        if not is_subject(subject) or micro is None:
            continue
        unknown += [below for below in folders_in(micro.parent) if below != micro and not _is_sibling(below)]
        groups = [(group, undoubled(group)) for group in folders_in(undoubled(micro))]
        levels += [undoubled(micro), *(inside for _, inside in groups)]
        loose += [folder for folder in (subject, undoubled(subject)) if first_picture(folder, depth=0)]
        owner = subject_name("smic", subject.name)
        folders += [(owner, group, folder) for group, inside in groups for folder in folders_in(inside)]
    dropped = unread_pictures(unknown, root, "it is neither a subject's folder such as s11/micro nor one beside it")
    dropped += unread_pictures(dict.fromkeys(loose), root, "pictures lie here, where folders of subjects are expected")
    return folders, dropped + files_instead(dict.fromkeys(levels), root, "folders of clips")


def _is_sibling(folder: Path) -> bool:
    """Whether a folder beside ``micro`` holds the other clips that SMIC delivers."""
    return re.sub(r"[^a-z]", "", folder.name.lower()) == "nonmicro"


def _is_subject(folder: Path, camera: str) -> bool:
    # three cameras film the same subjects; HS is the only one whose folder may have lost its name
    above = folder.parent.name.upper()
    if above != camera and (camera != "HS" or above in CAMERAS):
        return False
    named = re.fullmatch(r"s\d+", folder.name, re.IGNORECASE) is not None
    return named and child(undoubled(folder), "micro") is not None


def clip_name(name: str) -> tuple[str, str, str]:
    """(subject 's01', name in one spelling, class by its infix) of a clip called ``name``; else Unusable."""
    match = re.fullmatch(r"s0*(\d+)_(ne|po|sur)_(\d+)", name.strip(), flags=re.IGNORECASE)
    if not match:
        raise Unusable("its name is not of the form s1_ne_01")
    infix = match[2].lower()
    return subject_name("smic", match[1]), f"s{int(match[1])}_{infix}_{match[3]}", INFIX[infix]


def label(named: str, told: str, teller: str) -> tuple[str, list[str]]:
    """The class of a clip, and what was repaired: its name is believed where ``teller`` says something else, as the
    composite list of MEGC2019 does."""
    return named, [] if named == told else [f"its {teller} says {told}, its name {named}: {named} is taken"]


def middle(frames: Sequence[int]) -> int:
    """The frame on disk that is nearest to the middle of the first and the last, never the first."""
    half = frames[0] + (frames[-1] - frames[0]) // 2
    return min(frames[1:], key=lambda number: (abs(number - half), number))


def _clip(folder: Path, subject: str, emotion: str, card: DatasetCard, root: Path) -> Clip:
    owner, name, named = clip_name(folder.name)
    if owner != subject:
        raise Unusable(f"its name is of another subject than its folder {subject}")
    folder = inner(folder)
    names = frame_names(folder)
    frames = list(names)
    if len(frames) < 2:
        raise Unusable(f"it holds {len(frames)} frames, two are needed{names.unread and '; '}{names.unread}")
    emotion, repairs = label(named, emotion, "folder")
    return Clip(
        clip_id=f"{card.name}/{subject}/{name}",
        dataset=card.name,
        subject=f"{card.name}/{subject}",
        video=name,
        onset=frames[0],
        apex=middle(frames),
        offset=frames[-1],
        apex_source="mid",
        emotion=emotion,
        expression="micro",
        fps=card.fps,
        frames=folder.relative_to(root).as_posix(),
        repairs=tuple(repairs),
    )
