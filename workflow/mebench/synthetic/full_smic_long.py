"""SMIC-E HS at full size: 157 videos with 161 micro-expressions, and the workbook with its formulas and its slips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mebench.synthetic import formulas
from mebench.synthetic.cast import random_stream
from mebench.synthetic.full import Frames
from mebench.synthetic.shown import Expression, Take, middle
from mebench.synthetic.smic_counts import SLOW, SPAN, clips, counter

LOST = {"s1_ne_02", "s2_sur_05", "s3_ne_20"}  # short clips without a long video
LATER = {"s3_ne_03": "s3_ne_02", "s4_ne_05": "s4_ne_04", "s4_ne_06": "s4_ne_04", "s9_sur_02": "s9_sur_01"}
TEXT_IN_FIRST = "s1_ne_01"  # its FirstF holds a remark
LABELLED_NEGATIVE = "s18_sur_03"
STRAY = ("s20_ne_01", "s20_ne_05", "s18_ne_01", "s18_sur_02")  # their Onset3F are counters of other recordings
HEADER = ("Subject", "Filename", None, "OnsetF", "OffsetF", "Onset2F", "Offset2F", "Onset3F", "Offset3F", None,
          "FirstF", "LastF", "TotalMF1", "TotalMF2", "TotalMF3", "TotalVL", "Emotion")  # fmt: skip
VIS_HEADER = ("Subject", "Filename", None, "OnsetF", "OffsetF", "Onset2F", "Offset2F", None, "FirstF", "TotalMF1",
              "TotalMF2", "TotalVL", "Emotion")  # fmt: skip


Cell = str | int | tuple[str, int | None] | None  # a formula is a pair of its text and its value


@dataclass(frozen=True)
class Video:
    """One recording: its first and last frame, and (onset, offset) of each micro-expression."""

    subject: str
    name: str
    emotion: str
    first: int
    last: int
    spans: list[tuple[int, int]]


def write(root: Path, frames: Frames, seed: int, length: int | None = None) -> None:
    """Write the copy. ``length`` is the mean number of frames of a video (590 in reality); None: the videos end
    shortly after their last label."""
    videos = list(roster(seed, length))
    tree = Path("SMIC-E_raw image/HS_long/SMIC_HS_E")
    for video in videos:
        names = (f"image{number:06d}.jpg" for number in range(video.first, video.last + 1))
        called = (video.name, *(f"{video.name}_{n}" for n in range(2, 9)))
        shown = (
            Expression(onset, middle(onset, offset), offset, _emotion(video), clip=clip)
            for clip, (onset, offset) in zip(called, video.spans, strict=False)
        )
        take = Take(f"s{int(video.subject):02d}", tuple(shown))
        frames.write(tree / f"s{int(video.subject):02d}" / video.name, names, face=True, take=take)
        if video.subject == "11":  # the slower camera beside it
            names = (f"image{number:06d}.jpg" for number in range(video.first, video.first + 20))
            frames.write(f"SMIC-E_raw image/VIS_long/SMIC_VIS_E/s11/{video.name}", names)
    write_annotation(root / "SMIC-HS-E_annotation.xlsx", videos)


def roster(seed: int, length: int | None = None) -> Iterator[Video]:
    """Every video in the order of the workbook: subject 20 first, and those of the slower cameras before the others."""
    rng = random_stream(seed, "smic_long", "full")
    by_name = {name: (subject, emotion) for subject, name, emotion in clips("HS") if name not in LOST}
    counts = {name: 1 + list(LATER.values()).count(name) for name in by_name if name not in LATER}
    for name in sorted(counts, key=lambda name: (by_name[name][0] not in SLOW, -int(by_name[name][0]))):
        first = 426_679 if name == TEXT_IN_FIRST else counter(rng)
        spans, at = [], first + 4 * int(rng.integers(4, 12))  # in step with a camera of a quarter of the frame rate
        for _ in range(counts[name]):
            onset, _, offset = SPAN["HS"].draw(rng, at)
            spans.append((onset, offset))
            at = offset + int(rng.integers(20, 60))
        wanted = 0 if length is None else int(np.clip(rng.normal(length, length / 3), 120, 1200))
        subject, emotion = by_name[name]
        yield Video(subject, name, emotion, first, max(at, first + wanted), spans)


def write_annotation(path: Path, videos: list[Video]) -> None:
    """The sheets HS and VIS, and two empty ones; some cells of HS look into VIS, row by row."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet, slow = book.active, book.create_sheet("VIS")
    sheet.title = "HS"
    sheet.append(HEADER)
    slow.append(VIS_HEADER)
    values: dict[tuple[str, str], int | float] = {}
    for row, video in enumerate(videos, start=2):
        cells = _cells(row, video)
        sheet.append([value[0] if isinstance(value, tuple) else value for value in cells])
        for column, value in zip("ABCDEFGHIJKLMNOPQ", cells, strict=True):
            if isinstance(value, tuple) and value[1] is not None:
                values["HS", f"{column}{row}"] = value[1]
        if video.subject in SLOW:
            slow.append(_slow_cells(video))
    for remark in ([None] * 17, ["checked twice"], [None, None, None, "mean"], ["n/a"], [None] * 17, ["videos", 157]):
        sheet.append(remark)
    book.create_sheet("Sheet2")
    book.create_sheet("Sheet3")
    formulas.save(book, path, values)


def _cells(row: int, video: Video) -> list[Cell]:
    """The cells of one row; a formula is a pair of its text and its value."""
    spans: list[tuple[int, int] | tuple[None, None]] = [*video.spans, *[(None, None)] * (3 - len(video.spans))]
    if video.name in STRAY:
        spans[2] = (video.first + 3_000_000, video.first + 3_000_030)
    (onset, offset), totals = spans[0], [None if a is None or b is None else b - a + 1 for a, b in spans]
    first: Cell = video.first
    if video.subject in SLOW:
        first = (f"=D{row}-100*(VIS!D{row}-VIS!I{row})/25", video.first)
    elif video.name == TEXT_IN_FIRST:
        first = f"MISSING <-{video.first}"
    length = video.last - video.first + 1
    return [int(video.subject), video.name, None, onset, (f"=D{row}+M{row}-1", offset), *spans[1], *spans[2], None,
            first, (f"={video.first}+P{row}-1", video.last), *totals, length, _emotion(video)]  # fmt: skip


def _slow_cells(video: Video) -> list[object]:
    onset, offset = video.spans[0]
    lead, total = (onset - video.first) // 4, (offset - onset) // 4 + 1
    return [int(video.subject), video.name, None, 5000 + lead, 5000 + lead + total - 1, None, None, None, 5000, total,
            None, (video.last - video.first) // 4 + 1, _emotion(video)]  # fmt: skip


def _emotion(video: Video) -> str:
    return "negative" if video.name == LABELLED_NEGATIVE else video.emotion
