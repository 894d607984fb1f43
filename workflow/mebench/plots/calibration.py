"""Whether probabilities can be believed: how often a prediction is right, by how sure the model was."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mebench.plots import style
from mebench.plots.looks import Look, looks
from mebench.plots.runs import ModelRuns, TaskRuns

BINS = 10
WIDTH = 2.7  # inches of a panel


@dataclass(frozen=True)
class Reliability:
    """Of each bin of the probability of the predicted class: ``counts`` of predictions, how ``sure`` they were and the
    share that is ``right``, NaN where a bin is empty. ``error`` is the expected calibration error: the mean distance of
    the two, weighed by the counts (Naeini and others 2015, with bins of equal width)."""

    counts: np.ndarray
    sure: np.ndarray
    right: np.ndarray
    error: float


def draw(task: TaskRuns) -> Figure:
    """A panel for each model: points on the diagonal are believed rightly. Bars count the predictions of each bin."""
    shown = [(model, look, own) for model, look in looks(task)
             if not model.control and (own := reliability(model))]  # fmt: skip
    if not shown:
        return style.message("No calibration to show: no model of this task gives probabilities.")
    across = min(4, len(shown))
    down = math.ceil(len(shown) / across)
    titles = [style.wrapped(model.label, WIDTH - 0.4) for model, _, _ in shown]
    fig = style.figure(max(6.5, WIDTH * across + 0.5), (2.1 + style.LINE * (style.lines(titles) + 1)) * down + 1.0)
    axes = fig.subplots(down, across, squeeze=False)
    for ax in list(axes.flat)[len(shown) :]:
        ax.set_visible(False)
    for place, (_, look, own) in enumerate(shown):
        ax = axes.flat[place]
        _panel(ax, own, look)
        ax.set_title(f"{titles[place]}\nerror {own.error:.2f}, {own.counts.sum()} predictions", fontsize=9)
        ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"] if place + across >= len(shown) else [""] * 3)
        ax.set_yticks([0, 0.5, 1], ["0", "0.5", "1"] if place % across == 0 else [""] * 3)
    fig.supxlabel("probability of the predicted class (bars: share of all predictions)", fontsize=9)
    fig.supylabel("share that is right", fontsize=9)
    style.title(fig, f"Calibration: {task.title}", task.mark, f"pooled over all folds and {task.seeds}")
    return fig


def reliability(model: ModelRuns) -> Reliability | None:
    """All predictions of a model, over its seeds; None where a file has no probabilities."""
    rows = [row for run in model.runs for row in run.predictions]
    if not rows or not all(row.get(f"p_{row['prediction']}") for row in rows):
        return None
    sure = np.array([float(row[f"p_{row['prediction']}"]) for row in rows])
    right = np.array([row["truth"] == row["prediction"] for row in rows], dtype=float)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    means = [np.divide(np.bincount(bins, weights=values, minlength=BINS), counts, out=np.full(BINS, np.nan),
                       where=counts > 0) for values in (sure, right)]  # fmt: skip
    apart = np.abs(means[0] - means[1])
    return Reliability(counts, means[0], means[1], float(np.nansum(apart * counts) / counts.sum()))


def _panel(ax: Axes, own: Reliability, look: Look) -> None:
    edges = np.arange(BINS) / BINS
    ax.bar(edges, own.counts / own.counts.sum(), width=1 / BINS, align="edge", color=style.FAINT, edgecolor="white")
    ax.plot([0, 1], [0, 1], color=style.GREY, linewidth=0.8, linestyle=":")
    there = own.counts > 0
    ax.plot(own.sure[there], own.right[there], marker=look.marker, color=look.colour, linewidth=1.2, markersize=5)
    ax.set_xlim(0, 1.02)
    ax.set_ylim(0, 1.05)
