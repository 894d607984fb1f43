"""The YAML file of a table, read and checked.

A file has ``title``, ``task``, ``parts`` (part -> heading), ``columns`` (``part, metric, header``) and optionally
``models`` (default: every model of the scores), ``caption``, ``notes``, ``published`` rows and the legend of their
``sources``. With ``extends: other`` it takes every key that it lacks from ``other``. A part of another task is a
mapping ``{task: NAME, title: HEADING}``, with ``part`` where it is not ``all``. ``models`` are names or entries as
config.yaml has them; they and ``default_models`` say what has to be run, which is read by the plan.

Published figures are quoted text, so that they stand in the table with the digits they were printed with;
``~`` in front marks a figure that was derived, ``%`` behind one that was printed in per cent. A row of a method that
is a model of this benchmark names it under ``model``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict, cast

from mebench import tasks, yaml_text
from mebench.clips.dataset_names import part_name
from mebench.errors import UserError, did_you_mean
from mebench.owner_paths import expanded
from mebench.protocols.tasks import TASKS
from mebench.tables.cost import COST
from mebench.tables.default import Metrics, column
from mebench.tables.description import Column, Description, Key, Place, Published

FOLDER = Path(__file__).parent
SELECTIONS = ("last", "inner", "test_peek", "")  # empty: not known
FIGURE, COUNT = re.compile(r"~?\d+\.\d+%?"), re.compile(r"~?\d+")


class WrittenRow(TypedDict, total=False):
    """A published row, as a file has it."""

    method: str
    model: str
    source: list[str]
    selection: str
    note: str
    values: dict[str, dict[str, str]]


class WrittenPart(TypedDict, total=False):
    """A part of another task than the table's own, as a file has it."""

    task: str
    part: str
    title: str


class Written(TypedDict, total=False):
    """A file as YAML gives it, after its keys were checked."""

    extends: str
    title: str
    task: str
    caption: str
    parts: dict[str, str | WrittenPart]
    columns: list[object]
    models: list[str | dict[str, object]]
    default_models: list[str | dict[str, object]]
    published: list[WrittenRow]
    sources: dict[str, str]
    notes: list[str]


def names() -> list[str]:
    """Names of the tables that ship with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def table_path(name: str) -> Path:
    """The file of a table by its name, or by its path, which ends in ``.yaml``."""
    return Path(expanded(name, "table")) if name.endswith(".yaml") else FOLDER / f"{name}.yaml"


def read(name: str) -> Description:
    """Read the file of a table. A UserError says what is wrong in it."""
    written, path = _written(name), table_path(name)
    label = f"the table '{path.stem}'"
    for key in ("title", "task", "columns"):
        if not written.get(key):
            raise UserError(f"{label} has no '{key}'; add it to {path}")
    parts, places = _parts(written, label)
    known = {part: _metrics(places[part].task if part in places else written["task"]) for part in parts}
    sources = {str(letter): str(text) for letter, text in (written.get("sources") or {}).items()}
    return Description(
        name=path.stem,
        title=written["title"],
        task=written["task"],
        columns=tuple(_column(entry, parts, known, label) for entry in written["columns"]),
        parts=parts,
        caption=" ".join((written.get("caption") or "").split()),
        models=tuple(entry_name(entry) for entry in written.get("models") or ()),
        published=tuple(_published(row, sources, known, label) for row in written.get("published") or []),
        sources=sources,
        notes=tuple(" ".join(note.split()) for note in written.get("notes") or ()),
        places=places,
    )


def entry_name(entry: str | Mapping[str, object]) -> str:
    """What a model entry is called: by its name, or by its model."""
    return entry if isinstance(entry, str) else str(entry.get("name", entry.get("model", "")))


def _metrics(task: str) -> Metrics:
    """The metrics that a table of the task may have: those of its kind, and what runs cost."""
    return {**tasks.metrics(tasks.name_of(TASKS.get(task, {}))), **COST}


def _parts(written: Written, label: str) -> tuple[dict[str, str], dict[str, Place]]:
    """(headings, places of those of another task), by the name of the part."""
    headings, places = {}, {}
    for text, about in (written.get("parts") or {}).items():
        part = part_name(str(text))
        if not isinstance(about, dict):
            headings[part] = str(about)
            continue
        for key in about:
            if key not in WrittenPart.__annotations__:
                raise UserError(f"{label}, part '{text}': unknown key '{key}'"
                                f"{did_you_mean(str(key), WrittenPart.__annotations__)}")  # fmt: skip
        task, heading = about.get("task", written["task"]), about.get("title")
        if task not in TASKS:
            raise UserError(f"{label}, part '{text}': unknown task '{task}'{did_you_mean(task, TASKS)}")
        if not heading:
            raise UserError(f"{label}: the part '{text}' has no title; add one, as in {{task: {task}, title: ...}}")
        headings[part], places[part] = heading, Place(task, part_name(about.get("part", "all")))
    return headings, places


def keys(name: str) -> Written:
    """The keys of the file of a table, with those that it takes from the file that it extends."""
    return _written(name)


def _written(name: str, extended_by: tuple[str, ...] = ()) -> Written:
    """Read the keys of a file, with those that it takes from the file that it extends."""
    path = table_path(name)
    if not path.is_file() and name.endswith(".yaml"):
        raise UserError(f"there is no file {path} for the table; give the name of a table or the path of its YAML file")
    if not path.is_file():
        raise UserError(f"unknown table '{name}'{did_you_mean(name, {*names(), *TASKS})}")
    written = yaml_text.texts(yaml_text.read(path))
    if not isinstance(written, dict):
        raise UserError(f"{path} must hold keys such as title, task and columns; see {FOLDER.name}/megc2019.yaml")
    for key in written:
        if key not in Written.__annotations__:
            raise UserError(f"{path} has the unknown key '{key}'{did_you_mean(str(key), Written.__annotations__)}")
    base = written.pop("extends", None)
    if base in extended_by:
        raise UserError(f"{path} extends '{base}', which extends it in turn; remove one 'extends'")
    inherited = _written(base, (*extended_by, path.stem)) if base else {}
    return cast(Written, {**inherited, **written})


def _column(entry: object, parts: Mapping[str, str], known: Mapping[str, Metrics], label: str) -> Column:
    if not isinstance(entry, list) or len(entry) != 3:
        raise UserError(f"{label}: a column is a list [part, metric, header], not {entry!r}")
    part, metric, header = map(str, entry)
    part = part_name(part)
    if part not in parts:
        raise UserError(f"{label}: the part '{part}' has no heading; add it under 'parts'")
    metrics = known[part]
    if metric not in metrics:
        raise UserError(f"{label}: unknown metric '{metric}'{did_you_mean(metric, metrics)}")
    return column(part, metric, header, metrics)


def _published(row: WrittenRow, sources: Mapping[str, str], known: Mapping[str, Metrics], label: str) -> Published:
    where = f"{label}, published row '{row.get('method', '?')}'"
    for key in row:
        if key not in WrittenRow.__annotations__:
            raise UserError(f"{where}: unknown key '{key}'{did_you_mean(str(key), WrittenRow.__annotations__)}")
    source = tuple(map(str, row.get("source") or ()))
    if not source or any(letter not in sources for letter in source):
        raise UserError(f"{where}: source {list(source)} is not in the legend 'sources' ({', '.join(sources)})")
    selection = row.get("selection") or ""
    if selection not in SELECTIONS:
        raise UserError(f"{where}: unknown selection '{selection}'{did_you_mean(selection, SELECTIONS[:3])}")
    note = " ".join((row.get("note") or "").split())
    values = _values(row, known, where)
    return Published(str(row.get("method", "")), source, selection, note, values, str(row.get("model", "")))


def _values(row: WrittenRow, known: Mapping[str, Metrics], where: str) -> dict[Key, str]:
    values = {}
    for part, figures in (row.get("values") or {}).items():
        metrics = known.get(part_name(str(part)))
        if metrics is None:
            raise UserError(f"{where}: the part '{part}' has no heading; add it under 'parts'")
        for metric, text in figures.items():
            if metric not in metrics:
                raise UserError(f"{where}: unknown metric '{metric}'{did_you_mean(metric, metrics)}")
            form, example = (FIGURE, "0.7353") if metrics[metric].get("digits", 4) else (COUNT, "26")
            if not isinstance(text, str) or not form.fullmatch(text):
                raise UserError(
                    f'{where}: {part} {metric} is {text!r}; write the printed figure in quotes, like "{example}"'
                )
            values[Key(part_name(str(part)), metric)] = text
    return values
