"""How each model looks in every figure of a task that has several models in one panel: told apart in colour, and in
grey by the dashes of a line and the shape of a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mebench.plots import style
from mebench.plots.runs import ModelRuns, TaskRuns

COLOURS = (style.BLUE, style.VERMILLION, style.GREEN, style.ORANGE, style.PURPLE, style.SKY)
GREYS = (style.GREY, "#a5adb5", "#4a5663", "#8a94a0")  # of controls
Dashes = Literal["-", "--", "-.", ":"] | tuple[float, Sequence[float]]
DASHES: tuple[Dashes, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))
MARKERS = ("o", "s", "D", "^", "v", "P", "X")


@dataclass(frozen=True)
class Look:
    """The ``colour`` of a model, the ``dashes`` of its lines and the ``marker`` of its points."""

    colour: str
    dashes: Dashes
    marker: str


def looks(task: TaskRuns) -> list[tuple[ModelRuns, Look]]:
    """The models of a task in their order, each with its look. Controls are grey."""
    seen = {False: 0, True: 0}
    found = []
    for number, model in enumerate(task.models):
        palette, place = GREYS if model.control else COLOURS, seen[model.control]
        seen[model.control] += 1
        found.append((model, Look(palette[place % len(palette)], DASHES[number % len(DASHES)],
                                  MARKERS[number % len(MARKERS)])))  # fmt: skip
    return found
