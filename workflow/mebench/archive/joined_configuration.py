"""One configuration of several archives."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from mebench.archive import shared_configuration
from mebench.archive.claims import Line
from mebench.archive.joined_tables import tables
from mebench.archive.manifest import Manifest
from mebench.config.entries import Document, ModelEntry
from mebench.errors import UserError
from mebench.files import canonical_json, write_json
from mebench.origins import SHORT, of_all
from mebench.plan import Plan
from mebench.plan.tables import is_file
from mebench.tables.absent import AbsentRun

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
        for what, content in _own_files(part):
            kept = files.setdefault(what, (part, content))
            if kept[1] != content:
                raise UserError(f"{what} of {part.path} is another one than that of {kept[0].path}; rename one of the "
                                "files, and pack it again")  # fmt: skip


def _own_files(part: Part) -> Iterator[tuple[str, bytes]]:
    """The files of an archive's own tables and kinds of task: what each is called, and its content."""
    for name, table in part.plan.tables.items():
        yield f"the table {name}", Path(table).read_bytes() if is_file(table) else b""
    folder = part.folder / shared_configuration.OWN_KINDS
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        yield f"the kind of task {path.name}", path.read_bytes()


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
    names = [(line.claims[0].record.task, line.name) for line in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UserError(f"two rows of {twice[0]} would be called {twice[1]}; give the archives other names, as in "
                        "ours=FILE.zip")  # fmt: skip
    return found


def _content(entry: ModelEntry) -> str:
    """What decides the figures of an entry."""
    return canonical_json({key: value for key, value in entry.items() if key not in ("tasks", "seeds", "resources")})


def write(parts: Sequence[Part], found: Sequence[Line], absent: Sequence[AbsentRun], folder: Path) -> None:
    """Write config.json, and what it names, into the ``folder`` of results, which lack the runs ``absent``."""
    for part in parts:
        for name in ("CITATION.cff", "LICENSE", "requirements.lock"):
            if (part.folder / name).is_file() and not (folder / name).exists():
                shutil.copyfile(part.folder / name, folder / name)
    shown = tables([part.plan for part in parts], found, folder)
    made = document(parts, found, absent, shown)
    write_json(folder / shared_configuration.FILE, shared_configuration.placed(made, folder))


def document(
    parts: Sequence[Part], found: Sequence[Line], absent: Sequence[AbsentRun], tables: Sequence[str]
) -> Document:  # fmt: skip
    """The configuration of all archives: their tasks and entries, each once, these tables, and the ``absent`` runs."""
    documents = [shared_configuration.document(part.plan, absent) for part in parts]
    first = documents[0]
    settings = {
        **first["settings"],
        "datasets": {name: entry for kept in documents for name, entry in kept["settings"]["datasets"].items()},
        "tasks": _each(task for kept in documents for task in kept["settings"]["tasks"]),
        "models": _each(model for kept in documents for model in kept["settings"]["models"]),
        "seeds": sorted({seed for line in found for seed in line.seeds}),
        "tables": list(tables),
    }
    tasks = {definition["name"]: definition for kept in reversed(documents) for definition in kept["tasks"]}
    names = [name for part in parts for name in part.plan.tasks]
    return cast(Document, {
        **first,
        "settings": settings,
        "tasks": [tasks[name] for name in dict.fromkeys(names)],
        "entries": _entries(found, first),
    })  # fmt: skip


def _entries(found: Sequence[Line], first: Document) -> list[ModelEntry]:
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
            **_selection(own[0], first),
        })
        for name, own in by_name.items()
    ]  # fmt: skip


def _selection(line: Line, first: Document) -> dict[str, str]:
    """How the entry of a row selects epochs, where that is not what the configuration says."""
    own = line.claims[0].record.spec["selection"]
    return {} if own == first["settings"]["selection"] else {"selection": own}


def _each(values: Iterable[object]) -> list[object]:
    """Each value once, in order."""
    return list({canonical_json(value): value for value in values}.values())
