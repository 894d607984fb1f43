"""What a configuration asks for: every run, and by name where its files lie and what its commands are given."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TypedDict

from mebench import cards
from mebench.config.configuration import Configuration
from mebench.config.loading import load
from mebench.config.resolve import resolve
from mebench.config.schema import checked
from mebench.errors import UserError, did_you_mean
from mebench.files import canonical_json
from mebench.plan.arguments import Arguments
from mebench.plan.inputs import Inputs
from mebench.plan.paths import Paths
from mebench.plan.runs import Run, all_runs
from mebench.plan.tables import is_file, models_listed, named, table_task
from mebench.protocols.tasks import TASKS
from mebench.runs.paths import PREDICTIONS, DatasetFiles, RunFiles


class Shown(TypedDict):
    """What the report shows, by name; ``plots`` are those of each task. The verb gets it as JSON."""

    tables: list[str]
    tasks: list[str]
    datasets: list[str]
    models: list[str]
    plots: dict[str, list[str]]


class Plan:
    """What a configuration asks for. ``Plan(config)`` for a mapping, ``Plan.load(path)`` for a file."""

    def __init__(self, written: Mapping[str, object] | Configuration, only: Collection[str] | None = None):
        """``only``: the ids of the runs to keep, where not all of them."""
        configuration = written if isinstance(written, Configuration) else resolve(checked(written))
        self.configuration = configuration
        self.config = configuration.settings
        self.results = configuration.results
        self.selection = configuration.selection
        self.datasets, self.tasks = configuration.datasets, configuration.tasks
        self.kinds, self.entries = configuration.kinds, configuration.entries
        self.own_tasks = configuration.own_tasks
        self.runs = [run for run in all_runs(configuration) if only is None or run.id in only]
        self.inputs = Inputs(configuration)
        self.paths = Paths(configuration, self.runs, self.inputs)
        self.arguments = Arguments(configuration, self.paths)
        self.tables = named(self.config["tables"] or self.tasks)  # name -> name, or path of a YAML file
        for name in self.tables:
            if (needed := self.task_of_table(name)) not in self.tasks:
                raise UserError(f"the table {name} needs the task {needed}; add it to 'tasks' in the configuration")
            if only is None:
                self.scores_of_table(name)  # it names a model that is not there

    @classmethod
    def load(cls, path: str | Path) -> Plan:
        """The plan of a configuration file: config.yaml, or the resolved one that the workflow writes."""
        return cls(load(path))

    def elsewhere(self, results: str, runs: Iterable[Run]) -> Plan:
        """The plan of these runs alone, with another folder of results."""
        configuration = replace(self.configuration, settings={**self.config, "results": results})
        return Plan(configuration, {run.id for run in runs})

    # --- runs and entries

    @cached_property
    def _by_id(self) -> dict[str, Run]:
        return {run.id: run for run in self.runs}

    def run(self, task: str, model: str, seed: str | int) -> Run:
        """The run behind wildcards."""
        return self._by_id[f"{task}/{model}/seed{seed}"]

    def named(self, run_id: str) -> Run:
        """The run called TASK/MODEL/seedK."""
        if run_id not in self._by_id:
            raise UserError(f"the configuration has no run '{run_id}'{did_you_mean(run_id, self._by_id)}")
        return self._by_id[run_id]

    def check_task(self, task: str) -> None:
        """A UserError where the configuration has no such task."""
        if task not in self.tasks:
            raise UserError(f"the configuration has no task '{task}'{did_you_mean(task, self.tasks)}")

    def files(self, run: Run) -> RunFiles:
        """A run with the files that it reads, and its folder."""
        return RunFiles(
            Path(self.paths.folder(run)),
            run.spec,
            [Path(path) for path in self.paths.clips(run.datasets)],
            [Path(folder) for folder in self.paths.input_folders(run)],
            self.dataset_files(run.task),
            self.config.get("rehearsal", False),
        )

    def dataset_files(self, task: str) -> list[DatasetFiles]:
        """The files that say what the datasets of a task hold."""
        names = self.tasks[task]["datasets"]
        return [
            DatasetFiles(name, Path(self.paths.source_record(name)), Path(clips), entry["source"] == "synthetic")
            for name, clips, entry in zip(
                names, self.paths.clips(names), map(self.datasets.__getitem__, names), strict=True
            )
        ]

    @property
    def model_names(self) -> list[str]:
        """The models behind the entries, each once, in the order of the configuration."""
        return list(dict.fromkeys(entry["model"] for entry in self.entries.values()))

    @property
    def rule_files(self) -> list[str]:
        """The rule files that the configuration names as models, each once, as absolute paths."""
        return [str(Path(model).resolve()) for model in self.model_names if cards.is_rule_file(model)]

    @property
    def outside(self) -> set[str]:
        """The names of the entries that rules of their own train."""
        return {name for name, entry in self.entries.items() if entry["training"] == "rules"}

    @property
    def trained_outside(self) -> str:
        """A regular expression for these names."""
        return _one_of(self.outside)

    @property
    def trained_here(self) -> str:
        """A regular expression for the names of all other entries."""
        return self.other_than(self.outside)

    def other_than(self, names: Collection[str]) -> str:
        """A regular expression for the names of entries, but for these: as a folder, and as a file of scores."""
        return rf"(?!(?:{_one_of(names)})(?:/|\.json$))[^/]+"

    # --- tables and the report

    def task_of_table(self, table: str) -> str:
        """The task of a table; a task of the configuration's own has its default table."""
        if table in self.tables:
            table = self.tables[table]
        return table if table in self.tasks and table not in TASKS else table_task(table)

    def scores_of_table(self, table: str) -> list[str]:
        """The scores of each model that a table shows."""
        task, listed = self.task_of_table(table), models_listed(self.tables.get(table, table))
        self.check_task(task)
        known = self.paths.models_of(task)
        for model in listed:
            if model not in known:
                raise UserError(
                    f"the table {table} shows the model '{model}', which the configuration does not have on {task}"
                    f"{did_you_mean(model, known)}"
                )
        return [self.paths.model_scores(task, model) for model in known if not listed or model in listed]

    def folders_of_table(self, table: str) -> dict[str, dict[int, Path]]:
        """The folders of the runs of each model that a table shows, by seed."""
        task, models = self.task_of_table(table), [Path(path).stem for path in self.scores_of_table(table)]
        return {model: {run.seed: Path(self.paths.folder(run)) for run in self.paths.with_seeds(task, model)}
                for model in models}  # fmt: skip

    def predictions_of_table(self, table: str) -> list[str]:
        """The predictions of these runs, from which the statistics of the table are computed."""
        folders = self.folders_of_table(table).values()
        return [f"{folder}/{PREDICTIONS}" for seeds in folders for folder in seeds.values()]

    def file_of_table(self, table: str) -> list[str]:
        """The YAML file of a table that lies outside the package."""
        return [path for path in (self.tables.get(table, table),) if is_file(path)]

    @property
    def shown(self) -> Shown:
        """What the report shows."""
        return {
            "tables": list(self.tables.values()),
            "tasks": list(self.tasks),
            "datasets": list(self.datasets),
            "models": self.model_names,
            "plots": {task: self.paths.plots(task) for task in self.tasks},
        }

    @property
    def config_json(self) -> str:
        """The configuration with its defaults, without the places where data and results lie on this machine."""
        kept = {
            name: {**d, "source": "synthetic" if d["source"] == "synthetic" else "own copy"}
            for name, d in self.datasets.items()
        }
        results = Path(self.config["results"])
        shown = results.name if results.is_absolute() else str(self.config["results"])
        return canonical_json({**self.config, "datasets": kept, "results": shown})


def _one_of(names: Collection[str]) -> str:
    return "|".join(map(re.escape, sorted(names))) or "(?!)"  # nothing matches that
