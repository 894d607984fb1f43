"""Who shows what in the full-size stand-in of CAS(ME)^3 Part A, clips and long videos alike, and what is wrong there.

The numbers of clips, subjects, videos and classes are those of the second edition of the labels. Rows are made up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mebench.synthetic.cast import random_stream
from mebench.synthetic.timeline import lay_out, peak, shuffled, spread

EMOTIONS = {"disgust": 250, "surprise": 187, "others": 161, "fear": 86, "anger": 64, "sad": 57, "happy": 55}
OBJECTIVE = {"I": 15, "II": 151, "III": 234, "IV": 37, "V": 47, "VI": 3, "VII": 373}
MICRO, MACRO, MICRO_VIDEOS, LABELLED_VIDEOS = 860, 3346, 463, 956
LETTERS = "abcdefghijklm"
UNITS = ("4", "4+7", "1+2", "26+25", "R12", "T28+14", "L14", "12", "14", "17+15")

# 98 subjects with labels, 94 of them with micro-expressions, and two with none
NUMBERS = (*range(1, 16), 17, 39, 40, 41, 42, 77, *(n for n in range(138, 218) if n not in (150, 171, 199)))
WITHOUT_MICRO = (2, 77, 160, 205)
UNLABELLED = (300, 301)

# subject, video, onset, apex, offset as they are; then the cells of the workbook that say something else
KNOWN_SLIPS = (
    (216, "d", 2647, 2652, 2669, {"onset": 3647}),
    (216, "e", 1, 12, 24, {"onset": 0, "apex": 0}),  # frame 0 is not on disk, and the apex is the onset: the middle
    (149, "d", 112, 136, 160, {"apex": 83}),  # likewise the middle
    (40, "e", 1822, 1828, 1845, {"offset": 0}),
    (40, "e", 2381, 2386, 2403, {"offset": 0}),
    (214, "c", 5, 11, 34, {"offset": 3460}),
)
STARTS = {(216, "d"): 2600, (40, "e"): 1800}  # videos whose first frame is not 1


@dataclass
class Row:
    """One labelled interval as it is on disk; ``cells`` are what the workbook says instead, ``apex`` is the frame that
    a reader takes, ``lost`` the frames that are not on disk."""

    subject: int
    video: str
    onset: int
    apex: int
    offset: int
    expression: str
    emotion: str = ""
    objective: str = ""
    units: str = ""
    cells: dict[str, object] = field(default_factory=dict)
    lost: tuple[int, ...] = ()

    def cell(self, name: str) -> object:
        """What the workbook says: as text, as everything in it."""
        return str(self.cells.get(name, getattr(self, name)))


@dataclass(frozen=True)
class Plan:
    """All rows, and the first and last frame of each video (subject, letter), with labels or without."""

    rows: list[Row]
    videos: dict[tuple[int, str], tuple[int, int]]


def plan(seed: int, length: int | None = None) -> Plan:
    """The plan; ``length`` is the mean number of frames of a video, None for as few as hold the labels (then the
    macro-expressions are short)."""
    rng = random_stream(seed, "casme3", "plan")
    micro = _micro_per_video(rng)
    macro = _macro_per_video(rng, micro)
    slips = [Row(*known[:5], "micro", cells=dict(known[5])) for known in KNOWN_SLIPS]
    reserved = {(row.subject, row.video) for row in slips}
    rows, videos = [], {}
    for key in sorted({*micro, *macro} - reserved):
        kinds = shuffled(rng, {"micro": micro.get(key, 0), "macro": macro.get(key, 0)})
        lengths = [_length(rng, kind, length) for kind in kinds]
        first = int(rng.choice([0, 1, 1, 1, 40]))
        frames = None if length is None else int(rng.normal(length, length / 4))
        places, last = lay_out(lengths, first, frames)
        videos[key] = first, last
        rows += [Row(*key, on, peak(rng, on, off, 0.31), off, kind)
                 for (on, off), kind in zip(places, kinds, strict=True)]  # fmt: skip
    for row in slips:
        first = STARTS.get((row.subject, row.video), 1)
        videos[row.subject, row.video] = first, max(row.offset + 5, first + (length or 0) - 1)
    rows += slips
    for number in (*NUMBERS, *UNLABELLED):
        for letter in LETTERS:
            videos.setdefault((number, letter), (1, length or 6))
    rows.sort(key=lambda row: (f"spNO.{row.subject}", row.video, row.onset, row.expression))
    _label(rng, rows)
    _plant(rng, rows)
    return Plan(rows, videos)


def _micro_subjects() -> list[int]:
    """Subjects by falling number of clips; those with known slips have enough for them."""
    slips = sorted({known[0] for known in KNOWN_SLIPS})
    others = [n for n in NUMBERS if n not in (*WITHOUT_MICRO, *slips)]
    return [*others[:10], *slips, *others[10:]]


def _clips_per_subject(rng: np.random.Generator) -> dict[int, int]:
    """860 clips of 94 subjects: 57 of the first, eleven subjects with one, the rest falling."""
    subjects = _micro_subjects()
    middle = len(subjects) - 12
    weights = np.exp(-2.4 * np.arange(middle) / middle)
    counts = 2 + np.floor(weights / weights.sum() * (MICRO - 57 - 11 - 2 * middle)).astype(int)
    left = MICRO - 57 - 11 - int(counts.sum())
    counts[:left] += 1
    return dict(zip(subjects, [57, *counts.tolist(), *[1] * 11], strict=True))


def _micro_per_video(rng: np.random.Generator) -> dict[tuple[int, str], int]:
    """Micro-expressions of each video that has any: 860 in 463 videos."""
    clips = _clips_per_subject(rng)
    fixed = {(known[0], known[1]): sum(k[:2] == known[:2] for k in KNOWN_SLIPS) for known in KNOWN_SLIPS}
    here = {s: [key for key in fixed if key[0] == s] for s in clips}
    free = {s: clips[s] - sum(fixed[key] for key in here[s]) for s in clips}
    limits = [min(13 - len(here[s]), free[s]) for s in clips]
    least = [min(1, free[s]) for s in clips]
    wanted = spread(MICRO_VIDEOS - len(fixed), limits, least)
    result = dict(fixed)
    for subject, count in zip(clips, wanted, strict=True):
        letters = [letter for letter in LETTERS if (subject, letter) not in fixed]
        chosen = sorted(rng.choice(letters, size=count, replace=False).tolist())
        for i in range(free[subject]):
            key = (subject, chosen[i % count])
            result[key] = result.get(key, 0) + 1
    return result


def _macro_per_video(rng: np.random.Generator, micro: dict[tuple[int, str], int]) -> dict[tuple[int, str], int]:
    """Macro-expressions of each video that has any: 3,346, so that 956 videos have a label."""
    reserved = {(known[0], known[1]) for known in KNOWN_SLIPS}
    free = {s: [letter for letter in LETTERS if (s, letter) not in micro] for s in NUMBERS}
    wanted = spread(
        LABELLED_VIDEOS - MICRO_VIDEOS, [len(free[s]) for s in NUMBERS], [min(1, len(free[s])) for s in NUMBERS]
    )
    only = [(s, letter) for s, count in zip(NUMBERS, wanted, strict=True) for letter in free[s][:count]]
    also = sorted(set(micro) - reserved)
    result = dict.fromkeys(only, 1)
    for subject in NUMBERS:  # each shows one, also where all videos have micro-expressions
        if not any(key[0] == subject for key in result):
            result[next(key for key in also if key[0] == subject)] = 1
    places = [*only, *also]
    for i in rng.integers(0, len(places), size=MACRO - sum(result.values())).tolist():
        result[places[i]] = result.get(places[i], 0) + 1
    return result


def _length(rng: np.random.Generator, kind: str, length: int | None) -> int:
    """Frames of an interval: median 22 (micro) and 73 (macro), the latter short where no length is asked for."""
    if kind == "micro":
        return int(np.clip(rng.lognormal(np.log(22), 0.55), 3, 110))
    return int(rng.integers(17, 26)) if length is None else int(np.clip(rng.lognormal(np.log(73), 0.7), 17, 4336))


def _label(rng: np.random.Generator, rows: list[Row]) -> None:
    """Emotions and objective classes in their exact numbers. Six subjects show nothing but 'others'; one of them is
    lost to a reader that does not know 'Others'."""
    micro = [row for row in rows if row.expression == "micro"]
    counts = _clips_per_subject(rng)
    single = [s for s, n in counts.items() if n == 1][:6]
    rest = dict(EMOTIONS)
    for row in micro:
        if row.subject in single:
            row.emotion = "others"
            rest["others"] -= 1
    first = {row.subject: row for row in reversed(micro) if not row.emotion}
    shown = shuffled(rng, {name: n for name, n in rest.items() if name != "others"})
    for row in first.values():
        row.emotion = shown.pop()
    pool = shuffled(rng, {name: shown.count(name) if name != "others" else n for name, n in rest.items()})
    for row in micro:
        row.emotion = row.emotion or pool.pop()
    for row, name in zip(micro, shuffled(rng, OBJECTIVE), strict=True):
        row.objective = name
    names = [*EMOTIONS]
    for row in rows:
        row.units = str(rng.choice(UNITS))
        row.emotion = row.emotion or str(rng.choice(names))
    capital = [row for row in micro if row.emotion == "others"]
    alone = next(row for row in capital if row.subject == single[0])
    for row in [alone, *[row for row in capital if row.subject not in single][:2]]:
        row.cells["emotion"] = "Others"


def _plant(rng: np.random.Generator, rows: list[Row]) -> None:
    """Dead apexes, videos called 'J', frames that are not on disk."""
    plain = [row for row in rows if not row.cells and row.offset - row.onset >= 12]
    micro = [row for row in plain if row.expression == "micro"]
    macro = [row for row in plain if row.expression == "macro"]
    for row in micro[5::12][:53]:  # with spNO.216 e 54
        row.cells["apex"] = row.onset
        row.apex = row.onset + (row.offset - row.onset) // 2
    for place in (micro, macro):
        for row in [row for row in place if row.video == "j"][2 : 3 if place is micro else 6]:
            row.cells["video"] = "J"
    rested = [row for row in micro if not row.cells]
    for row in rested[3::40]:
        row.lost = (row.onset + (row.offset - row.onset) * 3 // 4,)
        row.apex = min(row.apex, row.lost[0] - 1)
    _lose_ends(rested[1], rested[2])


def _lose_ends(one: Row, other: Row) -> None:
    """The onset frame of one clip and the offset frame of another are not on disk; the next ones are taken."""
    one.cells["onset"], one.lost, one.onset = one.onset, (one.onset,), one.onset + 1
    other.cells["offset"], other.lost, other.offset = other.offset, (other.offset,), other.offset - 1
    for row in (one, other):
        row.apex = min(max(row.apex, row.onset + 1), row.offset - 1)
