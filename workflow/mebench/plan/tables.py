"""Names of tables and the task of each, found without reading whole table files."""

from __future__ import annotations

from pathlib import Path

from mebench.errors import UserError, did_you_mean
from mebench.protocols.tasks import TASKS

FOLDER = Path(__file__).parents[1] / "tables"


def table_names() -> list[str]:
    """Names of all tables: every data file of the tables folder, and every task, which has a default table without."""
    return sorted({*TASKS, *(path.stem for path in FOLDER.glob("*.yaml"))})


def table_task(name: str) -> str:
    """The task of a table: the first line ``task: NAME`` of its data file; a default table is called like its task."""
    if name not in table_names():
        raise UserError(f"unknown table '{name}'{did_you_mean(name, table_names())}")
    path = FOLDER / f"{name}.yaml"
    if name in TASKS and not path.is_file():
        return name
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("task:"):
            return line.partition(":")[2].strip().strip("\"'")
    raise UserError(f"the table file {path} has no line 'task: NAME'")
