"""What a table shows: its columns, its published rows, and the words around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Key(NamedTuple):
    """Which figure of a row: a ``metric`` on a ``part``, which is ``all`` or a dataset."""

    part: str
    metric: str


@dataclass(frozen=True)
class Column:
    """One column of figures; ``sign`` is -1 where less is better. ``digits`` is 0 for a count. Where rows are not
    ``compared``, none of them is the best."""

    part: str
    metric: str
    header: str
    sign: int = 1
    digits: int = 4
    compared: bool = True

    @property
    def key(self) -> Key:
        """The figure of each row that stands in this column."""
        return Key(self.part, self.metric)


@dataclass(frozen=True)
class Published:
    """A row of figures that somebody printed; ``values`` have the text that stands in the table's file."""

    method: str
    source: tuple[str, ...]
    selection: str
    note: str
    values: Mapping[Key, str]
    model: str = ""


@dataclass(frozen=True)
class Description:
    """A checked description. ``parts`` are headings, ``models`` those to show (all where none is named), ``sources``
    the legend of the published rows."""

    name: str
    title: str
    task: str
    columns: tuple[Column, ...]
    parts: Mapping[str, str]
    caption: str = ""
    models: tuple[str, ...] = ()
    published: tuple[Published, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
