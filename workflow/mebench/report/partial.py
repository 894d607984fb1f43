"""The partial report: tables, plots and report of what is there, after a command that could not make everything.

All of it is made in a folder of its own, ``<results>/partial``, laid out like the results. Then the files that the
command was to make are copied into the results with an old time stamp, so that Snakemake makes them again as soon as
what they lack is there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from mebench import tables
from mebench.config import recipes
from mebench.errors import UserError
from mebench.files import write_text
from mebench.plan import Plan
from mebench.plots import looks, runs, style, together
from mebench.plots.samples import drawing
from mebench.protocols import tasks
from mebench.report import page
from mebench.report.gaps import Gaps, Reasons
from mebench.runs import table_statistics
from mebench.runs.pool import pool
from mebench.runs.run_costs import with_costs
from mebench.runs.run_record import Title
from mebench.runs.scores import write_each
from mebench.watch.broken import broken
from mebench.watch.incomplete import OLD, missing_file
from mebench.watch.runs import RunState, Watcher

# what runs.load is given: runs, clips, events, statistics, samples and places
Given = tuple[list[str], list[str], list[str], str | None, Mapping[str, list[str]], Mapping[str, int]]
LINKED = ("datasets", "inputs", "faces", "sources")


def make(plan: Plan, wanted: Sequence[Path]) -> tuple[Gaps, list[Path]]:
    """Make those of the files ``wanted`` that can be made of what is there.

    Returns what is missing, and the files that were written. Files that no table, plot or report can be made for, such
    as inputs and runs, are left to the next start.
    """
    tasks.define(plan.own_tasks)
    results, tree = Path(plan.results), Path(plan.results) / "partial"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    states = Watcher(plan).look()
    reasons = Reasons(plan, broken(plan, states, 1))
    gaps = Gaps()
    _datasets(plan, tree, reasons, gaps)
    there = [state.run for state in states if _run(plan, state, tree, reasons, gaps)]
    here = plan.elsewhere(tree.as_posix(), there)
    _scores_and_tables(here, tree, gaps)
    _plots(here, results, tree, set(wanted), gaps)
    _report(here, plan, tree, gaps)
    return gaps, _publish(results, tree, wanted)


def _datasets(plan: Plan, tree: Path, reasons: Reasons, gaps: Gaps) -> None:
    for name in LINKED:
        (tree / name).symlink_to(Path("..") / name, target_is_directory=True)
    for name in plan.datasets:
        if not (tree / "datasets" / name / "clips.csv").is_file() or not Path(plan.paths.source_record(name)).is_file():
            gaps.datasets[name] = reasons.dataset_reason(name) or "it was not read"


def _run(plan: Plan, state: RunState, tree: Path, reasons: Reasons, gaps: Gaps) -> bool:
    """Put a run into the tree: the pooled run, or pool the folds that are done. False where no fold is done."""
    folder, place = Path(plan.paths.folder(state.run)), tree / "runs" / state.run.id
    if state.pooled and not state.missing:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(os.path.relpath(folder, place.parent), target_is_directory=True)
        return True
    if state.done and not state.waiting:
        record = pool(plan.files(state.run), Title(**recipes.about(state.run.spec)), place)
        if record.folds_done < record.folds_expected:
            gaps.partial[state.run.id] = (
                f"{record.folds_done} of {record.folds_expected} folds; {reasons.run_reason(state)}"
            )
        return True
    gaps.runs.append(reasons.absent(state))
    return False


def _scores_and_tables(here: Plan, tree: Path, gaps: Gaps) -> None:
    for task in here.tasks:
        if here.paths.runs_of(task):
            write_each(here.arguments.stages(task), tree / "scores" / f"{task}.csv")
    for name, table in here.tables.items():
        description = tables.describe(table)
        files = (tree / "scores" / f"{task}.csv" for task in description.tasks)
        found = [score for path in files if path.is_file() for score in tables.read_scores(path)]
        scores = with_costs(description, found, tree)
        made = tables.build(description, scores, gaps.runs)
        statistics = table_statistics.compute(made, here.folders_of_table(name))
        tables.write(tables.with_statistics(made, statistics), tree / "tables" / name)


def _plots(here: Plan, results: Path, tree: Path, wanted: set[Path], gaps: Gaps) -> None:
    """Copy the plots that are whole and draw the others. A plot that cannot be drawn is a gap."""
    for name, draw in _drawers(here, gaps).items():
        made = {suffix: results / "plots" / f"{name}.{suffix}" for suffix in ("svg", "png")}
        if all(path.is_file() for path in made.values()) and not wanted & set(made.values()):
            for path in made.values():
                place = tree / path.relative_to(results)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
            continue
        try:
            style.save(draw(), tree / "plots" / name)
        except UserError as error:
            gaps.plots[name] = str(error)
        except Exception as error:  # a fault of one plot must not take the report along
            gaps.plots[name] = f"{type(error).__name__}: {error}"


def _drawers(here: Plan, gaps: Gaps) -> dict[str, Callable[[], Figure]]:
    """What draws each plot, by its name."""
    drawers: dict[str, Callable[[], Figure]] = {}
    places = looks.places(here.compared)
    for task in here.tasks:
        folders = [here.paths.folder(run) for run in here.paths.runs_of(task)]
        clips = here.paths.clips(here.tasks[task]["datasets"])
        events = [path for path in here.paths.events(task) if Path(path).is_file()]
        statistics = next(iter(here.paths.statistics(task)), None)
        given = (folders, clips, events, statistics, here.paths.samples[task], places)
        for plot in here.paths.plots(task) if folders else ():
            if plot.startswith("input-"):
                stores = here.paths.samples[task][plot.removeprefix("input-")]
                drawers[f"{task}/{plot}"] = partial(drawing.draw, stores, clips, task)
            else:
                drawers[f"{task}/{plot}"] = partial(_draw, plot, given)
    for name in here.datasets:
        if name not in gaps.datasets:
            path = Path(here.results) / "datasets" / name / "clips.csv"
            drawers[f"datasets/{name}"] = partial(together.draw_dataset, path)
    return drawers


def _draw(plot: str, given: Given) -> Figure:
    return together.draw_task(plot, runs.load(*given))


def _report(here: Plan, plan: Plan, tree: Path, gaps: Gaps) -> None:
    contents = page.Contents(**here.shown)
    page.write(tree / "report.html", tree, contents, plan.config_json, gaps=gaps, shown=Path(plan.results))


def _publish(results: Path, tree: Path, wanted: Iterable[Path]) -> list[Path]:
    """Copy the wanted files out of the tree, each whole, and give them an old time stamp."""
    written = []
    for path in wanted:
        source = tree / path.relative_to(results)
        if source.is_file() and not source.is_symlink() and path.parts[len(results.parts)] not in (*LINKED, "runs"):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.partial")
            shutil.copyfile(source, temporary)
            os.utime(temporary, (OLD, OLD))
            os.replace(temporary, path)
            written.append(path)
    return written


def summary(gaps: Gaps) -> str:
    """One line for each thing that is missing, as the command prints them at its end."""
    from mebench.tables.absent import sentences

    lines = [f"dataset {name}: {reason}" for name, reason in gaps.datasets.items()]
    for task in dict.fromkeys(run.task for run in gaps.runs):
        lines += [f"{task}: {line}" for line in sentences(gaps.absent_runs(task))]
    lines += [f"{run}: {reason}" for run, reason in gaps.partial.items()]
    return "\n".join([*lines, *(f"plot {name}: {reason}" for name, reason in gaps.plots.items())])


def note(results: Path, text: str) -> None:
    """Keep the summary beside the results of the partial tree."""
    write_text(missing_file(results), text + "\n")
