"""A CSV that people hand in, read as columns of text: any separator, any line ends, names of columns in any case."""

from __future__ import annotations

import csv
import itertools
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TextIO

from mebench.errors import UserError

SEPARATORS = (",", ";", "\t")
ROWS_AT_ONCE = 1000


class Reader(Protocol):
    """What ``csv.reader`` gives."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


@dataclass(frozen=True)
class HandTable:
    """The ``columns`` of a file under their known names, cells without blanks around them, and the line of each row.
    ``decimal_comma`` where numbers may be written 0,5, because another sign separates the columns."""

    path: Path
    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int]
    decimal_comma: bool

    def place(self, row: int) -> str:
        """Where a row stands, for an error."""
        return f"{self.path} line {self.lines[row]}"

    def names(self, column: str) -> Sequence[str]:
        """The cells of a column of names, none of them empty; all '' where the file does not have the column."""
        cells = self.columns.get(column)
        if cells is None:
            return [""] * len(self.lines)
        if "" in cells:
            raise UserError(f"{self.place(cells.index(''))} has no {column}; fill the cell in, or remove the row")
        return cells

    def whole(self, column: str) -> list[int]:
        """The whole numbers of a column; 12.0 is 12."""
        return [self._whole(column, row, cell) for row, cell in enumerate(self.columns[column])]

    def _whole(self, column: str, row: int, cell: str) -> int:
        try:
            return int(cell)
        except ValueError:
            pass
        match = re.fullmatch(r"([+-]?\d+)\.0*", self._point(cell))
        if not match:
            what = f"has '{cell}' under {column}, which is no whole number" if cell else f"has no {column}"
            raise UserError(f"{self.place(row)} {what}; write the number of a frame") from None
        return int(match[1])

    def _point(self, cell: str) -> str:
        return cell.replace(",", ".") if self.decimal_comma else cell

    def number_cells(self, column: str) -> list[str]:
        """The cells of a column of numbers, with a decimal point."""
        return [self._point(cell) for cell in self.columns[column]] if self.decimal_comma else [*self.columns[column]]


def read(path: Path, known: Mapping[str, Sequence[str]], required: Iterable[str]) -> HandTable:
    """Read ``path``. ``known`` has further spellings of each known column; other columns keep the names they have.

    A missing or repeated column, a row with too few or too many cells and a file that is no CSV in UTF-8 are errors.
    Rows without any text are left out.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as handle:
            separator = _separator(handle, known)
            reader = csv.reader(handle, delimiter=separator, strict=True)
            names = _names(path, _header(path, reader), known, required)
            columns, lines = _body(path, reader, len(names))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} is not a CSV file in UTF-8 ({error}); save it as one") from error
    named = {name: column for name, column in zip(names, columns, strict=True) if name}
    return HandTable(path, named, lines, separator != ",")


def _header(path: Path, reader: Iterator[list[str]]) -> list[str]:
    """The first row with text that does not name the separator, as Excel does."""
    for row in reader:
        names = [name.strip() for name in row]
        if any(names) and not names[0].casefold().startswith("sep="):
            return names
    raise UserError(f"{path} is empty; give a CSV with a line of column names, even where no row follows")


def _body(path: Path, reader: Reader, width: int) -> tuple[list[list[str]], list[int]]:
    """The columns, and the line of each row. A part of the file at a time, because a list for each of a million rows
    costs more than the reading."""
    columns: list[list[str]] = [[] for _ in range(width)]
    lines: list[int] = []
    while part := [(reader.line_num, row) for row in itertools.islice(reader, ROWS_AT_ONCE)]:
        part = [(line, row) for line, row in part if row and (row[0].strip() or any(map(str.strip, row)))]
        for line, row in part:
            if len(row) != width:
                raise UserError(f"{path} line {line} has {len(row)} fields, and the header has {width}; mend or remove "
                                "the line")  # fmt: skip
        lines += [line for line, _ in part]
        for column, cells in zip(columns, zip(*(row for _, row in part), strict=True), strict=False):
            different = set(cells)
            if len(different) < ROWS_AT_ONCE // 10:  # names: each is kept once, not in each row
                names = {cell: sys.intern(cell.strip()) for cell in different}
                column += [names[cell] for cell in cells]
            else:
                column += map(str.strip, cells)
    return columns, lines


def _separator(handle: TextIO, known: Mapping[str, Sequence[str]]) -> str:
    """The sign by which the first line with text has most known names; of several the comma."""
    spellings = {spelling for name, more in known.items() for spelling in (name, *more)}
    separator = ","
    for line in handle:
        text = line.strip().casefold()
        if text.startswith("sep=") and text[4:] in {sign.strip() for sign in SEPARATORS}:
            separator = text[4:] or "\t"
            break
        if text:
            names = {sign: {name.strip(' "') for name in text.split(sign)} for sign in SEPARATORS}
            separator = max(SEPARATORS, key=lambda sign: len(names[sign] & spellings))
            break
    handle.seek(0)
    return separator


def _names(
    path: Path, header: Sequence[str], known: Mapping[str, Sequence[str]], required: Iterable[str]
) -> list[str]:  # fmt: skip
    spelled = {spelling: name for name, more in known.items() for spelling in (name, *more)}
    names = [spelled.get(name.casefold(), name) for name in header]
    for name in filter(None, names):
        if names.count(name) > 1:
            written = " and ".join(f"'{one}'" for one, own in zip(header, names, strict=True) if own == name)
            raise UserError(f"{path} has the column {name} twice, as {written}; keep one of them")
    missing = [name for name in required if name not in names]
    if missing:
        more = [f" (or {', '.join(known[name])})" if known.get(name) else "" for name in missing]
        lacks = ", ".join(f"{name}{other}" for name, other in zip(missing, more, strict=True))
        raise UserError(f"{path} lacks the column {lacks}; its columns are {', '.join(header)}")
    return names
