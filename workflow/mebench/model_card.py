"""The card of a model: the keys of its ``CARD``, with the types of their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NotRequired, TypedDict, cast

from mebench import cards

if TYPE_CHECKING:
    from mebench.config.spec import ModelInputs, Option, Recipe


class Resources(TypedDict):
    """What a job of the model needs; ``gpu`` is a number of GPUs, 0 for the CPU."""

    mem_mb: int
    runtime_min: int
    gpu: int


class Change(TypedDict, total=False):
    """What one value of an option changes on the card."""

    inputs: ModelInputs
    recipe: Recipe
    resources: Mapping[str, int]
    stage: Mapping[str, object]


class Forward(TypedDict):
    """FLOPs of one clip's forward pass with these ``options``; ``head``: of the part that is trained, where the rest
    is computed once."""

    options: dict[str, Option]
    forward: float
    head: NotRequired[float]


class RequiredMeasurement(TypedDict):
    """What every measured training says."""

    options: dict[str, Option]
    device: str
    seconds: float
    share_of_peak: float
    clips: int
    epochs: int


class Measurement(RequiredMeasurement, total=False):
    """A measured training: ``clips`` for so many ``epochs`` took ``seconds`` on ``device``, which is this share of the
    device's peak. ``features_seconds``: what features that never change took besides, once for all folds. ``stack``:
    of how many folds at once it is a share. Of a spotter, ``clips`` may be the windows that a plan counts for its
    labels (``samples_per_clip`` of the kind of task); seconds on a CPU are those of the process."""

    batch_size: int
    precision: str
    stack: int
    peak_memory_mb: int
    features_seconds: float


class RequiredCard(TypedDict):
    """What the card of every network says."""

    title: str
    kind: str
    paper: str | Mapping[str, object] | None
    licence: str
    module: str
    parameters: int
    inputs: ModelInputs
    recipe: Recipe
    resources: Resources
    notes: str


class _NamedCard(RequiredCard):
    name: str


class ModelCard(_NamedCard, total=False):
    """What is known of a model without importing it; docs/add-a-model.md explains each key.

    ``training`` is ``gradient`` where it is not there. ``options`` maps an option to its values, the default first;
    ``changes`` an option, then a value, to what it changes. A preset sets keys of the recipe and options, and may have
    ``resources``. ``name`` is that of the file. ``stacks``: whether a stack can train it (``training/stack.py``).
    """

    training: str
    serves: list[str]
    stage: dict[str, object]
    flops: float
    flops_by_options: list[Forward]
    options: dict[str, list[Option]]
    presets: dict[str, dict[str, object]]
    changes: dict[str, dict[Option, Change]]
    measured: list[Measurement]
    stacks: bool
    dead: list[str]
    frozen: list[str]
    deviations: list[dict[str, str]]


class JobCard(TypedDict, total=False):
    """What the card of a model says of its jobs; it decides no result, so that it is no part of the code of a fold.

    ``torch: False``: the model works on NumPy arrays. ``shared: True``: it is so cheap that one job trains and scores
    all such models of a task.
    """

    torch: bool
    shared: bool


def is_light(name: str) -> bool:
    """Whether a model needs no torch."""
    return cards.card("models", name).get("torch") is False


def shares_job(name: str) -> bool:
    """Whether a model is trained and scored in one job with others."""
    return cards.card("models", name).get("shared") is True


def is_control(name: str) -> bool:
    """Whether a model is a control."""
    return cards.card("models", name).get("kind") == "control"


def model_card(name: str) -> ModelCard:
    """The card of a model, by its name or the path of its file. The configuration has checked it
    (``config/card_check.py``), and the contract tests those of the package."""
    return cast(ModelCard, cards.card("models", name))


def forward(card: ModelCard, options: Mapping[str, Option]) -> tuple[Forward, bool]:
    """({"forward": ...}, whether they are those of the ``options``): operations of one clip.

    ``flops_by_options`` of a card has them for choices that cost otherwise than the default, and the ``head`` of a
    network of which only the head is trained, on features that are computed once for each clip.
    """
    wanted = structure(card, options)
    for choice in card.get("flops_by_options", []):
        if structure(card, choice["options"]) == wanted:
            return choice, True
    return {"options": {}, "forward": card["flops"]}, wanted == structure(card, {})


def structure(card: ModelCard, options: Mapping[str, Option]) -> dict[str, Option]:
    """Every option with its value, but those that only say where weights come from: they cost nothing."""
    return {key: options.get(key, values[0]) for key, values in card.get("options", {}).items() if "FILE" not in values}
