"""Learning curves: training loss per epoch, median and middle half of the folds."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from mebench.plots import style
from mebench.plots.runs import ModelRuns, TaskRuns

RIGHT = {
    "inner_uf1": ("inner UF1", style.GREEN),
    "test_accuracy": ("test accuracy (peeked)", style.VERMILLION),
}
History = Mapping[str, np.ndarray]  # columns of history.csv
WIDTH = 4.0  # inches of a panel


def draw(task: TaskRuns) -> Figure:
    """One panel for each trained model. The right axis is for the score by which an epoch was chosen."""
    trained = [(model, history) for model in task.models if len((history := _history(model))["epoch"])]
    if not trained:
        return style.message("No learning curves: no model of this task is trained by epochs.")
    columns = min(3, len(trained))
    rows = math.ceil(len(trained) / columns)
    titles = [style.wrapped(model.label, WIDTH - 0.6) for model, _ in trained]
    fig = style.figure(max(6.0, WIDTH * columns), (2.53 + style.LINE * style.lines(titles)) * rows + 0.9)
    axes = fig.subplots(rows, columns, squeeze=False)
    for ax, (model, history), title in zip(axes.flat, trained, titles, strict=False):
        _panel(ax, history)
        ax.set_title(title, color=style.GREY if model.control else style.INK)
    for ax in list(axes.flat)[len(trained) :]:
        ax.set_visible(False)
    note = f"median and middle half over all folds and {task.seeds}"
    style.title(fig, f"Learning curves: {task.title}", task.mark, note)
    return fig


def _history(model: ModelRuns) -> History:
    """The columns that all seeds have, one seed after the other."""
    every = [run.epochs for run in model.runs]
    shared = [name for name in every[0] if all(name in one for one in every)]
    return {name: np.concatenate([one[name] for one in every]) for name in shared}


def _panel(ax: Axes, history: History) -> None:
    lines = [_band(ax, history, "train_loss", "training loss", style.BLUE)]
    ax.set_xlabel("epoch")
    ax.set_ylabel("training loss", color=style.BLUE)
    ax.set_ylim(bottom=0)
    ax.set_xlim(0, history["epoch"].max())
    for column, (label, colour) in RIGHT.items():
        if column in history:
            right = ax.twinx()
            lines.append(_band(right, history, column, label, colour))
            right.set_ylim(0, 1)
            right.yaxis.set_major_formatter(PercentFormatter(1))
            right.set_ylabel(label, color=colour)
            right.spines["right"].set_visible(True)
    if len(lines) > 1:
        ax.legend(handles=lines, loc="lower left")


def _band(ax: Axes, history: History, column: str, label: str, colour: str) -> Line2D:
    at = np.unique(history["epoch"])
    low, middle, high = quartiles(history["epoch"], history[column], at).T
    dashes, point = "--" if "peeked" in label else "-", ""
    if len(at) == 1:  # one epoch has neither a line nor an area
        ax.vlines(at, low, high, color=colour, alpha=0.18, linewidth=6)
        point = "o"
    else:
        ax.fill_between(at, low, high, color=colour, alpha=0.18, linewidth=0)
    (line,) = ax.plot(at, middle, color=colour, linewidth=1.4, linestyle=dashes, label=label, marker=point,
                      clip_on=not point)  # fmt: skip
    return line


def quartiles(epochs: np.ndarray, values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The quartiles (E, 3) of the ``values`` of each epoch in ``at``; NaN for an epoch that has no value."""
    there = ~np.isnan(values)
    groups = [values[there & (epochs == epoch)] for epoch in at]
    return np.array([np.quantile(own, [0.25, 0.5, 0.75]) if len(own) else np.full(3, np.nan) for own in groups])
