"""The arguments of the commands of rules that are not simply a file: what the configuration says of a dataset, of an
input or of a task."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

from mebench.clips.card import dataset_card, takes_crops_for_granted
from mebench.config.configuration import Configuration
from mebench.files import canonical_json
from mebench.plan.paths import Paths

FETCHED = ("size", "subjects", "clips", "seed", "sha256")  # keys of a dataset that ``mebench fetch`` reads


class Arguments:
    """Each method gives the arguments of one command, as a list of words."""

    def __init__(self, configuration: Configuration, paths: Paths):
        self.configuration, self.paths, self.made = configuration, paths, paths.made

    def source_options(self, dataset: str) -> str:
        """What ``mebench fetch`` has to know besides the source, as canonical JSON."""
        entry: Mapping[str, object] = self.configuration.datasets[dataset]
        return canonical_json({key: entry[key] for key in FETCHED if key in entry})

    def index(self, dataset: str) -> list[str]:
        """What the owner decided about a dataset: the apex where none is labelled, accepted deviations. Where nobody
        has decided about crops, the card's word for a cropped release is checked."""

        entry = self.configuration.datasets[dataset]
        granted = takes_crops_for_granted(dataset_card(dataset), entry)
        crops = ["--crops"] if granted else []
        accept = ["--accept", *entry["accept"]] if entry.get("accept") else []
        choices = {"exclude": entry.get("exclude"), "corrections": entry.get("corrections")}
        decided = {key: named for key, named in choices.items() if named}
        decisions = ["--decisions", canonical_json(decided)] if decided else []
        return [*(["--apex", entry["apex"]] if "apex" in entry else []), *accept, *crops, *decisions]

    def faces(self, dataset: str) -> list[str]:
        """Whether frames are crops already, and the owner's own landmarks."""
        landmarks = self.configuration.datasets[dataset].get("landmarks")
        return ["--crop", self.made.crop(dataset), *(["--landmarks", landmarks] if landmarks else [])]

    def inputs(self, dataset: str, name: str) -> list[str]:
        """The folders that ``mebench inputs`` makes an input from."""
        base, faces = self.paths.base(dataset, name), self.paths.faces(dataset, name)
        return [*(["--from", base] if base else []), *(["--faces", faces] if faces else [])]

    def truth(self, dataset: str, name: str) -> list[str]:
        """Where the known flow of a generated dataset lies, for the flows that it is the truth of."""
        return ["--truth", self.paths.truth(dataset)] if self.made.truth_is_known(dataset, name) else []

    def plots(self, task: str) -> list[str]:
        """The arguments of ``mebench plots task``, without --out."""
        runs = ["--runs", *(self.paths.folder(run) for run in self.paths.runs_of(task))]
        samples = (["--sample", name, *folders] for name, folders in self.paths.samples[task].items())
        return ["--task", task, *runs, *itertools.chain.from_iterable(samples), *self._clips(task)]

    def _clips(self, task: str) -> list[str]:
        return ["--clips", *self.paths.clips(self.configuration.tasks[task]["datasets"])]

    def define(self, *names: str) -> list[str]:
        """``--define`` and the definitions of those of the tasks that the configuration itself defines."""
        own = [canonical_json(definition) for definition in self.configuration.own_tasks if definition["name"] in names]
        return ["--define", *own] if own else []

    def stage(self, task: str, model: str) -> list[str]:
        """``--stage`` and the parameters of the stage between predictions and scores, where the kind has one."""
        parameters = self.stage_parameters(task, model)
        return ["--stage", canonical_json(parameters)] if parameters else []

    def stage_parameters(self, task: str, model: str) -> dict[str, object]:
        """The parameters of the stage of a task's kind: its card's, where neither the task nor, later, the model entry
        says anything else."""
        known = self.configuration.kinds[task].get("stage", {})
        entry = {key: value for key, value in self.configuration.entries[model]["stage"].items() if key in known}
        return {**known, **self.configuration.tasks[task].get("stage", {}), **entry}

    def stages(self, task: str) -> dict[Path, dict[str, object]]:
        """The parameters of the stage for each run of a task, by the folder of the run."""
        runs = self.paths.runs_of(task)
        return {Path(self.paths.folder(run)): self.stage_parameters(task, run.model) for run in runs}
