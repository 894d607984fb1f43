"""SAMM Long Videos at full size: 147 videos of 30 subjects, 159 micro- and 343 macro-expressions. Rows are made up."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mebench.datasets.samm_long import ORIGINS
from mebench.synthetic import formulas, tallies
from mebench.synthetic.cast import random_stream
from mebench.synthetic.full import Frames
from mebench.synthetic.full_samm import roster, write_codes
from mebench.synthetic.shown import Expression, Take
from mebench.synthetic.tallies import changed
from mebench.synthetic.timeline import lay_out, peak, shuffled

MEAN_LENGTH = 3284  # frames
MACRO, ONLY_MICRO = 343, 17  # rows, videos
NEW_VIDEOS = ("008_1", "008_5", "008_6", "008_7", "026_2", "036_6")  # of 68 without micro-expressions
NO_MACRO = "031"  # the one subject without macro-expressions
AFTER_OFFSET = {"010_1": 1, "026_2": 1, "036_6": 2}  # macro-expressions whose apex lies after their offset
ONSET_ZERO = 10
PREAMBLE = ("Synthetic stand-in in the layout of the codes of SAMM Long Videos", "not the real dataset", None, "Type",
            "Micro - 1/2: at most 0.5 s", "Macro: longer", None, None, None)  # fmt: skip
HEADER = ("Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type", "Action Units",
          "Notes")  # fmt: skip


@dataclass
class Row:
    """One interval as a reader gives it; ``cells`` are what the workbook says instead."""

    video: str
    name: str
    onset: int
    apex: int
    offset: int
    expression: str
    units: int | str
    emotion: str = ""  # in the workbook of the short SAMM
    cells: dict[str, int] = field(default_factory=dict)

    def cell(self, name: str) -> int:
        return self.cells.get(name, getattr(self, name))


def plan(seed: int, length: int | None = None) -> tuple[list[Row], dict[str, int]]:
    """(rows, last frame of each video); ``length`` is the mean number of frames, None for as few as hold the labels
    (then the macro-expressions are short)."""
    rng = random_stream(seed, "samm_long", "plan")
    micro: dict[str, list[tallies.Row]] = {}
    for row in roster(seed):
        micro.setdefault(row.name.rpartition("_")[0], []).append(row)
    macro = _macro_per_video(rng, list(micro))
    rows, videos = [], {}
    for video in sorted({*micro, *macro}):
        frames = None if length is None else int(rng.normal(length, length / 5))
        mine, last = _planned_video(rng, video, micro.get(video, []), macro.get(video, 0), frames)
        videos[video] = last
        rows += mine
    _plant(rows)
    return sorted(rows, key=lambda row: (row.name, row.expression)), videos


def _macro_per_video(rng: np.random.Generator, micro: list[str]) -> dict[str, int]:
    """Macro-expressions of each of the 130 videos that have any, 68 of which have no micro-expressions."""
    subjects = sorted({video[:3] for video in micro} - {NO_MACRO})
    free = [f"{subject}_{n}" for n in range(1, 8) for subject in subjects]
    alone = [*NEW_VIDEOS, *(video for video in free if video not in micro and video not in NEW_VIDEOS)][:68]
    without = [video for video in micro if video[:3] == NO_MACRO]
    several = [
        v for v in micro if v[:3] != NO_MACRO and v not in AFTER_OFFSET and sum(w[:3] == v[:3] for w in micro) > 2
    ]
    without += several[:: len(several) // (ONLY_MICRO - len(without))][: ONLY_MICRO - len(without)]
    places = [*alone, *(video for video in micro if video not in without)]
    counts = {video: AFTER_OFFSET.get(video, 1) for video in places}
    for i in rng.integers(0, len(places), size=MACRO - sum(counts.values())).tolist():
        counts[places[i]] += 1
    return counts


def _planned_video(
    rng: np.random.Generator, video: str, micro: list[tallies.Row], macro: int, length: int | None
) -> tuple[list[Row], int]:
    """(rows, last frame) of one video. Clips with a known fault keep their numbers, less the video's origin."""
    fixed = [row for row in micro if not row.onset < int(row.apex) <= row.offset or row.name == "032_3_2"]
    loose = [row for row in micro if row not in fixed]
    kinds = shuffled(rng, {"micro": len(loose), "macro": macro})
    turn, numbers, lengths = list(loose), iter(range(1, 99)), []
    for kind in kinds:
        lengths.append(turn[0].offset - turn.pop(0).onset + 1 if kind == "micro" else _length(rng, length))
    places, last = lay_out(lengths, 1, length)
    rows = []
    for (onset, offset), kind in zip(places, kinds, strict=True):
        apex = peak(rng, onset, offset, 0.46)
        if kind == "micro":
            row = loose.pop(0)
            rows.append(Row(video, row.name, onset, apex, offset, kind, row.units, row.emotion))
        else:  # a macro-expression may have the name of a micro-expression
            rows.append(Row(video, f"{video}_{next(numbers)}", onset, apex, offset, kind, "4+7"))
    for row in fixed:
        onset, apex, offset = (n - ORIGINS.get(video, 0) for n in (row.onset, int(row.apex), row.offset))
        last = max(last, offset + 5)
        if onset < apex <= offset:
            rows.append(Row(video, row.name, onset, apex, offset, "micro", row.units, row.emotion))
            continue
        middle = onset + (offset - onset) // 2
        rows.append(Row(video, row.name, onset, middle, offset, "micro", row.units, row.emotion, {"apex": apex}))
    return rows, last


def _length(rng: np.random.Generator, length: int | None) -> int:
    """Frames of a macro-expression: 102 to 5176, mean 435; short where no length is asked for."""
    return int(rng.integers(102, 112)) if length is None else int(np.clip(rng.lognormal(5.75, 0.75), 102, 5176))


def _plant(rows: list[Row]) -> None:
    """Apexes after their offset, and movements that were under way when the video began."""
    macro = [row for row in rows if row.expression == "macro"]
    for video, count in AFTER_OFFSET.items():
        for row in [row for row in macro if row.video == video][:count]:
            row.cells["apex"] = row.offset + 30
            row.apex = row.onset + (row.offset - row.onset) // 2
    first = {row.video: row for row in sorted(rows, key=lambda row: -row.onset)}
    begun = [row for row in first.values() if row.expression == "macro" and not row.cells][::5][:ONSET_ZERO]
    for row in begun:
        row.cells["onset"], row.onset = 0, 1


def write(root: Path, frames: Frames, seed: int, length: int | None = None) -> None:
    """Write the videos, their workbook, and that of the short SAMM with its own numbers of frames."""
    rows, videos = plan(seed, length)
    for video, last in sorted(videos.items()):
        names = (f"{video}_{n:04d}.jpg" for n in range(1, last + 1))
        shown = (
            Expression(row.onset, row.apex, row.offset, row.emotion, row.expression, f"{row.name}_{row.expression}")
            for row in rows if row.video == video
        )  # fmt: skip
        frames.write(f"SAMM_longvideos/{video}", names, grey=True, face=True, take=Take(video[:3], tuple(shown)))
    write_workbook(root / "SAMM_LongVideos_V1_Release.xlsx", rows)
    numbers = {row.name: row for row in rows if row.expression == "micro"}
    short = []
    for row in roster(seed):
        here, origin = numbers[row.name], ORIGINS.get(row.name.rpartition("_")[0], 0)
        times = {name: here.cell(name) + origin for name in ("onset", "apex", "offset")}
        short.append(changed(row, **times))
    write_codes(root / "SAMM_Micro_FACS_Codes_v2.xlsx", short)


def write_workbook(path: Path, rows: list[Row]) -> None:
    """One sheet, nine rows of preamble, the header on row 10, Duration as a formula."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "FACS_Movement_Only"
    for line in PREAMBLE:
        sheet.append([line])
    sheet.append(HEADER)
    values = {}
    for place, row in enumerate(rows, start=len(PREAMBLE) + 2):
        values[sheet.title, f"G{place}"] = row.offset - row.onset + 1
        kind = "Macro" if row.expression == "macro" else "Micro - 1/2"
        sheet.append([row.video[:3], row.name, int(row.video[4:]), row.cell("onset"), row.cell("apex"),
                      row.cell("offset"), f"=F{place}-D{place}+1", kind, row.units, None])  # fmt: skip
    formulas.save(book, path, values)
