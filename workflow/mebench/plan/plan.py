"""What a configuration asks for: every run, and by name where its files lie and what its commands are given."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TypedDict, cast

from mebench import cards
from mebench.config import given
from mebench.config.configuration import Configuration
from mebench.config.entries import Settings
from mebench.config.kinds import name_of
from mebench.config.loading import load
from mebench.config.resolve import resolve
from mebench.config.schema import checked
from mebench.errors import UserError, did_you_mean
from mebench.files import canonical_json
from mebench.model_card import is_control
from mebench.plan import table_runs
from mebench.plan.arguments import Arguments
from mebench.plan.inputs import Inputs
from mebench.plan.paths import Paths
from mebench.plan.runs import Run, all_runs
from mebench.plan.tables import Needs, is_file, named, needs, shipped
from mebench.protocols.tasks import SHIPPED
from mebench.runs.paths import PREDICTIONS, DatasetFiles, RunFiles

OF_TABLE = re.compile(r"(\.figures|\.differences|\.statistics)?\.[^.]+$")  # what follows the name of a table


class Shown(TypedDict):
    """What the report shows, by name; ``plots`` are those of each task, ``lacking`` those that it has not, with the
    reason. ``ranked`` are the tasks of a kind over which models are ranked, ``compared`` the models of each task. The
    verb gets it as JSON."""

    tables: list[str]
    tasks: list[str]
    datasets: list[str]
    models: list[str]
    plots: dict[str, list[str]]
    lacking: dict[str, dict[str, str]]
    ranked: dict[str, list[str]]
    compared: list[list[str]]


class Plan:
    """What a configuration asks for. ``Plan(config)`` for a mapping, ``Plan.load(path)`` for a file."""

    def __init__(self, written: Mapping[str, object] | Configuration, only: Collection[str] | None = None):
        """``only``: the ids of the runs to keep, where not all of them."""
        configuration = written if isinstance(written, Configuration) else resolve(checked(written))
        self.configuration = configuration
        self.tables = named(configuration.settings["tables"] or configuration.tasks)  # name -> name, or path of a file
        self.configuration = configuration = table_runs.with_tables(configuration, map(self._needs, self.tables))
        self.config = configuration.settings
        self.results = configuration.results
        self.selection = configuration.selection
        self.datasets, self.tasks = configuration.datasets, configuration.tasks
        self.kinds, self.entries = configuration.kinds, configuration.entries
        self.own_tasks = configuration.own_tasks
        self.runs = [run for run in all_runs(configuration) if only is None or run.id in only]
        self.inputs = Inputs(configuration)
        self.paths = Paths(configuration, self.runs, self.inputs, self._tables_of_tasks())
        self.arguments = Arguments(configuration, self.paths)

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
        """The run called TASK/MODEL/seedK. One that only a table needs is known to the plan of :meth:`having`."""
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
        return rf"(?!(?:{_one_of(self.outside)})(?:/|\.json$))[^/]+"

    def other_than(self, names: Mapping[str, Collection[str]]) -> str:
        """A regular expression for the names of entries, as a folder and as a file of scores, but for these of each
        task and those that rules of their own train."""
        below = (rf"(?!(?<=/{re.escape(task)}/)(?:{_one_of(own)})(?:/|\.json$))" for task, own in names.items() if own)
        return "".join(below) + self.trained_here

    # --- tables and the report

    def _needs(self, table: str) -> Needs:
        """What a table needs; one that is called like a task of the configuration's own is the default table of it."""
        if table not in self._read:
            written = self.tables.get(table, table)
            own = table in self.configuration.tasks and table not in SHIPPED
            self._read[table] = Needs(table, (table,)) if own and not is_file(written) else needs(written)
        return self._read[table]

    @cached_property
    def _read(self) -> dict[str, Needs]:
        return {}

    def check_asked(self, files: Iterable[str]) -> None:
        """A UserError where a file of a table is asked for that nobody knows: said before Snakemake looks for rules. A
        rule file of the owner's own may make others."""
        asked = [path for path in map(Path, files) if path.parent == Path(self.results) / "tables" and path.suffix]
        for path in asked if not self.rule_files else ():
            self._needs(OF_TABLE.sub("", path.name))

    def tasks_of_table(self, table: str) -> list[str]:
        """The tasks of a table, that of its first column first."""
        return list(self._needs(table).tasks)

    def of_table(self, table: str) -> Plan:
        """The plan of what a table needs, and of nothing else."""
        if table not in self._of_tables:
            wanted = self._needs(table)
            self._of_tables[table] = Plan(table_runs.of_table(self.configuration, wanted))
        return self._of_tables[table]

    @cached_property
    def _of_tables(self) -> dict[str, Plan]:
        return {}

    def with_tables(self, tables: Collection[str]) -> Plan:
        """The plan with these tables among those of the configuration."""
        lacking = [table for table in tables if table not in self.tables]
        if not lacking:
            return self
        settings = {**self.config, "tables": [*self.tables.values(), *lacking]}
        return Plan(replace(self.configuration, settings=cast(Settings, settings)))

    def _tables_of_tasks(self) -> dict[str, list[str]]:
        """The names of the tables of each task; those that show it alone come first."""
        found: dict[str, list[str]] = {}
        for name in sorted(self.tables, key=lambda name: len(self.tasks_of_table(name))):  # stable
            for task in self.tasks_of_table(name):
                found.setdefault(task, []).append(name)
        return found

    def scores_of_table(self, table: str) -> list[str]:
        """The scores of each model that a table shows."""
        plan = self if table in self.tables else self.of_table(table)
        return [self.paths.model_scores(*pair) for pair in table_runs.pairs(plan.configuration, self._needs(table))]

    def own_settings(self, table: str) -> list[str]:
        """The names of a table's entries that run with the settings of the configuration, where those are others."""
        return table_runs.own_settings(self.configuration, self._needs(table))

    # --- what the configuration does not have, and a table needs that it does not name

    def having(self, task: str, model: str) -> Plan:
        """This plan, or that of a table of the package, where the task and the model are of none of its runs."""
        if self.paths.has(task, model) or (task, model) not in self._offered:
            return self
        return self.of_table(self._offered[task, model])

    @cached_property
    def _offered(self) -> dict[tuple[str, str], str]:
        """The first table of the package that shows a model on a task, for each of them."""
        tables = [(table, table_runs.pairs(self.configuration, needs(table))) for table in shipped()]
        return {pair: table for table, shown in reversed(tables) for pair in shown}

    def having_run(self, name: str) -> Plan:
        """The plan that has TASK/MODEL or TASK/MODEL/seedK."""
        task, _, rest = name.partition("/")
        return self.having(task, rest.partition("/")[0])

    def having_dataset(self, name: str) -> Plan:
        """This plan, or one with a generated dataset of this name."""
        if name in self.datasets:
            return self
        if name not in self._with_datasets:
            configuration = table_runs.with_dataset(self.configuration, name, "what is asked for")
            self._with_datasets[name] = Plan(configuration, ())
        return self._with_datasets[name]

    @cached_property
    def _with_datasets(self) -> dict[str, Plan]:
        return {}

    def folders_of_table(self, table: str) -> dict[str, dict[str, dict[int, Path]]]:
        """The folders of the runs that a table shows: by task, model and seed."""
        plan = self if table in self.tables else self.of_table(table)
        folders: dict[str, dict[str, dict[int, Path]]] = {task: {} for task in self.tasks_of_table(table)}
        for task, model in table_runs.pairs(plan.configuration, self._needs(table)):
            if plan.paths.has(task, model):  # a plan of what is there may lack some
                runs = plan.paths.with_seeds(task, model)
                folders[task][model] = {run.seed: Path(plan.paths.folder(run)) for run in runs}
        return folders

    def predictions_of_table(self, table: str) -> list[str]:
        """The predictions of these runs, from which the statistics of the table are computed."""
        folders = self.folders_of_table(table).values()
        return [f"{folder}/{PREDICTIONS}" for models in folders for seeds in models.values()
                for folder in seeds.values()]  # fmt: skip

    def file_of_table(self, table: str) -> list[str]:
        """The YAML file of a table that lies outside the package."""
        return [path for path in (self.tables.get(table, table),) if is_file(path)]

    @property
    def compared(self) -> list[list[str]]:
        """The models of each task, without controls: those that figures tell apart."""
        packed = self.config.get("archived", False)  # without the files of models that others wrote
        control = {name for name, entry in self.entries.items()
                   if not (packed and cards.is_own(entry["model"])) and is_control(entry["model"])}  # fmt: skip
        return [[model for model in self.paths.models_of(task) if model not in control] for task in self.tasks]

    @property
    def ranked(self) -> dict[str, list[str]]:
        """The tasks of each kind over which models are ranked: all of the kind, where two or more share two models that
        are no controls."""
        models = dict(zip(self.tasks, self.compared, strict=True))
        kinds: dict[str, list[str]] = {}
        for task in self.tasks:
            kinds.setdefault(Path(name_of(self.tasks[task])).stem, []).append(task)
        shared = {kind: set.intersection(*(set(models[task]) for task in own)) for kind, own in kinds.items()}
        return {kind: own for kind, own in kinds.items() if len(own) > 1 and len(shared[kind]) > 1}

    @property
    def rank_files(self) -> list[str]:
        """The diagrams of these ranks."""
        return [f"{self.results}/plots/ranks-{kind}.{suffix}" for kind in self.ranked for suffix in ("svg", "png")]

    @property
    def shown(self) -> Shown:
        """What the report shows."""
        return {
            "tables": list(self.tables.values()),
            "tasks": list(self.tasks),
            "datasets": list(self.datasets),
            "models": [name for name in self.model_names if not cards.is_given_file(name)],
            "plots": {task: self.paths.plots(task) for task in self.tasks},
            "lacking": {task: self.paths.lacking(task) for task in self.tasks},
            "ranked": self.ranked,
            "compared": self.compared,
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
        tables = [Path(table).name if Path(table).is_absolute() else table for table in self.config["tables"]]
        models = [{**one, given.KEY: Path(str(one[given.KEY])).name} if isinstance(one, Mapping) and given.is_given(one)
                  else one for one in self.config["models"]]  # fmt: skip
        return canonical_json({**self.config, "datasets": kept, "results": shown, "tables": tables, "models": models})


def _one_of(names: Collection[str]) -> str:
    return "|".join(map(re.escape, sorted(names))) or "(?!)"  # nothing matches that
