"""Reads the parts of the page and renders the template."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import markupsafe

from mebench import __version__
from mebench.errors import UserError
from mebench.files import write_json, write_text
from mebench.origins import MARKS, SHORT, of_all
from mebench.papers import Paper
from mebench.report import faces
from mebench.report.across import NONE, AcrossPart, across
from mebench.report.datasets import DatasetPart, dataset_part
from mebench.report.gaps import Gaps
from mebench.report.models import ModelPart, model_part
from mebench.report.plain import plain
from mebench.report.provenance import Provenance, provenance, read
from mebench.report.sureness import read_statistics
from mebench.report.tables import TablePart, table_parts
from mebench.report.tasks import Asked, TaskPart, task_part
from mebench.tables import formats, shown
from mebench.tables.description import Key
from mebench.tables.table import Row

ORIGINS = {
    "synthetic": "synthetic data",
    "rehearsal": "the stand-ins of a rehearsal",
    "licensed": "the licensed recordings",
    "pictures": "published flow pictures",
}


@dataclass(frozen=True)
class Contents:
    """What the page shows, by name. A task that is not in ``plots`` shows the plots of its kind. ``lacking`` are plots
    that a task has not, and why. ``ranked`` are the tasks of a kind over which models are ranked, ``compared`` the
    models of each task. ``rehearsed`` are lines about what the real run will take, where this one is a rehearsal.
    ``known`` are datasets that were read before. ``left_out`` says what an archive does not hold. ``called`` is what
    commands call a table that is a file.
    """

    tasks: Sequence[str]
    tables: Sequence[str] = ()
    datasets: Sequence[str] = ()
    models: Sequence[str] = ()
    plots: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lacking: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ranked: Mapping[str, Sequence[str]] = field(default_factory=dict)
    compared: Sequence[Sequence[str]] = ()
    rehearsed: Sequence[str] = ()
    known: Sequence[DatasetPart] = ()
    left_out: str = ""
    called: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Parts:
    """The parts of the page, as they were read."""

    tasks: Sequence[TaskPart]
    tables: Sequence[TablePart]
    datasets: Sequence[DatasetPart]
    models: Sequence[ModelPart]
    across: Sequence[AcrossPart] = ()
    rehearsed: Sequence[str] = ()
    left_out: str = ""


def write(
    out: Path, results: Path, contents: Contents, config_json: str | None = None,
    gaps: Gaps | None = None, shown: Path | None = None, record: Provenance | None = None,
) -> tuple[Path, Path]:  # fmt: skip
    """Write the report to ``out``, and provenance.json to ``results``.

    ``gaps``: what is missing, said at the top. ``shown``: the results folder that commands name, where it is another.
    ``record``: what provenance.json says already, where the runs were made elsewhere.
    """
    gaps, shown = gaps or Gaps(), shown or results
    if not contents.tasks:
        raise UserError("the report needs at least one task after --tasks")
    parts = _read(results, contents, gaps, shown)
    runs = [run for task in parts.tasks for run in task.runs]
    if record is None:
        found = provenance(config_json, {dataset.name: dataset.path for dataset in parts.datasets}, runs)
        write_json(results / "provenance.json", found.as_json())
        record = read(results / "provenance.json")  # in its order, as for results that come out of an archive
    html = render(parts, record, gaps, shown)
    write_text(out, html)
    return out, results / "provenance.json"


def _read(results: Path, contents: Contents, gaps: Gaps, shown: Path) -> Parts:
    statistics = read_statistics(results, contents.tables)
    tasks = [
        task_part(
            results, name, Asked(contents.plots.get(name), contents.lacking.get(name, {}), statistics), gaps, shown
        )
        for name in contents.tasks
    ]
    room = faces.ROOM // max(1, len(contents.datasets))
    datasets = [
        dataset_part(results, name, room, f"datasets/{name}" not in gaps.plots)
        for name in contents.datasets
        if name not in gaps.datasets
    ]
    models = [model_part(name, [run for task in tasks for run in task.runs]) for name in contents.models]
    tables = table_parts(results, contents.tables, tasks, gaps, shown, contents.called)
    ranks = across(results, contents.ranked, tasks, contents.compared)
    return Parts(tasks, tables, [*contents.known, *datasets], models, ranks, contents.rehearsed, contents.left_out)


def parse_plots(text: str | None) -> dict[str, list[str]]:
    """The plots of each task, from the JSON of ``--plots``."""
    try:
        plots = json.loads(text or "{}")
    except ValueError as error:
        raise UserError(f"--plots is not valid JSON: {error}") from error
    if not isinstance(plots, dict) or not all(isinstance(own, list) for own in plots.values()):
        raise UserError('--plots must be like {"megc2019": ["confusion", "input-apex_flow-28"]}')
    return plots


def render(parts: Parts, record: Provenance, gaps: Gaps, results: Path) -> str:
    """The HTML of the page, self-contained: styles, script and pictures are inside. Commands name the folder
    ``results``."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([Path(__file__).parent, formats.FOLDER]), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"code": code, "figure": figure, "plain": plain}
    origins = sorted({task.origin for task in parts.tasks} - {"nothing"}) or ["nothing"]
    return environment.get_template("page.html.j2").render(
        version=__version__,
        short=SHORT.get(of_all(origins), ""),
        mark=MARKS.get(of_all(origins), ""),
        origins=[ORIGINS.get(origin, origin) for origin in origins],
        plot_names=list(dict.fromkeys(plot.name for task in parts.tasks for plot in task.plots)),
        tasks=parts.tasks,
        across=parts.across,
        tables=parts.tables,
        datasets=parts.datasets,
        models=parts.models,
        rehearsed=parts.rehearsed,
        left_out=parts.left_out,
        lacks=lacks(parts),
        papers=bibliography([*(m.paper for m in parts.models), *(d.paper for d in parts.datasets)]),
        record=record,
        gaps=gaps,
        results=results.as_posix(),
    )


def code(text: str) -> markupsafe.Markup:
    """A line of text as HTML, with what stands between backticks as code."""
    pieces = text.split("`")
    return markupsafe.Markup("").join(
        markupsafe.Markup("<code>{}</code>").format(piece) if place % 2 else piece for place, piece in enumerate(pieces)
    )


def lacks(parts: Parts) -> list[str]:
    """What the page does not know, besides runs and plots that could not be made; what tasks share stands once."""
    by_line: dict[str, list[str]] = {}
    for task in parts.tasks:
        for line in task.undrawn:
            by_line.setdefault(line, []).append(task.name)
    lines = [f"{', '.join(names)}: {line}" for line, names in by_line.items()]
    return lines if any(part.picture for part in parts.across) else [*lines, NONE]


def bibliography(papers: Iterable[Paper | None]) -> dict[str, tuple[int, Paper]]:
    """The papers with their numbers, by title, in the order in which they first appear."""
    first: dict[str, Paper] = {}
    for paper in papers:
        if paper:
            first.setdefault(paper.title, paper)
    return {title: (number, paper) for number, (title, paper) in enumerate(first.items(), 1)}


def figure(row: Row, metric: str) -> str:
    """``0.7132 ± 0.0186`` of a row's metric on all clips."""
    cell = row.cells.get(Key("all", metric))
    if cell is None:
        return "none"
    spread = shown.spread(cell)
    return shown.mean(cell) + (f" ± {spread}" if spread else "")
