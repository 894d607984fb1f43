"""Workbooks of the old format, .xls (BIFF8), made record by record: no package of the environment writes them."""

from __future__ import annotations

import datetime
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

DATE, PERCENT = 1, 2  # formats of cells, after the plain one
BEGIN = datetime.datetime(1899, 12, 30)


class Error(int):
    """The code of an error in a cell; 42 is #N/A."""


def write(path: Path, sheets: Sequence[dict]) -> None:
    """``sheets`` have ``title`` and ``rows``, and may have ``hidden``, ``merged`` (top, bottom, left, right from 0),
    ``hidden_rows`` and ``hidden_columns`` (from 0)."""
    bodies = [_sheet(**sheet) for sheet in sheets]
    size = len(_globals([(0, sheet) for sheet in sheets]))
    places = [size + sum(map(len, bodies[:number])) for number in range(len(bodies))]
    path.write_bytes(_globals(list(zip(places, sheets, strict=True))) + b"".join(bodies))


def _record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _text(text: str, width: str) -> bytes:
    return struct.pack(f"<{width}B", len(text), 1) + text.encode("utf-16-le")


def _globals(sheets: list[tuple[int, dict]]) -> bytes:
    records = [_record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)), _record(0x22, struct.pack("<H", 0))]
    records.append(_record(0x31, struct.pack("<HHHHHBBBB", 200, 0, 0, 400, 0, 0, 0, 0, 0) + _text("Arial", "B")))
    records += [_record(0x41E, struct.pack("<H", n) + _text(t, "H")) for n, t in ((164, "yyyy-mm-dd"), (165, "0%"))]
    records += [_record(0xE0, struct.pack("<HH16x", 0, number)) for number in (0, 164, 165)]
    for place, sheet in sheets:
        records.append(
            _record(0x85, struct.pack("<IBB", place, sheet.get("hidden", False), 0) + _text(sheet["title"], "B"))
        )
    return b"".join((*records, _record(0x0A)))


def _sheet(
    title: str,
    rows: Sequence[Sequence[object]],
    hidden: bool = False,
    merged: Sequence[tuple[int, int, int, int]] = (),
    hidden_rows: Iterable[int] = (),
    hidden_columns: Iterable[int] = (),
) -> bytes:
    records = [_record(0x809, struct.pack("<HHHHII", 0x600, 16, 0, 0, 0, 0))]
    records += [_record(0x7D, struct.pack("<HHHHHH", column, column, 2000, 0, 1, 0)) for column in hidden_columns]
    records += [_record(0x208, struct.pack("<HHHHHHI", row, 0, 20, 255, 0, 0, 0x20)) for row in hidden_rows]
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if value is not None:
                records.append(_cell(number, column, value))
    if merged:
        blocks = b"".join(struct.pack("<HHHH", *block) for block in merged)
        records.append(_record(0xE5, struct.pack("<H", len(merged)) + blocks))
    return b"".join((*records, _record(0x0A)))


def _cell(row: int, column: int, value: object) -> bytes:
    def place(form: int) -> bytes:
        return struct.pack("<HHH", row, column, form)

    if isinstance(value, Error):
        return _record(0x205, place(0) + struct.pack("<BB", value, 1))
    if isinstance(value, bool):
        return _record(0x205, place(0) + struct.pack("<BB", value, 0))
    if isinstance(value, datetime.datetime):
        days = (value - BEGIN) / datetime.timedelta(days=1)
        return _record(0x203, place(DATE) + struct.pack("<d", days))
    if isinstance(value, int | float):
        return _record(0x203, place(0) + struct.pack("<d", value))
    return _record(0x204, place(0) + _text(str(value), "H"))
