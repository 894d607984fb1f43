"""What a configuration holds once it is checked and complete: the types of its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NotRequired, TypedDict

from mebench.clips.entry import DatasetEntry
from mebench.config.spec import ModelInputs, Option, Recipe
from mebench.model_card import Resources
from mebench.protocols.tasks import TaskDefinition


class AbsentEntry(TypedDict):
    """A run that is not among the results, and why."""

    task: str
    model: str
    title: str
    kind: str
    seed: int
    reason: str


class Archived(TypedDict):
    """Of results that come out of archives: the runs that these lack."""

    absent: list[AbsentEntry]


class Settings(TypedDict):
    """The keys of config.yaml, all there. A task or a model entry is a name or a mapping, as it was written.
    ``rehearsal`` is there where it is true: ``datasets`` and ``results`` are those of the rehearsal then; so is
    ``archived`` in results that come out of an archive: there are no clips, inputs and folds."""

    results: str
    datasets: dict[str, DatasetEntry]
    tasks: list[str | Mapping[str, object]]
    models: list[str | Mapping[str, object]]
    seeds: list[int]
    selection: str
    flow: str
    tables: list[str]
    rehearsal: NotRequired[bool]
    archived: NotRequired[Archived]


class ModelEntry(TypedDict):
    """A model entry resolved against the model's card. ``tasks`` are those it is for, None for all; ``training`` is
    gradient, fit, oracle, direct or rules; ``recipe`` is whole where it is gradient, and empty elsewhere; ``stage`` are
    parameters of the stage after pooling, for tasks whose kind has them. ``final`` is there
    where a training on everyone is asked for besides the folds, whose specs know nothing of it; ``selection`` where the
    entry has another than the configuration; ``seeds``, by task, in a merge, where a model need not have all seeds."""

    name: str
    model: str
    tasks: list[str] | None
    training: str
    options: dict[str, Option]
    inputs: ModelInputs
    recipe: Recipe
    stage: dict[str, object]
    resources: Resources
    final: NotRequired[bool]
    selection: NotRequired[str]
    seeds: NotRequired[dict[str, list[int]]]


class Document(TypedDict):
    """A resolved configuration, as results/config.json has it."""

    format: str
    settings: Settings
    tasks: list[TaskDefinition]
    entries: list[ModelEntry]
