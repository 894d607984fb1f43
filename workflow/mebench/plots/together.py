"""All figures of a task, or of the datasets, drawn by one process, which starts and reads the runs once."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from mebench import cards, tasks
from mebench.config.kinds import drawable
from mebench.errors import UserError, did_you_mean
from mebench.plots import dataset, runs, style
from mebench.plots.samples import drawing
from mebench.runs.inspected import FILE as INSPECTION

OTHERS = ("input", "dataset", "task", "datasets")  # plots of other things than runs, and names of several plots
Places = Sequence[str | os.PathLike[str]]


def save_task(out: Path, task: runs.TaskRuns) -> Iterator[Path]:
    """Write the plots of a task into the folder ``out``; yields each file as soon as it is written. The sample picture
    of an input is called ``input-<its name>``."""
    for plot in plot_names(task):
        yield from style.save(draw_task(plot, task), out / plot)
    yield from save_pages(out, task)
    for kept, stores in task.samples.items():
        yield from style.save(drawing.draw(stores, task.clips, task.record.task), out / f"input-{kept}")


def save_pages(out: Path, task: runs.TaskRuns) -> Iterator[Path]:
    """Write the files of a task with a page for each subject into the folder ``out``."""
    for kept in tasks.card(task.kind.task).get("pages", {}):
        yield style.save_pages(importlib.import_module(f"mebench.plots.{kept}").pages(task), out / kept)


def save_datasets(out: Path, clips: Places) -> Iterator[Path]:
    """Write the figure of each dataset into the folder ``out``, called after the folder of its clips.csv."""
    for path in map(Path, clips):
        yield from style.save(draw_dataset(path), out / path.parent.name)


def plot_names(task: runs.TaskRuns) -> list[str]:
    """The plots that a task has: those of its kind, but for what it lacks."""
    peeked = any(model.record.selection == "test_peek" for model in task.models)
    inspected = any((run.folder / INSPECTION).is_file() for model in task.models for run in model.runs)
    return drawable(tasks.card(task.kind.task), task.statistics is not None, peeked, inspected)


def draw_task(plot: str, task: runs.TaskRuns) -> Figure:
    """A plot of the pooled runs of a task. A UserError where its kind has no plot of that name."""
    known = tasks.card(task.kind.task)["plots"]
    if plot not in known:
        raise UserError(f"unknown plot '{plot}'{did_you_mean(plot, [*known, *OTHERS])}")
    own = getattr(cards.load("tasks", tasks.name_of(task.kind.task)), "PLOTS", {})
    draw = own.get(plot) or importlib.import_module(f"mebench.plots.{plot}").draw
    return draw(task)


def draw_dataset(clips: Path) -> Figure:
    """The figure of a dataset, from its clips.csv and the files that ``mebench index`` writes beside it."""
    return dataset.draw(dataset.read(clips))
