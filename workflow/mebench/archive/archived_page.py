"""The report of results that come out of archives. Plots are drawn again from the predictions; those that show
clips were packed where the data are generated, and are left out where they are real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mebench import cards
from mebench.archive import data_shown, shared_configuration
from mebench.archive.contents import PROVENANCE
from mebench.errors import UserError
from mebench.plan import Plan
from mebench.plan.shown_tables import absent_runs
from mebench.protocols import tasks
from mebench.report import page, provenance
from mebench.report.gaps import Gaps
from mebench.runs import run_record

FILE = "report.html"


def write(plan: Plan, out: Path) -> Path:
    """Draw the plots into the folder of results of a plan, and write the page to ``out``. The same results give the
    same bytes, wherever they lie. The runs that an archive lacks are said at the top."""
    tasks.define(plan.own_tasks)
    results = Path(plan.results)
    folders = {task: _folders(plan, task) for task in plan.tasks}
    there = [task for task, own in folders.items() if own]
    if not there:
        raise UserError(f"{results} has no runs to report")
    shown, record = plan.shown, provenance.read(results / PROVENANCE)
    lacking = {task: {**shown["lacking"][task], **_draw(plan, task, folders[task])} for task in there}
    drawn = {task: [plot for plot in _plots(plan, task) if plot not in lacking[task]] for task in there}
    contents = page.Contents(
        tasks=there,
        tables=[table for name, table in plan.tables.items() if set(plan.tasks_of_table(name)) <= set(there)],
        models=[model for model in shown["models"] if _has_card(model)],
        plots=drawn,
        lacking=lacking,
        ranked={kind: own for kind, own in shown["ranked"].items() if set(own) <= set(there)},
        compared=shown["compared"],
        known=data_shown.parts(plan),
        left_out=data_shown.left_out(plan),
        called=_called(plan, record.config),
    )
    written = Path(str(_written(record.config).get("results", shared_configuration.RESULTS)))
    made = page.write(out, results, contents, gaps=Gaps(runs=absent_runs(plan)), shown=written, record=record)
    return made[0]


def _called(plan: Plan, config: object) -> dict[str, str]:
    """What the owner of the results calls each table."""
    tables = _written(config).get("tables")
    names = {Path(str(table)).stem: str(table) for table in tables} if isinstance(tables, list) else {}
    return {table: names.get(name, name) for name, table in plan.tables.items()}


def _written(config: object) -> Mapping[str, object]:
    """The configuration of the results; the provenance of a merge has none."""
    return config if isinstance(config, Mapping) else {}


def _folders(plan: Plan, task: str) -> list[str]:
    """The folders of the runs of a task that are there."""
    folders = [plan.paths.folder(run) for run in plan.paths.runs_of(task)]
    return [folder for folder in folders if (Path(folder) / run_record.FILE).is_file()]


def _plots(plan: Plan, task: str) -> list[str]:
    """The plots of a task that are there or can be drawn."""
    kept = data_shown.packed(plan, task)
    return [plot for plot in plan.paths.plots(task) if plot in kept or not plot.startswith(data_shown.SAMPLE)]


def _draw(plan: Plan, task: str, folders: Sequence[str]) -> dict[str, str]:
    """Draw the plots and pages of a task that were not packed; returns those that cannot be drawn without clips, and
    why."""
    from mebench.plots import looks, runs, style, together

    statistics = [path for path in plan.paths.statistics(task) if Path(path).is_file()]
    data = runs.load(folders, statistics=next(iter(statistics), None), places=looks.places(plan.compared))
    lacking, kept, out = {}, data_shown.packed(plan, task), Path(plan.results) / "plots" / task
    for plot in _plots(plan, task):
        try:
            if plot not in kept:
                style.save(together.draw_task(plot, data), out / plot)
        except UserError as error:
            lacking[plot] = str(error)
    list(together.save_pages(out, data))
    return lacking


def _has_card(model: str) -> bool:
    """Whether the file of a model is here: those of others' own are not packed."""
    try:
        return bool(cards.card("models", model))
    except UserError:
        return False
