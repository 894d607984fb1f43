"""CAS(ME)^3 Part A, micro-expressions: 30 fps, onset, apex, offset, action units, seven emotions, objective classes.

Frames are ``frame/spNO.1_b_166/166.jpg`` in the delivery of clips (subject, video, onset), or those of the long videos,
``spNO.1/b/color/166.jpg``. Frames are missing on disk here and there. Labels are in ``cas(me)3_part_A_ME_label_*``.
A clip is called by the onset that its workbook gives, also where that onset is a slip.
"""

from __future__ import annotations

from pathlib import Path

from mebench.clips.card import DatasetCard, dataset_card
from mebench.clips.clip import Clip
from mebench.clips.reading import Reading, Unusable, first_reason, refuse_duplicates, timing
from mebench.datasets import _casme3
from mebench.datasets._spotting import Label, lost_frames
from mebench.errors import UserError
from mebench.media.folders import FrameNames, existing_folder, frame_names, on_other_trees, unread_pictures
from mebench.workbooks.find import find_workbook

Folders = dict[tuple[str, str] | tuple[str, str, int], Path]  # by subject, video, and the onset of a clip

CARD = {
    "delivers": "frames",
    "title": "CAS(ME)^3 Part A (micro-expressions)",
    "paper": "li2023casme3",
    "licence": "free for research on request, signed agreement; do not redistribute frames or labels",
    "homepage": "http://casme.psych.ac.cn/casme/e4",
    "layout": "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx and Part_A_ME_clip/frame/spNO.1_b_166/166.jpg, or the long "
    "videos part_A_split/part_A/spNO.1/b/color/166.jpg; spNo. and doubled folders are fine",
    "editions": {
        "v2 of 2025-09-03": {"file": "JpgIndex_v2_20250903"},
        "v2": {"file": "part_A_ME_label_JpgIndex_v2.xlsx"},
        "v1": {"file": "part_A_ME_label_JpgIndex.xls"},
    },
    "crop": "detected",
    "fps": 30,
    "emotions": ["happiness", "surprise", "disgust", "fear", "anger", "sadness", "others"],
    "expected": {"clips": 860, "subjects": 94},
    "expected_emotions": {"disgust": 250, "surprise": 187, "others": 161, "fear": 86, "anger": 64, "sadness": 57,
                          "happiness": 55},
    "inputs": ["tvl1", "apex_flow", "long_flow", "frames", "texture_motion"],
}  # fmt: skip


def read(root: Path) -> Reading:
    """Read the workbook of micro-expressions and the frames below ``root``: those of the delivered clips, and those of
    the long videos for clips that are not there."""
    card = dataset_card("casme3")
    root = existing_folder(root, card.name)
    workbook = find_workbook(root, _casme3.MICRO_BOOKS, card.title)
    clip_trees, video_trees = _casme3.trees(root, card.layout)
    folders: Folders = {}
    for tree in _casme3.with_nested(clip_trees):
        folders |= dict(_casme3.clip_folders(tree).items())
    for tree in _casme3.with_nested(video_trees):
        folders |= dict(_casme3.video_folders(tree).items())
    labels = _casme3.micro_labels(workbook)
    clips, dropped = [], list(labels.dropped)
    frames: dict[Path, FrameNames] = {}
    for label in labels.labels:
        name = f"casme3/{label.subject}/{label.name}"
        try:
            folder = _folder(label, folders)
            if folder not in frames:
                frames[folder] = frame_names(folder)
            clips.append(_clip(label, folder, frames[folder], root, card))
        except Unusable as reason:
            dropped.append((name, f"{reason} ({label.where})"))
    refuse_duplicates(clips, workbook.path)
    if not clips:
        raise UserError(
            f"no row of {workbook.path} becomes a clip with frames below {root}; the first: {first_reason(dropped)}"
        )
    notes = [*_notes(root, workbook.path, clip_trees, video_trees), *labels.notes]
    ordered = sorted(clips, key=lambda clip: clip.clip_id)
    return Reading(ordered, dropped, notes, workbooks=[workbook.path], rows=labels.count)


def _folder(label: Label, folders: Folders) -> Path:
    """Folder of a clip's frames. Where the workbook's onset is a slip, a delivery may be named by either number."""
    named = label.name.rpartition("_")[2]
    for onset in (named, str(label.onset).strip()):
        if onset.isdecimal() and (label.subject, label.video, int(onset)) in folders:
            return folders[label.subject, label.video, int(onset)]
    if label.key in folders:
        return folders[label.key]
    raise Unusable(f"no folder of frames {label.subject}_{label.name} or {label.subject}/{label.video}/color")


def _clip(label: Label, folder: Path, frames: FrameNames, root: Path, card: DatasetCard) -> Clip:
    if not label.emotion:
        raise Unusable("no emotion")
    when = timing(label.onset, label.apex, label.offset, frames, frames.unread)
    repairs = [*label.repairs, *when.repairs, *lost_frames(frames, when.onset, when.offset)]
    return Clip(
        clip_id=f"{card.name}/{label.subject}/{label.name}",
        dataset=card.name,
        subject=f"{card.name}/{label.subject}",
        video=label.video,
        onset=when.onset,
        apex=when.apex,
        offset=when.offset,
        apex_source=when.apex_source,
        emotion=label.emotion,
        objective=label.objective,
        expression="micro",
        aus=label.aus,
        fps=card.fps,
        frames=folder.relative_to(root).as_posix(),
        repairs=tuple(repairs),
    )


def _notes(root: Path, workbook: Path, clip_trees: list[Path], video_trees: list[Path]) -> list[str]:
    used = [*clip_trees[:1], *video_trees[:1]]
    notes = [f"labels from {workbook.name}, frames from {tree.relative_to(root).as_posix()}" for tree in used]
    for trees in filter(None, (clip_trees, video_trees)):
        notes += on_other_trees(trees[0], trees[1:], root)
    all_trees = [*clip_trees, *video_trees]
    for tree in used:
        notes += [
            f"{name}: {why}" for name, why in unread_pictures(_casme3.unknown(tree, all_trees), root, _casme3.STRANGE)
        ]
    if "v2" not in workbook.name.lower():
        notes.append("the first edition of the labels (v1) has 943 clips of 100 subjects; the card counts the second")
    return notes
