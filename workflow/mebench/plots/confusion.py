"""Confusion matrices of every model, counts pooled over folds and seeds."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from mebench.plots import matrices, style
from mebench.plots.matrices import Matrix
from mebench.plots.runs import ModelRuns, TaskRuns


def draw(task: TaskRuns) -> Figure:
    """A grid of matrices. The colour is the share of the row (recall on the diagonal), the text the count."""
    shown = [
        Matrix(model.label + (" [control]" if model.control else ""), model.control, pooled(model))
        for model in task.models
    ]
    fig = matrices.draw(shown, task.classes, task.classes)
    style.title(fig, f"Confusion: {task.title}", task.mark, f"counts pooled over all folds and {task.seeds}")
    return fig


def pooled(model: ModelRuns) -> np.ndarray:
    """Counts (C, C) of a model's honest predictions, summed over its seeds; rows are the truth."""
    return np.sum([run.confusion(run.predictions) for run in model.runs], axis=0)
