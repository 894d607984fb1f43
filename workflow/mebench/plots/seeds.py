"""UF1 and UAR of every seed: how far seeds spread, and how much peeking at the test subjects adds."""

from __future__ import annotations

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mebench.plots import style
from mebench.plots.runs import ModelRuns, TaskRuns

Metric = Literal["uf1", "uar"]
METRICS: dict[Metric, str] = {"uf1": "UF1", "uar": "UAR"}


def draw(task: TaskRuns) -> Figure:
    """A row for each model. A dot is a seed, a bar the mean of the seeds, a hollow diamond a peeked result."""
    fig = style.figure(9.5, 0.55 * len(task.models) + 1.9)
    axes = fig.subplots(1, 2, sharey=True)
    for ax, (metric, name) in zip(axes, METRICS.items(), strict=True):
        for place, model in enumerate(task.models):
            _model(ax, place, model, metric)
        ax.set_xlabel(name)
        ax.set_xlim(0, 1.04)
        ax.axvline(1 / len(task.classes), color=style.GREY, linewidth=0.8, linestyle=":")
        ax.grid(axis="x", color=style.FAINT, linewidth=0.6)
        ax.set_axisbelow(True)
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
    axes[0].set_yticks(range(len(task.models)), [model.label for model in task.models])
    axes[0].set_ylim(len(task.models) - 0.4, -0.6)
    fig.legend(handles=_legend(task), loc="outside lower center", ncols=5)
    style.title(fig, f"Seeds: {task.title}", task.mark, "each point is one seed, pooled over all folds")
    return fig


def points(model: ModelRuns, metric: Metric) -> tuple[list[float], list[float]]:
    """The metric of each seed: (honest, peeked). The second list is empty where nobody peeked, the first where nothing
    else is known."""
    honest = [run.scores(run.predictions)[metric] for run in model.runs]
    peeked = [run.scores(run.peeked)[metric] for run in model.runs if run.peeked is not None]
    honest, peeked = ([], honest) if model.peeked else (honest, peeked)
    return [value for value in honest if value is not None], [value for value in peeked if value is not None]


def _model(ax: Axes, place: int, model: ModelRuns, metric: Metric) -> None:
    honest, peeked = points(model, metric)
    colour = style.GREY if model.control else style.BLUE
    marker = "s" if model.control else "o"
    offset = 0.14 if peeked and honest else 0.0
    rows = [(honest, place - offset, colour, marker, colour)] if honest else []
    if peeked:
        rows.append((peeked, place + offset, style.VERMILLION, "D", "white"))
    if peeked and honest:
        span = [float(np.mean(honest)), float(np.mean(peeked))]
        place_text = (max(*peeked, *honest), place + offset)
        text = ax.annotate(f"{span[1] - span[0]:+.3f}", place_text, xytext=(7, 0), textcoords="offset points")
        text.set(va="center", fontsize=7, color=style.VERMILLION)
    for values, y, edge, shape, face in rows:
        ax.plot([np.mean(values)] * 2, [y - 0.13, y + 0.13], color=edge, linewidth=2, solid_capstyle="butt")
        ax.scatter(values, [y] * len(values), s=26, marker=shape, facecolor=face, edgecolor=edge, linewidth=1.1,
                   alpha=0.85, zorder=3)  # fmt: skip


def _legend(task: TaskRuns) -> list[Line2D]:
    def sample(marker: str, colour: str, face: str, label: str) -> Line2D:
        return Line2D(
            [], [], marker=marker, linestyle="", color=colour, markerfacecolor=face, markersize=5, label=label
        )

    honest = "inner" if task.record.selection == "inner" else "last"
    handles = [sample("o", style.BLUE, style.BLUE, f"seed ({honest})")]
    if any(model.control for model in task.models):
        handles.append(sample("s", style.GREY, style.GREY, "control"))
    if any(points(model, "uf1")[1] for model in task.models):
        handles.append(sample("D", style.VERMILLION, "white", "peeked: epoch chosen on the test subjects"))
    handles.append(Line2D([], [], color=style.BLUE, linewidth=2, label="mean"))
    handles.append(Line2D([], [], color=style.GREY, linewidth=0.8, linestyle=":", label="1 / number of classes"))
    return handles
