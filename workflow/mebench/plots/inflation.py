"""What choosing the epoch on the test subjects adds to the figure of each model."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mebench.plots import style
from mebench.plots.known_figures import known
from mebench.plots.looks import Look, looks
from mebench.plots.model_rows import height, label_rows
from mebench.plots.runs import ModelRuns, TaskRuns
from mebench.statistics.table_statistics import Inflation


def draw(task: TaskRuns) -> Figure:
    """A row for each model: from its honest figure to the peeked one, and what is added with its interval."""
    found = added(task)
    if not found:
        return style.message("No inflation to show: no model of this task has a peeked and an honest figure.")
    models = [model for model, _, _, _ in found]
    fig = style.figure(9.5, height(models) + 2.1)
    left, right = fig.subplots(1, 2, sharey=True, width_ratios=[1.2, 1])
    for place, (_, look, honest, one) in enumerate(found):
        left.plot([honest, honest + one.difference], [place, place], color=look.colour, linewidth=1.2)
        left.plot([honest], [place], marker=look.marker, color=look.colour, markersize=6)
        left.plot([honest + one.difference], [place], marker="D", color=look.colour, markerfacecolor="white")
        if one.low is not None and one.high is not None:
            right.plot([one.low, one.high], [place, place], color=look.colour, linewidth=2, solid_capstyle="butt")
        right.plot([one.difference], [place], marker=look.marker, color=look.colour, markersize=6)
        right.annotate(f"{one.difference:+.3f}", (1.01, place), xycoords=("axes fraction", "data"), va="center")
    label_rows(left, models)
    right.axvline(0, color=style.INK, linewidth=0.8)
    left.set_xlabel(task.metric.title)
    right.set_xlabel("added by peeking")
    for ax in (left, right):
        ax.grid(axis="x", color=style.FAINT, linewidth=0.6)
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
    handles = [Line2D([], [], marker="o", linestyle="", color=style.INK, label="honest"),
               Line2D([], [], marker="D", linestyle="", color=style.INK, markerfacecolor="white",
                      label="peeked: epoch chosen on the test subjects")]  # fmt: skip
    fig.legend(handles=handles, loc="outside lower center", ncols=2)
    style.title(fig, f"Inflation by peeking: {task.title}", task.mark,
                f"{100 * task.known_statistics.level:g} % intervals over subjects, {task.seeds}")  # fmt: skip
    return fig


def added(task: TaskRuns) -> list[tuple[ModelRuns, Look, float, Inflation]]:
    """(model, look, honest figure, what is added), the most first; controls last."""
    by_model = {
        one.model: one for one in task.known_statistics.inflation
        if (one.task, one.part, one.metric) == (task.record.task, "all", task.metric.name)
    }  # fmt: skip
    found = [
        (model, look, own.value, by_model[model.record.model])
        for model, look in looks(task)
        if model.record.model in by_model and (own := known(task, model))
    ]
    return sorted(found, key=lambda row: (row[0].control, -row[3].difference, row[0].record.model))
