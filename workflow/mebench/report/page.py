"""The page: what was gathered, put into the template."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from mebench import __version__
from mebench.errors import UserError
from mebench.files import write_json, write_text
from mebench.report import faces, gather
from mebench.report.gaps import Gaps
from mebench.report.provenance import provenance
from mebench.report.words import plain
from mebench.tables import formats, shown
from mebench.tables.table import SYNTHETIC

ORIGINS = {
    "synthetic": "synthetic data",
    "licensed": "the licensed recordings",
    "pictures": "published flow pictures",
}


def write(
    out: Path, results: Path, names: dict[str, Any], config_json: str | None = None,
    gaps: Gaps | None = None, shown: Path | None = None,
) -> tuple[Path, Path]:  # fmt: skip
    """Write the report to ``out``, provenance.json to ``results``; ``names`` has tables, tasks, datasets, models, and
    the plots of each task.

    ``gaps``: what is missing, said at the top. ``shown``: the results folder that commands name, where it is another.
    """
    gaps, shown = gaps or Gaps(), shown or results
    if not names["tasks"]:
        raise UserError("the report needs at least one task after --tasks")
    tasks = [gather.task_part(results, name, names["plots"].get(name), gaps) for name in names["tasks"]]
    runs = [run for task in tasks for run in task.runs]
    room = faces.ROOM // max(1, len(names["datasets"]))
    datasets = [
        gather.dataset_part(results, name, room, f"datasets/{name}" not in gaps.plots)
        for name in names["datasets"]
        if name not in gaps.datasets
    ]
    models = [gather.model_part(name, runs) for name in names["models"]]
    record = provenance(config_json, {d["name"]: d["path"] for d in datasets}, runs)
    html = render(
        tasks=tasks,
        tables=_tables(results, names["tables"], tasks, gaps, shown),
        datasets=datasets,
        models=models,
        numbers=gather.bibliography([*models, *datasets]),
        papers=[part["paper"] for part in [*models, *datasets] if part["paper"]],
        record=record,
        results=shown.as_posix(),
        gaps=gaps,
    )
    write_json(results / "provenance.json", record)
    write_text(out, html)
    return out, results / "provenance.json"


def plots_of(text: str | None) -> dict[str, list[str]]:
    """The plots of each task, from the JSON of ``--plots``."""
    try:
        plots = json.loads(text or "{}")
    except ValueError as error:
        raise UserError(f"--plots is not valid JSON: {error}") from error
    if not isinstance(plots, dict) or not all(isinstance(own, list) for own in plots.values()):
        raise UserError('--plots must be like {"megc2019": ["confusion", "input-apex_flow-28"]}')
    return plots


def _tables(
    results: Path, names: Sequence[str], tasks: Sequence[gather.TaskPart], gaps: Gaps, shown: Path
) -> list[dict[str, Any]]:  # fmt: skip
    """The named tables, and the plain one of each task that none of them shows."""
    parts = [gather.table_part(results, name, gaps, shown) for name in names]
    shown = {part["task"] for part in parts}
    for task in tasks:
        if task.name not in shown:
            html = formats.fragment(task.table)
            parts.append({"name": task.name, "task": task.name, "title": task.table.title, "html": html,
                          "files": [], "commands": []})  # fmt: skip
    return parts


def render(**parts: Any) -> str:
    """The HTML of the page, self-contained: styles, script and pictures are inside."""
    loader = jinja2.FileSystemLoader([Path(__file__).parent, formats.FOLDER])
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"figure": figure, "plain": plain}
    template = environment.get_template("page.html.j2")
    origins = sorted({task.origin for task in parts["tasks"]} - {"nothing"}) or ["nothing"]
    return template.render(
        version=__version__,
        synthetic=SYNTHETIC if any(task.synthetic for task in parts["tasks"]) else "",
        origins=[ORIGINS.get(origin, origin) for origin in origins],
        kinds=[*dict.fromkeys(plot["kind"] for task in parts["tasks"] for plot in task.plots)],
        **parts,
    )


def figure(row: Any, metric: str) -> str:
    """``0.7132 ± 0.0186`` of a row's metric on all clips."""
    cell = row.cells.get(("all", metric))
    if cell is None:
        return "none"
    spread = shown.spread(cell)
    return shown.mean(cell) + (f" ± {spread}" if spread else "")
