"""CASME II: 200 fps, onset, apex, offset, action units and seven emotions.

Frames are ``sub01/EP02_01f/reg_img46.jpg`` in the cropped edition and ``img46.jpg`` in the raw ones, without
zero padding. Labels are in ``CASME2-coding-*.xlsx``: a header with two blank separator columns, subjects as
text or number, one apex '/' and one apex on its onset. The objective classes (Davison et al.) come in a workbook of
their own, ``CASME2-ObjectiveClasses.xlsx``, which a copy need not hold.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from mebench.clips.card import dataset_card
from mebench.clips.reading import Reading
from mebench.clips.spelling import roman
from mebench.datasets._labelled import Labelled
from mebench.datasets._rows import each, name_in, subject_of
from mebench.errors import UserError
from mebench.media.folders import existing_folder
from mebench.workbooks.find import look_for_workbook
from mebench.workbooks.table import Row, read_table

CARD = {
    "delivers": "frames",
    "title": "CASME II",
    "paper": "yan2014casme2",
    "licence": "free for research on request, signed agreement; do not redistribute frames or labels",
    "homepage": "http://casme.psych.ac.cn/casme/e2",
    "layout": "CASME2-coding-20140508.xlsx (or -20190701) and Cropped/sub01/EP02_01f/reg_img46.jpg, or "
    "CASME2_RAW_selected/sub01/EP02_01f/img46.jpg; doubled folders are fine",
    "editions": {
        "20140508": {"file": "CASME2-coding-20140508"},
        "20190701": {"file": "CASME2-coding-20190701"},
        "objective classes": {"file": "CASME2-ObjectiveClasses"},
    },
    "crop": "provided",
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


OBJECTIVE = ("Subject", "Filename", "Objective Class")
# clips that the workbook of objective classes calls by another name
RENAMED = {"casme2/sub09/EP09_05": "casme2/sub09/EP09f"}


def read(root: Path) -> Reading:
    """Read the coding workbook and the frames below ``root``; cropped faces are preferred to raw frames."""
    reading = Labelled(
        card=dataset_card("casme2"),
        workbooks=("CASME2-coding-20140508*.xlsx", "CASME2*cod*.xlsx"),
        columns=COLUMNS,
        editions=("crop", "preprocessed", "selected", "raw"),
        is_subject=lambda folder: re.fullmatch(r"sub\d+", folder.name, flags=re.IGNORECASE) is not None,
        video=lambda clip: clip.split("_")[0].rstrip("f"),  # the episode shown to the subject: EP02
        sheets=("Sheet1",),
    ).read(root)
    return _with_objective_classes(reading, existing_folder(root, "casme2"))


def _with_objective_classes(reading: Reading, root: Path) -> Reading:
    """``reading`` with the column ``objective`` filled in where the workbook of objective classes is there."""
    workbook = look_for_workbook(root, ["CASME2*Objective*Class*.xlsx"])
    if workbook is None:
        return replace(reading, notes=[*reading.notes, "no CASME2-ObjectiveClasses.xlsx: no objective classes"])
    clips = {clip.clip_id for clip in reading.clips}
    known: dict[str, str] = {}
    table = read_table(workbook.path, "Subject", OBJECTIVE, sheets=("Sheet1",))
    classes, unread = each(table.rows, _objective_class)
    strange = []
    for named, group in classes:
        key = named if named in clips else RENAMED.get(named, named)
        if known.setdefault(key, group) != group:
            raise UserError(f"{workbook.path} gives {key} the objective classes {known[key]} and {group}; keep one row")
        if key not in clips:
            strange.append(key)
    name = workbook.path.name
    notes = [*reading.notes, f"objective classes from {name}", *workbook.notes, *table.notes]
    notes += [f"{where} is not read: {reason}" for where, reason in (*table.dropped, *unread)]
    without = sorted(clips - known.keys())
    for keys, what in ((strange, "lists clips that are not read"), (without, "says nothing of")):
        if keys:
            notes.append(f"{name} {what}: {', '.join(keys[:5])}{' ...' if len(keys) > 5 else ''}")
    filled = [replace(clip, objective=known.get(clip.clip_id, "")) for clip in reading.clips]
    return replace(reading, clips=filled, notes=notes, workbooks=[*reading.workbooks, workbook.path])


def _objective_class(row: Row) -> tuple[str, str]:
    """(clip_id, objective class) of a row."""
    subject = subject_of(row, "casme2", "Subject", ("Objective Class",))
    return f"casme2/{subject}/{name_in(row, 'Filename')}", roman(row["Objective Class"], row.where)
