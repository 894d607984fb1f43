"""The tables of a merge: those of all archives, and for each task one that shows all of its rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from mebench.archive import shared_configuration
from mebench.archive.claims import Line
from mebench.files import write_text
from mebench.plan import Plan
from mebench.plan.tables import WrittenEntry, is_file, name_of, needs
from mebench.tables import table_file


def tables(plans: Sequence[Plan], found: Sequence[Line], folder: Path) -> list[str]:
    """The tables as a configuration names them; the files of those that are not of the package are written below
    ``folder``. A table that names its models shows, in the place of each, all rows that come from it."""
    names: dict[str, str] = {name: table for plan in plans for name, table in plan.tables.items()}
    for task in dict.fromkeys(task for plan in plans for task in plan.tasks):
        shown = (
            task in plan.tasks_of_table(name)
            for plan in plans for name, table in plan.tables.items() if shows_all(table)
        )  # fmt: skip
        if not any(shown):
            names.setdefault(task, task)
    written = []
    for name, table in names.items():
        keys = table_file.keys(table) if table_file.table_path(table).is_file() else {}
        models = [row for entry in keys.get("models") or [] for row in rows(entry, found)]
        changed = models != (keys.get("models") or [])
        if changed or is_file(table):
            place = folder / shared_configuration.packed_table(name)
            write_text(place, json.dumps({**keys, "models": models} if models else keys, indent=1))
        written.append(shared_configuration.packed_table(name) if changed or is_file(table) else table)
    return written


def shows_all(table: str) -> bool:
    """Whether a table shows all models of its task."""
    path = table_file.table_path(table)
    return not path.is_file() or needs(table).models is None


def rows(entry: WrittenEntry, found: Sequence[Line]) -> list[WrittenEntry]:
    """The entries of the rows that come from one of a table's entries: the entry itself where no row has another
    name."""
    own = [line for line in found if line.claims[0].record.model == name_of(entry)]
    if all(line.name == name_of(entry) for line in own):
        return [entry]
    by_name: dict[str, list[str]] = {}
    for line in own:
        by_name.setdefault(line.name, []).append(line.claims[0].record.task)
    models: Mapping[str, str] = {line.name: line.claims[0].record.spec["model"] for line in own}
    return [{"name": name, "model": models[name], "tasks": of} for name, of in by_name.items()]
