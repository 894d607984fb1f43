"""The table of a task that has no table file. Its columns are those that the card of its kind names, on all clips and
on each dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mebench import cards, tasks
from mebench.protocols.tasks import task as task_called
from mebench.tables.description import Column, Description

Metrics = Mapping[str, tasks.Metric]  # of a kind of task


def default(name: str) -> Description:
    """Describe the default table of the task ``name``. An unknown task is a UserError."""
    task = task_called(name)
    card = tasks.card(task)
    datasets = task["datasets"] if len(task["datasets"]) > 1 else []
    titles = {dataset: cards.card("datasets", dataset)["title"] for dataset in datasets}
    on_each = [columns(dataset, card["columns"]["part"], card["metrics"]) for dataset in datasets]
    return Description(
        name=name,
        title=task["title"],
        task=name,
        columns=(*columns("all", card["columns"]["all"], card["metrics"]), *(one for own in on_each for one in own)),
        parts={"all": _all(task)} | titles,
        caption=card["caption"],
        notes=("No published row has been entered for this task.",),
    )


def overview(name: str, title: str) -> Description:
    """Describe the small table of a task: its most important figures, on all clips only."""
    task = task_called(name)
    card = tasks.card(task)
    on_all = columns("all", card["columns"]["all"], card["metrics"])
    return Description(name=name, title=title, task=name, columns=on_all, parts={"all": _all(task)})


def _all(task: Mapping[str, object]) -> str:
    """The heading of the figures over all samples."""
    return "All recordings" if tasks.made_of_recordings(task) else "All clips"


def columns(part: str, figures: Iterable[tuple[str, str]], metrics: Metrics) -> tuple[Column, ...]:
    """A column of the ``part`` for each (metric, heading)."""
    return tuple(column(part, metric, header, metrics) for metric, header in figures)


def column(part: str, metric: str, header: str, metrics: Metrics) -> Column:
    """A column of a metric that the task has."""
    about = metrics[metric]
    return Column(part, metric, header, -1 if about.get("best") == "min" else 1, about.get("digits", 4),
                  about.get("compared", True), about.get("fixed", False))  # fmt: skip
