"""CASME II at full size: 255 clips of 26 subjects, its two workbooks, the official faces and some raw frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mebench.synthetic import formulas
from mebench.synthetic.cast import random_stream
from mebench.synthetic.full import Frames
from mebench.synthetic.shown import short
from mebench.synthetic.tallies import Row, Span, changed, deal, parse, units

# The margins are those of the 20140508 edition; so are the sums of disgust and repression, happiness and surprise of
# each subject (MEGC2019 list, with two clips of disgust that it leaves out). The rest is made up.
TABLE = """
   disgust repression happiness surprise sadness fear others
01       2          0         1        0       0    0      6
02       5          0         1        3       0    0      3
03       4          0         0        1       0    0      4
04       3          0         0        0       0    0      2
05       1          0         1        5       0    0     10
06       0          1         1        2       0    0      1
07       0          5         0        0       0    0      4
08       1          0         0        0       0    0      2
09       2          3         5        0       1    0      4
10       0          0         0        0       0    0     11
11       4          0         0        0       0    0      6
12       5          0         2        4       0    0      1
13       0          0         2        0       0    0      6
14       0          0         3        0       0    0      0
15       0          1         1        1       0    0      1
16       0          1         2        0       0    0      1
17      11         12         7        1       0    1      4
18       0          0         0        0       0    0      3
19       3          0         3        5       2    0      4
20       0          2         0        0       0    0      8
21       1          0         0        0       0    0      1
22       0          2         0        0       0    0      0
23       7          0         1        0       0    1      4
24       2          0         0        1       3    0      5
25       3          0         0        2       0    0      2
26       9          0         2        0       1    0      6
"""
# names that public code bases stumble over: irregular ones, and those of the planted faults
NAMED = {
    "01": [("EP02_01f", "happiness")],
    "03": [("EP01_2", "others"), ("EP08_1", "disgust")],
    "04": [("EP12_01f", "disgust")],
    "05": [("EP09_05f", "disgust"), ("EP12_03f", "surprise"), ("EP16_04f", "others")],
    "07": [("EP06_02_01", "repression"), ("EP06_02_02", "others")],
    "09": [("EP09f", "happiness")],
    "12": [("EP09_06", "others")],
    "20": [("EP16_01", "others")],
    "24": [("EP07_01", "sadness"), ("EP07_04f", "sadness"), ("EP10_03", "sadness")],
    "25": [("EP18_04f", "surprise")],
}
FIXED: dict[tuple[str, str], dict[str, object]] = {  # frame numbers that the faults are about
    ("01", "EP02_01f"): {"onset": 46, "apex": 59, "offset": 86},
    ("04", "EP12_01f"): {"onset": 261, "apex": "/", "offset": 321},
    ("05", "EP09_05f"): {"onset": 69, "apex": 69, "offset": 119},
}
APEX_IS_OFFSET = {("05", "EP16_04f"), ("12", "EP09_06"), ("20", "EP16_01"), ("25", "EP18_04f")}
WITH_F = 72  # names that end in f
SPAN = Span(mean=67.2, sd=22.6, least=24, most=141, apex=0.51, apex_sd=0.17)
OBJECTIVE = {  # Davison et al.
    "disgust": [("III", 35), ("IV", 25)],
    "others": [("III", 64), ("I", 2), ("IV", 1)],
    "repression": [("V", 8)],
    "surprise": [("II", 15), ("V", 4)],
    "happiness": [("I", 23), ("V", 1)],
    "sadness": [("V", 7)],
    "fear": [("VI", 1)],
}
ALONE = {"disgust": (4, 9, 10), "repression": (15, 17), "happiness": (12, 6), "surprise": (1, 2), "sadness": (1, 17),
         "fear": (20,), "others": (4, 14, 7)}  # fmt: skip
TOGETHER = {
    "disgust": ("4+7", "4+9", "R10", "L10", "4+L10"),
    "repression": ("15+17", "L15", "14+17"),
    "happiness": ("6+12", "L12", "R12", "12+15"),
    "surprise": ("1+2", "L1+L2", "R2", "1+2+5"),
    "sadness": ("1+17", "15+17"),
    "fear": ("1+2+4", "4+20"),
    "others": ("4+14", "L14", "R14", "4+7", "L4"),
}
NUMBERS, UNKNOWN = 133, 5  # cells of action units that hold a number, and a question mark


def write(root: Path, frames: Frames, seed: int) -> None:
    """Write the copy: cropped faces in a doubled folder, raw frames of one subject, codings and objective classes."""
    rows = roster(seed)
    for row in rows:
        numbers = range(row.onset, row.offset + 1)
        place = f"sub{row.subject}/{row.name}"
        take = short(f"sub{row.subject}", row.name, row.emotion, row.onset, row.apex, row.offset)
        frames.write(f"Cropped/Cropped/{place}", (f"reg_img{number}.jpg" for number in numbers), take=take)
        if row.subject == "01":
            folder = f"CASME2_RAW_selected/CASME2_RAW_selected/{place}"
            frames.write(folder, (f"img{number}.jpg" for number in numbers))
    _codings(root / "CASME2-coding-20140508.xlsx", rows)
    _classes(root / "CASME2-ObjectiveClasses.xlsx", rows)


def roster(seed: int) -> list[Row]:
    """Every row of the coding workbook, in its order."""
    rng = random_stream(seed, "casme2", "full")
    rows = [Row(subject, name, emotion) for subject, name, emotion in _names(rng)]
    rows = units(rows, ALONE, TOGETHER, NUMBERS, rng)
    texts = [at for at, row in enumerate(rows) if isinstance(row.units, str)]
    for at in rng.permutation(texts)[:UNKNOWN].tolist():
        rows[at] = changed(rows[at], units="?")
    rows = deal([_timed(row, rng) for row in rows], OBJECTIVE)
    return sorted(rows, key=lambda row: (row.subject, row.name))


def _timed(row: Row, rng: np.random.Generator) -> Row:
    onset, apex, offset = SPAN.draw(rng, int(rng.integers(20, 240)))
    key = row.subject, row.name
    apex = offset if key in APEX_IS_OFFSET else apex
    return changed(changed(row, onset=onset, apex=apex, offset=offset), **FIXED.get(key, {}))


def _names(rng: np.random.Generator) -> Iterator[tuple[str, str, str]]:
    """(subject, name, emotion) of each clip; ``WITH_F`` names end in f."""
    made, free = [], []
    for subject, counts in parse(TABLE).items():
        named = NAMED.get(subject, [])
        taken = {"EP09_05", *(name.rstrip("f") for name, _ in named)}  # the first is another name of sub09's EP09f
        for emotion, count in counts.items():
            given = [name for name, of in named if of == emotion]
            made += [(subject, name, emotion) for name in given]
            for _ in range(count - len(given)):
                name = ""
                while not name or name in taken:
                    name = f"EP{int(rng.integers(1, 20)):02d}_{int(rng.integers(1, 16)):02d}"
                taken.add(name)
                free.append(len(made))
                made.append((subject, name, emotion))
    missing = WITH_F - sum(name.endswith("f") for _, name, _ in made)
    for at in rng.permutation(free)[:missing].tolist():
        subject, name, emotion = made[at]
        made[at] = (subject, f"{name}f", emotion)
    yield from made


def _codings(path: Path, rows: list[Row]) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Sheet1"
    sheet.append(["Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None, "Action Units",
                  "Estimated Emotion"])  # fmt: skip
    for row in rows:
        sheet.append([row.subject, row.name, None, row.onset, row.apex, row.offset, None, row.units, row.emotion])
    book.create_sheet("Sheet2")
    book.create_sheet("Sheet3")
    formulas.save(book, path)


def _classes(path: Path, rows: list[Row]) -> None:
    """The workbook of objective classes, which calls sub09's EP09f EP09_05."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Subject", "Filename", "Objective Class"])
    for row in rows:
        name = "EP09_05" if (row.subject, row.name) == ("09", "EP09f") else row.name
        sheet.append([int(row.subject), name, row.group])
    formulas.save(book, path)
