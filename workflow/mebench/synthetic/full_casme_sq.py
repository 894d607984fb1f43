"""CAS(ME)^2 at full size: 98 long videos of 22 subjects, 57 micro- and 300 macro-expressions. Rows are made up."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mebench.synthetic import formulas
from mebench.synthetic.cast import random_stream
from mebench.synthetic.full import Frames
from mebench.synthetic.shown import Expression, Take
from mebench.synthetic.timeline import lay_out, peak, shuffled, spread

MEAN_LENGTH = 2593  # frames
FOLDERS = (15, 16, *range(19, 28), *range(29, 39), 40)  # number in the coding sheet: place in this list, from 1
CODES = {
    "disgust1": ("0101", "disgustingteeth"),
    "disgust2": ("0102", "eatingworms"),
    "anger1": ("0401", "girlcrashing"),
    "anger2": ("0402", "beatingpregnantwoman"),
    "happy1": ("0502", "funnyerrors"),
    "happy2": ("0503", "funnyfarting"),
    "happy3": ("0505", "funnyinnovations"),
    "happy4": ("0507", "climbingthewall"),
    "happy5": ("0508", "funnydunkey"),
}
MICRO, MICRO_VIDEOS, MACRO, MACRO_VIDEOS, LABELLED = 57, 33, 300, 89, 95
MICRO_ONLY = (29, 35)  # subjects of one video, without macro-expressions
EMOTIONS = ("negative", "positive", "surprise", "others")
UNITS = ("4", "4+7", "12", "6+12", "1+2", "AU4+9", "14", "?")


@dataclass
class Row:
    """One interval as a reader gives it; ``cells`` are what the workbook says instead."""

    subject: int
    video: str
    onset: int
    apex: int
    offset: int
    expression: str
    emotion: str
    units: str
    cells: dict[str, int] = field(default_factory=dict)

    def cell(self, name: str) -> int:
        return self.cells.get(name, getattr(self, name))


def folder(subject: int, video: str) -> str:
    """'s15/15_0101disgustingteeth'."""
    code, words = CODES[video]
    return f"s{subject}/{subject}_{code}{words}"


def plan(seed: int, length: int | None = None) -> tuple[list[Row], dict[tuple[int, str], int]]:
    """(rows, last frame of each video); ``length`` is the mean number of frames, None for as few as hold the labels."""
    rng = random_stream(seed, "casme_sq", "plan")
    per_video = _per_video(rng)
    rows, videos = [], {}
    for (subject, video), (micro, macro) in sorted(per_video.items()):
        kinds = shuffled(rng, {"micro": micro, "macro": macro})
        lengths = [_length(rng, kind) for kind in kinds]
        places, last = lay_out(lengths, 1, None if length is None else int(rng.normal(length, length / 6)))
        videos[subject, video] = max(last, 12)
        for (onset, offset), kind in zip(places, kinds, strict=True):
            apex, emotion, units = peak(rng, onset, offset, 0.45), str(rng.choice(EMOTIONS)), str(rng.choice(UNITS))
            rows.append(Row(subject, video, onset, apex, offset, kind, emotion, units))
    _plant(rows)
    return rows, videos


def _per_video(rng: np.random.Generator) -> dict[tuple[int, str], tuple[int, int]]:
    """(micro, macro) of each of the 98 videos."""
    most = [s for s in FOLDERS if s not in MICRO_ONLY]
    counts = dict(zip(most, [5] * 16 + [4] * 4, strict=True))
    alone = [(s, "happy1") for s in MICRO_ONLY]
    others = [(s, video) for s in most for video in list(CODES)[: counts[s]]]
    bare = [others[i] for i in (30, 55, 80)]
    shown = [key for key in others if key not in bare]
    micro_subjects = most[:12]  # of the others; with the two above 14
    micro_only = [next(key for key in shown if key[0] == s) for s in micro_subjects[:4]]
    both = [key for key in shown if key[0] in micro_subjects and key not in micro_only]
    both = [both[i] for i in sorted(rng.choice(len(both), MICRO_VIDEOS - 6, replace=False).tolist())]
    for subject in micro_subjects[4:]:  # each of them is seen
        if not any(key[0] == subject for key in both):
            both[-1] = next(key for key in shown if key[0] == subject)
    of_micro = [*alone, *micro_only, *dict.fromkeys(both)]
    of_macro = [key for key in shown if key not in micro_only]
    micro = dict(zip(of_micro, spread(MICRO, [1, 1, *[9] * 31], [1] * 33), strict=True))
    macro = dict.fromkeys(of_macro, 1)
    for i in rng.integers(0, len(of_macro), size=MACRO - MACRO_VIDEOS).tolist():
        macro[of_macro[i]] += 1
    return {key: (micro.get(key, 0), macro.get(key, 0)) for key in [*alone, *others]}


def _length(rng: np.random.Generator, kind: str) -> int:
    """Micro 9 to 17 frames (mean 13.6), macro 6 to 118 (mean 36)."""
    if kind == "micro":
        return int(np.clip(round(rng.normal(13.6, 2)), 9, 17))
    return int(np.clip(rng.lognormal(np.log(32), 0.5), 6, 118))


def _plant(rows: list[Row]) -> None:
    """Zeros for what was not coded, apexes after their offset, two rows that begin with the same frame. Where there is
    no usable apex, ``apex`` is the middle."""
    macro = [row for row in rows if row.expression == "macro"]
    for number, row in enumerate(macro):
        if number % 9 == 4:
            row.apex = row.offset
            row.cells["offset"] = 0
        elif number % 100 in (7, 10):
            row.cells["apex"] = 0 if number % 100 == 7 else row.offset + 1
            row.apex = row.onset + (row.offset - row.onset) // 2
    one = next(i for i, row in enumerate(rows) if row.expression == "macro" and rows[i + 1].expression == "macro"
               and rows[i + 1].video == row.video and not row.cells and not rows[i + 1].cells)  # fmt: skip
    rows[one + 1].onset = rows[one].onset


def write(root: Path, frames: Frames, seed: int, length: int | None = None) -> None:
    """Write raw frames, some cropped ones, and the workbook."""
    rows, videos = plan(seed, length)
    for number, ((subject, video), last) in enumerate(sorted(videos.items())):
        place = folder(subject, video)
        names = (f"img{n:03d}.jpg" for n in range(1, last + 1))
        frames.write(f"rawpic/{place}", names, face=True, take=_take(subject, video, rows))
        if number % 20 == 0:
            frames.write(f"cropped/{place}", (f"img{n}.jpg" for n in range(1, 4)))
    write_workbook(root / "CAS(ME)^2code_final.xlsx", rows)


def _take(subject: int, video: str, rows: list[Row]) -> Take:
    own = [row for row in rows if (row.subject, row.video) == (subject, video)]
    name = folder(subject, video).partition("/")[2]
    return Take(f"s{subject}", tuple(
        Expression(row.onset, row.apex, row.offset, row.emotion, row.expression, f"{name}_{row.onset}_{row.expression}")
        for row in own
    ))  # fmt: skip


def write_workbook(path: Path, rows: list[Row]) -> None:
    """Three sheets without headers; numbers are floats, codes text."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("CASFEcode_final")
    numbers = {subject: place for place, subject in enumerate(FOLDERS, start=1)}
    seen: dict[tuple[int, str], int] = {}
    for row in rows:
        count = seen[row.subject, row.video] = seen.get((row.subject, row.video), 0) + 1
        frames = [float(row.cell(name)) for name in ("onset", "apex", "offset")]
        sheet.append([float(numbers[row.subject]), f"{row.video}_{count}", *frames, row.units, row.emotion,
                      f"{row.expression}-expression", "happiness"])  # fmt: skip
    first = book.create_sheet("naming rule1")
    for row in rows:  # one row per coded row, as delivered
        first.append([row.subject, f"s{row.subject}", numbers[row.subject]])
    second = book.create_sheet("naming rule2")
    for name, (code, _) in CODES.items():
        second.append([code, name])
    formulas.save(book, path)
