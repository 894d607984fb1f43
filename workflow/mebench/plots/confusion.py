"""Confusion matrices of every model, counts pooled over folds and seeds."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from mebench.plots import style
from mebench.plots.runs import ModelRuns, TaskRuns


def draw(task: TaskRuns) -> Figure:
    """A grid of matrices. The colour is the share of the row (recall on the diagonal), the text the count."""
    classes = task.classes
    columns = min(4, len(task.models))
    rows = math.ceil(len(task.models) / columns)
    side = max(2.5, 0.62 * len(classes) + 0.9)
    titles = [style.wrapped(model.label + (" [control]" if model.control else ""), side) for model in task.models]
    height = side + 0.18 + style.LINE * style.lines(titles)
    fig = style.figure(max(6.0, columns * side + 0.9), rows * height + 0.9)
    axes = fig.subplots(rows, columns, squeeze=False)
    for ax, model, title in zip(axes.flat, task.models, titles, strict=False):
        image = _panel(ax, model, classes)
        ax.set_title(title, color=style.GREY if model.control else style.INK)
    for k, ax in enumerate(axes.flat):
        if k >= len(task.models):
            ax.set_visible(False)
        elif k % columns == 0:  # all panels have the same classes: their names stand on the outer ones
            ax.set_yticks(range(len(classes)), classes)
            ax.set_ylabel("true")
        if k < len(task.models) <= k + columns:
            ax.set_xticks(range(len(classes)), classes, rotation=35, ha="right", rotation_mode="anchor")
            ax.set_xlabel("predicted")
    bar = fig.colorbar(image, ax=axes, fraction=0.03, pad=0.02, shrink=0.7 if rows > 1 else 0.9)
    bar.set_label("share of the true class")
    bar.outline.set_visible(False)
    style.title(fig, f"Confusion: {task.title}", task.synthetic, f"counts pooled over all folds and {task.seeds}")
    return fig


def pooled(model: ModelRuns) -> np.ndarray:
    """Counts (C, C) of a model's honest predictions, summed over its seeds; rows are the truth."""
    return np.sum([run.confusion(run.predictions) for run in model.runs], axis=0)


def _panel(ax: Axes, model: ModelRuns, classes: list[str]) -> AxesImage:
    counts = pooled(model)
    totals = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    image = ax.imshow(share, vmin=0, vmax=1, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if share[row, column] > 0.55 else style.INK
        label = f"{count}\n{share[row, column]:.0%}"
        cell = ax.text(column, row, label, ha="center", va="center", color=colour, fontsize=8, linespacing=1.1)
        cell.set_in_layout(False)  # it lies within its axes; to lay out hundreds of them takes seconds
    ax.set_xticks([])
    ax.set_yticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return image
