"""Precision and recall of spotting over the threshold. It is a curve to look at: a threshold that is chosen on it is
chosen on the test subjects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mebench.metrics.average_precision import interpolated_ap
from mebench.metrics.spotting import Counts
from mebench.plots import style
from mebench.plots.looks import Look, looks
from mebench.plots.runs import RunData, TaskRuns
from mebench.plots.spotted import outcomes

F1 = (0.1, 0.2, 0.4, 0.6, 0.8)  # of the faint lines


@dataclass(frozen=True)
class Sweep:
    """The counts of a run at each threshold, its ``scored`` counts, and the mean threshold that these were decoded
    with, None where the model gives intervals."""

    points: Mapping[float, Counts]
    scored: Counts
    chosen: float | None

    @property
    def ap(self) -> float:
        return interpolated_ap((counts.recall, counts.precision) for counts in self.points.values())


def draw(task: TaskRuns) -> Figure:
    """Precision over p, recall over p, and precision over recall; a thin line for each seed."""
    fig = style.figure(10.5, 4.2 + 0.19 * len(task.models))
    axes = fig.subplots(1, 3)
    handles = []
    for model, look in looks(task):
        sweeps = [sweep(run) for run in model.runs]
        for one in sweeps:
            _lines(axes, one, look)
        ap = float(np.mean([one.ap for one in sweeps]))
        handles.append(Line2D([], [], color=look.colour, linestyle=look.dashes, marker=look.marker, markersize=5,
                              label=f"{model.label}: AP {ap:.4f}"))  # fmt: skip
    _frame(axes)
    fig.legend(handles=handles, loc="outside lower left", ncols=1 if len(handles) < 8 else 2, handlelength=4)
    note = "points: the threshold p that the scores were decoded with; a curve to look at, never a way to choose p"
    style.title(fig, f"Precision and recall: {task.title}", task.mark, note)
    return fig


def sweep(run: RunData) -> Sweep:
    """The sweep of a run, summed over its subjects."""
    points: dict[float, Counts] = {}
    for row in run.file("sweep.csv"):
        share = float(row["threshold"])
        counts = Counts(int(row["tp"]), int(row["fp"]), int(row["fn"]))
        points[share] = points.get(share, Counts()) + counts
    used = [float(row["threshold"]) for row in run.file("intervals.csv") if row["threshold"]]
    recordings = outcomes(run)
    scored = Counts(
        sum(len(one.pairs) for one in recordings),
        sum(len(one.false_alarms) for one in recordings),
        sum(len(one.labels) - len(one.pairs) for one in recordings),
    )
    return Sweep(dict(sorted(points.items())), scored, round(float(np.mean(used)), 6) if used else None)


def _lines(axes: Sequence[Axes], one: Sweep, look: Look) -> None:
    shares = list(one.points)
    precision = [counts.precision for counts in one.points.values()]
    recall = [counts.recall for counts in one.points.values()]
    for ax, x, y in ((axes[0], shares, precision), (axes[1], shares, recall), (axes[2], recall, precision)):
        ax.plot(x, y, color=look.colour, linestyle=look.dashes, linewidth=1.3)
    points = [(axes[2], one.scored.recall, one.scored.precision)]
    if one.chosen is not None:
        points += [(axes[0], one.chosen, one.scored.precision), (axes[1], one.chosen, one.scored.recall)]
    for ax, place, height in points:
        ax.plot(place, height, color=look.colour, marker=look.marker, markersize=6, markeredgecolor="white", zorder=4,
                clip_on=False)  # fmt: skip


def _frame(axes: Sequence[Axes]) -> None:
    names = [("threshold p", "precision"), ("threshold p", "recall"), ("recall", "precision")]
    for ax, (x, y) in zip(axes, names, strict=True):
        ax.set_xlabel(x)
        ax.set_ylabel(y)
        ax.set_xlim(0, 1)
        ax.set_ylim(0, max(1.0, ax.get_ylim()[1] if ax.dataLim.y1 > 1 else 1.0) * 1.02)
        ax.grid(color=style.FAINT, linewidth=0.5)
        ax.set_axisbelow(True)
    for level in F1:
        recall = np.linspace(level / (2 - level), 1, 50)
        axes[2].plot(recall, level * recall / (2 * recall - level), color=style.FAINT, linewidth=0.8, zorder=0)
        axes[2].annotate(f"F1 {level}", (1, level / (2 - level)), fontsize=6, color=style.GREY, ha="right", va="bottom")
