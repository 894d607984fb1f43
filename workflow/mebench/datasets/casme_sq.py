"""CAS(ME)^2, long videos: 30 fps, the intervals of micro- and macro-expressions in them, for spotting.

Frames are ``rawpic/s15/15_0101disgustingteeth/img001.jpg``. The workbook ``CAS(ME)^2code_final.xlsx`` has three sheets
without headers. ``CASFEcode_final`` calls the subjects 1 to 22 and a row's video ``anger1_1``; the two others say which
folder that is. ``naming rule1`` has columns 15, s15, 1 (the folder's number, the folder, the number in the coding
sheet), so subject 1 is the folder ``s15``; it may repeat itself, once per coded row. ``naming rule2`` has the columns
0401, anger1 (a code of four digits that may have lost its zeros, the name), so the row is of the folder below ``s15``
whose name goes on with 0401 after ``15_``. Numbers are floats; an offset 0 means that the apex was the last frame
coded, an apex 0 that none was; a few apexes lie after their offset. A clip is called by its folder, onset and kind:
``15_0101disgustingteeth_49_macro``; of two that begin with one frame the one that ends later is ``.._macro_2``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from mebench.clips.card import DatasetCard, dataset_card
from mebench.clips.reading import Reading, Unusable
from mebench.clips.spelling import action_units, emotion_name, frame_number, missing, subject_name
from mebench.datasets._rows import each, name_in
from mebench.datasets._spotting import Key, Label, Labels, Spotting, expression
from mebench.errors import UserError
from mebench.media.folders import (
    empty_subjects,
    existing_folder,
    find_tree,
    folders_in,
    inner,
    on_other_trees,
    only_elsewhere,
    strangers,
    subjects_of,
    undoubled,
    unread_pictures,
)
from mebench.workbooks.find import Workbook, find_workbook
from mebench.workbooks.read import read_sheets
from mebench.workbooks.sheet import Sheet
from mebench.workbooks.table import Row

CARD = {
    "delivers": "videos",
    "title": "CAS(ME)^2",
    "paper": "qu2018casme_sq",
    "licence": "free for research on request, signed agreement; do not redistribute frames or labels",
    "homepage": "http://casme.psych.ac.cn/casme/e3",
    "layout": "CAS(ME)^2code_final.xlsx and rawpic/s15/15_0101disgustingteeth/img001.jpg (or cropped/...)",
    "editions": {"updated": {"file": "code_final(Updated)"}, "final": {"file": "code_final.xlsx"}},
    "crop": "detected",
    "fps": 30,
    "emotions": ["negative", "positive", "surprise", "others"],
    "expected": {
        "clips": 357,
        "subjects": 22,
        "videos": 98,
        "videos with clips": 95,
        "micro-expressions": 57,
        "macro-expressions": 300,
    },
    "expected_emotions": {},
    "inputs": ["roi_flow"],
}

WORKBOOKS = ("CAS(ME)^2code_final.xlsx", "code_final.xlsx", "*code_final*.xlsx")
SUBJECT = re.compile(r"s\d+", re.IGNORECASE)
VIDEO = re.compile(r"\d+_(\d{4}).*")
# of the coding sheet; the last column is the subject's own word for the emotion
COLUMNS = ("subject", "clip", "onset", "apex", "offset", "aus", "emotion", "type", "self_reported")


def read(root: Path) -> Reading:
    """Read the workbook and the long videos below ``root``; raw frames are preferred to cropped ones."""
    card = dataset_card("casme_sq")
    root = existing_folder(root, card.name)
    workbook = find_workbook(root, WORKBOOKS, card.title)
    try:
        tree, others = find_tree(root, _is_subject, prefer=("rawpic", "raw", "crop"))
    except FileNotFoundError as error:
        raise UserError(f"{root} holds no folders such as s15/15_0101..; expected {card.layout}") from error
    folders, named = _folders(subjects_of(tree, others, _is_subject, partial(subject_name, "casme_sq")))
    labels = _labels(card, workbook, named)
    unread = unread_pictures(_strangers(tree, others), root, "its name is not that of a video such as s15/15_0101..")
    unread += empty_subjects(strangers(tree, _is_subject, others), root, SUBJECT)
    beside = [other for other in others if tree not in other.parents]
    elsewhere = only_elsewhere(tree, beside, _is_subject, partial(subject_name, "casme_sq"))
    unread += unread_pictures(elsewhere, root, "another tree is read, which lacks this subject")
    reading = Spotting("casme_sq", card.fps, root, folders).read(labels, unread)
    notes = [f"labels from {workbook.path.name}, frames from {tree.relative_to(root).as_posix()}"]
    notes += on_other_trees(tree, others, root)
    return replace(reading, notes=[*notes, *labels.notes], workbooks=[workbook.path])


def _is_subject(folder: Path) -> bool:
    return bool(SUBJECT.fullmatch(folder.name)) and any(
        VIDEO.fullmatch(video.name) for video in folders_in(undoubled(folder))
    )


def _strangers(tree: Path, others: Sequence[Path]) -> list[Path]:
    """Folders in ``tree`` that are neither of a subject nor of a video."""
    subjects = [folder for folder in folders_in(tree) if SUBJECT.fullmatch(folder.name)]
    videos = [video for subject in subjects for video in folders_in(undoubled(subject))]
    return [
        *strangers(tree, subjects.__contains__, others),
        *(video for video in videos if not VIDEO.fullmatch(video.name)),
    ]


def _folders(subjects: Sequence[Path]) -> tuple[dict[Key, Path], dict[Key, str]]:
    """((subject, video) -> folder of frames, (subject, code) -> video): ('s15', '0101') -> '15_0101disgustingteeth'."""
    folders: dict[Key, Path] = {}
    named: dict[Key, str] = {}
    for subject in subjects:
        for video in folders_in(undoubled(subject)):
            match = VIDEO.fullmatch(video.name)
            if match is None:
                continue
            key = subject_name("casme_sq", subject.name), match[1]
            if key in named:
                raise UserError(f"{video} and {named[key]} are both the video {match[1]} of {key[0]}; keep one")
            named[key] = video.name
            folders[key[0], video.name] = inner(video)
    return folders, named


def _labels(card: DatasetCard, workbook: Workbook, named: dict[Key, str]) -> Labels:
    path = workbook.path
    sheets = read_sheets(path)
    sheet = _sheet(sheets, "CASFEcode_final", 0, path)
    numbers = sorted(sheet.rows)
    # what stands above the first row with a number is a header that somebody gave the copy
    first = next((n for n in numbers if _whole(sheet.rows[n].get(1)) is not None), None)
    if first is None or max(sheet.rows[first]) < len(COLUMNS) - 1:
        raise UserError(f"{path} has no rows with the columns {', '.join(COLUMNS)}; is it the coding workbook?")
    rows = [
        Row(f"{path.name} row {n}", n, dict(zip(COLUMNS, sheet.cells(n, len(COLUMNS)), strict=True)))
        for n in numbers if n >= first and not all(map(missing, sheet.cells(n, len(COLUMNS))))
    ]  # fmt: skip
    subjects = _subjects(_cells(_sheet(sheets, "naming rule1", 1, path)), path)
    codes = _codes(_cells(_sheet(sheets, "naming rule2", 2, path)))
    labels, unread = each(rows, lambda row: _label(row, subjects, codes, named, card))
    hidden = [row.number for row in rows if row.number in sheet.hidden_rows]
    notes = (
        [f"{path.name}: {len(hidden)} hidden rows are read like the others, the first is row {hidden[0]}"]
        if hidden
        else []
    )
    return Labels(labels, unread, len(rows), [*workbook.notes, *notes])


def _sheet(sheets: Sequence[Sheet], name: str, place: int, workbook: Path) -> Sheet:
    """The sheet called ``name``, or the one in that place of those that are shown, where names were changed."""
    flat = name.replace(" ", "").lower()
    shown = [sheet for sheet in sheets if not sheet.hidden]
    called = [sheet for sheet in sheets if sheet.title.replace(" ", "").lower() == flat]
    if place == 0 and called and called[0].hidden:
        raise UserError(f"the sheet '{called[0].title}' of {workbook} is hidden; show it if it has the codes")
    if called:
        return called[0]
    if len(shown) < 3:
        raise UserError(
            f"{workbook} shows {len(shown)} sheets; expected CASFEcode_final, naming rule1 and naming rule2"
        )
    return shown[place]


def _cells(sheet: Sheet) -> list[tuple[object, ...]]:
    """The rows of a sheet, as wide as the first few columns that a naming rule may have."""
    width = min(max((max(row) for row in sheet.rows.values()), default=0), 20)
    return [sheet.cells(number, width) for number in sorted(sheet.rows)]


def _whole(cell: object) -> int | None:
    return None if isinstance(cell, bool) else frame_number(cell)


def _subjects(rows: Sequence[tuple[object, ...]], workbook: Path) -> dict[int, str]:
    """Number in the coding sheet -> subject: {1: 's15', ...}."""
    columns = [list(column) for column in zip(*(row for row in rows if not all(map(missing, row))), strict=False)]
    is_name = [all(SUBJECT.fullmatch(str(cell).strip()) for cell in column) for column in columns]
    if True in is_name:
        names = [subject_name("casme_sq", cell) for cell in columns[is_name.index(True)]]
        own = [int(name[1:]) for name in names]
        wholes = [[number for cell in column if (number := _whole(cell)) is not None] for column in columns]
        numbers = [column for column in wholes if len(column) == len(names) and column != own]
        if len(numbers) == 1:
            return dict(zip(numbers[0], names, strict=True))
    raise UserError(f"the sheet naming rule1 of {workbook} does not say which subject is which folder; "
                    "expected the columns 15, s15, 1")  # fmt: skip


def _codes(rows: Sequence[tuple[object, ...]]) -> dict[str, str]:
    """Name of a video in the coding sheet -> its code: {'anger1': '0401', ...}."""
    codes = {}
    for row in rows:
        code = next((_whole(cell) for cell in row if _whole(cell) is not None), None)
        name = next((str(cell) for cell in row if re.fullmatch(r"\s*[a-z]+\d*\s*", str(cell or ""), re.IGNORECASE)), "")
        if code is not None and name:
            codes[name.strip().lower()] = f"{code:04d}"
    return codes


def _label(
    row: Row, subjects: Mapping[int, str], codes: Mapping[str, str], named: Mapping[Key, str], card: DatasetCard
) -> Label:
    number, where = _whole(row["subject"]), row.where
    if number is None:
        if any(_whole(row[name]) is not None for name in ("onset", "offset")):
            raise UserError(f"{where} is of the subject '{row['subject']}', which is no number; mend it")
        raise Unusable(f"no label: '{row['subject']}' is no number of a subject, and the row names no frames")
    episode = name_in(row, "clip").lower().split("_")[0]
    if number not in subjects:
        raise UserError(f"{where} is of the subject {number}, which the sheet naming rule1 does not name; mend it")
    if episode not in codes:
        raise UserError(f"{where} is of the video '{episode}', which the sheet naming rule2 does not name; mend it")
    subject = subjects[number]
    # a video without a folder keeps its code as its name, and is dropped with that reason
    video = named.get((subject, codes[episode]), codes[episode])
    onset, apex, offset, repairs = _without_zeros(*(frame_number(row[name]) for name in ("onset", "apex", "offset")))
    return Label(
        subject=subject,
        video=video,
        name=f"{video}_{onset}",
        onset=row["onset"] if onset is None else onset,
        apex=row["apex"] if apex is None else apex,
        offset=row["offset"] if offset is None else offset,
        expression=expression(name_in(row, "type"), where),
        where=where,
        emotion="" if missing(row["emotion"]) else emotion_name(row["emotion"], card.emotions, where),
        aus=action_units(row["aus"], where),
        repairs=repairs,
    )


def _without_zeros(
    onset: int | None, apex: int | None, offset: int | None
) -> tuple[int | None, int | None, int | None, tuple[str, ...]]:
    repairs = []
    if offset == 0 and apex:
        offset = apex
        repairs.append(f"offset 0: the apex {apex} is taken")
    if apex == 0 and onset is not None and offset:
        apex = onset + (offset - onset) // 2
        repairs.append(f"apex 0: the middle frame {apex} is taken")
    return onset, apex, offset, tuple(repairs)
