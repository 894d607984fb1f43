"""SMIC-E HS (the long clips of SMIC): 157 videos at 100 fps around the micro-expressions of SMIC-HS, for spotting.

Frames are ``HS_long/SMIC_HS_E/s20/s20_ne_01/image17581039.jpg``; the subject's folder is padded (s03), the video's is
not, and numbers are the camera's running counter. Onset and offset of up to three micro-expressions a video are in
``SMIC-HS-E_annotation.xlsx``. No apex is annotated in the first edition; the one of 2019 may have a column for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mebench.clips.card import DatasetCard, dataset_card
from mebench.clips.clip import Clip, Recording
from mebench.clips.reading import Reading, Timing, Unusable, first_reason, refuse_duplicates, timing
from mebench.clips.spelling import emotion_name, frame_number, missing, subject_name
from mebench.datasets._rows import name_in, subject_of
from mebench.datasets._smic import clip_name, label
from mebench.datasets._spotting import lost_frames, recording
from mebench.errors import UserError
from mebench.media.folders import (
    FrameNames,
    empty_subjects,
    existing_folder,
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
from mebench.workbooks.find import find_workbook
from mebench.workbooks.table import Row, Table, read_table

CARD = {
    "delivers": "videos",
    "title": "SMIC-E HS",
    "paper": "li2018smic_long",
    "licence": "free for research on request, signed agreement; do not redistribute",
    "homepage": "https://www.oulu.fi/cmvs/node/41319",
    "layout": "SMIC-HS-E_annotation.xlsx (or _2019) and HS_long/SMIC_HS_E/s20/s20_ne_01/image17581039.jpg; only HS is "
    "read, not VIS_long or NIR_long",
    "editions": {
        "2019": {"file": "HS-E_annotation_2019"},
        "2019 (underscores)": {"file": "HS_E_annotation_2019"},
        "first": {"file": "HS-E_annotation"},
        "first (underscores)": {"file": "HS_E_annotation"},
    },
    "crop": "detected",
    "fps": 100,
    "emotions": ["negative", "positive", "surprise"],
    # 164 short clips less three whose recording is lost (s1_ne_02, s2_sur_05, s3_ne_20) are 161 micro-expressions; four
    # of them (s3_ne_03 in s3_ne_02, s4_ne_05 and s4_ne_06 in s4_ne_04, s9_sur_02 in s9_sur_01) are the second or third
    # of their video: 157 videos. Classes by the names: 70 - 2, 51 and 43 - 1.
    "expected": {
        "clips": 161,
        "subjects": 16,
        "videos": 157,
        "videos with clips": 157,
        "micro-expressions": 161,
    },
    "expected_emotions": {"negative": 68, "positive": 51, "surprise": 42},
    "inputs": ["roi_flow"],
}

WORKBOOKS = ("SMIC?HS?E_annotation_2019*.xlsx", "SMIC?HS?E_annotation*.xlsx", "SMIC*HS*E*annotation*.xlsx")
WANTED = ("Subject", "Filename", "OnsetF", "OffsetF", "FirstF", "Emotion")
OPTIONAL = ("Onset2F", "Offset2F", "Onset3F", "Offset3F", "LastF", "ApexF")
SUBJECT = re.compile(r"s\d+", re.IGNORECASE)
EDITIONS = ("HS_long", "HS-E", "HS_E", "HS")


@dataclass(frozen=True)
class Video:
    """One folder of frames: ``name`` in one spelling, the class ``named`` by it, its ``frames`` on disk."""

    subject: str
    name: str
    named: str
    folder: Path
    frames: FrameNames

    def recording(self, root: Path, fps: float | None) -> Recording:
        """The row of videos.csv."""
        below = self.folder.relative_to(root).as_posix()
        return recording(f"smic_long/{self.subject}/{self.name}", self.frames, fps, below)


def read(root: Path) -> Reading:
    """Read the annotation and the videos below ``root``: one clip per micro-expression, one video per folder."""
    card = dataset_card("smic_long")
    root = existing_folder(root, card.name)
    workbook = find_workbook(root, WORKBOOKS, card.title)
    try:
        tree, others = find_tree(root, lambda folder: _is_subject(folder, root), prefer=EDITIONS)
    except FileNotFoundError as error:
        raise UserError(f"{root} holds no folders such as HS_long/SMIC_HS_E/s20/s20_ne_01; "
                        f"expected {card.layout}") from error  # fmt: skip
    table = read_table(workbook.path, "Subject", WANTED, OPTIONAL, sheets=("HS",))
    notes = [f"labels from {workbook.path.name}, frames from {tree.relative_to(root).as_posix()}"]
    notes += on_other_trees(tree, others, root)
    notes += [*workbook.notes, *table.notes]
    videos, dropped = _videos(tree, root, others)
    unknown = len(dropped)
    dropped += table.dropped
    clips = _clips(card, table, dict(videos), root, notes, dropped)
    refuse_duplicates(clips, workbook.path)
    if not clips:
        raise UserError(
            f"no row of {workbook.path} becomes a clip with frames in {tree}; the first: {first_reason(dropped)}"
        )
    ordered = sorted(videos.values(), key=lambda video: (video.subject, video.name))
    recordings = [video.recording(root, card.fps) for video in ordered]
    rows = unknown + table.count + sum(len(_places(row)) - 1 for row in table.rows)
    clips.sort(key=lambda clip: clip.clip_id)
    return Reading(clips, dropped, notes, recordings, [workbook.path], rows)


def _is_subject(folder: Path, root: Path) -> bool:
    # VIS and NIR film the same subjects beside HS, at 25 fps
    if re.search(r"(?<![a-z])(vis|nir)(?![a-z])", folder.relative_to(root).as_posix(), re.IGNORECASE):
        return False
    pattern = re.compile(r"s\d+_(ne|po|sur)_\d+", re.IGNORECASE)
    return SUBJECT.fullmatch(folder.name) is not None and any(
        pattern.fullmatch(path.name) for path in folders_in(undoubled(folder))
    )


def _videos(
    tree: Path, root: Path, others: Sequence[Path]
) -> tuple[dict[str, Video], list[tuple[str, str]]]:  # fmt: skip
    """The videos by name, and the folders that are none."""
    videos: dict[str, Video] = {}

    def is_subject(folder: Path) -> bool:
        return _is_subject(folder, root)

    unknown = strangers(tree, is_subject, others)
    dropped = unread_pictures(unknown, root, "it holds no folders such as s3_ne_01")
    dropped += empty_subjects(unknown, root, SUBJECT)
    beside = [other for other in others if tree not in other.parents]
    elsewhere = only_elsewhere(tree, beside, is_subject, partial(subject_name, "smic"))
    dropped += unread_pictures(elsewhere, root, "another tree is read, which lacks this subject")
    for subject in subjects_of(tree, others, is_subject, partial(subject_name, "smic")):
        for folder in folders_in(undoubled(subject)):
            try:
                video = Video(*clip_name(folder.name), inner(folder), frame_names(inner(folder)))
            except Unusable as reason:
                dropped.append((folder.relative_to(root).as_posix(), str(reason)))
                continue
            if video.name in videos:
                raise UserError(f"{folder} and {videos[video.name].folder} are the same video; keep one of them")
            videos[video.name] = video
    return videos, dropped


def _clips(
    card: DatasetCard,
    table: Table,
    videos: dict[str, Video],
    root: Path,
    notes: list[str],
    dropped: list[tuple[str, str]],
) -> list[Clip]:
    """The clips of all rows; ``videos`` are used up, ``notes`` and ``dropped`` are added to."""
    clips = []
    for row in table.rows:
        try:
            name = _name(row)
        except Unusable:  # remarks below the table
            if any(frame_number(row[column]) is not None for column in ("OnsetF", "OffsetF")):
                raise UserError(f"{row.where} has the Filename '{row['Filename']}'; expected a name such as "
                                "s1_ne_01") from None  # fmt: skip
            dropped += [(row.where, f"it names no video: '{row['Subject']}'") for _ in _places(row)]
            continue
        key = f"smic_long/{subject_name('smic', name[1 : name.index('_')])}/{name}"
        video = videos.pop(name, None)
        if video is None:
            why = f"no folder of frames {name}, or its second row ({row.where})"
            dropped += [(key + (place and f"_{place}"), why) for place in _places(row)]
            continue
        span = _span(row, video, notes)
        for place in _places(row):
            try:
                clips.append(_clip(row, place, video, span, root, card))
            except Unusable as reason:
                dropped.append((key + (place and f"_{place}"), f"{reason} ({row.where})"))
    notes += [f"the video {name} has no row in the workbook" for name in sorted(videos)]
    return clips


def _places(row: Row) -> list[str]:
    """The micro-expressions of a row: '' is the first, '2' and '3' are later ones."""
    return [place for place in ("", "2", "3") if not place or not missing(row[f"Onset{place}F"])]


def _name(row: Row) -> str:
    subject, text = subject_of(row, "smic", "Subject", ("OnsetF", "OffsetF")), name_in(row, "Filename")
    whole = text if text[:1].lower() == "s" and text[1:2].isdigit() else f"{subject}_{text}"
    owner, name, _ = clip_name(whole)
    if owner != subject:
        raise UserError(f"{row.where} is of the subject {subject}, but its Filename {text} is of {owner}; mend it")
    return name


def _span(row: Row, video: Video, notes: list[str]) -> tuple[int, int]:
    """The first and the last frame of the recording, of the workbook's cells or else of the disk."""
    if not video.frames:
        return 0, 0
    ends = []
    for column, there in (("FirstF", min(video.frames)), ("LastF", max(video.frames))):
        told = frame_number(row[column])
        if told != there:
            notes.append(f"{video.name}: {column} is '{'' if row[column] is None else row[column]}', the frame on "
                         f"disk {there}")  # fmt: skip
        ends.append(there if told is None else told)
    return ends[0], ends[1]


def _clip(row: Row, place: str, video: Video, span: tuple[int, int], root: Path, card: DatasetCard) -> Clip:
    """Micro-expression number ``place`` ('' is the first) of a video; a later one counts only inside ``span``, for some
    cells hold counters of other recordings."""
    onset, offset = row[f"Onset{place}F"], row[f"Offset{place}F"]
    for cell in (onset, offset):
        number = frame_number(cell)
        if place and not (number is not None and span[0] <= number <= span[1]):
            raise Unusable(f"Onset{place}F or Offset{place}F '{cell}' lies outside the video [{span[0]}, {span[1]}]")
    if missing(offset):
        raise Unusable(f"no value in Offset{place}F")
    when = _when(onset, None if place else row["ApexF"], offset, video.frames)
    told = video.named if missing(row["Emotion"]) else emotion_name(row["Emotion"], card.emotions, row.where)
    emotion, repairs = label(video.named, told, "row")
    return Clip(
        clip_id=f"smic_long/{video.subject}/{video.name}" + (place and f"_{place}"),
        dataset="smic_long",
        subject=f"smic_long/{video.subject}",
        video=video.name,
        onset=when.onset,
        apex=when.apex,
        offset=when.offset,
        apex_source=when.apex_source,
        emotion=emotion,
        expression="micro",
        fps=card.fps,
        frames=video.folder.relative_to(root).as_posix(),
        repairs=(*when.repairs, *lost_frames(video.frames, when.onset, when.offset), *repairs),
    )


def _when(onset: object, apex: object, offset: object, frames: FrameNames) -> Timing:
    if not missing(apex):
        return timing(onset, apex, offset, frames, frames.unread)
    first, last = frame_number(onset), frame_number(offset)
    middle = None if first is None or last is None else max(first + 1, first + (last - first) // 2)
    # there is no label to repair: the middle frame is given to timing, so that it reports what else is wrong
    when = timing(onset, middle, offset, frames, frames.unread)
    return replace(when, apex_source="mid")
