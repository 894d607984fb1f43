"""Workbooks as a spreadsheet program stores them: a formula has its value beside it. All generated ones are saved here.

openpyxl writes formulas without values, so that a reader would find nothing in the cell, and the time of day, so that
no two files would be equal.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from mebench.files import whole_file

if TYPE_CHECKING:
    from openpyxl import Workbook

DAY = "2000-01-01T00:00:00Z"
NONE: Mapping[tuple[str, str], int | float] = MappingProxyType({})


def save(book: Workbook, path: Path, values: Mapping[tuple[str, str], int | float] = NONE) -> None:
    """Save the openpyxl ``book`` as ``path``; ``values[sheet, cell]`` is the value of the formula in that cell.

    Formulas that are not named keep no value. The same book gives the same bytes.
    """
    with whole_file(path) as plain:
        book.save(plain)
        parts = _parts(plain)
        core = parts["docProps/core.xml"].decode()
        parts["docProps/core.xml"] = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", DAY, core).encode()
        for index, sheet in enumerate(book.sheetnames, start=1):
            name = f"xl/worksheets/sheet{index}.xml"
            here = {cell: value for (of, cell), value in values.items() if of == sheet}
            parts[name] = _stored(parts[name].decode(), here).encode()
        with zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED) as file:
            for name, data in parts.items():
                file.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def _parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def _stored(sheet: str, values: dict[str, int | float]) -> str:
    def cell(match: re.Match) -> str:
        value = values.get(match[1])
        return match[0] if value is None else f'<c r="{match[1]}"{match[2]}>{match[3]}<v>{value}</v></c>'

    return re.sub(r'<c r="([A-Z]+\d+)"([^>]*)>(<f>[^<]*</f>)<v ?/?>(?:</v>)?</c>', cell, sheet)
