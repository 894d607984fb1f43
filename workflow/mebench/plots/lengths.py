"""How long labels and predicted intervals are, and how far predictions overlap with their best label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from mebench.metrics.intervals import iou
from mebench.plots import style
from mebench.plots.looks import Look, looks
from mebench.plots.runs import TaskRuns
from mebench.plots.spotted import Outcome, outcomes

BINS = 20


def draw(task: TaskRuns) -> Figure:
    """A line of two panels for each model, over all seeds."""
    shown = [(model, look, [one for run in model.runs for one in outcomes(run)]) for model, look in looks(task)]
    recordings = [one for _, _, every in shown for one in every]
    longest = max((interval.length for one in recordings for interval in (*one.labels, *one.found)), default=1)
    fig = style.figure(9.5, 1.25 * len(shown) + 1.7)
    axes = fig.subplots(len(shown), 2, squeeze=False, sharex="col")
    for line, (model, look, every) in zip(axes, shown, strict=True):
        _lengths(line[0], every, look, longest)
        _overlaps(line[1], every, look, float(str(model.runs[0].stage["iou"])))
        line[0].set_title(model.label, loc="left", fontsize=8.5)
    axes[-1, 0].set_xlabel("length in frames")
    axes[-1, 1].set_xlabel("IoU with the best label")
    note = "left: grey, the labels; line, the predictions. Right: dashed, the IoU that is asked for"
    style.title(fig, f"Lengths and overlaps: {task.title}", task.mark, note)
    return fig


def best_overlaps(recordings: Sequence[Outcome]) -> list[float]:
    """The IoU of each prediction with the label that it overlaps most; 0 where it touches none."""
    return [max((iou(found, label) for label in one.labels), default=0.0) for one in recordings for found in one.found]


def _lengths(ax: Axes, recordings: Sequence[Outcome], look: Look, longest: int) -> None:
    edges = np.linspace(0, longest + 1, BINS + 1).tolist()
    for values, filled in (
        ([label.length for one in recordings for label in one.labels], True),
        ([found.length for one in recordings for found in one.found], False),
    ):
        if values:
            weights = np.full(len(values), 1 / len(values))
            kind = {"histtype": "stepfilled", "color": style.FAINT} if filled else {
                "histtype": "step", "color": look.colour, "linestyle": look.dashes, "linewidth": 1.4}  # fmt: skip
            ax.hist(values, bins=edges, weights=weights, **kind)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.yaxis.set_major_locator(MaxNLocator(3))


def _overlaps(ax: Axes, recordings: Sequence[Outcome], look: Look, passes: float) -> None:
    values = best_overlaps(recordings)
    touching = [value for value in values if value > 0]
    ax.hist(touching, bins=np.linspace(0, 1, BINS + 1).tolist(), color=look.colour, alpha=0.55, edgecolor=look.colour)
    ax.axvline(passes, color=style.INK, linewidth=0.9, linestyle="--")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, ax.get_ylim()[1] if touching else 1)
    ax.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    away = len(values) - len(touching)
    ax.set_title(f"{len(values)} predictions, {away} touch no label", loc="left", fontsize=8.5)
