"""Names of tables and the task of each, known without reading whole table files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from mebench import yaml_text
from mebench.errors import UserError, did_you_mean
from mebench.owner_paths import expanded
from mebench.protocols.tasks import TASKS

FOLDER = Path(__file__).parents[1] / "tables"


def table_names() -> list[str]:
    """Names of all tables: every data file of the tables folder, and every task, which has a default table without."""
    return sorted({*TASKS, *(path.stem for path in FOLDER.glob("*.yaml"))})


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


def table_task(table: str) -> str:
    """The task of a table: the first line ``task: NAME`` of its data file; a default table is called like its task."""
    if not is_file(table) and table not in table_names():
        raise UserError(f"unknown table '{table}'{did_you_mean(table, table_names())}")
    path = Path(table) if is_file(table) else FOLDER / f"{table}.yaml"
    if is_file(table) and not path.is_file():
        raise UserError(f"there is no file {path} for the table; give the name of a table or the path of its YAML file")
    if table in TASKS and not path.is_file():
        return table
    if is_file(table):
        return _task_of(path)
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("task:"):
            return line.partition(":")[2].strip().strip("\"'")
    raise UserError(f"the table file {path} has no line 'task: NAME'")


def models_listed(table: str, extended_by: tuple[str, ...] = ()) -> list[str]:
    """The model entries that a table's file lists, or the file that it extends; empty where it shows all. What is wrong
    in a file is said by the command that makes its table."""
    path = Path(table) if is_file(table) else FOLDER / f"{table}.yaml"
    if not path.is_file() or table in extended_by:
        return []
    own = is_file(table) or re.search("^(models|extends):", path.read_text(encoding="utf-8"), re.MULTILINE)
    keys = yaml_text.texts(yaml_text.read(path)) if own else {}
    if not isinstance(keys, dict):
        return []
    if "models" in keys or "extends" not in keys:
        return [str(model) for model in keys.get("models") or []]
    return models_listed(str(keys["extends"]), (*extended_by, table))


def _task_of(path: Path) -> str:
    """The task that a table's file names, or the file that it extends."""
    keys = yaml_text.read(path)
    if not isinstance(keys, dict) or not isinstance(keys.get("task"), str | yaml_text.Whole):
        raise UserError(f"the table file {path} has no line 'task: NAME'")
    task = keys["task"]
    return task if isinstance(task, str) else task.written
