"""Every row of a task's table with the interval of its figure and its letters, and its difference to the best one."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mebench.plots import style
from mebench.plots.looks import Look, look, looks
from mebench.plots.model_rows import NAME
from mebench.plots.runs import TaskRuns
from mebench.statistics.table_statistics import BETWEEN, Difference
from mebench.statistics.table_statistics import Figure as Known

PEEKED = "test_peek"


@dataclass(frozen=True)
class Row:
    """A row: what it is called, how it looks, its figure, and its letters or nothing."""

    label: str
    control: bool
    look: Look
    known: Known
    value: float
    letters: str

    @property
    def model(self) -> str:
        """The name of its model in the configuration."""
        return self.known.model

    @property
    def peeked(self) -> bool:
        """Whether its epoch was chosen on the test subjects."""
        return self.known.selection == PEEKED


def draw(task: TaskRuns) -> Figure:
    """Left: figures with intervals over subjects and letters. Right: each difference to the best model, with the
    region of practical equivalence. Open points: the epoch was chosen on the test subjects."""
    rows = sorted_rows(task)
    if not rows:
        return style.message("No intervals: no model of this task has complete predictions.")
    statistics, metric = task.known_statistics, task.metric
    apart = to_the_best(task, rows[0].model if rows[0].letters else "")
    high = sum(0.3 + 0.14 * row.label.count("\n") for row in rows)
    fig = style.figure(10.5 if apart else 7.5, high + 2.0)
    axes = fig.subplots(1, 2 if apart else 1, sharey=True, squeeze=False, width_ratios=[1.25, 1] if apart else [1])
    _figures(axes[0, 0], rows, metric.title)
    if apart:
        _differences(axes[0, 1], rows, apart, statistics.region)
        axes[0, 1].set_xlabel(f"{metric.title}: difference to {' '.join(rows[0].label.split())}")
    family = statistics.family("all", metric.name, task.record.task)
    open_points = "; open: epoch chosen on the test subjects" if any(row.peeked for row in rows) else ""
    note = (f"{100 * statistics.level:g} % intervals over subjects; {task.seeds}; "
            f"who shares a letter cannot be told apart{open_points}")  # fmt: skip
    style.title(fig, f"How sure the figures are: {task.title}", task.mark, note)
    if family and family.warning:
        fig.supxlabel(family.warning, fontsize=7, color=style.GREY)
    return fig


def sorted_rows(task: TaskRuns) -> list[Row]:
    """The rows with a figure: those with letters, the best first; then others, then controls. Results that were given
    as counts are among them, though they have no predictions."""
    metric, own = task.metric, task.record.task
    figures = [one for one in task.known_statistics.figures
               if (one.task, one.part, one.metric) == (own, "all", metric.name)]  # fmt: skip
    letters = task.known_statistics.letters("all", metric.name, own)
    called = _called(task, (one.model for one in figures))
    rows = [Row(_label(called[one.model].label, one.selection), called[one.model].control, called[one.model].look, one,
                one.value, letters.get((one.model, one.selection), ""))
            for one in figures if one.value is not None]  # fmt: skip
    return sorted(rows, key=lambda row: (row.control, not row.letters, -metric.sign * row.value, row.model))


@dataclass(frozen=True)
class Called:
    """What a model is called, whether it is a control, and how it looks."""

    label: str
    control: bool
    look: Look


def _called(task: TaskRuns, names: Iterable[str]) -> dict[str, Called]:
    """Every model by its name; those without predictions are called by it, and look like none of the others."""
    runs = {model.record.model: Called(model.name, model.control, own) for model, own in looks(task)}
    given = [name for name in dict.fromkeys(names) if name not in runs]
    return runs | {name: Called(name, False, look(len(runs) + place)) for place, name in enumerate(given)}


def _label(name: str, selection: str) -> str:
    """A name in lines that fit beside a panel."""
    return textwrap.fill(f"{name}, peeked" if selection == PEEKED else name, NAME)


def to_the_best(task: TaskRuns, best: str) -> dict[str, Difference]:
    """The difference of each other model and the best one, as they are in the family: best minus model."""
    family = task.known_statistics.family("all", task.metric.name, task.record.task)
    pairs = family.pairs if family and best else ()
    return {pair.b.partition(BETWEEN)[0]: pair for pair in pairs if pair.a.partition(BETWEEN)[0] == best}


def _figures(ax: Axes, rows: list[Row], title: str) -> None:
    for place, row in enumerate(rows):
        low, high, own = row.known.low, row.known.high, row.look
        if low is not None and high is not None:
            ax.plot([low, high], [place, place], color=own.colour, linewidth=2, solid_capstyle="butt")
        fill = "white" if row.peeked else own.colour
        ax.plot([row.value], [place], marker=own.marker, color=own.colour, markerfacecolor=fill, markersize=6,
                clip_on=False)  # fmt: skip
        text = f"{row.value:.3f}" + (f"  {row.letters}" if row.letters else "")
        ax.annotate(text, (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    ax.set_yticks(range(len(rows)), [row.label for row in rows])
    for label, row in zip(ax.get_yticklabels(), rows, strict=True):
        label.set_color(style.GREY if row.control else style.INK)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ends = [end for row in rows for end in (row.known.low, row.known.high, row.value) if end is not None]
    least, most = min(0.0, *ends), max(1.02, *ends) if max(ends) <= 1 else 1.05 * max(ends)
    ax.set_xlim(least - 0.03 * (most - least), most)  # a mark at 0 stays clear of the names
    ax.set_xlabel(title)
    ax.grid(axis="x", color=style.FAINT, linewidth=0.6)
    ax.spines["left"].set_visible(False)


def _differences(ax: Axes, rows: list[Row], apart: dict[str, Difference], region: float) -> None:
    ax.axvspan(-region, region, color=style.FAINT, alpha=0.6, linewidth=0)
    ax.axvline(0, color=style.INK, linewidth=0.8)
    for place, row in enumerate(rows):
        pair, own = apart.get(row.model), row.look
        if pair is None or not row.letters:
            continue
        if pair.low is not None and pair.high is not None:
            ax.plot([-pair.high, -pair.low], [place, place], color=own.colour, linewidth=2, solid_capstyle="butt")
        ax.plot([-pair.difference], [place], marker=own.marker, color=own.colour, markersize=6)
        if pair.p_holm is not None:
            ax.annotate(f"p {pair.p_holm:.2f}", (1.01, place), xycoords=("axes fraction", "data"), va="center",
                        fontsize=8)  # fmt: skip
    reach = max((abs(end) for pair in apart.values() for end in (pair.low, pair.high, pair.difference)
                 if end is not None), default=0.1)  # fmt: skip
    ax.set_xlim(-1.08 * reach, max(0.3 * reach, 1.08 * float(np.max([-(p.low or 0.0) for p in apart.values()]))))
    ax.grid(axis="x", color=style.FAINT, linewidth=0.6)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
