"""Tables that people hand in, as CSV of any program: one reader, which takes what it surely understands and names the
line of all else. No row is left out, but for empty ones and comments above the header.
"""

from __future__ import annotations

import codecs
import csv
import itertools
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench.errors import UserError, did_you_mean
from mebench.given_values import clean, key

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
ENCODINGS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8-sig"),
             (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
LONGEST = 2000  # characters of a cell; a number of so many digits is none, and a path is shorter
NO_NAME = re.compile(r"unnamed: ?\d+|", re.IGNORECASE)  # pandas calls an index without a name so
NO_TEXT = ((b"PK\x03\x04", "an Excel workbook or another archive"), (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
           (b"\x1f\x8b", "a packed file"), (b"%PDF", "a PDF"), (b"PAR1", "a Parquet file"))  # fmt: skip


@dataclass(frozen=True)
class GivenRow:
    """A row: where it stands (``FILE line N``), its cells by column without blanks, and as they are ``written``."""

    where: str
    cells: dict[str, str]
    written: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]


@dataclass(frozen=True)
class OpenTable:
    """The ``columns`` of a file, empty where one has no name, its delimiter, and its ``records``: line and cells as
    written of one row after the other, none of which is empty."""

    path: Path
    columns: list[str]
    delimiter: str
    records: Iterator[tuple[int, list[str]]]


def read(path: str | os.PathLike, needed: Sequence[str], known: Sequence[str] = ()) -> list[GivenRow]:
    """The rows of a table that has the ``needed`` columns, and perhaps others; one at least. Cells are without blanks
    at their ends; needed and ``known`` columns are called as here, whatever their case is in the file."""
    table, rows = opened(path, needed, dict.fromkeys(known, ())), []
    for line, cells in table.records:
        written = {name: cell for name, cell in zip(table.columns, cells, strict=True) if name}
        named = {name: clean(cell) for name, cell in written.items()}
        rows.append(GivenRow(f"{path} line {line}", named, written))
    if not rows:
        raise UserError(f"{path} has a header but no rows; it needs one row for each clip")
    return rows


def values(path: str | os.PathLike, column: str, absent: str, chosen: Mapping[str, str]) -> list[str]:
    """The cells of one column of a table, of the rows that have the ``chosen`` values; ``absent`` for each row where it
    has no such column."""
    rows = read(path, (), (column, *chosen))
    kept = [row for row in rows if all(key(row.cells.get(name, "")) == key(own) for name, own in chosen.items())]
    return [row.cells.get(column, absent) for row in kept]


def has_column(path: str | os.PathLike, *columns: str) -> bool:
    """Whether a table has one of these columns."""
    return bool({*columns} & {*opened(path, (), dict.fromkeys(columns, ())).columns})


def opened(path: str | os.PathLike, needed: Sequence[str], known: Mapping[str, Sequence[str]]) -> OpenTable:
    """A table that has the ``needed`` columns, perhaps without a row; ``known`` has further spellings of columns."""
    path = Path(path)
    spellings = {name: known.get(name, ()) for name in (*known, *needed)}
    lines = _lines(path)
    last, header, delimiter = _header(path, lines, spellings)
    _check_length(path, last, header)
    columns = _columns(path, header, needed, spellings)
    records = _records(path, lines, delimiter, after=last)
    return OpenTable(path, columns, delimiter, _checked(path, records, len(columns)))


def _check_length(path: Path, line: int, cells: Sequence[str]) -> None:
    """A UserError where a cell is so long that a quote or a line end is missing."""
    if max(map(len, cells), default=0) > LONGEST:
        raise UserError(f"{path} line {line} ends a cell of more than {LONGEST:,} characters; is a quote missing?")


def _checked(
    path: Path, records: Iterable[tuple[int, list[str]]], width: int
) -> Iterator[tuple[int, list[str]]]:  # fmt: skip
    for line, cells in records:
        _check_length(path, line, cells)
        if "#" in cells[0] and clean(cells[0]).startswith("#"):
            raise UserError(f"{path} line {line} begins with '#'; remove the line, or the sign if the row is meant")
        if len(cells) != width:
            if len(cells) < width or any(map(clean, cells[width:])):
                raise UserError(
                    f"{path} line {line} has {len(cells)} fields, and the header has {width}; mend the line"
                )
            cells = cells[:width]
        yield line, cells


def _lines(path: Path) -> list[str]:
    """The text of the file, line by line, with one kind of line ends."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    for begin, what in NO_TEXT:
        if content.startswith(begin):
            raise UserError(f"{path} is {what}, not a CSV file; save the table as CSV in UTF-8")
    encoding = next((name for mark, name in ENCODINGS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        said = f"{path} line {line} is not a text in UTF-8 ({error.reason}); save it as CSV in UTF-8"
        raise UserError(said) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UserError(f"{path} line {line} holds a NUL byte; save the table as CSV in UTF-8")
    if not text.strip():
        raise UserError(f"{path} is empty; give a CSV with a line of column names, and a line for each row")
    return [f"{line}\n" for line in text.split("\n")]


def _header(
    path: Path, lines: list[str], spellings: Mapping[str, Sequence[str]]
) -> tuple[int, list[str], str]:  # fmt: skip
    """(number of its last line, names, delimiter) of the header: the first line that is neither empty nor a comment."""
    start, delimiters = 0, list(DELIMITERS)
    for line in lines:
        text = clean(line)
        if text and not text.startswith("#"):
            if not text.casefold().startswith("sep="):  # what Excel writes to itself
                break
            delimiters = [text[4:5] or "\t"]
        start += 1
    by_key = _by_key(spellings)
    best: tuple[int, int, list[str], str] = (-1, start, [], ",")
    for delimiter in delimiters:
        number, names = next(_records(path, lines, delimiter, start, strict=False), (start + 1, []))
        found = len({key(name) for name in names} & by_key.keys())
        if found > best[0] or (found == best[0] and len(names) > len(best[2])):
            best = (found, number, names, delimiter)
    return best[1:]


def _by_key(spellings: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {key(spelling): name for name, more in spellings.items() for spelling in (name, *more)}


def _columns(
    path: Path, header: list[str], needed: Sequence[str], spellings: Mapping[str, Sequence[str]]
) -> list[str]:  # fmt: skip
    """The name of each column, empty for an index without a name."""
    by_key = _by_key(spellings)
    columns = [by_key.get(key(name), "" if NO_NAME.fullmatch(clean(name)) else clean(name)) for name in header]
    while columns and not columns[-1]:
        columns.pop()
    missing = [name for name in needed if name not in columns]
    if missing:
        there = [" ".join(name.split()) for name in columns if name]  # a quote that is not closed takes in many lines
        lacks = [f"{name} (or {', '.join(spellings[name])})" if spellings[name] else name for name in missing]
        others = [name for name in there if name not in spellings]
        hint = did_you_mean(missing[0], others) if others else ""
        hint = hint if "did you" in hint else ""
        raise UserError(f"{path} lacks the column {', '.join(lacks)}{hint}; its columns are {', '.join(there)}")
    flat = [key(name) for name in columns]
    twice = next((name for name in columns if name and flat.count(key(name)) > 1), None)
    if twice:
        names = [clean(name) for name, own in zip(header, flat, strict=False) if own == key(twice)]
        raise UserError(f"{path} has the column {twice} twice, as {' and '.join(map(repr, names))}; keep one of them")
    return columns


def _records(
    path: str | os.PathLike, lines: list[str], delimiter: str, after: int, strict: bool = True
) -> Iterator[tuple[int, list[str]]]:  # fmt: skip
    """(number of the last line, cells) of each record below line ``after`` that is not empty."""
    below = itertools.islice(lines, after, None)
    reader = csv.reader(below, delimiter=delimiter, strict=strict, skipinitialspace=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(f"{path} line {after + reader.line_num} is not as CSV has it: {error}") from error
        if cells and (cells[0].strip() or any(map(clean, cells))):
            yield after + reader.line_num, cells


def once(rows: Sequence[GivenRow], columns: Sequence[str], keys: Sequence[str]) -> None:
    """A UserError where two rows have the same key; ``keys`` are those of the rows, ``columns`` what they are made
    of."""
    first: dict[str, GivenRow] = {}
    for row, own in zip(rows, keys, strict=True):
        if own in first:
            same = "and says the same" if row.cells == first[own].cells else "and says something else"
            name = " ".join(row[column] for column in columns)
            raise UserError(f"{row.where} has the clip {name} twice, as {first[own].where} does {same}; keep one row "
                            "for each clip")  # fmt: skip
        first[own] = row
