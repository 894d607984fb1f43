"""Finds the description of a table by its name."""

from __future__ import annotations

from mebench.protocols.tasks import TASKS
from mebench.tables import table_file
from mebench.tables.default import default
from mebench.tables.description import Description


def describe(name: str) -> Description:
    """Read the description of a table, by its name or by the path of a YAML file. A task without a table file has a
    default table."""
    if name in TASKS and not table_file.table_path(name).is_file():
        return default(name)
    return table_file.read(name)
