"""Every model with the interval of its figure and its letters, and its difference to the best one."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mebench.plots import style
from mebench.plots.known_figures import Known, known
from mebench.plots.looks import Look, looks
from mebench.plots.model_rows import height, label_rows
from mebench.plots.runs import ModelRuns, TaskRuns
from mebench.statistics.table_statistics import Difference

Row = tuple[ModelRuns, Look, Known]


def draw(task: TaskRuns) -> Figure:
    """Left: figures with intervals over subjects and letters. Right: each difference to the best model, with the
    region of practical equivalence."""
    rows = sorted_rows(task)
    if not rows:
        return style.message("No intervals: no model of this task has complete predictions.")
    statistics, metric = task.known_statistics, task.metric
    best = rows[0][0].record.model if rows[0][2].letters else ""
    apart = to_the_best(task, best)
    fig = style.figure(10.5 if apart else 7.5, height([model for model, _, _ in rows]) + 2.0)
    axes = fig.subplots(1, 2 if apart else 1, sharey=True, squeeze=False, width_ratios=[1.25, 1] if apart else [1])
    _figures(axes[0, 0], rows, metric.title)
    if apart:
        _differences(axes[0, 1], rows, apart, statistics.region)
        axes[0, 1].set_xlabel(f"{metric.title}: difference to {rows[0][0].record.title}")
    family = statistics.family("all", metric.name, task.record.task)
    note = f"{statistics.level:.0%} intervals over subjects; {task.seeds}; who shares a letter cannot be told apart"
    style.title(fig, f"How sure the figures are: {task.title}", task.mark, note)
    if family and family.warning:
        fig.supxlabel(family.warning, fontsize=7, color=style.GREY)
    return fig


def sorted_rows(task: TaskRuns) -> list[Row]:
    """The models with a figure: those with letters, the best first; then others, then controls."""
    sign = task.metric.sign
    rows = [(model, look, one) for model, look in looks(task) if (one := known(task, model))]
    return sorted(rows, key=lambda row: (row[0].control, not row[2].letters, -sign * row[2].value, row[0].record.model))


def to_the_best(task: TaskRuns, best: str) -> dict[str, Difference]:
    """The difference of each other model and the best one, as they are in the family: best minus model."""
    family = task.known_statistics.family("all", task.metric.name, task.record.task)
    pairs = family.pairs if family and best else ()
    return {pair.b.partition("::")[0]: pair for pair in pairs if pair.a.partition("::")[0] == best}


def _figures(ax: Axes, rows: list[Row], title: str) -> None:
    for place, (_, look, one) in enumerate(rows):
        if one.low is not None and one.high is not None:
            ax.plot([one.low, one.high], [place, place], color=look.colour, linewidth=2, solid_capstyle="butt")
        ax.plot([one.value], [place], marker=look.marker, color=look.colour, markersize=6, clip_on=False)
        text = f"{one.value:.3f}" + (f"  {one.letters}" if one.letters else "")
        ax.annotate(text, (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    label_rows(ax, [model for model, _, _ in rows])
    ends = [end for _, _, one in rows for end in (one.low, one.high, one.value) if end is not None]
    ax.set_xlim(min(0.0, *ends), max(1.02, *ends) if max(ends) <= 1 else 1.05 * max(ends))
    ax.set_xlabel(title)
    ax.grid(axis="x", color=style.FAINT, linewidth=0.6)
    ax.spines["left"].set_visible(False)


def _differences(ax: Axes, rows: list[Row], apart: dict[str, Difference], region: float) -> None:
    ax.axvspan(-region, region, color=style.FAINT, alpha=0.6, linewidth=0)
    ax.axvline(0, color=style.INK, linewidth=0.8)
    for place, (model, look, _) in enumerate(rows):
        pair = apart.get(model.record.model)
        if pair is None:
            continue
        if pair.low is not None and pair.high is not None:
            ax.plot([-pair.high, -pair.low], [place, place], color=look.colour, linewidth=2, solid_capstyle="butt")
        ax.plot([-pair.difference], [place], marker=look.marker, color=look.colour, markersize=6)
        if pair.p_holm is not None:
            ax.annotate(f"p {pair.p_holm:.2f}", (1.01, place), xycoords=("axes fraction", "data"), va="center",
                        fontsize=8)  # fmt: skip
    reach = max((abs(end) for pair in apart.values() for end in (pair.low, pair.high, pair.difference)
                 if end is not None), default=0.1)  # fmt: skip
    ax.set_xlim(-1.08 * reach, max(0.3 * reach, 1.08 * float(np.max([-(p.low or 0.0) for p in apart.values()]))))
    ax.grid(axis="x", color=style.FAINT, linewidth=0.6)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
