"""The emotion that a spotter names, for the labels that it finds."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from mebench.plots import matrices, style
from mebench.plots.matrices import Matrix
from mebench.plots.runs import ModelRuns, TaskRuns
from mebench.plots.spotted import outcomes
from mebench.spotting.choices import Choices


def draw(task: TaskRuns) -> Figure:
    """A matrix for each model that has true positives. Rows are the classes of recognition."""
    asked = {model.record.model: recognised(model) for model in task.models}
    rows = [name for name in task.classes if any(name in own for own in asked.values())]
    pairs = {model.record.model: own for model in task.models if (own := named(model))}
    if not pairs:
        return style.message("No emotion to show: no model of this task has a true positive.")
    other = sorted({said for own in pairs.values() for _, said in own} - set(task.classes))
    columns = [*task.classes, *(said or "no class" for said in other)]
    kept = {name: [pair for pair in own if pair[0] in asked[name]] for name, own in pairs.items()}
    shown = [Matrix(_title(model, len(kept[name]), len(pairs[name])), model.control,
                    counted(kept[name], rows, [*task.classes, *other]))
             for model in task.models if (name := model.record.model) in pairs]  # fmt: skip
    fig = matrices.draw(shown, rows, columns)
    note = f"true positives over all folds and {task.seeds}; those whose label is of another class are no part of it"
    style.title(fig, f"Emotions of what is found: {task.title}", task.mark, note)
    return fig


def recognised(model: ModelRuns) -> tuple[str, ...]:
    """The classes of recognition, under the choices of a model."""
    return Choices.read(model.runs[0].stage).recognised or tuple(model.runs[0].classes)


def named(model: ModelRuns) -> list[tuple[str, str]]:
    """(emotion of the label, predicted emotion) of all true positives of a model, over its seeds."""
    return [
        (one.labels[label].emotion, one.found[found].emotion)
        for run in model.runs for one in outcomes(run) for found, label in one.pairs
    ]  # fmt: skip


def counted(pairs: list[tuple[str, str]], rows: list[str], columns: list[str]) -> np.ndarray:
    """Counts (rows, columns) of the pairs."""
    counts = np.zeros((len(rows), len(columns)), dtype=np.int64)
    for true, said in pairs:
        counts[rows.index(true), columns.index(said)] += 1
    return counts


def _title(model: ModelRuns, counted: int, found: int) -> str:
    control = " [control]" if model.control else ""
    return f"{model.label}{control} ({counted} of {found} true positives)"
