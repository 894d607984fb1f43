"""A clip and a long video: the rows of clips.csv and videos.csv."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

from mebench import formats
from mebench.errors import UserError
from mebench.files import read_csv

Noun = TypeVar("Noun")
Value = str | int | float  # of a cell of clips.csv or videos.csv, before it is written


@dataclass(frozen=True, slots=True)
class Clip:
    """One labelled clip; the fields are the columns of clips.csv (``formats.CLIPS``) in their order.

    ``onset``, ``apex`` and ``offset`` are numbers of frames, None where they are not known; so is ``fps``. ``repairs``
    are the sentences on what the reader mended.
    """

    clip_id: str
    dataset: str
    subject: str
    video: str = ""
    onset: int | None = None
    apex: int | None = None
    offset: int | None = None
    apex_source: str = ""
    emotion: str = ""
    objective: str = ""
    expression: str = ""
    aus: str = ""
    fps: float | None = None
    frames: str = ""
    repairs: tuple[str, ...] = ()

    def row(self) -> dict[str, Value]:
        """The row of clips.csv; what is not known is empty."""
        row = _row(self)
        row["repairs"] = ";".join(self.repairs)
        return row

    def frame(self, name: str) -> int:
        """The number of the frame called onset, apex or offset; a UserError where it is not known."""
        number = {"onset": self.onset, "apex": self.apex, "offset": self.offset}[name]
        if number is None:
            raise UserError(f"the clip {self.clip_id} has no {name}; correct it, or leave the clip out")
        return number


@dataclass(frozen=True, slots=True)
class Recording:
    """One long video of a spotting set, whether it shows an expression or not; the fields are the columns of
    videos.csv (``formats.VIDEOS``) in their order. ``first`` and ``last`` are numbers of frames."""

    video_id: str
    dataset: str
    subject: str
    video: str
    first: int
    last: int
    frames_on_disk: int
    gaps: int
    fps: float | None
    frames: str

    def row(self) -> dict[str, Value]:
        """The row of videos.csv."""
        return _row(self)

    def whole(self) -> Clip:
        """The whole recording as one clip without labels, called by its video_id."""
        return Clip(
            clip_id=self.video_id, dataset=self.dataset, subject=self.subject, video=self.video,
            onset=self.first, offset=self.last, fps=self.fps, frames=self.frames,
        )  # fmt: skip


def _row(noun: Clip | Recording) -> dict[str, Value]:
    values = ((field.name, getattr(noun, field.name)) for field in fields(noun))
    return {name: "" if value is None else value for name, value in values}


def read_clips(path: Path) -> list[Clip]:
    """The clips of a clips.csv; a UserError names the line that is not as ``mebench index`` writes it."""
    return _each(path, formats.CLIPS.names, clip_from)


def read_recordings(path: Path) -> list[Recording]:
    """The long videos of a videos.csv; a UserError names the line that is not as ``mebench index`` writes it."""
    return _each(path, formats.VIDEOS.names, _recording_from)


def clip_from(row: Mapping[str, str]) -> Clip:
    """The clip of a row of clips.csv. Raises ValueError where a frame or the fps is no number."""
    texts = {name: row[name] for name in ("clip_id", "dataset", "subject", "video", "apex_source", "emotion",
                                          "objective", "expression", "aus", "frames")}  # fmt: skip
    onset, apex, offset = (_whole(row, name) if row[name] else None for name in ("onset", "apex", "offset"))
    repairs = tuple(text for text in row["repairs"].split(";") if text)
    return Clip(**texts, onset=onset, apex=apex, offset=offset, fps=_fps(row["fps"]), repairs=repairs)


def _recording_from(row: Mapping[str, str]) -> Recording:
    return Recording(
        video_id=row["video_id"], dataset=row["dataset"], subject=row["subject"], video=row["video"],
        first=_whole(row, "first"), last=_whole(row, "last"), frames_on_disk=_whole(row, "frames_on_disk"),
        gaps=_whole(row, "gaps"), fps=_fps(row["fps"]), frames=row["frames"],
    )  # fmt: skip


def _whole(row: Mapping[str, str], name: str) -> int:
    try:
        return int(row[name])
    except ValueError as error:
        raise ValueError(f"{name} is '{row[name]}', a whole number is needed") from error


def _fps(text: str) -> float | None:
    if not text:
        return None
    try:
        fps = int(text) if text.isdecimal() else float(text)
    except ValueError:
        fps = 0
    if not 0 < fps < math.inf:
        raise ValueError(f"fps is '{text}', a number is needed")
    return fps


def _each(path: Path, columns: tuple[str, ...], read: Callable[[Mapping[str, str]], Noun]) -> list[Noun]:
    nouns = []
    for line, row in enumerate(read_csv(path, required=columns, file_names=True), start=2):
        try:
            nouns.append(read(row))
        except ValueError as error:
            raise UserError(f"{path} line {line}: {error}; index the dataset again") from error
    return nouns
