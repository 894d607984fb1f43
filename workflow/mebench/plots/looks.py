"""How each model looks in every figure that has several models in one panel: told apart in colour, and in grey by the
dashes of a line and the shape of a point. A model looks the same in all figures of a benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mebench.plots import style
from mebench.plots.runs import ModelRuns, TaskRuns

COLOURS = (style.BLUE, style.VERMILLION, style.GREEN, style.ORANGE, style.PURPLE, style.SKY, style.INK)
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
    own = [model.record.model for model in task.models if not model.control]
    known = places([own]) if not set(own) <= set(task.places) else task.places
    controls = [model.record.model for model in task.models if model.control]
    return [
        (model, look(len(own) + controls.index(model.record.model), controls.index(model.record.model))
         if model.control else look(known[model.record.model]))
        for model in task.models
    ]  # fmt: skip


def look(place: int, grey: int | None = None) -> Look:
    """The look of a place; with a place among the controls, ``grey``, that of a control."""
    colour = COLOURS[place % len(COLOURS)] if grey is None else GREYS[grey % len(GREYS)]
    return Look(colour, DASHES[place % len(DASHES)], MARKERS[place % len(MARKERS)])


def places(tasks: Iterable[Sequence[str]]) -> Mapping[str, int]:
    """A place for each model of the ``tasks``, given as lists of names: the first that no model has with which it
    shares a task. So a model has one place in all tasks, and few models share a place."""
    groups = [list(dict.fromkeys(task)) for task in tasks]
    found: dict[str, int] = {}
    for name in dict.fromkeys(name for group in groups for name in group):
        taken = {found[other] for group in groups if name in group for other in group if other in found}
        found[name] = next(place for place in range(len(found) + 1) if place not in taken)
    return found
