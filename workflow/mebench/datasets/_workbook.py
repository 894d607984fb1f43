"""Coding workbooks: found, and read by the names of their columns wherever the header stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from mebench.datasets._reading import missing
from mebench.errors import UserError


def find_workbook(root: Path, patterns: Sequence[str], dataset: str) -> Path:
    """The coding workbook: first match of ``patterns`` (any case) down to two folders below ``root``."""
    files = [path for depth in ("*", "*/*", "*/*/*") for path in sorted(root.glob(depth)) if path.is_file()]
    for pattern in patterns:
        for path in files:
            if fnmatch(path.name.lower(), pattern.lower()):
                return path
    old = next((path for path in files if path.suffix.lower() == ".xls"), None)
    hint = f"; {old.name} is of the old format, save it as .xlsx" if old else ""
    raise UserError(f"{root} holds no coding workbook of {dataset} (looked for {', '.join(patterns)}){hint}")


def read_table(path: Path, first: str, wanted: Iterable[str]) -> list[dict[str, Any]]:
    """Rows of the first sheet with a header starting with ``first``, as dicts by the names in ``wanted``.

    Preambles and separator columns without a name differ by edition, so the header is searched for and
    columns are found by name, in any case and spacing. Rows without a value in column ``first`` are left out.
    A cell with a formula gives the value its writer cached, or None. Key ``_row`` is the row's number.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, data_only=True)
    except Exception as error:  # openpyxl raises zip, XML and key errors alike
        raise UserError(f"cannot read the workbook {path} ({error}); get a fresh copy") from error
    for sheet in book.worksheets:
        rows = list(sheet.iter_rows(values_only=True))
        top = find_header(rows, first)
        if top is not None:
            return _records(rows, top, first, list(wanted), path)
    raise UserError(f"{path} has no header row that starts with '{first}'; is it the coding workbook?")


def find_header(rows: Sequence[Sequence[Any]], first: str) -> int | None:
    """Index of the first row whose first filled cell is ``first``, in any case; None without one."""
    for index, row in enumerate(rows):
        filled = [cell for cell in row if not missing(cell)]
        if filled and _key(filled[0]) == _key(first):
            return index
    return None


def _records(rows: list[tuple], top: int, first: str, wanted: list[str], path: Path) -> list[dict[str, Any]]:
    place = {_key(cell): i for i, cell in reversed(list(enumerate(rows[top]))) if not missing(cell)}
    lacking = [name for name in wanted if _key(name) not in place]
    if lacking:
        found = ", ".join(str(cell) for cell in rows[top] if not missing(cell))
        raise UserError(f"{path} lacks the column {', '.join(lacking)}; its columns are {found}")
    return [
        {name: row[place[_key(name)]] for name in wanted} | {"_row": number}
        for number, row in enumerate(rows[top + 1 :], start=top + 2)
        if not missing(row[place[_key(first)]])
    ]


def _key(name: Any) -> str:
    """'OnsetFrame', 'Onset Frame' and 'onset_frame' are one column."""
    return re.sub(r"[\s_]+", "", str(name)).lower()
