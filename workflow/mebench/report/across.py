"""Models over several tasks of one kind: their average ranks, as a critical-difference diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mebench.origins import MARKS, of_all
from mebench.report.pictures import Picture, svg
from mebench.report.tasks import TaskPart

NONE = "Critical differences: not drawn, because no two tasks of one kind share two models that are no controls."


@dataclass(frozen=True)
class AcrossPart:
    """The diagram of a kind of task; ``said`` is what it shows, in words. Its picture is None where too few models are
    complete."""

    kind: str
    tasks: tuple[str, ...]
    said: str
    picture: Picture | None
    files: tuple[str, ...]


def across(
    results: Path, ranked: Mapping[str, Sequence[str]], tasks: Sequence[TaskPart], compared: Sequence[Sequence[str]]
) -> tuple[AcrossPart, ...]:
    """Draw and read the diagram of each kind in ``ranked``, which names its tasks. ``compared`` are the models of each
    task of the benchmark, which decide how each looks."""
    by_name = {task.name: task for task in tasks}
    return tuple(
        _part(results, kind, [by_name[name] for name in names if name in by_name], compared)
        for kind, names in ranked.items()
    )


def shared(tasks: Sequence[TaskPart]) -> list[str]:
    """The models that are ranked on each of the tasks, by the first column of each."""
    groups = [[row.model for row in task.table.rows if row.rank is not None] for task in tasks]
    return [model for model in groups[0] if all(model in group for group in groups)] if groups else []


def _part(results: Path, kind: str, tasks: Sequence[TaskPart], compared: Sequence[Sequence[str]]) -> AcrossPart:
    names, models = tuple(task.name for task in tasks), shared(tasks)
    from mebench.plots import looks, ranks, style
    from mebench.statistics.families import seed_warning
    from mebench.statistics.ranks import ranks as average_ranks

    stem = f"plots/ranks-{kind}"
    if len(tasks) < 2 or len(models) < 2:  # the workflow waits for the file
        style.save(style.message("No ranks: fewer than two models are complete on all tasks."), results / stem)
        return AcrossPart(kind, names, "", None, ())
    values = np.array([[_figure(task, model) for model in models] for task in tasks])
    found = average_ranks(models, values)
    titles = {row.model: row.method for task in tasks for row in task.table.rows if row.model in models}
    warning = seed_warning([row.seeds for task in tasks for row in task.table.rows if row.model in models])
    mark = MARKS.get(of_all({task.origin for task in tasks}), "")
    note = f"{found.tasks} tasks: {', '.join(names)}; a bar joins models that cannot be told apart"
    heading = ranks.Heading(f"Average ranks over tasks: {kind}", mark, f"{note}. {warning}".strip())
    fig = ranks.draw(found, titles, looks.places(compared), heading)
    style.save(fig, results / stem)
    order = ", ".join(f"{titles[model]} {rank:.2f}" for model, rank in zip(found.models, found.average, strict=True))
    near = f"Ranks nearer than {found.critical_difference:.2f} cannot be told apart (Nemenyi, 5 %)."
    said = f"Average ranks: {order}. {near}"
    return AcrossPart(kind, names, said, svg(results / f"{stem}.svg"), (f"{stem}.svg", f"{stem}.png"))


def _figure(task: TaskPart, model: str) -> float:
    """The figure of a model, more is better."""
    column = task.table.columns[0]
    row = next(row for row in task.table.rows if row.model == model and row.rank is not None)
    return column.sign * row.cells[column.key].mean
