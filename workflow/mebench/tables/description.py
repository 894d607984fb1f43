"""What a table shows: its columns, its published rows, and the words around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Key(NamedTuple):
    """Which figure of a row: a ``metric`` on a ``part``: ``all``, a dataset, or a part that the table names."""

    part: str
    metric: str


class Place(NamedTuple):
    """Whose figures stand under a part of a table: those of a ``task`` on a ``part`` of it, ``all`` or a dataset."""

    task: str
    part: str


@dataclass(frozen=True)
class Column:
    """One column of figures; ``sign`` is -1 where less is better. ``digits`` is 0 for a count. Where rows are not
    ``compared``, none of them is the best. A ``fixed`` figure is the same for every seed."""

    part: str
    metric: str
    header: str
    sign: int = 1
    digits: int = 4
    compared: bool = True
    fixed: bool = False

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
    """A checked description. ``parts`` are headings, ``models`` the names of those to show (all where none is named),
    ``sources`` the legend of the published rows. ``places`` are those of the parts that are no part of ``task``, which
    is the task of the first column."""

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
    places: Mapping[str, Place] = field(default_factory=dict)

    def place(self, part: str) -> Place:
        """Whose figures stand under a part."""
        return self.places.get(part, Place(self.task, part))

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks whose figures stand in the table, that of the first column first."""
        return tuple(dict.fromkeys((self.task, *(self.place(part).task for part in self.parts))))
