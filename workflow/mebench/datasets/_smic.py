"""What the readers of SMIC share: its names of subjects and clips, its three classes, its short clips.

A clip is called ``s1_ne_01``: subject, class (ne, po, sur), number. SMIC has no apex labels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from mebench.clips.card import DatasetCard
from mebench.clips.clip import Clip
from mebench.clips.reading import Reading, Unusable, refuse_duplicates
from mebench.clips.spelling import emotion_name, subject_name
from mebench.errors import UserError
from mebench.media.folders import (
    child,
    empty_subjects,
    existing_folder,
    files_instead,
    find_tree,
    folders_in,
    frame_names,
    inner,
    on_other_trees,
    only_elsewhere,
    strangers,
    subjects_of,
    undoubled,
    unread_pictures,
)

INFIX = {"ne": "negative", "po": "positive", "sur": "surprise"}
SUBJECT = re.compile(r"s\d+", re.IGNORECASE)
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
    notes += on_other_trees(tree, others, root)
    folders, dropped = _clip_folders(tree, root, is_subject, others)
    beside = [other for other in others if tree not in other.parents]
    elsewhere = only_elsewhere(tree, beside, is_subject, partial(subject_name, "smic"))
    dropped += unread_pictures(elsewhere, root, "another tree is read, which lacks this subject")
    rows = len(folders) + len(dropped)
    clips = []
    for subject, group, folder in folders:
        emotion = emotion_name(group.name, card.emotions, f"the folder {group}")
        try:
            clips.append(_clip(folder, subject, emotion, card, root))
            inside = unread_pictures(folders_in(inner(folder)), root, "it lies among the frames of a clip")
            dropped, rows = dropped + inside, rows + len(inside)
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
    unknown, folders, levels, subjects = [], [], [], []
    others = strangers(tree, is_subject, trees)
    for stranger in others:
        if not SUBJECT.fullmatch(stranger.name):
            unknown.append(stranger)
            continue
        # somebody without micro-expressions has a folder of other clips alone
        unknown += [below for below in folders_in(stranger) if not _is_sibling(below)]
        subjects.append(stranger)
    for subject in subjects_of(tree, trees, is_subject, partial(subject_name, "smic")):
        micro = child(undoubled(subject), "micro")
        if micro is None:
            continue
        unknown += [below for below in folders_in(micro.parent) if below != micro and not _is_sibling(below)]
        groups = [(group, undoubled(group)) for group in folders_in(undoubled(micro))]
        levels += [undoubled(micro), *(inside for _, inside in groups)]
        subjects += [subject, micro.parent]
        owner = subject_name("smic", subject.name)
        folders += [(owner, group, folder) for group, inside in groups for folder in folders_in(inside)]
    dropped = unread_pictures(unknown, root, "it is neither a subject's folder such as s11/micro, nor a clip's")
    dropped += empty_subjects(others, root, SUBJECT)
    dropped += files_instead([tree], root, "folders of subjects", SUBJECT)
    dropped += files_instead(dict.fromkeys(subjects), root, "folders such as micro")
    return folders, dropped + files_instead(dict.fromkeys(levels), root, "folders of clips")


def _is_sibling(folder: Path) -> bool:
    """Whether a folder beside ``micro`` holds the other clips that SMIC delivers."""
    return re.sub(r"[^a-z]", "", folder.name.lower()) == "nonmicro"


def _is_subject(folder: Path, camera: str) -> bool:
    # three cameras film the same subjects; HS is the only one whose folder may have lost its name
    above = folder.parent.name.upper()
    if above != camera and (camera != "HS" or above in CAMERAS):
        return False
    return SUBJECT.fullmatch(folder.name) is not None and child(undoubled(folder), "micro") is not None


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
