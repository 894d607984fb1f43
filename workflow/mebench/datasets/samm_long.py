"""SAMM Long Videos: 200 fps, grey, the intervals of micro- and macro-expressions in them, for spotting.

Frames are ``SAMM_longvideos/006_1/006_1_0001.jpg``, numbered from 1 in each video. Labels are in
``SAMM_LongVideos_V3_Release.xlsx`` (or V2, V1): a preamble, the header on row 10, one sheet. They have no emotions;
those of the micro-expressions are in the workbook of SAMM and are joined by clip where a copy of it is there too.
Ten macro-expressions have onset 0: they were under way when the video began. One apex is negative, some lie outside
their interval. Names of micro- and macro-expressions may be the same, so the kind is part of a clip's name:
``006_1_2_micro``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from mebench.clips.card import DatasetCard, dataset_card
from mebench.clips.reading import Reading, Unusable
from mebench.clips.spelling import action_units, emotion_name, frame_number, missing, roman, subject_name
from mebench.datasets import samm
from mebench.datasets._rows import each, name_in, subject_of
from mebench.datasets._spotting import Key, Label, Labels, Spotting, expression, with_emotions
from mebench.errors import UserError
from mebench.media.folders import (
    existing_folder,
    find_tree,
    frame_names,
    inner,
    on_other_trees,
    only_elsewhere,
    strangers,
    subjects_of,
    unread_pictures,
)
from mebench.workbooks.find import Workbook, find_workbook, look_for_workbook
from mebench.workbooks.table import Row, read_table

CARD = {
    "delivers": "videos",
    "title": "SAMM Long Videos",
    "paper": "yap2020samm_long",
    "licence": "free for research on request, signed agreement; do not redistribute frames or labels",
    "homepage": "http://www2.docm.mmu.ac.uk/STAFF/M.Yap/dataset.php",
    "layout": "SAMM_LongVideos_V3_Release.xlsx (or V2, V1) and SAMM_longvideos/006_1/006_1_0001.jpg; "
    "SAMM_Micro_FACS_Codes_v2.xlsx beside them for emotions",
    "editions": {
        "V3": {"file": "SAMM_LongVideos_V3"},
        "V2": {"file": "SAMM_LongVideos_V2"},
        "V1": {"file": "SAMM_LongVideos_V1"},
        "of SAMM, v2": {"file": "Micro_FACS_Codes_v2"},
    },
    "crop": "detected",
    "fps": 200,
    "emotions": ["anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise", "others"],
    "expected": {
        "clips": 502,
        "subjects": 30,
        "videos": 147,
        "videos with clips": 147,
        "micro-expressions": 159,
        "macro-expressions": 343,
    },
    "expected_emotions": {},
    "inputs": ["roi_flow"],
}

WORKBOOKS = tuple(f"SAMM_LongVideos_V{n}*.{kind}" for kind in ("xlsx", "xls") for n in (3, 2, 1))
FACS_WORKBOOKS = ("SAMM_Micro_FACS_Codes_v2*.xlsx", "SAMM*Micro*FACS*.xlsx")
# our name -> names of the column in the editions
COLUMNS = {
    "onset": ("Onset", "Onset Frame"),
    "apex": ("Apex", "Apex Frame"),
    "offset": ("Offset", "Offset Frame"),
    "type": ("Type", "Micro"),
    "aus": ("Action Units",),
}
VIDEO = re.compile(r"(\d{1,3})_(\d+)")

# number of a frame in SAMM minus its number here, by video; 0 in all others
ORIGINS = {
    "006_1": 2000, "006_2": 100, "006_3": 500, "006_5": 300, "007_3": 1800, "007_4": 5600, "007_5": 2500, "007_6": 100,
    "007_7": 300, "009_2": 3000, "009_3": 500, "010_4": 3000, "011_3": 2000, "012_7": 7000, "014_1": 499, "014_3": 1000,
    "015_5": 5500, "016_7": 1000, "017_6": 500, "018_1": 10000, "018_5": 1500, "018_7": 10000, "019_3": 500,
    "019_4": 4000, "019_5": 4000, "020_1": 500, "021_7": 2000, "023_1": 4500, "024_2": 3000, "025_4": 1500,
    "025_5": 2000, "025_6": 2000, "026_5": 4500, "026_6": 3500, "026_7": 1000, "030_1": 2000, "030_5": 1500,
    "031_3": 3500, "032_3": 3000, "032_6": 4000, "033_1": 5000, "034_3": 3000, "035_1": 9000,
}  # fmt: skip


def read(root: Path) -> Reading:
    """Read the workbook and the long videos below ``root``."""
    card = dataset_card("samm_long")
    root = existing_folder(root, card.name)
    workbook = find_workbook(root, WORKBOOKS, card.title)
    facs = look_for_workbook(root, FACS_WORKBOOKS)
    try:
        tree, others = find_tree(root, _is_video, prefer=("long",))
    except FileNotFoundError as error:
        raise UserError(f"{root} holds no folders such as 006_1; expected {card.layout}") from error
    folders = _folders(subjects_of(tree, others, _is_video, _video))
    labels = _labels(workbook)
    _refuse_other_origin(labels.labels, folders, tree)
    labels = _with_emotions(labels, facs, card)
    unknown = strangers(tree, _is_video, others)
    unread = unread_pictures(unknown, root, "its name is not that of a video such as 006_1")
    elsewhere = only_elsewhere(tree, [other for other in others if tree not in other.parents], _is_video, _video)
    unread += unread_pictures(elsewhere, root, "another tree is read, which lacks this video")
    reading = Spotting("samm_long", card.fps, root, folders).read(labels, unread)
    told = f"emotions of micro-expressions from {facs.path.name}" if facs else (
        "no emotions: the workbook of the short SAMM (SAMM_Micro_FACS_Codes_v2.xlsx) is not in this copy")  # fmt: skip
    notes = [f"labels from {workbook.path.name}, frames from {tree.relative_to(root).as_posix()}", told]
    notes += on_other_trees(tree, others, root)
    books = [book.path for book in (workbook, facs) if book]
    return replace(reading, notes=[*notes, *labels.notes], workbooks=books)


def _video(name: object) -> str:
    """'6_1' and '006_1_2' -> '006_1': the video that is called so, or that a clip of this name was found in."""
    subject, inducement = str(name).strip().split("_")[:2]
    return f"{subject_name('samm_long', subject)}_{int(inducement)}"


def _is_video(folder: Path) -> bool:
    return VIDEO.fullmatch(folder.name) is not None


def _folders(videos: Iterable[Path]) -> dict[Key, Path]:
    folders: dict[Key, Path] = {}
    for folder in videos:
        video = _video(folder.name)
        key = video.split("_")[0], video
        if key in folders:
            raise UserError(f"{folder} and {folders[key]} are the same video; keep one of them")
        folders[key] = inner(folder)
    return folders


def _labels(workbook: Workbook) -> Labels:
    spellings = [name for names in COLUMNS.values() for name in names]
    table = read_table(workbook.path, "Subject", ("Subject", "Filename"), spellings, sheets=("FACS_Movement_Only",))
    for ours, names in COLUMNS.items():
        if table.rows and all(missing(row[name]) for row in table.rows for name in names):
            raise UserError(f"{workbook.path} lacks the column {names[0]}, or it is empty; it is needed for {ours}")
    labels, unread = each(table.rows, _label)
    return Labels(labels, [*table.dropped, *unread], table.count, [*workbook.notes, *table.notes])


def _label(row: Row) -> Label:
    cell = {ours: next((row[n] for n in names if not missing(row[n])), None) for ours, names in COLUMNS.items()}
    subject_of(row, "samm_long", "Subject", [*COLUMNS["onset"], *COLUMNS["offset"]])
    name = name_in(row, "Filename")
    if missing(cell["type"]):
        raise Unusable(f"nothing in the column {COLUMNS['type'][0]}")
    if not re.fullmatch(r"\d{1,3}_\d+_\d+", name):
        raise UserError(f"{row.where} has the Filename '{name}'; expected a name such as 006_1_2")
    video = _video(name)
    began = ("onset 0: the movement was under way when the video began",) if frame_number(cell["onset"]) == 0 else ()
    return Label(
        subject=video.split("_")[0],
        video=video,
        name=f"{video}_{name.split('_')[2]}",
        onset=cell["onset"],
        apex=cell["apex"],
        offset=cell["offset"],
        expression=expression(cell["type"], row.where),
        where=row.where,
        aus=action_units(cell["aus"], row.where),
        repairs=began,
    )


def _with_emotions(labels: Labels, facs: Workbook | None, card: DatasetCard) -> Labels:
    """``labels`` with emotions and objective classes of the micro-expressions, from the workbook of the short SAMM."""
    if facs is None:
        return labels
    columns = samm.COLUMNS
    table = read_table(facs.path, columns["subject"], (columns["clip"], columns["emotion"]), (columns["objective"],),
                       sheets=("MICRO_ONLY",))  # fmt: skip
    told, unread = each(table.rows, lambda row: _told(row, card))
    known = dict(told)
    names = {(label.name, label.expression) for label in labels.labels}
    strange = sorted(name for name, _ in known if (name, "micro") not in names)
    notes = [f"{facs.path.name} lists clips without a label here: {', '.join(strange[:5])}"] if strange else []
    notes += [f"{where} is not read: {reason}" for where, reason in (*table.dropped, *unread)]
    filled = with_emotions(labels.labels, known, lambda label: (label.name, label.expression))
    return replace(labels, labels=filled, notes=[*labels.notes, *facs.notes, *table.notes, *notes])


def _told(row: Row, card: DatasetCard) -> tuple[tuple[str, str], tuple[str, str]]:
    """((clip, 'micro'), (emotion, objective class)) of a row of the workbook of the short SAMM."""
    columns = samm.COLUMNS
    name = name_in(row, columns["clip"])
    if not re.fullmatch(r"\d{1,3}_\d+_\d+", name):
        raise Unusable(f"'{name}' is not the name of a clip")
    emotion = emotion_name(name_in(row, columns["emotion"]), card.emotions, row.where)
    return (f"{_video(name)}_{name.split('_')[2]}", "micro"), (emotion, roman(row[columns["objective"]], row.where))


def _refuse_other_origin(labels: Iterable[Label], folders: Mapping[Key, Path], tree: Path) -> None:
    """Raise a UserError where frames are numbered as in the short SAMM: a video's labels are then beside its frames,
    and inside once the known difference is added."""
    ends: dict[Key, list[int]] = {}
    for label in labels:
        pair = frame_number(label.onset), frame_number(label.offset)
        if label.video in ORIGINS and label.key in folders and None not in pair:
            ends.setdefault(label.key, []).extend(number for number in pair if number)
    other = []
    for key, numbers in sorted(ends.items()):
        frames = frame_names(folders[key])
        shift = ORIGINS[key[1]]
        if frames and not any(n in frames for n in numbers) and all(n + shift in frames for n in numbers):
            other.append((key[1], shift))
    if other:
        video, shift = other[0]
        raise UserError(
            f"{tree} numbers its frames as the short SAMM does: the labels of {len(other)} videos lie beside their "
            f"frames and fit after adding the known difference (first {video}, {shift}); take the frames of SAMM Long "
            f"Videos as delivered, which begin with 1"
        )
