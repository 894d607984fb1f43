"""What the readers of CAS(ME)^3 Part A share: its workbooks, the folders of its clips and videos, and known slips.

Numbers may be text, a video 'J' is the video 'j', folders are called spNo.1 or spNO.1. Apex and onset are the same
frame in one clip of sixteen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from mebench.clips.spelling import action_units, emotion_name, frame_number, missing, roman, subject_name
from mebench.datasets._rows import each, name_in, subject_of
from mebench.datasets._spotting import Label, Labels, expression
from mebench.errors import UserError
from mebench.media.folders import child, find_tree, folders_in, inner, strangers, undoubled
from mebench.workbooks.find import Workbook
from mebench.workbooks.table import Row, Table, read_table

Place = TypeVar("Place", tuple[str, str], tuple[str, str, int])  # subject, video, and the onset of a clip

NAME = "casme3"  # of the subjects' spelling, for both readers
EMOTIONS = ("happiness", "surprise", "disgust", "fear", "anger", "sadness", "others")

# the edition that the cards count first
MICRO_BOOKS = ("cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx", "cas(me)3_part_A_ME_label*v2*.xlsx",
               "cas(me)3_part_A_ME_label*.xlsx")  # fmt: skip
MACRO_BOOKS = ("cas(me)3_part_A_MaE_label*.xlsx",)
BOTH_BOOKS = ("CAS(ME)3_part_A_v2*.xlsx",)

SUBJECT = re.compile(r"spno\.(\d+)", re.IGNORECASE)
CLIP = re.compile(r"(spno\.\d+)_([a-z]\w*?)_(\d+)", re.IGNORECASE)
VIDEO = re.compile(r"[a-z]\d*", re.IGNORECASE)
STRANGE = "it is neither a clip such as spNO.1_b_166 nor a video such as spNO.1/b/color"

# (subject, video, column, number in the workbook) -> what it should be, by those who looked at the frames; of several
# the first that fits the row's other numbers. The apex of spNO.149 d (83, its onset is 112) is not among them: two
# public corrections disagree (123, 160), so the rule for any apex outside its clip applies.
SLIPS: dict[tuple[str, str, str, int | None], tuple[int, ...]] = {
    ("spNO.216", "d", "onset", 3647): (2647,),
    ("spNO.214", "c", "offset", 3460): (34,),
    ("spNO.40", "e", "offset", 0): (1845, 2403),
}

MICRO_COLUMNS = {"subject": "Subject", "video": "Filename", "onset": "Onset", "apex": "Apex", "offset": "Offset"}
MORE_COLUMNS = {"aus": "AU", "objective": "Objective class", "emotion": "emotion", "expression": "Expression type"}
MACRO_COLUMNS = {"subject": "sub", "video": "seq", "onset": "onset", "apex": "apex", "offset": "offset"}


def micro_labels(workbook: Workbook, emotions: bool = True) -> Labels:
    """Rows of a workbook with the columns Subject, Filename, ...: micro-expressions, and macro-expressions too where
    it has a column Expression type. ``emotions`` False where the column emotion may be absent."""
    needed = [*MICRO_COLUMNS.values(), *([MORE_COLUMNS["emotion"]] if emotions else [])]
    table = read_table(workbook.path, "Subject", needed, MORE_COLUMNS.values(), sheets=("label",))
    return _labels(workbook, table, {**MICRO_COLUMNS, **MORE_COLUMNS}, "micro")


def macro_labels(workbook: Workbook) -> Labels:
    """Rows of a workbook of macro-expressions, with the columns sub, seq, ..."""
    table = read_table(workbook.path, "sub", MACRO_COLUMNS.values(), [MORE_COLUMNS["emotion"]], sheets=("Sheet1",))
    return _labels(workbook, table, {**MACRO_COLUMNS, "emotion": MORE_COLUMNS["emotion"]}, "macro")


def _labels(workbook: Workbook, table: Table, columns: dict[str, str], kind: str) -> Labels:
    typed = any(not missing(row.cells.get(MORE_COLUMNS["expression"])) for row in table.rows)
    labels, unread = each(table.rows, lambda row: _label(row, columns, "" if typed else kind))
    return Labels(labels, [*table.dropped, *unread], table.count, [*workbook.notes, *table.notes])


def _label(row: Row, columns: dict[str, str], kind: str) -> Label:
    """``kind`` is that of all rows, or empty where each row says its own."""
    cell = {ours: row.cells.get(theirs) for ours, theirs in columns.items()}
    subject = subject_of(row, NAME, columns["subject"], (columns["onset"], columns["offset"]))
    video = name_in(row, columns["video"]).lower()
    onset, offset, repairs = _without_slips(subject, video, cell["onset"], cell["apex"], cell["offset"])
    return Label(
        subject=subject,
        video=video,
        name=f"{video}_{_number(cell['onset'])}",
        onset=onset,
        apex=cell["apex"],
        offset=offset,
        expression=kind or expression(name_in(row, columns["expression"]), row.where),
        where=row.where,
        emotion="" if missing(cell["emotion"]) else emotion_name(cell["emotion"], EMOTIONS, row.where),
        objective=roman(cell.get("objective"), row.where),
        aus=action_units(cell.get("aus"), row.where),
        repairs=repairs,
    )


def _number(cell: object) -> int | str:
    number = frame_number(cell)
    return str(cell).strip() if number is None else number


def _without_slips(
    subject: str, video: str, onset: object, apex: object, offset: object
) -> tuple[object, object, tuple[str, ...]]:
    """(onset, offset, repairs) with the known slips of the workbook mended."""
    repairs = []
    first, peak, last = frame_number(onset), frame_number(apex), frame_number(offset)
    for right in SLIPS.get((subject, video, "onset", first), ()):
        if last is not None and right < last and (peak is None or right <= peak):
            repairs.append(f"onset {first} is a slip of the workbook: {right} is taken")
            onset = first = right
            break
    for right in SLIPS.get((subject, video, "offset", last), ()):
        if first is not None and right > max(first, peak or 0):
            repairs.append(f"offset {last} is a slip of the workbook: {right} is taken")
            offset = right
            break
    return onset, offset, tuple(repairs)


def trees(root: Path, layout: str) -> tuple[list[Path], list[Path]]:
    """(folders that hold the clips spNO.1_b_166, folders that hold the subjects spNO.1), the best of each first.

    Depth pictures lie in folders of the same names below ``depth``; they are not frames. Part B has subjects of the
    same names too: a folder with part_A in its path comes first.
    """

    def wanted(folder: Path) -> bool:
        if folder.parent.name.lower() == "depth":
            return False
        return any(pattern.fullmatch(folder.name) for pattern in (SUBJECT, CLIP))

    try:
        best, others = find_tree(root, wanted, depth=7, prefer=("frame", "part_a"))
    except FileNotFoundError as error:
        raise UserError(f"{root} holds no folders such as spNO.1_b_166 or spNO.1; expected {layout}") from error
    both = [best, *others]
    with_clips = [tree for tree in both if any(CLIP.fullmatch(folder.name) for folder in folders_in(tree))]
    return with_clips, [tree for tree in both if tree not in with_clips]


def with_nested(trees: Sequence[Path]) -> list[Path]:
    """The best of the trees and those below it, the best last: what it has counts."""
    return [*(tree for tree in trees[1:] if trees[0] in tree.parents), *trees[:1]]


def clip_folders(tree: Path) -> dict[tuple[str, str, int], Path]:
    """(subject, video, onset) -> folder of frames of the clips in ``tree``."""
    folders: dict[tuple[str, str, int], Path] = {}
    for folder in folders_in(tree):
        match = CLIP.fullmatch(folder.name)
        if match:
            _add_once(folders, (subject_name(NAME, match[1]), match[2].lower(), int(match[3])), inner(folder))
    return folders


def video_folders(tree: Path) -> dict[tuple[str, str], Path]:
    """(subject, video) -> folder of colour frames of the long videos in ``tree``."""
    folders: dict[tuple[str, str], Path] = {}
    for subject in folders_in(tree):
        if SUBJECT.fullmatch(subject.name):
            for video in folders_in(undoubled(subject)):
                colour = _colour(video)
                if colour:
                    _add_once(folders, (subject_name(NAME, subject.name), video.name.lower()), inner(colour))
    return folders


def _colour(video: Path) -> Path | None:
    return child(video, "color") if VIDEO.fullmatch(video.name) else None


def unknown(tree: Path, trees: Iterable[Path]) -> list[Path]:
    """Folders in ``tree`` that are neither of a subject, of a clip, of a video with colour frames, nor of depth, nor
    lead to one of ``trees``."""

    def is_known(folder: Path) -> bool:
        return folder.name.lower() == "depth" or any(one.fullmatch(folder.name) for one in (SUBJECT, CLIP))

    subjects = [folder for folder in folders_in(tree) if SUBJECT.fullmatch(folder.name)]
    videos = [video for subject in subjects for video in folders_in(undoubled(subject))]
    return [*strangers(tree, is_known, trees), *(video for video in videos if not _colour(video))]


def _add_once(folders: dict[Place, Path], place: Place, folder: Path) -> None:
    if place in folders:
        raise UserError(f"{folder} and {folders[place]} are the same clip or video of {place[0]}; keep one of them")
    folders[place] = folder
