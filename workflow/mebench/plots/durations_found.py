"""Which labels are found and which are missed, by how long they are."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from mebench.plots import style
from mebench.plots.looks import Look, looks
from mebench.plots.runs import ModelRuns, TaskRuns
from mebench.plots.spotted import outcomes

MOST = 10  # bars


def draw(task: TaskRuns) -> Figure:
    """A panel for each model: labels by their length in frames, found ones below, over all seeds."""
    shown = [(model, look, *lengths(model)) for model, look in looks(task)]
    every = [length for _, _, found, missed in shown for length in (*found, *missed)]
    if not every:
        return style.message("No label in the tested recordings.")
    edges = bins(every)
    fig = style.figure(8.0, 1.35 * len(shown) + 1.8)
    axes = fig.subplots(len(shown), 1, squeeze=False, sharex=True)[:, 0]
    for ax, (model, look, found, missed) in zip(axes, shown, strict=True):
        _panel(ax, edges, found, missed, look)
        share = f"{len(found)} of {len(found) + len(missed)} labels found"
        ax.set_title(f"{model.label}: {share}", loc="left", fontsize=8.5)
    axes[-1].set_xlabel("length of the label in frames, onset and offset included")
    handles = [Patch(facecolor=style.GREY, label="found"),
               Patch(facecolor="white", edgecolor=style.GREY, hatch="////", label="missed")]  # fmt: skip
    fig.legend(handles=handles, loc="outside lower center", ncols=2)
    note = f"labels over all folds and {task.seeds}; above a bar the share that is found"
    style.title(fig, f"Found by duration: {task.title}", task.mark, note)
    return fig


def lengths(model: ModelRuns) -> tuple[list[int], list[int]]:
    """The lengths of the labels that are found, and of those that are missed."""
    recordings = [one for run in model.runs for one in outcomes(run)]
    found = [label.length for one in recordings for label in one.found_labels]
    return found, [label.length for one in recordings for label in one.misses]


def bins(values: list[int]) -> np.ndarray:
    """Edges of at most :data:`MOST` bars of the same whole number of frames."""
    low, high = min(values), max(values) + 1
    width = max(1, -(-(high - low) // MOST))
    return low + width * np.arange(-(-(high - low) // width) + 1) - 0.5


def _panel(ax: Axes, edges: np.ndarray, found: list[int], missed: list[int], look: Look) -> None:
    hits, misses = (np.histogram(values, edges)[0] for values in (found, missed))
    middle, width = (edges[:-1] + edges[1:]) / 2, 0.9 * (edges[1] - edges[0])
    ax.bar(middle, hits, width, color=look.colour)
    ax.bar(middle, misses, width, bottom=hits, color="white", edgecolor=look.colour, hatch="////", linewidth=0.6)
    for x, hit, miss in zip(middle, hits, misses, strict=True):
        if hit + miss:
            ax.annotate(f"{hit / (hit + miss):.0%}", (x, hit + miss), xytext=(0, 1.5), textcoords="offset points",
                        ha="center", fontsize=6.5)  # fmt: skip
    ax.set_ylim(0, 1.25 * max(1, int((hits + misses).max())))
    ax.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    ax.set_ylabel("labels")
