"""Corruptions of a small copy of a dataset, one at a time: of pictures, cells, sheets, names and folders.

Each takes a stream of random numbers and the copy, changes files, and says which clips it touches: those whose row it
edits, or below whose folder of frames it changes a path. ``None``: nothing fits here, draw again.
"""

from __future__ import annotations

import datetime
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import cv2
import numpy as np

from mebench.clips.clip import Clip

PICTURES = (".jpg", ".bmp", ".png")
ALL = "all"


@dataclass
class Copy:
    """A copy on disk, its ``clips`` when whole, and the clips of each row of a workbook, by (file, sheet, row)."""

    root: Path
    clips: dict[str, Clip]
    rows: dict[tuple[str, str, int], set[str]] = field(default_factory=dict)

    def files(self, *suffixes: str) -> list[Path]:
        return sorted(path for path in self.root.rglob("*") if path.suffix.lower() in suffixes and path.is_file())

    def folders(self) -> list[Path]:
        return sorted(path for path in self.root.rglob("*") if path.is_dir())

    def touched(self, *paths: Path) -> set[str]:
        """The clips whose frames lie at, above or below one of the paths."""
        names = [path.relative_to(self.root).as_posix() for path in paths]
        return {
            key
            for key, clip in self.clips.items()
            if any(
                f"{clip.frames}/".startswith(f"{name}/") or f"{name}/".startswith(f"{clip.frames}/") for name in names
            )
        }


def _one_above_the_other(one: str, two: str) -> bool:
    return f"{one}/".startswith(f"{two}/") or f"{two}/".startswith(f"{one}/")


@dataclass(frozen=True)
class Touched:
    """What was done, the clips that it touches, and whether their labels are ``gone``: then no record tells of them."""

    what: str
    clips: set[str] | str
    gone: bool = False
    names: tuple[str, ...] = ()  # of new folders, by which a record may tell of clips


Corruption = Callable[[Random, Copy], Touched | None]


# --- pictures ---------------------------------------------------------------------------------------------------------


def picture(chance: Random, copy: Copy) -> Touched | None:
    """One picture of a clip, other bytes or another name."""
    paths = [path for path in copy.files(*PICTURES) if copy.touched(path)]
    path, way = chance.choice(paths), chance.choice(sorted({**BYTES, **NAMES_OF_FILES}))
    touched = copy.touched(path)
    if way in BYTES:
        data = BYTES[way](chance, path, paths)
        path.unlink()  # the copy is made of hard links
        path.write_bytes(data)
    else:
        new = path.with_name(NAMES_OF_FILES[way](path))
        if way == "copied":
            shutil.copy(path, new)
        else:
            path.rename(new)  # another picture of that name is gone
        touched |= copy.touched(new)
    return Touched(f"{way}: {path.name}", touched)


def _flipped(chance: Random, data: bytes, most: int = 20) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, most)):
        changed[chance.randrange(len(changed))] ^= chance.randrange(1, 256)
    return bytes(changed)


def _other_pixels(path: Path, change: Callable[[np.ndarray], np.ndarray]) -> bytes:
    pixels = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    return cv2.imencode(path.suffix, change(pixels))[1].tobytes()


def _of_16_bits(path: Path) -> bytes:
    pixels = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    return cv2.imencode(".png", pixels.astype(np.uint16) * 257)[1].tobytes()


BYTES: dict[str, Callable[[Random, Path, list[Path]], bytes]] = {
    "bytes changed": lambda chance, path, all_: _flipped(chance, path.read_bytes()),
    "cut short": lambda chance, path, all_: path.read_bytes()[: chance.randrange(1, path.stat().st_size)],
    "empty": lambda chance, path, all_: b"",
    "zeros": lambda chance, path, all_: bytes(path.stat().st_size),
    "text": lambda chance, path, all_: b"<html>Log in</html>",
    "bytes appended": lambda chance, path, all_: path.read_bytes() + bytes(chance.randrange(1, 500)),
    "another picture": lambda chance, path, all_: chance.choice(all_).read_bytes(),
    "another size": lambda chance, path, all_: _other_pixels(path, lambda pixels: pixels[::2, ::2]),
    "black": lambda chance, path, all_: _other_pixels(path, np.zeros_like),
    "16 bits": lambda chance, path, all_: _of_16_bits(path),
}
NAMES_OF_FILES: dict[str, Callable[[Path], str]] = {
    "no number": lambda path: f"{path.stem}_face{path.suffix}",
    "another number": lambda path: f"1{path.name}" if path.name[0].isdigit() else f"{path.stem}0{path.suffix}",
    "copied": lambda path: f"{path.stem} (1){path.suffix}",
    "capitals": lambda path: path.name.upper(),
    "another format": lambda path: f"{path.stem}.tif",
    "hidden": lambda path: f".{path.name}",
    "GBK": lambda path: os.fsdecode("表情".encode("gbk") + os.fsencode(path.name)),
}


# --- workbooks --------------------------------------------------------------------------------------------------------

VALUES: tuple[object, ...] = (
    None, "", " ", "/", "?", "x", "#REF!", -1, 0, 7, 46, 3.5, 1e300, "46", "12-Apr", True, "happiness", "anger",
    "surprise", "=1+1", datetime.datetime(2026, 4, 12), datetime.time(4, 12), "表情", "a" * 40_000, "sub01", "\x07",
    "\u00a0",
)  # fmt: skip


def cell(chance: Random, copy: Copy) -> Touched | None:
    """One cell of a row of a clip."""
    place = _row(chance, copy)
    if place is None:
        return None
    (file, title, row), clips = place
    with _Book(copy.root / file) as book:
        sheet = book[title]
        column = chance.randint(1, sheet.max_column)
        value = chance.choice((*VALUES, sheet.cell(row, chance.randint(1, sheet.max_column)).value))
        if value == "\x07":  # openpyxl refuses to write it
            value = "\u200b"
        sheet.cell(row, column).value = value
    return Touched(f"cell {column} of row {row} of {title}: {str(value)[:20]!r}", clips, gone=column <= 2)


def row(chance: Random, copy: Copy) -> Touched | None:
    """One row of a clip: deleted, hidden, doubled, merged with the next, or blank rows before it."""
    place = _row(chance, copy)
    if place is None:
        return None
    (file, title, number), clips = place
    way = chance.choice(("deleted", "hidden", "doubled", "merged", "blank rows", "blank"))
    with _Book(copy.root / file) as book:
        sheet = book[title]
        if way == "deleted":
            sheet.delete_rows(number)
        elif way == "hidden":
            sheet.row_dimensions[number].hidden = True
        elif way == "doubled":
            sheet.append([one.value for one in sheet[number]])
        elif way == "merged":
            column = chance.randint(1, sheet.max_column)
            sheet.merge_cells(start_row=number, end_row=number + 1, start_column=column, end_column=column)
            clips = clips | copy.rows.get((file, title, number + 1), set())
        elif way == "blank rows":
            sheet.insert_rows(number, 2)
        else:
            for one in sheet[number]:
                one.value = None
    touched = {"hidden": set(), "blank rows": set()}.get(way, clips)
    return Touched(f"row {number} of {title} {way}", touched, gone=way in ("deleted", "blank"))


def sheet(chance: Random, copy: Copy) -> Touched | None:
    """A whole sheet: hidden, renamed, doubled, its columns in another order, a cell far away, a remark below."""
    place = _row(chance, copy)
    if place is None:
        return None
    (file, title, _), _ = place
    ways = (
        "hidden",
        "renamed",
        "doubled",
        "column deleted",
        "column inserted",
        "far cell",
        "remark",
        "header",
        "preamble",
    )
    way = chance.choice(ways)
    with _Book(copy.root / file) as book:
        one = book[title]
        if way == "hidden":
            book.create_sheet("empty")
            one.sheet_state = "hidden"
        elif way == "renamed":
            one.title = "Tabelle"
        elif way == "doubled":
            book.copy_worksheet(one)
        elif way == "column deleted":
            one.delete_cols(chance.randint(1, one.max_column))
        elif way == "column inserted":
            one.insert_cols(chance.randint(1, one.max_column))
        elif way == "far cell":
            one.cell(1048576, 16384).value = "x"
        elif way == "remark":
            one.cell(one.max_row + 2, 1).value = "checked"
        elif way == "preamble":
            one.insert_rows(1, 2)
        else:
            one.cell(1, chance.randint(1, one.max_column)).value = "Column"
    nothing = way in ("far cell", "remark", "preamble", "renamed")
    return Touched(f"{title}: {way}", set() if nothing else ALL, gone=not nothing)


def workbook_file(chance: Random, copy: Copy) -> Touched | None:
    """The file of a workbook: other bytes, cut short, something else under its name, a copy beside it."""
    books = copy.files(".xlsx")
    if not books:
        return None
    path = chance.choice(books)
    data, way = (
        path.read_bytes(),
        chance.choice(("bytes changed", "cut short", "csv", "empty", "copied", "renamed", "lock")),
    )
    if way in ("copied", "lock"):
        name = f"~${path.name}" if way == "lock" else f"{path.stem}{chance.choice((' (1)', ' - Copy', '.bak'))}.xlsx"
        shutil.copy(chance.choice(books), path.with_name(name))
        return Touched(f"{way}: {path.name}", set())
    path.unlink()
    if way == "renamed":
        path.with_name(f"{path.stem} new.xlsx").write_bytes(data)
    else:
        path.write_bytes({"bytes changed": _flipped(chance, data), "cut short": data[: chance.randrange(1, len(data))],
                          "csv": b"Subject,Filename\n1,x\n", "empty": b""}[way])  # fmt: skip
    return Touched(f"{way}: {path.name}", ALL, gone=True)


def _row(chance: Random, copy: Copy) -> tuple[tuple[str, str, int], set[str]] | None:
    return chance.choice(sorted(copy.rows.items())) if copy.rows else None


class _Book:
    """A workbook that is written when the block ends; the file of other copies stays as it was."""

    def __init__(self, path: Path) -> None:
        import openpyxl

        self.path, self.book = path, openpyxl.load_workbook(path)

    def __enter__(self):
        return self.book

    def __exit__(self, kind, value, trace) -> None:
        if kind is None:
            self.path.unlink()
            self.book.save(self.path)


# --- folders ----------------------------------------------------------------------------------------------------------


def folder(chance: Random, copy: Copy) -> Touched | None:
    """One folder: gone, empty, deeper, elsewhere, doubled, a file, a link."""
    path = chance.choice(copy.folders())
    way = chance.choice(sorted(FOLDERS))
    touched = copy.touched(path)
    also = FOLDERS[way](chance, path, copy)
    if also is None:
        return None
    inside = [other for other in also if other.is_relative_to(copy.root) and other != copy.root]
    names = tuple(other.name for other in also)
    what = f"{way}: {path.relative_to(copy.root)} {' '.join(map(str, inside))}".strip()
    gone = way in ("gone", "empty") or (way == "moved" and not copy.rows and _out(copy, also[0]))
    return Touched(what, touched | copy.touched(*inside), gone, names)


def _out(copy: Copy, path: Path) -> bool:
    """Whether a folder lies outside of the tree that is read, or among clips that are not: its name was its label."""
    tree = copy.root / os.path.commonpath([clip.frames for clip in copy.clips.values()])
    return not path.is_relative_to(tree) or "non_micro" in path.parts or "u_train" in path.parts


def folder_name(chance: Random, copy: Copy) -> Touched | None:
    """The name of one folder."""
    path = chance.choice(copy.folders())
    way = chance.choice(sorted(NAMES))
    new = path.with_name(NAMES[way](path.name))
    if new == path or new.exists():
        return None
    touched = copy.touched(path)
    path.rename(new)
    hidden = way in ("hidden", "clutter")
    return Touched(f"{way}: {path.relative_to(copy.root)}", touched | copy.touched(new), hidden, (new.name,))


def clutter(chance: Random, copy: Copy) -> Touched | None:
    """What programs leave, in some folder."""
    path = chance.choice([copy.root, *copy.folders()])
    name = chance.choice((".ipynb_checkpoints/1.jpg", "__MACOSX/._1.jpg", ".DS_Store", "Thumbs.db", "@eaDir/1.jpg",
                          ".git/1",
                          "$RECYCLE.BIN/1.png", "desktop.ini", "lost+found/2.bmp", "._img1.jpg"))  # fmt: skip
    (path / name).parent.mkdir(exist_ok=True)
    (path / name).write_bytes(b"left")
    return Touched(f"{name} in {path.name}", set())


def _deeper(chance: Random, path: Path, copy: Copy) -> list[Path]:
    inside = path.with_name(f"{path.name}.new")
    inside.mkdir()
    path.rename(inside / chance.choice((path.name, "more", "frames")))
    inside.rename(path)
    return []


def _moved(chance: Random, path: Path, copy: Copy) -> list[Path] | None:
    place = chance.choice([copy.root, *copy.folders()])
    new = place / path.name
    if place.is_relative_to(path) or new.exists():
        return None
    path.rename(new)
    return [new]


def _doubled(chance: Random, path: Path, copy: Copy) -> list[Path]:
    new = path.with_name(f"{path.name}{chance.choice((' - Copy', ' (1)', '_old'))}")
    shutil.copytree(path, new, copy_function=os.link)
    return [new]


def _to_file(chance: Random, path: Path, copy: Copy) -> list[Path]:
    shutil.rmtree(path)
    path.write_bytes(b"")
    return []


def _gone(chance: Random, path: Path, copy: Copy) -> list[Path]:
    shutil.rmtree(path)
    return []


def _empty(chance: Random, path: Path, copy: Copy) -> list[Path]:
    shutil.rmtree(path)
    path.mkdir()
    return []


def _circle(chance: Random, path: Path, copy: Copy) -> list[Path]:
    (path / "again").symlink_to(chance.choice(("..", ".", "again", str(copy.root))))
    return []


def _exchanged(chance: Random, path: Path, copy: Copy) -> list[Path] | None:
    others = [other for other in copy.folders() if other.parent == path.parent and other != path]
    if not others:
        return None
    other, aside = chance.choice(others), path.with_name("aside")
    path.rename(aside)
    other.rename(path)
    aside.rename(other)
    return [other]


FOLDERS: dict[str, Callable[[Random, Path, Copy], list[Path] | None]] = {
    "gone": _gone, "empty": _empty, "deeper": _deeper, "moved": _moved, "doubled": _doubled, "a file": _to_file,
    "in a circle": _circle, "exchanged": _exchanged,
}  # fmt: skip
NAMES: dict[str, Callable[[str], str]] = {
    "capitals": str.swapcase,
    "copy": lambda name: f"{name} - Copy",
    "another number": lambda name: f"{name}9",
    "blank": lambda name: f"{name} ",
    "CJK": lambda name: f"表情{name}",
    "GBK": lambda name: os.fsdecode(os.fsencode(name) + "表情".encode("gbk")),
    "hidden": lambda name: f".{name}",
    "clutter": lambda name: "__MACOSX",
    "new line": lambda name: f"{name}\nx",
}

CORRUPTIONS: dict[str, Corruption] = {
    "pictures": picture, "cells": cell, "rows": row, "sheets": sheet, "files of workbooks": workbook_file,
    "folders": folder, "names of folders": folder_name, "clutter": clutter,
}  # fmt: skip
