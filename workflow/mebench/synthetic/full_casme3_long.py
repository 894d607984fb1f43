"""CAS(ME)^3 Part A at full size, long videos: 100 subjects, 13 videos each, 956 of them with a label."""

from __future__ import annotations

from pathlib import Path

from mebench.synthetic import formulas
from mebench.synthetic.casme3_plan import Row, plan
from mebench.synthetic.full import Frames
from mebench.synthetic.full_casme3 import WORKBOOK, write_micro
from mebench.synthetic.shown import Expression, Take

MEAN_LENGTH = 2900  # frames: of the 80 hours of the whole set, what is left to one video of the Parts A and B
TREE = "part_A/data/part_A_split/part_A"
MACRO_WORKBOOK = "annotation/cas(me)3_part_A_MaE_label_JpgIndex_v2_emotion.xlsx"
BOTH_WORKBOOK = "annotation/CAS(ME)3_part_A_v2.xlsx"


def write(root: Path, frames: Frames, seed: int, length: int | None = None) -> None:
    """Write the videos and both workbooks; ``length`` is the mean number of frames of a video."""
    whole = plan(seed, length)
    lost: dict[tuple[int, str], set[int]] = {}
    shown: dict[tuple[int, str], list[Expression]] = {}
    for row in whole.rows:
        lost.setdefault((row.subject, row.video), set()).update(row.lost)
        clip = f"{row.video}_{row.cell('onset')}_{row.expression}"
        seen = Expression(row.onset, row.apex, row.offset, row.emotion, row.expression, clip)
        shown.setdefault((row.subject, row.video), []).append(seen)
    for number, (key, (first, last)) in enumerate(sorted(whole.videos.items())):
        gone = lost.get(key, set())
        prefix = "spNo" if key[0] % 3 == 0 else "spNO"
        folder = f"{TREE}/{prefix}.{key[0]}/{key[1]}"
        names = (f"{n}.jpg" for n in range(first, last + 1) if n not in gone)
        frames.write(f"{folder}/color", names, face=True, take=Take(f"spNO.{key[0]}", tuple(shown.get(key, ()))))
        if number % 100 == 0:
            frames.write(f"{folder}/depth", (f"{n}.png" for n in range(first, first + 3)), grey=True)
    write_micro(root / WORKBOOK, [row for row in whole.rows if row.expression == "micro"])
    write_macro(root / MACRO_WORKBOOK, [row for row in whole.rows if row.expression == "macro"])


def write_macro(path: Path, rows: list[Row]) -> None:
    """The workbook of macro-expressions, with column names of its own and numbers as numbers."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    sheet.append(("sub", "seq", "onset", "apex", "offset", "emotion"))
    for row in rows:
        numbers = [int(str(row.cell(name))) for name in ("onset", "apex", "offset")]
        sheet.append([f"spNO.{row.subject}", row.cell("video"), *numbers, row.cell("emotion")])
    formulas.save(book, path)


def write_both(path: Path, rows: list[Row]) -> None:
    """The workbook of both kinds, which has no emotions, but the objective classes of macro-expressions too."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("label")
    sheet.append(("Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "Expression type"))
    for row in rows:
        cells = [row.cell(name) for name in ("video", "onset", "apex", "offset", "units", "objective")]
        sheet.append([f"spNO.{row.subject}", *cells, f"{row.expression.capitalize()}-expression"])
    formulas.save(book, path)
