"""The report of results that come out of archives: all of it that needs no clips, inputs and folds. Plots are drawn
again from the predictions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mebench import cards
from mebench.archive import shared_configuration
from mebench.archive.contents import PROVENANCE
from mebench.errors import UserError
from mebench.plan import Plan
from mebench.plan.shown_tables import absent_runs
from mebench.protocols import tasks
from mebench.report import page, provenance
from mebench.report.gaps import Gaps
from mebench.runs import run_record

FILE = "report.html"
SAMPLE = "input-"  # how the names of pictures of clips begin


def write(plan: Plan, out: Path) -> Path:
    """Draw the plots into the folder of results of a plan, and write the page to ``out``. The same results give the
    same bytes, wherever they lie. The runs that an archive lacks are said at the top."""
    tasks.define(plan.own_tasks)
    results = Path(plan.results)
    folders = {task: _folders(plan, task) for task in plan.tasks}
    there = [task for task, own in folders.items() if own]
    if not there:
        raise UserError(f"{results} has no runs to report")
    shown = plan.shown
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
    )
    made = page.write(
        out, results, contents, gaps=Gaps(runs=absent_runs(plan)), shown=Path(shared_configuration.RESULTS),
        record=provenance.read(results / PROVENANCE),
    )  # fmt: skip
    return made[0]


def _folders(plan: Plan, task: str) -> list[str]:
    """The folders of the runs of a task that are there."""
    folders = [plan.paths.folder(run) for run in plan.paths.runs_of(task)]
    return [folder for folder in folders if (Path(folder) / run_record.FILE).is_file()]


def _plots(plan: Plan, task: str) -> list[str]:
    """The plots of a task that show no clips."""
    return [plot for plot in plan.paths.plots(task) if not plot.startswith(SAMPLE)]


def _draw(plan: Plan, task: str, folders: Sequence[str]) -> dict[str, str]:
    """Draw the plots of a task; returns those that cannot be drawn without clips, and why."""
    from mebench.plots import looks, runs, style, together

    statistics = [path for path in plan.paths.statistics(task) if Path(path).is_file()]
    data = runs.load(folders, statistics=next(iter(statistics), None), places=looks.places(plan.compared))
    lacking = {}
    for plot in _plots(plan, task):
        try:
            style.save(together.draw_task(plot, data), Path(plan.results) / "plots" / task / plot)
        except UserError as error:
            lacking[plot] = str(error)
    return lacking


def _has_card(model: str) -> bool:
    """Whether the file of a model is here: those of others' own are not packed."""
    try:
        return bool(cards.card("models", model))
    except UserError:
        return False
