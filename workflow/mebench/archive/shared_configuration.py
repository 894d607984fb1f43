"""The configuration that an archive holds: resolved, without the places where data and results lie on a machine, and
the same in the folder that it is unpacked into."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import cast

from mebench.clips.entry import DatasetEntry
from mebench.config.configuration import Configuration
from mebench.config.entries import Document, ModelEntry
from mebench.plan import Plan
from mebench.plan.tables import is_file
from mebench.tables.absent import AbsentRun

FILE = "config.json"
OWN_TABLES, OWN_KINDS = "own/tables", "own/kinds"  # files of tables and of kinds of task that are not part of mebench
RESULTS = "results"


def document(plan: Plan, absent: Sequence[AbsentRun] = ()) -> Document:
    """The resolved configuration of a plan, as an archive holds it that lacks the runs ``absent``. Each entry names
    its tasks, because the files of models outside the package are not packed."""
    configuration = plan.configuration
    kept = configuration.document()
    tables = [packed_table(name) if is_file(table) else table for name, table in plan.tables.items()]
    settings = {
        **kept["settings"],
        "results": RESULTS,
        "archived": {"absent": [asdict(run) for run in absent]},
        "datasets": {name: _entry(entry) for name, entry in plan.datasets.items()},
        "tables": tables,
    }
    return cast(Document, {**kept, "settings": settings, "entries": entries(configuration)})


def entries(configuration: Configuration) -> list[ModelEntry]:
    """The model entries, each with the tasks that it is for."""
    pairs = configuration.pairs()
    return [
        cast(ModelEntry, {**entry, "tasks": [task for task, model in pairs if model == name]})
        for name, entry in configuration.entries.items()
    ]


def packed_table(name: str) -> str:
    """Where an archive has the file of a table of the owner's own."""
    return f"{OWN_TABLES}/{name}.yaml"


def placed(kept: Document, folder: Path) -> Document:
    """The configuration for the results in ``folder``, an absolute path."""
    tables = [
        str(folder / packed_table(Path(table).stem)) if is_file(table) else table
        for table in kept["settings"]["tables"]
    ]
    return cast(Document, {**kept, "settings": {**kept["settings"], "results": str(folder), "tables": tables}})


def read(folder: Path) -> Document:
    """The configuration of an archive that is unpacked in ``folder``."""
    return cast(Document, json.loads((folder / FILE).read_text(encoding="utf-8")))


def _entry(entry: DatasetEntry) -> DatasetEntry:
    """The entry of a dataset without paths."""
    shown = {**entry, "source": "synthetic" if entry["source"] == "synthetic" else "own copy"}
    return cast(DatasetEntry, {key: value for key, value in shown.items() if key != "landmarks"})
