"""The spec of a run: all of the configuration that decides its results, with the types of its JSON."""

from __future__ import annotations

import json
from typing import TypedDict, cast

from mebench.errors import UserError
from mebench.protocols.tasks import TaskDefinition

Option = str | int | float | bool | None  # a value that a card lists for an option


class Recipe(TypedDict, total=False):
    """How a model is trained by gradient; every key but the last two is there, with a default in
    :mod:`mebench.config.recipes`. Of other models it is empty. ``negatives``: windows without a label for each with
    one, where it is not the task's number. ``stack``: how many folds one process trains at once, where it is more than
    one."""

    optimizer: str
    lr: float
    weight_decay: float
    weight_decay_on: str
    momentum: float
    batch_size: int
    accumulate: int
    epochs: int
    order: str
    last_batch: str
    batch_norm: str
    class_weights: str
    label_smoothing: float
    labels: str
    extra_clips: str
    augment: str
    schedule: str
    warmup_epochs: float
    min_lr: float
    step_epochs: int
    gamma: float
    first_epoch: int
    layer_decay: float
    clip_norm: float
    ema: float
    precision: str
    negatives: float
    stack: int


class RequiredInputs(TypedDict):
    """What every model says of what it reads."""

    kind: str
    size: int | None
    channels: list[str]
    range: str
    center: str


class ModelInputs(RequiredInputs, total=False):
    """What a model reads: the ``inputs`` of its card. ``frames`` is how many it is given of a clip,
    ``crop`` what it reads where faces are detected."""

    frames: int
    crop: str
    options: dict[str, str]


class RunSpec(TypedDict):
    """The spec of a run. Its canonical JSON is a parameter of the rules and a part of every fingerprint."""

    task: TaskDefinition
    label: str
    model: str
    training: str
    options: dict[str, Option]
    inputs: ModelInputs
    recipe: Recipe
    seed: int
    selection: str


def parse(text: str) -> RunSpec:
    """The spec of a run from its canonical JSON."""
    try:
        spec = json.loads(text)
    except ValueError as error:
        raise UserError(
            f"--spec is not valid JSON ({error}); copy the command from the log, with its quotes"
        ) from error
    if not isinstance(spec, dict) or (absent := RunSpec.__required_keys__ - set(spec)):
        lacks = f" (it lacks {', '.join(sorted(absent))})" if isinstance(spec, dict) else ""
        raise UserError(
            f"--spec is not the spec of a run{lacks}; copy the command from the log, or name the run: --run"
        )
    return cast(RunSpec, spec)


def run_id(spec: RunSpec) -> str:
    """``TASK/MODEL/seedK``."""
    return f"{spec['task']['name']}/{spec['label']}/seed{spec['seed']}"
