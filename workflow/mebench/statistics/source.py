"""Where a result is read from, as people write it: ``FILE``, or ``FILE::run=htnet,epochs=last`` for some rows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench.errors import UserError, did_you_mean
from mebench.given_table import GivenRow
from mebench.given_values import key

BETWEEN = "::"


@dataclass(frozen=True)
class Source:
    """A file or the name of a run, and the value that each of some columns must have."""

    name: str
    chosen: Mapping[str, str]

    @property
    def written(self) -> str:
        """As it was written."""
        values = ",".join(f"{column}={value}" for column, value in self.chosen.items())
        return f"{self.name}{BETWEEN}{values}" if values else self.name

    @property
    def is_file(self) -> bool:
        """Whether it names a table, not a run."""
        path = Path(self.name)
        return path.suffix.lower() in (".csv", ".tsv", ".txt") or path.is_file()


def parse(text: str) -> Source:
    """The source that a text names."""
    name, _, values = text.partition(BETWEEN)
    chosen: dict[str, str] = {}
    for pair in filter(None, values.split(",")):
        column, equals, value = pair.partition("=")
        if not equals or not column.strip() or column.strip() in chosen:
            raise UserError(f"'{text}' has '{pair}' behind {BETWEEN}; write each column once, as "
                            f"FILE{BETWEEN}column=value,column=value")  # fmt: skip
        chosen[column.strip()] = value.strip()
    return Source(name, chosen)


def chosen_rows(rows: Sequence[GivenRow], source: Source) -> list[GivenRow]:
    """The rows that have the chosen values."""
    left = list(rows)
    for column, value in source.chosen.items():
        if column not in rows[0].cells:
            raise UserError(f"{source.name} has no column {column}{did_you_mean(column, rows[0].cells)}")
        kept = [row for row in left if key(row[column]) == key(value)]
        if not kept:
            raise UserError(f"{source.name} has no row with {column}={value}"
                            f"{did_you_mean(value, {row[column] for row in left})}")  # fmt: skip
        left = kept
    return left
