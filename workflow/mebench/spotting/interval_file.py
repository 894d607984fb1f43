"""Predicted intervals and labels as people hand them in, with mebench's names of columns or those of challenges."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mebench.clips.clip_names import clip_name
from mebench.clips.dataset_names import part_name
from mebench.errors import UserError, did_you_mean
from mebench.given_values import has_no_value
from mebench.metrics.intervals import Interval
from mebench.metrics.spotting import Located, Video
from mebench.spotting import hand_table
from mebench.spotting.emotion_names import by_key, check_synonyms, one_spelling, renamed
from mebench.spotting.hand_table import HandTable

# MEGC2022 writes vid, pred_onset, pred_offset, type; 2023 vid, onset, offset, type; 2024 and 2025 subject, video,
# onset, offset, emotion
KNOWN = {
    "dataset": (),
    "subject": (),
    "video": ("vid",),
    "onset": ("pred_onset",),
    "offset": ("pred_offset",),
    "emotion": ("pred_emotion",),
    "type": ("expression",),  # as clips.csv has it
}
TYPES = {"me": "micro", "mae": "macro"}


@dataclass(frozen=True)
class IntervalFile:
    """The rows of a file; ``columns``: which of the known columns it has."""

    path: Path
    rows: tuple[Located, ...]
    columns: frozenset[str]

    @property
    def videos(self) -> frozenset[Video]:
        """The videos that have a row."""
        return frozenset(row.video for row in self.rows)

    def values(self, part: str) -> frozenset[str]:
        """All datasets, subjects or types that are named."""
        if part == "type":
            return frozenset(row.type for row in self.rows)
        return frozenset(getattr(row.video, part) for row in self.rows)


def read(path: Path) -> IntervalFile:
    """Read intervals. An offset before its onset and a row that is there twice are errors; a file with no row is none,
    but it must have its line of column names."""
    table = hand_table.read(path, KNOWN, ("video", "onset", "offset"))
    cells = table.columns.get("emotion", [""] * len(table.lines))
    emotions = one_spelling(["" if has_no_value(cell) else cell for cell in cells])
    rows = []
    for row, (name, onset, offset, emotion, kind) in enumerate(
        zip(_videos(table), table.whole("onset"), table.whole("offset"), emotions, _types(table), strict=True)
    ):
        if offset < onset:
            raise UserError(
                f"{table.place(row)} ends at frame {offset}, before its onset {onset}; mend or remove the row"
            )
        rows.append(Located(name, kind, Interval(onset, offset, emotion)))
    _check_repeats(table, rows)
    return IntervalFile(path, tuple(rows), frozenset(KNOWN) & frozenset(table.columns))


def _videos(table: HandTable) -> list[Video]:
    """The video of each row; mebench's own files qualify subjects by their dataset. Known spellings of datasets and
    their subjects become one."""
    names = [*zip(table.names("dataset"), table.names("subject"), table.names("video"), strict=True)]
    videos = {name: _video(*name) for name in set(names)}
    return [videos[name] for name in names]


def _video(dataset: str, subject: str, video: str) -> Video:
    subject = subject.removeprefix(f"{dataset}/")
    if not subject:
        return Video(part_name(dataset), subject, video)
    return Video(*clip_name(f"{part_name(dataset)}/{subject}/{video}").split("/", 2))


def _types(table: HandTable) -> list[str]:
    """The type of each row: micro or macro; 1 or 2 as they are, because challenges differ in which is which."""
    return [_type(table, row, cell) for row, cell in enumerate(table.names("type"))]


def _type(table: HandTable, row: int, cell: str) -> str:
    text = cell.casefold()
    match = re.match(r"(micro|macro)\b|(micro|macro)[-_ ]?expressions?$", text)
    name = (match[1] or match[2]) if match else TYPES.get(text, text)
    if "type" in table.columns and name not in ("micro", "macro", "1", "2"):
        raise UserError(f"{table.place(row)} has the type '{cell}'; write micro or macro (ME and MaE do, and 1 and 2 "
                        "where predictions and labels both have them)")  # fmt: skip
    return name


def _check_repeats(table: HandTable, rows: Sequence[Located]) -> None:
    seen: dict[Located, int] = {}
    for number, row in enumerate(rows):
        if row in seen:
            raise UserError(f"{table.place(number)} repeats line {table.lines[seen[row]]}: the same interval of the "
                            "same video would count twice; remove one of them")  # fmt: skip
        seen[row] = number


def aligned(predictions: IntervalFile, truth: IntervalFile) -> tuple[IntervalFile, IntervalFile]:
    """Both files with the same parts of names. A dataset or a type that only one of them tells is that of all rows of
    the other, where there is one only; a subject is left out where videos have names of their own without it."""
    for part in ("dataset", "type"):
        predictions, truth = _with_part(predictions, truth, part), _with_part(truth, predictions, part)
    if ("subject" in predictions.columns) != ("subject" in truth.columns):
        predictions, truth = _without_subjects(predictions, truth), _without_subjects(truth, predictions)
    _check_types(predictions, truth)
    return _with_emotions(predictions, truth), truth


def _with_emotions(predictions: IntervalFile, truth: IntervalFile) -> IntervalFile:
    """The predictions, their emotions spelled as the labels do."""
    named = [row.interval.emotion for row in predictions.rows]
    labels = {row.interval.emotion for row in truth.rows} - {""}
    check_synonyms(named, labels, str(predictions.path))
    rows = zip(predictions.rows, renamed(named, by_key(labels)), strict=True)
    return replace(predictions, rows=tuple(row._replace(interval=row.interval._replace(emotion=emotion))
                                           for row, emotion in rows))  # fmt: skip


def _with_part(file: IntervalFile, other: IntervalFile, part: str) -> IntervalFile:
    if part in file.columns or part not in other.columns or not other.rows:
        return file
    values = sorted(other.values(part))
    if len(values) > 1:
        raise UserError(f"{file.path} has no column {part}, and {other.path} has {', '.join(values)} there; add the "
                        "column to the first, or keep one of them in the second")  # fmt: skip
    (value,) = values
    if part == "type":
        return replace(file, rows=tuple(row._replace(type=value) for row in file.rows))
    return replace(file, rows=tuple(row._replace(video=row.video._replace(dataset=value)) for row in file.rows))


def _without_subjects(file: IntervalFile, other: IntervalFile) -> IntervalFile:
    """The rows without subjects: the other file has none."""
    if "subject" not in file.columns:
        return file
    subjects: dict[Video, str] = {}
    for row in file.rows:
        bare = row.video._replace(subject="")
        if subjects.setdefault(bare, row.video.subject) != row.video.subject:
            raise UserError(f"{file.path} has the video {bare.video} of the subjects {subjects[bare]} and "
                            f"{row.video.subject}, and {other.path} has no column subject; add it")  # fmt: skip
    return replace(file, rows=tuple(row._replace(video=row.video._replace(subject="")) for row in file.rows))


def _check_types(predictions: IntervalFile, truth: IntervalFile) -> None:
    numbered = {"1", "2"}
    for one, other in ((predictions, truth), (truth, predictions)):
        if one.values("type") & numbered and other.values("type") - numbered - {""}:
            words = ", ".join(sorted(other.values("type")))
            raise UserError(f"{one.path} has the types 1 or 2, and {other.path} {words}; challenges differ in which is "
                            "which, so write micro and macro")  # fmt: skip


def classes_named(text: str, truth: IntervalFile) -> tuple[str, ...]:
    """The classes of a text with commas, spelled as the labels do. A UserError where they repeat each other, or none
    of them is an emotion of the truth."""
    named = {row.interval.emotion for row in truth.rows} - {""}
    classes = renamed([name.strip() for name in text.split(",")], by_key(named))
    if "" in classes or len(set(classes)) < len(classes):
        raise UserError(f"--classes is {text}; name each class once, with commas between them")
    if named and not named & set(classes):
        raise UserError(f"none of --classes {text} is an emotion of {truth.path}{did_you_mean(classes[0], named)}")
    if truth.rows and not named:
        raise UserError(f"--classes needs emotions, and {truth.path} has none; add a column emotion")
    return tuple(classes)


@dataclass(frozen=True)
class VideoList:
    """All videos of the data, those without a label too, and the last frame of each that the file tells."""

    path: Path
    last: Mapping[Video, int | None]


def read_videos(path: Path, files: Sequence[IntervalFile]) -> VideoList:
    """Read a list of videos for aligned ``files``: the column video, those of dataset and subject that the files name,
    and perhaps ``last``, the number of the last frame. The ``videos.csv`` of a dataset is such a list."""
    table = hand_table.read(path, {"dataset": (), "subject": (), "video": ("vid",), "last": ()}, ("video",))
    videos = _videos(table)
    for part in ("dataset", "subject"):
        named = {getattr(row.video, part) for file in files for row in file.rows}
        if part in table.columns and named <= {""}:
            videos = [video._replace(**{part: ""}) for video in videos]
        elif part not in table.columns and named - {""}:
            if part == "subject" or len(named) > 1:
                raise UserError(
                    f"{path} lacks the column {part}, which {files[0].path} and {files[-1].path} have; add it"
                )
            videos = [video._replace(dataset=min(named)) for video in videos]
    last: list[int] | list[None] = table.whole("last") if "last" in table.columns else [None] * len(videos)
    return VideoList(path, dict(zip(videos, last, strict=True)))
