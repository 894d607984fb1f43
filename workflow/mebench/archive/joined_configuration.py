"""One configuration of several archives."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from mebench.archive import shared_configuration
from mebench.archive.claims import Line
from mebench.archive.manifest import Manifest
from mebench.config.entries import Document, ModelEntry
from mebench.errors import UserError
from mebench.files import canonical_json, write_json
from mebench.origins import SHORT, of_all
from mebench.plan import Plan
from mebench.plan.tables import is_file

FREE = ("title", "expected")  # keys of a task that no figure depends on


@dataclass(frozen=True)
class Part:
    """An archive of a merge: the name it has there, its file with its SHA-256, and the ``folder`` that it is unpacked
    in."""

    name: str
    path: Path
    sha256: str
    manifest: Manifest
    folder: Path
    plan: Plan


def check(parts: Sequence[Part]) -> None:
    """A UserError where a task or a table is not the same in all archives, or where generated data would stand beside
    real data."""
    tasks: dict[str, tuple[Part, Mapping[str, object]]] = {}
    files: dict[str, tuple[Part, bytes]] = {}
    for part in parts:
        for name, definition in part.plan.tasks.items():
            first, other = tasks.setdefault(name, (part, definition))
            for key in sorted({*definition, *other} - {*FREE}):
                if cast(Mapping[str, object], definition).get(key) != other.get(key):
                    raise UserError(f"the task {name} has another '{key}' in {part.path} than in {first.path}; figures "
                                    "of different tasks make no table: merge them apart")  # fmt: skip
        for name, table in part.plan.tables.items():
            content = Path(table).read_bytes() if is_file(table) else b""
            kept = files.setdefault(name, (part, content))
            if kept[1] != content:
                raise UserError(f"the table {name} of {part.path} is another one than that of {kept[0].path}; rename "
                                "one of the files, and pack it again")  # fmt: skip


def check_origins(found: Sequence[Line]) -> None:
    """A UserError where figures of generated data would stand beside those of real data."""
    origins: dict[str, str] = {}
    for line in found:
        for claim in line.claims:
            origins.setdefault(claim.record.origin, claim.archive)
    if len(origins) > 1 and of_all(origins) in SHORT:
        listed = ", ".join(f"{archive} has {origin} data" for origin, archive in sorted(origins.items()))
        raise UserError(f"figures of generated data do not stand beside those of real data: {listed}; merge them apart")


def told_apart(found: list[Line]) -> list[Line]:
    """The rows, after a look that those of one name have one entry on all tasks."""
    check_origins(found)
    entries: dict[str, str] = {}
    for line in found:
        content = _content(line.claims[0].entry)
        if entries.setdefault(line.name, content) != content:
            line.tell_apart()
    return found


def _content(entry: ModelEntry) -> str:
    """What decides the figures of an entry."""
    return canonical_json({key: value for key, value in entry.items() if key not in ("tasks", "seeds", "resources")})


def write(parts: Sequence[Part], found: Sequence[Line], folder: Path, results: Path) -> None:
    """Write config.json, and the files of tables, into the ``folder`` of results which will lie at ``results``."""
    for part in parts:
        own = part.folder / "own"
        if own.is_dir():
            shutil.copytree(own, folder / "own", dirs_exist_ok=True)
        for name in ("CITATION.cff", "LICENSE", "requirements.lock"):
            if (part.folder / name).is_file() and not (folder / name).exists():
                shutil.copyfile(part.folder / name, folder / name)
    write_json(folder / shared_configuration.FILE, shared_configuration.placed(document(parts, found), results))


def document(parts: Sequence[Part], found: Sequence[Line]) -> Document:
    """The configuration of all archives: their tasks, tables and entries, each once."""
    documents = [shared_configuration.document(part.plan) for part in parts]
    first = documents[0]
    tables = {name: table for part in parts for name, table in part.plan.tables.items()}
    settings = {
        **first["settings"],
        "datasets": {name: entry for kept in documents for name, entry in kept["settings"]["datasets"].items()},
        "tasks": _each(task for kept in documents for task in kept["settings"]["tasks"]),
        "models": _each(model for kept in documents for model in kept["settings"]["models"]),
        "seeds": sorted({seed for line in found for seed in line.seeds}),
        "tables": [shared_configuration.packed_table(name) if is_file(table) else table
                   for name, table in tables.items()],
    }  # fmt: skip
    tasks = {definition["name"]: definition for kept in reversed(documents) for definition in kept["tasks"]}
    names = [name for part in parts for name in part.plan.tasks]
    return cast(Document, {
        **first,
        "settings": settings,
        "tasks": [tasks[name] for name in dict.fromkeys(names)],
        "entries": _entries(found),
    })  # fmt: skip


def _entries(found: Sequence[Line]) -> list[ModelEntry]:
    """A model entry for each name of a row, with the tasks and seeds that are there."""
    by_name: dict[str, list[Line]] = {}
    for line in found:
        by_name.setdefault(line.name, []).append(line)
    return [
        cast(ModelEntry, {
            **own[0].claims[0].entry,
            "name": name,
            "tasks": [line.claims[0].record.task for line in own],
            "seeds": {line.claims[0].record.task: sorted(line.seeds) for line in own},
            "selection": own[0].claims[0].record.spec["selection"],
        })
        for name, own in by_name.items()
    ]  # fmt: skip


def _each(values: Iterable[object]) -> list[object]:
    """Each value once, in order."""
    return list({canonical_json(value): value for value in values}.values())
