"""Coding workbooks: found, and read by the names of their columns wherever the header stands."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from mebench.clips.spelling import missing
from mebench.errors import UserError
from mebench.media.folders import ALL_PICTURES, is_folder

FOLDERS_DEEP = 4  # below the root
A_FOLDER_OF_FRAMES = 100  # pictures

Cells = tuple[object, ...]  # text, number, date or None; openpyxl and xlrd differ in which


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a workbook by the names of its columns; ``where`` says which row it is, for messages."""

    where: str
    number: int
    cells: dict[str, object]

    def __getitem__(self, column: str) -> object:
        return self.cells[column]


def find_workbook(root: Path, patterns: Sequence[str], dataset: str) -> Path:
    """The coding workbook: first match of ``patterns`` (any case, .xlsx before .xls) down to four folders below
    ``root``; a UserError where there is none."""
    files = _workbooks(root)
    workbook = _first_match(files, patterns)
    if workbook:
        return workbook
    others = f"; it holds {', '.join(path.name for path in files[:3])}" if files else ""
    raise UserError(f"{root} holds no coding workbook of {dataset} (looked for {', '.join(patterns)}){others}")


def look_for_workbook(root: Path, patterns: Sequence[str]) -> Path | None:
    """The same, or None where there is none."""
    return _first_match(_workbooks(root), patterns)


def _first_match(files: Sequence[Path], patterns: Sequence[str]) -> Path | None:
    for suffix in (".xlsx", ".xls"):  # the old format only where there is no other
        for pattern in patterns:
            wanted = pattern.lower().removesuffix(".xlsx") + suffix
            workbook = next((path for path in files if fnmatch(path.name.lower(), wanted)), None)
            if workbook:
                return workbook
    return None


def _workbooks(root: Path) -> list[Path]:
    """Files of workbooks, those nearest to ``root`` first."""
    files: list[Path] = []
    level = [Path(root)]
    for _ in range(FOLDERS_DEEP + 1):
        scanned = [_scan(folder) for folder in level]
        files += sorted(path for workbooks, _ in scanned for path in workbooks)
        level = sorted(path for _, folders in scanned for path in folders)
    return files


def _scan(folder: Path) -> tuple[list[Path], list[Path]]:
    """The workbooks and the folders in ``folder``. A folder of frames has neither, and there are millions of frames:
    it is left as soon as it is known for what it is."""
    workbooks, folders, pictures = [], [], 0
    with os.scandir(folder) as entries:
        for entry in entries:
            suffix = os.path.splitext(entry.name)[1].lower()
            if suffix in ALL_PICTURES:
                pictures += 1
                if pictures > A_FOLDER_OF_FRAMES:
                    return [], []
            elif entry.name.startswith((".", "~$")):  # hidden, or a lock of the program that has the workbook open
                continue
            elif suffix in (".xlsx", ".xls") and entry.is_file():
                workbooks.append(Path(entry.path))
            elif is_folder(entry):
                folders.append(Path(entry.path))
    return workbooks, folders


def read_table(path: Path, first: str, wanted: Iterable[str], optional: Iterable[str] = ()) -> list[Row]:
    """Rows of the first sheet with a header starting with ``first``, with the cells named in ``wanted``.

    Preambles and separator columns without a name differ by edition, so the header is searched for and
    columns are found by name, in any case and spacing. Rows without a value in column ``first`` are left out.
    Those in ``optional`` are None where the workbook has no such column. A cell with a formula gives the value its
    writer cached, or None.
    """
    for rows in read_sheets(path).values():
        top = find_header(rows, first)
        if top is not None:
            return _records(rows, top, first, list(wanted), list(optional), path)
    raise UserError(f"{path} has no header row that starts with '{first}'; is it the coding workbook?")


def read_sheets(path: Path) -> dict[str, list[Cells]]:
    """The cells of a workbook: sheet -> rows. Formulas give the value their writer cached.

    Files of the old format (.xls) are read by xlrd.
    """
    old = path.suffix.lower() == ".xls"
    try:
        return _old_sheets(path) if old else _sheets(path)
    except Exception as error:  # the packages raise zip, XML and key errors alike
        raise UserError(f"cannot read the workbook {path} ({error}); get a fresh copy") from error


def _sheets(path: Path) -> dict[str, list[Cells]]:
    import openpyxl

    book = openpyxl.load_workbook(path, data_only=True)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def _old_sheets(path: Path) -> dict[str, list[Cells]]:
    import xlrd

    book = xlrd.open_workbook(path)
    return {sheet.name: [tuple(sheet.row_values(i)) for i in range(sheet.nrows)] for sheet in book.sheets()}


def find_header(rows: Sequence[Cells], first: str) -> int | None:
    """Index of the first row whose first filled cell is ``first``, in any case; None without one."""
    for index, row in enumerate(rows):
        filled = [cell for cell in row if not missing(cell)]
        if filled and _key(filled[0]) == _key(first):
            return index
    return None


def _records(rows: list[Cells], top: int, first: str, wanted: list[str], optional: list[str], path: Path) -> list[Row]:
    place = {_key(cell): i for i, cell in reversed(list(enumerate(rows[top]))) if not missing(cell)}
    lacking = [name for name in wanted if _key(name) not in place]
    if lacking:
        columns = ", ".join(str(cell) for cell in rows[top] if not missing(cell))
        raise UserError(f"{path} lacks the column {', '.join(lacking)}; its columns are {columns}")
    absent = {name: None for name in optional if _key(name) not in place}
    there = [*wanted, *(name for name in optional if name not in absent)]
    return [
        Row(f"{path.name} row {number}", number, {name: row[place[_key(name)]] for name in there} | absent)
        for number, row in enumerate(rows[top + 1 :], start=top + 2)
        if not missing(row[place[_key(first)]])
    ]


def _key(name: object) -> str:
    """'OnsetFrame', 'Onset Frame' and 'onset_frame' are one column."""
    return re.sub(r"[\s_]+", "", str(name)).lower()
