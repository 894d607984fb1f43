"""Tables that people hand in, as CSV of any program: one reader, which takes what it surely understands and names the
line of all else. No row is left out, but for empty ones and comments above the header.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench.errors import UserError, did_you_mean
from mebench.given_values import clean, key

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
ENCODINGS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8-sig"),
             (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
NO_NAME = re.compile(r"unnamed: ?\d+|", re.IGNORECASE)  # pandas calls an index without a name so
NO_TEXT = ((b"PK\x03\x04", "an Excel workbook or another archive"), (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
           (b"\x1f\x8b", "a packed file"), (b"%PDF", "a PDF"), (b"PAR1", "a Parquet file"))  # fmt: skip


@dataclass(frozen=True)
class GivenRow:
    """A row: where it stands (``FILE line N``), and its cells by column."""

    where: str
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]


def read(path: str | os.PathLike, needed: Sequence[str], known: Sequence[str] = ()) -> list[GivenRow]:
    """The rows of a table that has the ``needed`` columns, and perhaps others. Cells are without blanks at their ends;
    the names of needed and ``known`` columns are as they are here, whatever their case is in the file."""
    lines = _lines(Path(path))
    last, header, delimiter = _header(path, lines, needed)
    columns = _columns(f"{path} line {last}", header, needed, known)
    rows = []
    for number, cells in _records(path, lines, delimiter, after=last):
        where = f"{path} line {number}"
        if cells[0].startswith("#"):
            raise UserError(f"{where} begins with '#'; remove the line, or the sign if the row is meant")
        if len(cells) > len(columns) and not any(cells[len(columns) :]):
            cells = cells[: len(columns)]
        if len(cells) != len(columns):
            raise UserError(f"{where} has {len(cells)} fields, but the header has {len(columns)}; mend the line")
        rows.append(GivenRow(where, {name: cell for name, cell in zip(columns, cells, strict=True) if name}))
    if not rows:
        raise UserError(f"{path} has a header but no rows; it needs one row for each clip")
    return rows


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
        raise UserError(f"{path} is empty; it needs a header and a row for each clip")
    return [f"{line}\n" for line in text.split("\n")]


def _header(path: str | os.PathLike, lines: list[str], needed: Sequence[str]) -> tuple[int, list[str], str]:
    """(number of its last line, names, delimiter) of the header: the first line that is neither empty nor a comment."""
    start, delimiters = 0, list(DELIMITERS)
    for line in lines:
        text = clean(line)
        if text and not text.startswith("#"):
            if not text.startswith("sep="):  # what Excel writes to itself
                break
            delimiters = [text[4:5] or "\t"]
        start += 1
    best: tuple[int, list[str], str] = (start, [], "")
    found: set[str] = set()
    for delimiter in delimiters:
        number, names = next(_records(path, lines, delimiter, start, strict=False), (start + 1, []))
        there = {key(name) for name in names} & {key(name) for name in needed}
        if not best[1] or len(there) > len(found) or (len(there) == len(found) and len(names) > len(best[1])):
            best, found = (number, names, delimiter), there
    return best


def _columns(where: str, names: list[str], needed: Sequence[str], known: Sequence[str]) -> list[str]:
    """The name of each column, empty for an index without a name."""
    wanted = {key(name): name for name in (*known, *needed)}
    columns = [wanted.get(key(name), "" if NO_NAME.fullmatch(clean(name)) else clean(name)) for name in names]
    while columns and not columns[-1]:
        columns.pop()
    missing = [name for name in needed if name not in columns]
    if missing:
        there = ", ".join(filter(None, columns))
        hint = did_you_mean(missing[0], filter(None, columns)) if len(columns) > 1 else ""
        hint = hint if "did you" in hint else ""
        raise UserError(f"{where} lacks the column {', '.join(missing)}{hint}; the columns there are {there}")
    flat = [key(name) for name in columns if name]
    twice = next((name for name in columns if name and flat.count(key(name)) > 1), None)
    if twice:
        raise UserError(f"{where} has the column {twice} twice; keep one of them")
    return columns


def _records(
    path: str | os.PathLike, lines: list[str], delimiter: str, after: int, strict: bool = True
) -> Iterator[tuple[int, list[str]]]:  # fmt: skip
    """(number of the last line, cells) of each record below line ``after`` that is not empty."""
    reader = csv.reader(io.StringIO("".join(lines[after:])), delimiter=delimiter, strict=strict, skipinitialspace=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(f"{path} line {after + reader.line_num} is not as CSV has it: {error}") from error
        cells = [clean(cell) for cell in cells]
        if any(cells):
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
