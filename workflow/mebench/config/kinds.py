"""What the card of a kind of task says. Its class is loaded by the jobs that need it: see :mod:`mebench.tasks`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypedDict, cast

from mebench import cards

if TYPE_CHECKING:
    from mebench.tasks import Metric

DEFAULT = "recognition"


class _Required(TypedDict):
    name: str
    title: str
    module: str
    definition: list[str]
    history: str
    selection: dict[str, str]
    metrics: dict[str, Metric]
    columns: dict[str, list[tuple[str, str]]]
    caption: str
    plots: dict[str, list[str]]


class KindCard(_Required, total=False):
    """What is known of a kind of task without importing it; docs/add-a-kind-of-task.md explains each key.

    ``definition`` are the keys that a task of the kind may have, ``required`` those that it must have. ``selection``
    maps a selection of epochs to the column of history.csv that it adds, ``predictions`` a column to its meaning.
    ``stage`` holds the parameters of the stage after pooling, with their defaults, ``stage_values`` what each may be
    (:mod:`mebench.config.stages`). ``scoring`` names the class of what follows pooling, ``array`` the columns of
    predictions.npy, ``files`` those of the files that the stage writes. ``holds``: predictions for the subjects that
    a fold held out are kept under the selection ``inner``. ``stacks``: a stack of folds can learn it. ``pages``: like
    ``plots``, files with a page for each subject, which lie beside the report. ``plots_need`` says which plots are only
    drawn where a task has something (:data:`NEEDS`); ``plots_beside`` are those that the report links to and does not
    show, because they differ from run to run; ``plots_of_clips`` are those that cannot be drawn from predictions alone.
    """

    required: list[str]
    classes: bool
    stacks: bool
    sample: str
    predictions: dict[str, str]
    stage: dict[str, object]
    stage_values: dict[str, list[object]]
    scoring: str
    array: dict[str, str]
    files: dict[str, dict[str, str]]
    holds: bool
    pages: dict[str, list[str]]
    plots_need: dict[str, str]
    plots_beside: list[str]
    plots_of_clips: list[str]


# what a plot may need, and the sentence that stands on the report in its place
NEEDS = {
    "statistics": "no table of this task is made: name one under 'tables' of the configuration",
    "test_peek": "no epoch is chosen on the test subjects: 'selection: test_peek' measures what that would add",
    "inspection": "no fold was inspected: `mebench inspect --run RUN --fold SUBJECT --config CONFIG` keeps what its "
    "network sees; then make the plots of the task and the report again",
}
REQUIRED = tuple(key for key in _Required.__annotations__ if key != "name")  # the name is that of the file


def name_of(task: Mapping[str, object]) -> str:
    """The kind of a task: a name, or the path of a file."""
    return str(task.get("kind", DEFAULT))


def card(task: Mapping[str, object]) -> KindCard:
    """The card of a task's kind."""
    return cast(KindCard, cards.card("tasks", name_of(task)))


def lacking(own: KindCard, statistics: bool, peeked: bool, inspected: bool = False) -> dict[str, str]:
    """The plots of a kind that a task has not, and why. ``statistics``: whether a table of the task is made;
    ``peeked``: whether epochs are chosen on the test subjects too; ``inspected``: whether somebody looked into the
    network of a fold, which no plan knows."""
    there = {"statistics": statistics, "test_peek": peeked, "inspection": inspected}
    asked = {plot: need.split() for plot, need in own.get("plots_need", {}).items()}
    found = {plot: next((one for one in needs if not there[one]), "") for plot, needs in asked.items()}
    return {plot: NEEDS[need] for plot, need in found.items() if need}


def drawable(own: KindCard, statistics: bool, peeked: bool, inspected: bool = False) -> list[str]:
    """The other plots of the kind, in their order."""
    without = lacking(own, statistics, peeked, inspected)
    return [plot for plot in own["plots"] if plot not in without]


def made_of_recordings(task: Mapping[str, object]) -> bool:
    """Whether the samples of a task are made of recordings, not of clips."""
    return card(task).get("sample", "clip") == "recording"
