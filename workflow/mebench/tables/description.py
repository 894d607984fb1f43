"""What a table shows: the YAML files of this folder, read and checked.

A description has ``title``, ``task``, ``parts`` (part -> heading), ``columns`` (``part, metric, header``) and
optionally ``models`` (default: every model of the scores), ``caption``, ``notes``, ``published`` rows and the
legend of their ``sources``. With ``extends: other`` it takes every key that it lacks from ``other``.

Published figures are quoted text, so that they stand in the table with the digits they were printed with;
``~`` in front marks a figure that was derived, ``%`` behind one that was printed in per cent. A row of a method that
is a model of this benchmark names it under ``model``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from mebench import tasks
from mebench.errors import UserError, did_you_mean
from mebench.protocols.tasks import TASKS

Metrics = dict[str, dict[str, Any]]  # of a kind of task, see mebench.tasks.metrics
FOLDER = Path(__file__).parent
SELECTIONS = ("last", "inner", "test_peek", "")  # empty: not known
FIGURE = re.compile(r"~?\d+\.\d+%?")
KEYS = ("extends", "title", "task", "caption", "parts", "columns", "models", "published", "sources", "notes")
ROW_KEYS = ("method", "model", "source", "selection", "note", "values")


@dataclass(frozen=True)
class Column:
    """One column of figures: a ``metric`` on a ``part`` ("all" or a dataset); ``sign`` is -1 where less is better."""

    part: str
    metric: str
    header: str
    sign: int = 1


@dataclass(frozen=True)
class Published:
    """A row of figures that somebody printed. ``values[part, metric]`` is the text of the description."""

    method: str
    source: tuple[str, ...]
    selection: str
    note: str
    values: dict[tuple[str, str], str]
    model: str = ""


@dataclass(frozen=True)
class Description:
    """A checked table description."""

    name: str
    title: str
    task: str
    columns: tuple[Column, ...]
    parts: dict[str, str]
    caption: str = ""
    models: tuple[str, ...] = ()
    published: tuple[Published, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def names() -> list[str]:
    """Names of the tables that ship with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def describe(name: str) -> Description:
    """The description behind a table's name, or behind the path of a YAML file of your own; a task without a file has
    the default table."""
    if name in TASKS and not (FOLDER / f"{name}.yaml").is_file():
        from mebench.tables.default import default

        return default(name)
    raw = _raw(name)
    label = f"the table '{raw['name']}'"
    for key in ("title", "task", "columns"):
        if not raw.get(key):
            raise UserError(f"{label} has no '{key}'; add it to {raw['path']}")
    parts = {str(part): str(title) for part, title in (raw.get("parts") or {}).items()}
    metrics = tasks.metrics(tasks.name_of(TASKS.get(raw["task"], {})))
    columns = tuple(_column(entry, parts, metrics, label) for entry in raw["columns"])
    sources = {str(letter): str(text) for letter, text in (raw.get("sources") or {}).items()}
    published = tuple(_published(entry, sources, metrics, label) for entry in raw.get("published") or [])
    return Description(
        name=raw["name"], title=raw["title"], task=raw["task"], columns=columns, parts=parts,
        caption=" ".join((raw.get("caption") or "").split()), models=tuple(raw.get("models") or ()),
        published=published, sources=sources, notes=tuple(raw.get("notes") or ()),
    )  # fmt: skip


def _raw(name: str, seen: tuple[str, ...] = ()) -> dict[str, Any]:
    path = Path(name) if name.endswith(".yaml") else FOLDER / f"{name}.yaml"
    if not path.is_file() and name.endswith(".yaml"):
        raise UserError(f"there is no file {path} for the table; give the name of a table or the path of its YAML file")
    if not path.is_file():
        raise UserError(f"unknown table '{name}'{did_you_mean(name, {*names(), *TASKS})}")
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(raw, dict):
        raise UserError(f"{path} must hold keys such as title, task and columns; see {FOLDER.name}/megc2019.yaml")
    for key in raw:
        if key not in KEYS:
            raise UserError(f"{path} has the unknown key '{key}'{did_you_mean(str(key), KEYS)}")
    base = raw.pop("extends", None)
    if base in seen:
        raise UserError(f"{path} extends '{base}', which extends it in turn; remove one 'extends'")
    inherited = _raw(base, (*seen, path.stem)) if base else {}
    return inherited | raw | {"name": path.stem, "path": str(path)}


def column(part: str, metric: str, header: str, metrics: Metrics) -> Column:
    """A column of a metric that the task has."""
    return Column(part, metric, header, -1 if metrics[metric].get("best") == "min" else 1)


def _column(entry: Any, parts: dict[str, str], metrics: Metrics, label: str) -> Column:
    if not isinstance(entry, list) or len(entry) != 3:
        raise UserError(f"{label}: a column is a list [part, metric, header], not {entry!r}")
    part, metric, header = map(str, entry)
    if metric not in metrics:
        raise UserError(f"{label}: unknown metric '{metric}'{did_you_mean(metric, metrics)}")
    if part not in parts:
        raise UserError(f"{label}: the part '{part}' has no heading; add it under 'parts'")
    return column(part, metric, header, metrics)


def _published(entry: dict[str, Any], sources: dict[str, str], metrics: Metrics, label: str) -> Published:
    where = f"{label}, published row '{entry.get('method', '?')}'"
    for key in entry:
        if key not in ROW_KEYS:
            raise UserError(f"{where}: unknown key '{key}'{did_you_mean(str(key), ROW_KEYS)}")
    source = tuple(map(str, entry.get("source") or ()))
    if not source or any(letter not in sources for letter in source):
        raise UserError(f"{where}: source {list(source)} is not in the legend 'sources' ({', '.join(sources)})")
    selection = entry.get("selection") or ""
    if selection not in SELECTIONS:
        raise UserError(f"{where}: unknown selection '{selection}'{did_you_mean(selection, SELECTIONS[:3])}")
    values = {}
    for part, figures in (entry.get("values") or {}).items():
        for metric, text in figures.items():
            if metric not in metrics:
                raise UserError(f"{where}: unknown metric '{metric}'{did_you_mean(metric, metrics)}")
            if not isinstance(text, str) or not FIGURE.fullmatch(text):
                raise UserError(
                    f'{where}: {part} {metric} is {text!r}; write the printed figure in quotes, like "0.7353"'
                )
            values[str(part), metric] = text
    note = " ".join((entry.get("note") or "").split())
    return Published(str(entry.get("method", "")), source, selection, note, values, str(entry.get("model", "")))
