"""CAS(ME)^3 Part A at full size: 860 clips of 94 subjects as they are delivered cut, colour and depth."""

from __future__ import annotations

from pathlib import Path

from mebench.synthetic import formulas
from mebench.synthetic.casme3_plan import Row, plan
from mebench.synthetic.full import Frames
from mebench.synthetic.shown import short

CLIPS = "Part_A_ME_clip/Part_A_ME_clip"
WORKBOOK = "annotation/cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx"
HEADER = ("Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion")


def write(root: Path, frames: Frames, seed: int) -> None:
    """Write clips, some depth pictures and videos beside them, and the workbook."""
    rows = [row for row in plan(seed).rows if row.expression == "micro"]
    for number, row in enumerate(rows):
        first, last = min([row.onset, *row.lost]), max([row.offset, *row.lost])
        there = [n for n in range(first, last + 1) if n not in row.lost]
        name = f"{subject(row, number)}_{row.video}_{row.cell('onset')}"
        clip = f"{row.video}_{row.cell('onset')}"
        take = short(f"spNO.{row.subject}", clip, row.emotion, row.onset, row.apex, row.offset)
        frames.write(f"{CLIPS}/frame/{name}", [f"{n}.jpg" for n in there], take=take)
        if number % 50 == 0:
            frames.write(f"{CLIPS}/depth/{name}", [f"{n}.png" for n in there], grey=True)
            (root / CLIPS / "video").mkdir(exist_ok=True)
            (root / CLIPS / "video" / f"{name}.mp4").write_bytes(b"")
    write_micro(root / WORKBOOK, rows)


def subject(row: Row, number: int) -> str:
    """The subject in the names of folders: deliveries write it in two ways."""
    return f"{'spNo' if number % 3 == 0 else 'spNO'}.{row.subject}"


def write_micro(path: Path, rows: list[Row]) -> None:
    """The workbook of micro-expressions: all cells are text."""
    import openpyxl

    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("label")
    sheet.append(HEADER)
    for row in rows:
        cells = [row.cell(name) for name in ("video", "onset", "apex", "offset", "units", "objective", "emotion")]
        sheet.append([f"spNO.{row.subject}", *cells])
    formulas.save(book, path)
