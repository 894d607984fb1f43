"""A task on the page: its own small table, its best row, its plots, and the clips that models leave out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mebench import tables, tasks
from mebench.config.kinds import drawable
from mebench.errors import UserError, did_you_mean
from mebench.origins import of_all
from mebench.plots import samples
from mebench.protocols.tasks import task as task_called
from mebench.report.gaps import Gaps
from mebench.report.model_runs import ModelRunsPart, model_runs
from mebench.report.pictures import Picture, letters_note, svg
from mebench.report.runs import PooledRun, read_runs
from mebench.report.standing import Standing, standing
from mebench.report.sureness import sureness
from mebench.statistics.table_statistics import TableStatistics
from mebench.tables.absent import sentences
from mebench.tables.caption import common_conventions
from mebench.tables.default import default, overview
from mebench.tables.table import Row, Table


@dataclass(frozen=True)
class LeftOut:
    """The clips that a model could neither be trained on nor predict, and why: (clip_id, reason)."""

    title: str
    seeds: tuple[int, ...]
    predicted: int
    clips: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PlotPart:
    """A plot with its heading and caption; ``files`` are its paths from the report."""

    name: str
    title: str
    caption: str
    picture: Picture
    files: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """What the page shows of a task: its ``plots``, all those of its kind where none are named, the plots that it is
    ``lacking`` with the reason, and ``statistics`` of tables, which say how sure its figures are."""

    plots: Sequence[str] | None = None
    lacking: Mapping[str, str] = field(default_factory=dict)
    statistics: Sequence[TableStatistics] = ()


@dataclass(frozen=True)
class TaskPart:
    """``clips`` counts samples, which are called ``unit``: clips, or recordings. ``conventions`` say how predictions
    became figures. ``models`` are the runs behind each figure. ``pages`` are files beside the report: path, heading and
    what they hold. ``missing`` says what the task lacks, one sentence each, and ``undrawn`` which plots it does not
    have, and why."""

    name: str
    title: str
    mark: str
    origin: str
    clips: int
    unit: str
    subjects: int
    best: Row | None
    majority: Row | None
    table: Table
    plots: tuple[PlotPart, ...]
    runs: tuple[PooledRun, ...]
    left_out: tuple[LeftOut, ...]
    standing: Standing
    models: tuple[ModelRunsPart, ...]
    conventions: str = ""
    pages: tuple[tuple[str, str, str], ...] = ()
    missing: tuple[str, ...] = ()
    undrawn: tuple[str, ...] = ()


def task_part(
    results: Path, name: str, asked: Asked | None = None, gaps: Gaps | None = None, shown: Path | None = None
) -> TaskPart:  # fmt: skip
    """Read the scores, runs and plots of one task; what ``gaps`` names is left out, and said. Commands name the folder
    ``shown``."""
    gaps, asked = gaps or Gaps(), asked or Asked()
    own = tasks.card(task_called(name))
    known, beside = own["plots"], own.get("plots_beside", ())
    path, absent = results / "scores" / f"{name}.csv", gaps.absent_runs(name)
    scores = tables.read_scores(path) if path.is_file() or not absent else []
    runs = read_runs(results, name, scores)
    title = runs[0].record.task_title or name if runs else task_called(name)["title"]
    table = tables.build(overview(name, title), scores, absent)
    whole = [score for score in scores if score.part == "all"]
    plots = asked.plots or drawable(own, False, any(run.record.selection == "test_peek" for run in runs))
    made = [plot for plot in asked.lacking if (results / "plots" / name / f"{plot}.svg").is_file()]
    plots = [*plots, *(plot for plot in made if own.get("plots_need", {}).get(plot) == "inspection")]
    drawn = [plot for plot in plots if runs and f"{name}/{plot}" not in gaps.plots]
    return TaskPart(
        name=name,
        title=title,
        mark=table.mark,
        origin=of_all({row.origin for row in table.rows if row.origin}),
        clips=max((score.n + score.without_input for score in whole), default=0),
        unit="recordings" if tasks.made_of_recordings(task_called(name)) else "clips",
        subjects=max((score.folds_expected for score in whole), default=0),
        best=next((row for row in table.rows if row.rank == 1), None),
        majority=next((row for row in table.rows if row.model == "majority"), None),
        table=table,
        plots=tuple(_plot(results / "plots" / name, plot, known) for plot in drawn if plot not in beside),
        runs=runs,
        left_out=_left_out(runs),
        standing=standing(table, sureness(asked.statistics, name, table.columns[0].metric)),
        models=model_runs(results, shown or results, tables.build(default(name), scores, absent), scores, runs),
        conventions=common_conventions([row for row in table.rows if row.block in ("measured", "control")]),
        pages=(*_pages(results, name), *_beside(name, [plot for plot in drawn if plot in beside], known)),
        undrawn=tuple(_undrawn({plot: why for plot, why in asked.lacking.items() if plot not in drawn}, known)),
        missing=tuple(_missing(name, gaps)),
    )


def _pages(results: Path, name: str) -> Iterator[tuple[str, str, str]]:
    """The files with a page for each subject that were made, by their paths from the report."""
    for pages, (title, holds) in tasks.card(task_called(name)).get("pages", {}).items():
        path = f"plots/{name}/{pages}.pdf"
        if (results / path).is_file():
            yield path, title, holds


def _beside(name: str, plots: Sequence[str], known: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str, str]]:
    """The plots that are linked: they differ from run to run, and the page does not."""
    for plot in plots:
        title, caption = known[plot]
        yield (
            f"plots/{name}/{plot}.svg",
            title,
            f"{caption} It differs from run to run, so that it is no part of this page",
        )


def _undrawn(lacking: Mapping[str, str], known: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A sentence for each reason, with the plots that are not drawn for it."""
    for reason in dict.fromkeys(lacking.values()):
        titles = ", ".join(known[plot][0] for plot, why in lacking.items() if why == reason)
        yield f"{titles}: not drawn, because {reason}."


def _missing(task: str, gaps: Gaps) -> list[str]:
    partial = [f"{run}: {reason}" for run, reason in gaps.partial.items() if run.startswith(f"{task}/")]
    plots = [f"plot {name}: {reason}" for name, reason in gaps.plots.items() if name.startswith(f"{task}/")]
    return [*sentences(gaps.absent_runs(task)), *partial, *plots]


def _left_out(runs: Sequence[PooledRun]) -> tuple[LeftOut, ...]:
    """One entry for each model and set of clips; seeds that lack the same clips share one."""
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[PooledRun]] = {}
    for run in runs:
        clips = tuple(sorted(run.record.without_input.items()))
        if clips:
            groups.setdefault((run.record.title, clips), []).append(run)
    return tuple(
        LeftOut(title, tuple(sorted(run.record.seed for run in own)), min(run.record.clips for run in own), clips)
        for (title, clips), own in groups.items()
    )


def _plot(folder: Path, name: str, known: Mapping[str, Sequence[str]]) -> PlotPart:
    sampled = name.startswith("input-")
    if not sampled and name not in known:
        raise UserError(f"unknown plot '{name}'{did_you_mean(name, known)}")
    title, caption = samples.title_and_caption(name.removeprefix("input-")) if sampled else known[name]
    path = folder / f"{name}.svg"
    files = tuple(f"plots/{folder.name}/{name}.{suffix}" for suffix in ("svg", "png"))
    return PlotPart(name, title, f"{caption} {letters_note(path)}".strip(), svg(path), files)
