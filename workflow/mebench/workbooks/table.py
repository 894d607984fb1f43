"""The table of a workbook by the names of its columns: the sheet that shows it, its header, and every row below."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench.clips.odd_cell import OddCell
from mebench.clips.spelling import missing
from mebench.errors import UserError
from mebench.workbooks.read import read_sheets
from mebench.workbooks.sheet import Sheet, letters

Dropped = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a workbook by the names of its columns; ``where`` says which row it is, for messages."""

    where: str
    number: int
    cells: dict[str, object]

    def __getitem__(self, column: str) -> object:
        return self.cells[column]


@dataclass(frozen=True)
class Table:
    """``rows`` below the header that name a subject, ``dropped`` ones that do not, each with its reason; ``count`` is
    that of all rows below the header in which a column that is read holds something."""

    rows: list[Row]
    dropped: Dropped
    count: int
    notes: list[str]


@dataclass(frozen=True)
class Columns:
    """The names that are asked for: ``first`` names the subject of a row; an ``optional`` column may be absent."""

    first: str
    wanted: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def needed(self) -> tuple[str, ...]:
        """Those that a header must have."""
        return tuple(dict.fromkeys((self.first, *self.wanted)))

    @property
    def all(self) -> tuple[str, ...]:
        """Those that are read."""
        return tuple(dict.fromkeys((*self.needed, *self.optional)))


@dataclass(frozen=True)
class Header:
    """A header in ``row`` of a sheet; ``places`` maps keys of names to columns, several where a name is repeated."""

    sheet: Sheet
    row: int
    places: Mapping[str, tuple[int, ...]]


def read_table(
    path: Path, first: str, wanted: Iterable[str], optional: Iterable[str] = (), sheets: Sequence[str] = ()
) -> Table:  # fmt: skip
    """The table with the columns ``first`` and ``wanted``, on a sheet that is shown.

    Preambles and separator columns without a name differ by edition, so the header is searched for and
    columns are found by name, in any case and spacing. Those in ``optional`` are None where the workbook has no such
    column. Of several sheets with such a table the first in ``sheets`` is read.
    """
    columns = Columns(first, tuple(wanted), tuple(optional))
    header, notes = _header(path, columns, sheets)
    place = _chosen(header, columns, path)
    rows: list[Row] = []
    dropped: Dropped = []
    for number in sorted(number for number in header.sheet.rows if number > header.row):
        cells = header.sheet.rows[number]
        read = {name: cells.get(place[_key(name)]) if _key(name) in place else None for name in columns.all}
        where = f"{path.name} row {number}"
        if all(missing(value) for value in read.values()):
            continue
        if _is_header(cells, columns):
            _refuse_another(header, cells, columns, where)
            dropped.append((where, "the header once more"))
        elif missing(read[first]):
            dropped.append((where, f"nothing in the column {first}"))
        else:
            rows.append(Row(where, number, read))
    notes += _hidden(header, place, [*rows], path)
    return Table(rows, dropped, len(rows) + len(dropped), notes)


def _header(path: Path, columns: Columns, sheets: Sequence[str]) -> tuple[Header, list[str]]:
    """The header that is read, and notes on the tables of other sheets."""
    all_sheets = read_sheets(path)
    found = [header for sheet in all_sheets if (header := _whole_header(sheet, columns))]
    shown = [header for header in found if not header.sheet.hidden]
    if not shown:
        raise _no_header(path, columns, all_sheets, found)
    ranked = [header for name in sheets for header in shown if _key(header.sheet.title) == _key(name)]
    best = (ranked or shown)[0]
    others = [header for header in shown if header is not best]
    if not ranked and others and any(_shown(other, columns) != _shown(best, columns) for other in others):
        titles = " and ".join(f"'{header.sheet.title}'" for header in shown)
        raise UserError(f"{path} has such a table on several sheets, {titles}, and they differ; keep or show one")
    notes = [f"{path.name}: the sheet '{other.sheet.title}' is not read, '{best.sheet.title}' is" for other in others]
    notes += [
        f"{path.name}: the sheet '{header.sheet.title}' is hidden and is not read"
        for header in found if header.sheet.hidden
    ]  # fmt: skip
    return best, notes


def _whole_header(sheet: Sheet, columns: Columns) -> Header | None:
    """The first row with all names that are needed."""
    row = next((number for number in sorted(sheet.rows) if _is_header(sheet.rows[number], columns)), None)
    if row is None:
        return None
    places: dict[str, list[int]] = {}
    for column, value in sorted(sheet.rows[row].items()):
        if not missing(value):
            places.setdefault(_key(value), []).append(column)
    return Header(sheet, row, {key: tuple(found) for key, found in places.items()})


def _is_header(cells: Mapping[int, object], columns: Columns) -> bool:
    names = {_key(value) for value in cells.values() if isinstance(value, str)}
    return all(_key(name) in names for name in columns.needed)


def _no_header(path: Path, columns: Columns, sheets: Sequence[Sheet], found: Sequence[Header]) -> UserError:
    if found:
        title = found[0].sheet.title
        return UserError(
            f"the sheet '{title}' of {path}, which has the table, is hidden; show it if it is the right one"
        )
    for sheet in (sheet for sheet in sheets if not sheet.hidden):
        for number in sorted(sheet.rows):
            filled = [value for _, value in sorted(sheet.rows[number].items()) if not missing(value)]
            if filled and _key(filled[0]) == _key(columns.first):
                keys = {_key(value) for value in filled}
                lacking = ", ".join(name for name in columns.needed if _key(name) not in keys)
                names = ", ".join(str(value) for value in filled[:30])
                return UserError(f"{path} lacks the column {lacking}; its columns are {names} (row {number})")
    return UserError(f"{path} has no header row that starts with '{columns.first}'; is it the coding workbook?")


def _shown(header: Header, columns: Columns) -> list[tuple[str, ...]]:
    """What a table says, for a comparison."""
    places = [header.places[_key(name)][0] for name in columns.all if _key(name) in header.places]
    rows = [cells for number, cells in sorted(header.sheet.rows.items()) if number > header.row]
    texts = [tuple(str(cells.get(place, "")).strip() for place in places) for cells in rows]
    return [row for row in texts if any(row)]


def _chosen(header: Header, columns: Columns, path: Path) -> dict[str, int]:
    """The column of each name. Of several that are shown all must say the same."""
    place = {}
    for name in columns.all:
        at = header.places.get(_key(name), ())
        shown = [column for column in at if column not in header.sheet.hidden_columns] or list(at)
        for column in shown[1:]:
            for number, cells in sorted(header.sheet.rows.items()):
                if number > header.row and str(cells.get(column, "")) != str(cells.get(shown[0], "")):
                    raise UserError(
                        f"{path} has the column {name} twice, {letters(shown[0])} and {letters(column)}, and they "
                        f"differ in row {number}; keep one"
                    )
        if shown:
            place[_key(name)] = shown[0]
    return place


def _refuse_another(header: Header, cells: Mapping[int, object], columns: Columns, where: str) -> None:
    for name in columns.all:
        at = [column for column, value in sorted(cells.items()) if isinstance(value, str) and _key(value) == _key(name)]
        if at and tuple(at) != header.places.get(_key(name), ()):
            raise UserError(f"{where} begins another table, with the column {name} in another place than in row "
                            f"{header.row}; keep one table on the sheet")  # fmt: skip


def _hidden(header: Header, place: Mapping[str, int], rows: Sequence[Row], path: Path) -> list[str]:
    """Notes on hidden rows and columns that are read: a filter hides rows, and nothing says that they are invalid."""
    sheet, notes = header.sheet, []
    hidden = [row.number for row in rows if row.number in sheet.hidden_rows]
    if hidden:
        notes.append(f"{path.name}: {len(hidden)} hidden rows are read like the others, the first is row {hidden[0]}")
    for column in sorted(set(place.values()) & sheet.hidden_columns):
        notes.append(f"{path.name}: the hidden column {letters(column)} is read")
    filled = [str(block) for block in sheet.merged if block.bottom > block.top and block.bottom > header.row
              and any(block.left <= column <= block.right for column in place.values())]  # fmt: skip
    if filled:
        notes.append(f"{path.name}: {len(filled)} merged cells count for all of their rows, such as {filled[0]}")
    return notes


def _key(name: object) -> str:
    """'OnsetFrame', 'Onset Frame' and 'onset_frame' are one column."""
    return re.sub(r"[\s_\u200b\ufeff]+", "", "" if isinstance(name, OddCell) else str(name)).lower()
