"""The figure of each network against its parameters and the operations of one clip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mebench import cards
from mebench.model_card import ModelCard, forward
from mebench.plots import style
from mebench.plots.known_figures import Known, known
from mebench.plots.looks import Look, looks
from mebench.plots.runs import ModelRuns, TaskRuns

Point = tuple[float, ModelRuns, Look, Known]
Quantity = Callable[[ModelRuns], float | None]


def draw(task: TaskRuns) -> Figure:
    """A point for each network. Models without parameters, such as those made by hand, have no place on such an
    axis."""
    panels = {"parameters": points(task, parameters), "operations of one clip (FLOP)": points(task, operations)}
    return figure(task, {name: own for name, own in panels.items() if own}, "What a figure costs", "")


def figure(task: TaskRuns, panels: dict[str, list[Point]], title: str, note: str) -> Figure:
    """A panel for each quantity, on an axis of powers of ten."""
    if not panels:
        return style.message("No cost to show: no network of this task has a figure.")
    shown = {model.record.model: (model, look) for own in panels.values() for _, model, look, _ in own}
    rows = -(-len(shown) // 3)
    fig = style.figure(4.4 * max(len(panels), 1.6), 3.6 + 0.17 * rows)
    axes = fig.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for ax, (name, own) in zip(axes, panels.items(), strict=True):
        _panel(ax, own)
        ax.set_xlabel(name)
    axes[0].set_ylabel(task.metric.title)
    handles = [
        Line2D([], [], marker=look.marker, linestyle="", color=look.colour, label=model.label)
        for model, look in shown.values()
    ]
    longest = max(len(model.label) for model, _ in shown.values())
    fig.legend(handles=handles, loc="outside lower center", ncols=3 if longest < 30 else 2)
    intervals = f"bars: {100 * task.known_statistics.level:g} % intervals over subjects"
    style.title(fig, f"{title}: {task.title}", task.mark, "; ".join(filter(None, [intervals, note])))
    return fig


def points(task: TaskRuns, quantity: Quantity) -> list[Point]:
    """The models with a figure and a number above 0 of the quantity."""
    found = []
    for model, look in looks(task):
        one, number = known(task, model), quantity(model)
        if not model.control and one is not None and number:
            found.append((float(number), model, look, one))
    return found


def parameters(model: ModelRuns) -> float | None:
    """The parameters of a network."""
    return model.record.parameters


def operations(model: ModelRuns) -> float | None:
    """The operations of a clip's forward pass, as the model's card has them for the options of the run; None where it
    does not."""
    card = cards.card("models", model.record.spec["model"])
    if not card.get("flops"):
        return None
    flops, own = forward(cast("ModelCard", card), model.record.spec["options"])
    return flops["forward"] if own else None


def _panel(ax: Axes, own: Sequence[Point]) -> None:
    for number, _, look, one in own:
        if one.low is not None and one.high is not None:
            ax.plot([number, number], [one.low, one.high], color=look.colour, linewidth=1.2, alpha=0.7)
        ax.plot([number], [one.value], marker=look.marker, color=look.colour, markersize=7)
    ax.set_xscale("log")
    numbers = [number for number, *_ in own]
    ax.set_xlim(min(numbers) / 3, max(numbers) * 3)
    ax.set_ylim(bottom=min(0.0, *(one.low if one.low is not None else one.value for *_, one in own)))
    ax.minorticks_off()
    ax.grid(color=style.FAINT, linewidth=0.6)
