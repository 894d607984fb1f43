"""CAS(ME)^3 Part A, long videos: 30 fps, the intervals of micro- and macro-expressions in them, for spotting.

Frames are ``spNO.1/b/color/166.jpg``; their numbers have gaps, and some videos have no frame 0 that a label names.
Labels are in the two workbooks of micro- and macro-expressions (``cas(me)3_part_A_ME_label_*``, ``.._MaE_label_*``,
both with emotions), or in ``CAS(ME)3_part_A_v2.xls``, which has both kinds and no emotions.
All videos are listed, with labels or without. A clip is called by its video, the onset in its workbook and its kind:
``b_166_micro``; of several that begin with one frame the next by its offset is ``b_166_macro_2``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mebench.clips.card import DatasetCard, dataset_card
from mebench.clips.reading import Reading
from mebench.clips.spelling import subject_name
from mebench.datasets import _casme3
from mebench.datasets._spotting import Key, Label, Labels, Spotting, joined, with_emotions
from mebench.errors import UserError
from mebench.media.folders import (
    empty_subjects,
    existing_folder,
    folders_in,
    on_other_trees,
    only_elsewhere,
    unread_pictures,
)
from mebench.workbooks.find import look_for_workbook

CARD = {
    "delivers": "videos",
    "title": "CAS(ME)^3 Part A (long videos)",
    "paper": "li2023casme3",
    "licence": "free for research on request, signed agreement; do not redistribute frames or labels",
    "homepage": "http://casme.psych.ac.cn/casme/e4",
    "layout": "part_A_split/part_A/spNO.1/b/color/166.jpg and the workbooks cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx "
    "and cas(me)3_part_A_MaE_label_JpgIndex_v2_emotion.xlsx, or CAS(ME)3_part_A_v2.xlsx",
    "editions": {
        "v2 of 2025-09-03, micro": {"file": "ME_label_JpgIndex_v2_20250903"},
        "v2, micro": {"file": "part_A_ME_label_JpgIndex_v2.xlsx"},
        "v2, macro": {"file": "part_A_MaE_label_JpgIndex_v2"},
        "v2, both": {"file": "CAS(ME)3_part_A_v2.xls"},
        "v1, micro": {"file": "part_A_ME_label_JpgIndex.xls"},
    },
    "crop": "detected",
    "fps": 30,
    "emotions": ["happiness", "surprise", "disgust", "fear", "anger", "sadness", "others"],
    "expected": {
        "clips": 4206,
        "subjects": 98,
        "videos with clips": 956,
        "micro-expressions": 860,
        "macro-expressions": 3346,
    },
    "expected_emotions": {},
    "inputs": ["roi_flow"],
}


def read(root: Path) -> Reading:
    """Read the workbooks and the long videos below ``root``."""
    card = dataset_card("casme3_long")
    root = existing_folder(root, card.name)
    labels, workbooks = _labels(root, card)
    clip_trees, trees = _casme3.trees(root, card.layout)
    if not trees:
        raise UserError(f"{root} holds cut clips only, no long videos such as spNO.1/b/color; read it as casme3")
    folders: dict[Key, Path] = {}
    for tree in _casme3.with_nested(trees):
        folders |= _casme3.video_folders(tree)
    unread = unread_pictures(_casme3.unknown(trees[0], [*clip_trees, *trees]), root, _casme3.STRANGE)
    unread += empty_subjects(folders_in(trees[0]), root, _casme3.SUBJECT)
    elsewhere = only_elsewhere(trees[0], _beside(trees), _is_subject, lambda name: subject_name(_casme3.NAME, name))
    unread += unread_pictures(elsewhere, root, "another tree is read, which lacks this subject")
    reading = Spotting("casme3_long", card.fps, root, folders).read(labels, unread)
    shown = {clip.frames for clip in reading.clips}
    notes = [f"labels from {' and '.join(book.name for book in workbooks)}",
             f"frames from {trees[0].relative_to(root).as_posix()}",
             f"{len(reading.videos) - len(shown)} of {len(reading.videos)} videos have no label"]  # fmt: skip
    notes += on_other_trees(trees[0], trees[1:], root)
    return replace(reading, notes=[*notes, *labels.notes], workbooks=workbooks)


def _labels(root: Path, card: DatasetCard) -> tuple[Labels, list[Path]]:
    """The rows of the two workbooks with emotions, objective classes joined from the one with both kinds where it is
    there too; else the rows of that one, emotions joined where one of the two is there."""
    micro = look_for_workbook(root, _casme3.MICRO_BOOKS)
    macro = look_for_workbook(root, _casme3.MACRO_BOOKS)
    both = look_for_workbook(root, _casme3.BOTH_BOOKS)
    if micro and macro:
        labels = _casme3.micro_labels(micro) + _casme3.macro_labels(macro)
        if both:  # it alone has the objective classes of macro-expressions
            more = _casme3.micro_labels(both, emotions=False)
            classes = {_name(label): label.objective for label in more.labels}
            filled = [replace(one, objective=one.objective or classes.get(_name(one), "")) for one in labels.labels]
            labels = replace(labels, labels=filled, notes=[*labels.notes, *joined(both.path, labels, more, _name)])
        return labels, [book.path for book in (micro, macro, both) if book]
    if both is None:
        wanted = (_casme3.MICRO_BOOKS[0], _casme3.MACRO_BOOKS[0], _casme3.BOTH_BOOKS[0])
        one = micro or macro
        there = f"; only {one.path.name} is there" if one else ""
        raise UserError(f"{root} lacks workbooks of {card.title}: {wanted[0]} and {wanted[1]}, or {wanted[2]}{there}")
    labels, one = _casme3.micro_labels(both, emotions=False), micro or macro
    if one is None:
        return labels, [both.path]
    more = _casme3.micro_labels(one) if micro else _casme3.macro_labels(one)
    known = {_name(label): (label.emotion, label.objective) for label in more.labels}
    told = with_emotions(labels.labels, known, _name)
    notes = [*labels.notes, *joined(one.path, labels, more, _name)]
    return replace(labels, labels=told, notes=notes), [both.path, one.path]


def _beside(trees: list[Path]) -> list[Path]:
    return [tree for tree in trees[1:] if trees[0] not in tree.parents]


def _is_subject(folder: Path) -> bool:
    return _casme3.SUBJECT.fullmatch(folder.name) is not None


def _name(label: Label) -> tuple[str, ...]:
    """What the same row is called in every workbook."""
    return (*label.key, label.name, label.expression)
