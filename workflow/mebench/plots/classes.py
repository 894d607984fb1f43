"""The F1 of each class, whose mean is UF1: which classes a model knows."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from mebench.plots import model_rows, style
from mebench.plots.runs import ModelRuns, TaskRuns


def draw(task: TaskRuns) -> Figure:
    """A matrix: a row for each model, a column for each class."""
    values = np.array([f1_of_classes(model) for model in task.models])
    clips = np.sum([task.models[0].runs[0].confusion(task.models[0].runs[0].predictions)], axis=0).sum(axis=1)
    columns = [f"{name} ({count})" for name, count in zip(task.classes, clips, strict=True)]
    fig = model_rows.matrix(values, task.models, columns, "F1")
    note = f"F1 in %, mean over {task.seeds}, pooled over all folds; in brackets the clips of a class"
    style.title(fig, f"Classes: {task.title}", task.mark, note)
    return fig


def f1_of_classes(model: ModelRuns) -> np.ndarray:
    """F1 of each class (C,), mean over the seeds; NaN for a class without clips and predictions."""
    found = []
    for run in model.runs:
        counts = run.confusion(run.predictions)
        right, seen = np.diagonal(counts), counts.sum(axis=0) + counts.sum(axis=1)
        found.append(np.divide(2 * right, seen, out=np.full(len(counts), np.nan), where=seen > 0))
    return np.mean(found, axis=0)
