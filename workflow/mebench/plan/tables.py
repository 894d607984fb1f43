"""What each table needs, read from its file alone: its tasks, and the model entries that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

from mebench import yaml_text
from mebench.errors import UserError, did_you_mean
from mebench.owner_paths import expanded
from mebench.protocols.tasks import TASKS

FOLDER = Path(__file__).parents[1] / "tables"
WrittenEntry = str | Mapping[str, object]
# where the published rows of a file of the package begin, and what stands before them
PUBLISHED = re.compile(r"^(?=sources:|published:)", re.MULTILINE)
NEEDED = re.compile(r"^(?:task|parts|models|default_models|extends):", re.MULTILINE)
# lines of a file that says more of what it needs than the one line of its task
MORE = re.compile(r"^(?:models|extends):|^\s+\S+:\s*\{\s*task:", re.MULTILINE)


@dataclass(frozen=True)
class Needs:
    """What a table needs. ``tasks``: that of its first column first. ``models``: the entries that it shows, as a
    configuration has them; None where it shows all that a configuration has."""

    table: str
    tasks: tuple[str, ...]
    models: tuple[WrittenEntry, ...] | None = None

    @property
    def name(self) -> str:
        """What the table is called."""
        return Path(self.table).stem if is_file(self.table) else self.table

    @cached_property
    def default_models(self) -> tuple[WrittenEntry, ...]:
        """The entries that are run where a configuration does not have the task, and the table shows all."""
        return _entries(_keys(self.table).get("default_models")) if _path(self.table).is_file() else ()

    def names(self, task: str) -> list[str]:
        """The names of the entries that the table itself asks for on a task."""
        entries = self.default_models if self.models is None else self.models
        return [name_of(entry) for entry in entries if task in tasks_of(entry, self.tasks)]


def table_names() -> list[str]:
    """Names of all tables: every data file of the tables folder, and every task, which has a default table without."""
    return sorted({*TASKS, *shipped()})


def shipped() -> list[str]:
    """Names of the tables that have a file in the package."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def named(tables: Iterable[str]) -> dict[str, str]:
    """The tables of a configuration by name, each a name of the package or the path of a YAML file."""
    by_name: dict[str, str] = {}
    for written in tables:
        table = expanded(written, "table") if is_file(written) else written
        name = Path(table).stem if is_file(table) else table
        if name in by_name:
            raise UserError(f"two tables are called '{name}'; rename one of the files")
        by_name[name] = table
    return by_name


def is_file(table: str) -> bool:
    """Whether a table is named by the path of its YAML file."""
    return table.endswith(".yaml")


def name_of(entry: WrittenEntry) -> str:
    """What an entry is called: by its name, or by its model."""
    if isinstance(entry, str):
        return Path(entry).stem if entry.endswith(".py") else entry
    return str(entry.get("name") or name_of(str(entry.get("model", ""))))


def tasks_of(entry: WrittenEntry, tasks: tuple[str, ...]) -> list[str]:
    """Those of a table's tasks that an entry is for."""
    own = None if isinstance(entry, str) else entry.get("tasks")
    return [task for task in tasks if not isinstance(own, list) or task in own]


def needs(table: str) -> Needs:
    """What a table needs; a default table is called like its task, and needs that alone. A file of the package that
    says no more than ``task: NAME`` is not read as a whole."""
    path = _path(table)
    if not is_file(table) and table not in table_names():
        raise UserError(f"unknown table '{table}'{did_you_mean(table, table_names())}")
    if is_file(table) and not path.is_file():
        raise UserError(f"there is no file {path} for the table; give the name of a table or the path of its YAML file")
    if not path.is_file():
        return Needs(table, (table,))
    if not is_file(table):
        text = path.read_text(encoding="utf-8")
        task = re.search(r"^task:\s*[\"']?([^\s\"'#]+)", text, re.MULTILINE)
        if task and not MORE.search(text):
            return Needs(table, (task[1],))
    keys = _keys(table)
    models = _entries(keys["models"]) if keys.get("models") else None
    return Needs(table, _tasks(keys, path), models)


def table_task(table: str) -> str:
    """The task of a table's first column."""
    return needs(table).tasks[0]


def _path(table: str) -> Path:
    return Path(expanded(table, "table")) if is_file(table) else FOLDER / f"{table}.yaml"


def _keys(table: str, extended_by: tuple[str, ...] = ()) -> dict[str, object]:
    """The keys of a table's file, with those that it takes from the file that it extends. What is wrong in a file
    beside what it needs is said by the command that makes its table."""
    path = _path(table)
    if not path.is_file() or table in extended_by:
        return {}
    keys = yaml_text.read(path) if is_file(table) else yaml_text.parse(_head(path), str(path))
    if not isinstance(keys, dict):
        return {}
    base = yaml_text.texts(keys.get("extends"))
    return {**(_keys(str(base), (*extended_by, table)) if base else {}), **keys}


def _head(path: Path) -> str:
    """The text of a file of the package without its published rows, which are most of it."""
    text = path.read_text(encoding="utf-8")
    head, *rest = PUBLISHED.split(text, maxsplit=1)
    return text if rest and NEEDED.search(rest[0]) else head


def _tasks(keys: Mapping[str, object], path: Path) -> tuple[str, ...]:
    task, parts = (yaml_text.texts(keys.get(key)) for key in ("task", "parts"))
    if not isinstance(task, str):
        raise UserError(f"the table file {path} has no line 'task: NAME'")
    named_by = parts.values() if isinstance(parts, dict) else ()
    others = [str(part["task"]) for part in named_by if isinstance(part, dict) and "task" in part]
    return tuple(dict.fromkeys((task, *others)))


def _entries(written: object) -> tuple[WrittenEntry, ...]:
    """Model entries, with numbers as numbers and names as texts."""
    return tuple(map(_entry, written)) if isinstance(written, list) else ()


def _entry(written: object) -> WrittenEntry:
    if not isinstance(written, dict):
        return str(yaml_text.texts(written))
    names = {key: yaml_text.texts(written[key]) for key in ("name", "model") if key in written}
    return cast(Mapping[str, object], {**cast(dict[str, object], yaml_text.plain(written)), **names})
