"""Runs: a model entry on a task with a seed, and the spec that decides its result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from mebench.clips.card import dataset_card
from mebench.config import feasible, flow_choice
from mebench.config.configuration import Configuration
from mebench.config.entries import ModelEntry
from mebench.config.spec import RunSpec
from mebench.files import canonical_json, digest
from mebench.model_card import Resources
from mebench.protocols.tasks import TaskDefinition


@dataclass(frozen=True)
class Run:
    """One model on one task with one seed: all its folds."""

    task: str
    model: str
    seed: int
    entry: ModelEntry
    spec: RunSpec
    datasets: list[str]  # those of the task, then those of the extra clips that the run trains on

    @property
    def id(self) -> str:
        return f"{self.task}/{self.model}/seed{self.seed}"

    @property
    def of_all_seeds(self) -> str:
        """What the runs of its model on its task are called together."""
        return f"{self.task}/{self.model}"

    @property
    def parameter(self) -> str:
        """The run's spec as one canonical string: what Snakemake compares."""
        return canonical_json(self.spec)

    @property
    def resources(self) -> Resources:
        return self.entry["resources"]


def parameter(runs: Sequence[Run]) -> str:
    """The specs of the runs of a model on a task as one canonical string: what Snakemake compares."""
    return canonical_json({**runs[0].spec, "seed": [run.seed for run in runs]})


def parameters(runs: Iterable[Run]) -> str:
    """The specs of all runs of several models as one canonical string."""
    return canonical_json([run.spec for run in runs])


def spec_digest(runs: Iterable[Run]) -> str:
    """16 hexadecimal digits for the specs of runs: whether a job that waited in a queue still trains what was asked."""
    return digest(*(run.parameter for run in runs))[:16]


def all_runs(configuration: Configuration) -> list[Run]:
    """The runs of a configuration: by task, model entry and seed, each in the order in which they are written."""
    return [run for task, model in configuration.pairs() for run in _runs(configuration, task, model)]


def _runs(configuration: Configuration, task: str, model: str) -> list[Run]:
    """The runs of a model entry on a task, which share all but their seed."""
    entry, definition = configuration.entries[model], configuration.tasks[task]
    keys = ["name", "kind", *configuration.kinds[task]["definition"], "protocol"]
    if entry["recipe"].get("extra_clips", "none") != "none":
        keys.append(entry["recipe"]["extra_clips"])
    part = _part(definition, keys)
    reads = entry["inputs"]["kind"] != "none"
    inputs = flow_choice.of_pictures(entry["inputs"]) if reads and _of_pictures(definition) else entry["inputs"]
    # how the configuration selects epochs cannot reach a rule's own code
    selection = entry.get("selection", "last" if entry["training"] == "rules" else configuration.selection)
    datasets = feasible.datasets_of(definition, entry)
    specs: list[RunSpec] = [
        {
            "task": part,
            "label": model,
            "model": entry["model"],
            "training": entry["training"],
            "options": entry["options"],
            "inputs": inputs,
            "recipe": entry["recipe"],
            "seed": seed,
            "selection": selection,
        }
        for seed in entry.get("seeds", {}).get(task, configuration.seeds)
    ]
    return [Run(task, model, spec["seed"], entry, spec, datasets) for spec in specs]


def _of_pictures(definition: TaskDefinition) -> bool:
    return all(dataset_card(dataset).delivers == "pictures" for dataset in definition["datasets"])


def _part(definition: Mapping[str, object], keys: Iterable[str]) -> TaskDefinition:
    """Those keys of a task's definition that decide results; ``name`` is one of them."""
    return cast(TaskDefinition, {key: definition[key] for key in keys if key in definition})
