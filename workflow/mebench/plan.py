"""The plan: from a configuration to every run and every file of the benchmark, known when the Snakefile is parsed.

Importing this module and building a plan reads cards as literals and imports neither torch, cv2 nor pandas.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mebench import cards, feasible, inputs, recipes, sources, tasks
from mebench.config import checked, load_config
from mebench.errors import UserError, did_you_mean
from mebench.files import canonical_json
from mebench.indexing import checks
from mebench.protocols import own_tasks
from mebench.protocols.tasks import TASKS, task


@dataclass(frozen=True)
class Run:
    """One model on one task with one seed: all its folds."""

    task: str
    model: str
    seed: int
    entry: dict[str, Any]
    spec: dict[str, Any]

    @property
    def id(self) -> str:
        return f"{self.task}/{self.model}/seed{self.seed}"

    @property
    def parameter(self) -> str:
        """The run's spec as one canonical string: what Snakemake compares, and what ``mebench train --spec`` takes."""
        return canonical_json(self.spec)

    @property
    def resources(self) -> dict[str, int]:
        return self.entry["resources"]


class Plan:
    """What a configuration asks for. ``Plan(config)`` for a mapping, ``Plan.load(path)`` for a file."""

    def __init__(self, config: dict[str, Any]):
        self.config = checked(config)
        self.results = self.config["results"].rstrip("/")
        self.selection: str = self.config["selection"]
        named = [task(entry) if isinstance(entry, str) else own_tasks.own(entry) for entry in self.config["tasks"]]
        self.tasks = {definition["name"]: definition for definition in named}
        self.kinds = {name: tasks.card(definition) for name, definition in self.tasks.items()}
        self.own_tasks = [self.tasks[entry["name"]] for entry in self.config["tasks"] if not isinstance(entry, str)]
        self.entries = self._entries()
        self.datasets = self._datasets()
        self.runs = [
            self._run(t, m, s)
            for t in self.tasks
            for m, entry in self.entries.items()
            for s in self.config["seeds"]
            if t in (entry["tasks"] or self.tasks)
        ]
        self.tables: list[str] = self.config["tables"] or list(self.tasks)
        for name in self.tables:
            if (needed := self.task_of_table(name)) not in self.tasks:
                raise UserError(f"the table {name} needs the task {needed}; add it to 'tasks' in the configuration")
        feasible.check(self)

    @classmethod
    def load(cls, path: str | Path) -> Plan:
        """The plan of a configuration file."""
        return cls(load_config(path))

    def _entries(self) -> dict[str, dict[str, Any]]:
        resolved = [recipes.resolve(entry) for entry in self.config["models"]]
        entries = {entry["name"]: entry for entry in resolved}
        if len(entries) < len(resolved):
            names = [entry["name"] for entry in resolved]
            twice = next(name for name in names if names.count(name) > 1)
            raise UserError(f"two model entries are called '{twice}'; give each a 'name' of its own")
        for name, entry in entries.items():
            self._check_entry(name, entry)
        return entries

    def _check_entry(self, name: str, entry: dict[str, Any]) -> None:
        for other in entry["tasks"] or ():
            if other not in self.tasks:
                raise UserError(
                    f"the model entry '{name}' is for the task {other}, which is not among the tasks of this "
                    f"configuration{did_you_mean(other, self.tasks)}"
                )
        if entry["training"] == "rules" and not _writes_given(entry["model"], name):
            raise UserError(
                f"the model entry '{name}' needs a rule with the output "
                f"<results>/runs/{{task}}/{name}/seed{{seed}}/given.csv, but {entry['model']} has none; "
                "docs/add-a-model.md shows one"
            )
        for path in cards.weights_files(entry):
            if not Path(path).is_file():
                raise UserError(f"the model entry '{name}' begins with the weights {path}, but there is no such file")

    def _datasets(self) -> dict[str, dict[str, Any]]:
        """All that are configured, whether a task needs them or not: each is read, checked and shown in the report."""
        for name in self.config["datasets"]:
            cards.locate("datasets", name)
        needed = sorted({name for t in self.tasks.values() for name in t["datasets"]})
        for name in needed:
            if name not in self.config["datasets"]:
                wants = ", ".join(t for t in self.tasks if name in self.tasks[t]["datasets"])
                raise UserError(
                    f"the task {wants} needs the dataset {name}; add it to 'datasets' in the configuration, "
                    f"for example {name}: {{source: /path/to/your/copy}} or {name}: {{source: synthetic}}"
                )
        return dict(sorted(self.config["datasets"].items()))

    def _run(self, task_name: str, model: str, seed: int) -> Run:
        entry, definition = self.entries[model], self.tasks[task_name]
        spec = {key: entry[key] for key in ("model", "training", "options", "inputs", "recipe")}
        spec["label"], spec["seed"], spec["selection"] = model, seed, self.selection
        if entry["training"] == "rules":
            spec["selection"] = "last"  # how the configuration selects epochs cannot reach code of its own
        keys = ["name", "kind", *self.kinds[task_name]["definition"], "protocol"]
        if entry["recipe"].get("extra_clips", "none") != "none":
            self._check_extra(task_name, model, entry["recipe"]["extra_clips"])
            keys.append(entry["recipe"]["extra_clips"])
        spec["task"] = {key: definition[key] for key in keys if key in definition}
        return Run(task_name, model, seed, entry, spec)

    def _check_extra(self, task: str, model: str, wanted: str) -> None:
        more = self.tasks[task].get(wanted)
        if not more:
            having = ", ".join(name for name, definition in TASKS.items() if wanted in definition)
            raise UserError(
                f"the model entry '{model}' has extra_clips: {wanted}, but the task {task} has none; those with "
                f"{wanted}-expressions are {having}"
            )
        for name in more:
            if name not in self.datasets:
                raise UserError(
                    f"the model entry '{model}' has extra_clips: {wanted}, which are clips of the dataset {name}; "
                    "add it to 'datasets' in the configuration"
                )

    # --- look-ups for the rules -------------------------------------------------------------------

    @cached_property
    def _by_id(self) -> dict[str, Run]:
        return {run.id: run for run in self.runs}

    def run(self, task: str, model: str, seed: str | int) -> Run:
        """The run behind wildcards."""
        return self._by_id[f"{task}/{model}/seed{seed}"]

    def runs_of(self, task: str) -> list[Run]:
        return [run for run in self.runs if run.task == task]

    def root(self, dataset: str) -> str:
        """What ``mebench index --root`` reads: the record of ``fetch``, which says in which folder the frames are."""
        return f"{self.results}/sources/{dataset}/source.json"

    def source_options(self, dataset: str) -> str:
        """What ``mebench fetch`` has to know besides the source, as canonical JSON."""
        keys = ("size", "subjects", "clips", "seed", "sha256")
        entry = self.datasets[dataset]
        return canonical_json({key: entry[key] for key in keys if key in entry})

    def crop(self, dataset: str) -> str:
        """``provided`` where the delivered frames are crops of faces, ``detected`` where faces are looked for."""
        entry = self.datasets[dataset]
        made_here = entry["source"] == "synthetic"  # generated faces fill their frames
        return entry.get("crop") or (
            "provided" if made_here else cards.card("datasets", dataset).get("crop", "provided")
        )

    def input_of(self, run: Run, dataset: str) -> str:
        """The name of the input that a run reads of a dataset, e.g. ``apex_flow-28``; the crop is the model's where
        faces are detected."""
        wanted = run.spec["inputs"]
        options = dict(wanted.get("options", {}))
        if "crop" in inputs.KINDS[wanted["kind"]]["options"]:
            options["crop"] = wanted.get("crop", "eyes") if self.crop(dataset) == "detected" else "provided"
        return inputs.spec(wanted["kind"], wanted.get("size"), options).name

    def base_of(self, dataset: str, name: str) -> str | None:
        """The folder of the input that another one is made from; published pictures are made from nothing."""
        base = None if self._delivers_pictures(dataset) else inputs.parse(name).base
        return base and f"{self.results}/inputs/{dataset}/{base}"

    def faces_of(self, dataset: str, name: str) -> str | None:
        """The folder of the faces that an input is cropped by."""
        needed = inputs.parse(name).needs_faces and not self._delivers_pictures(dataset)
        return f"{self.results}/faces/{dataset}" if needed else None

    def made_from(self, dataset: str, name: str) -> list[str]:
        """What an input is made from besides the clips: the files that are written last in those folders."""
        folders = (self.base_of(dataset, name), self.faces_of(dataset, name))
        return [f"{folder}/meta.json" for folder in folders if folder]

    def _delivers_pictures(self, dataset: str) -> bool:
        return cards.card("datasets", dataset).get("delivers") == "pictures"

    @property
    def with_faces(self) -> list[str]:
        """The datasets that deliver frames, so that faces can be looked for."""
        return [name for name in self.datasets if not self._delivers_pictures(name)]

    def input_arguments(self, dataset: str, name: str) -> list[str]:
        """The folders that ``mebench inputs`` makes an input from."""
        base, faces = self.base_of(dataset, name), self.faces_of(dataset, name)
        return [*(["--from", base] if base else []), *(["--faces", faces] if faces else [])]

    def truth_arguments(self, dataset: str, name: str) -> list[str]:
        """Where the known flow of a generated dataset lies, for the flows that it is the truth of."""
        spec = inputs.parse(name)
        entry = self.datasets[dataset]
        moving = entry["source"] == "synthetic" and entry.get("size", "small") == "small"
        known = moving and spec.kind in inputs.FLOWS and not spec.needs_faces
        return ["--truth", f"{self.results}/sources/{dataset}/truth"] if known else []

    def index_arguments(self, dataset: str) -> list[str]:
        """What the owner decided about a dataset: the apex where none is labelled, accepted deviations. Where nobody
        has decided about crops, the card's word for a cropped release is checked."""
        entry = self.datasets[dataset]
        granted = checks.takes_crops_for_granted(cards.card("datasets", dataset), entry)
        crops = ["--crops"] if granted else []
        accept = ["--accept", *entry["accept"]] if entry.get("accept") else []
        decided = {key: entry[key] for key in ("exclude", "corrections") if entry.get(key)}
        decisions = ["--decisions", canonical_json(decided)] if decided else []
        return [*(["--apex", entry["apex"]] if "apex" in entry else []), *accept, *crops, *decisions]

    def face_arguments(self, dataset: str) -> list[str]:
        """Whether frames are crops already, and the owner's own landmarks."""
        landmarks = self.datasets[dataset].get("landmarks")
        return ["--crop", self.crop(dataset), *(["--landmarks", landmarks] if landmarks else [])]

    def datasets_of(self, run: Run) -> list[str]:
        """The datasets of a run's task, and those of the extra clips that it trains on."""
        return [*self.tasks[run.task]["datasets"], *run.spec["task"].get("macro", {})]

    def clips(self, task: str) -> list[str]:
        return [f"{self.results}/datasets/{name}/clips.csv" for name in self.tasks[task]["datasets"]]

    def clips_of(self, run: Run) -> list[str]:
        return [f"{self.results}/datasets/{name}/clips.csv" for name in self.datasets_of(run)]

    def decisions_of(self, run: Run) -> list[str]:
        """What the owner decided about single clips, beside each clips.csv of a run."""
        return [f"{self.results}/datasets/{name}/decisions.json" for name in self.datasets_of(run)]

    def inputs(self, run: Run) -> list[str]:
        """The ``meta.json`` of each input folder of a run; it is written last."""
        return [f"{self.results}/inputs/{name}/{self.input_of(run, name)}/meta.json" for name in self.datasets_of(run)]

    def sample_inputs(self, task: str) -> dict[str, list[str]]:
        """Each distinct input that models of a task read, once: its name, and the ``meta.json`` of each dataset.

        The same input may be cropped in one dataset and as delivered in another; it is called as where it is cropped.
        Sorted by kind, size and name, so that the order of the models does not matter.
        """
        return self._sample_inputs[task]

    @cached_property
    def _sample_inputs(self) -> dict[str, dict[str, list[str]]]:
        return {task: self._inputs_read(task) for task in self.tasks}

    def _inputs_read(self, task: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for run in self.runs_of(task):
            names = [self.input_of(run, dataset) for dataset in self.tasks[task]["datasets"]]
            cropped = [name for name in names if inputs.parse(name).options.get("crop", "provided") != "provided"]
            places = zip(self.tasks[task]["datasets"], names, strict=True)
            found[(cropped or names)[0]] = [f"{self.results}/inputs/{d}/{name}/meta.json" for d, name in places]
        specs = {name: inputs.parse(name) for name in found}
        return {name: found[name] for name in sorted(found, key=lambda n: (specs[n].kind, specs[n].size or 0, n))}

    def plots_of(self, task: str) -> list[str]:
        """The plots of a task that the report shows; ``input-NAME`` is a sample picture of the input NAME."""
        return [*self.kinds[task]["plots"], *(f"input-{name}" for name in self.sample_inputs(task))]

    def plot_files(self, task: str, suffix: str) -> list[str]:
        """The files of a task's plots: ``suffix`` is svg or png."""
        return [f"{self.results}/plots/{task}/{plot}.{suffix}" for plot in self.plots_of(task)]

    def plotted(self, task: str) -> list[str]:
        """The files that the plots of a task are made from, besides the clips."""
        sampled = [meta for stores in self.sample_inputs(task).values() for meta in stores]
        return [*self.records(task), *dict.fromkeys(sampled)]

    def records(self, task: str) -> list[str]:
        """The ``run.json`` of each run of a task; it is written last, after the pooled predictions."""
        return [f"{self.folder(run)}/run.json" for run in self.runs_of(task)]

    def plot_arguments(self, task: str) -> list[str]:
        """The arguments of ``mebench plots task``, without --out."""
        runs = ["--runs", *(self.folder(run) for run in self.runs_of(task))]
        samples = [["--sample", name, *(str(Path(meta).parent) for meta in stores)]
                   for name, stores in self.sample_inputs(task).items()]  # fmt: skip
        return ["--task", task, *runs, *itertools.chain.from_iterable(samples), "--clips", *self.clips(task)]

    def arguments_of_plot(self, task: str, plot: str) -> list[str]:
        """The arguments of ``mebench plots`` for one plot of a task alone, without --out."""
        if not plot.startswith("input-"):
            return [plot, "--runs", *(self.folder(run) for run in self.runs_of(task))]
        stores = self.sample_inputs(task)[plot.removeprefix("input-")]
        folders = [str(Path(meta).parent) for meta in stores]
        return ["input", "--inputs", *folders, "--clips", *self.clips(task), "--task", task]

    def scores_of_table(self, table: str) -> str:
        return f"{self.results}/scores/{self.task_of_table(table)}.csv"

    def task_of_table(self, table: str) -> str:
        if table in self.tasks and table not in TASKS:  # a task of the configuration's own has its default table
            return table
        if table not in table_names():
            raise UserError(f"unknown table '{table}'{did_you_mean(table, table_names())}")
        return table_task(table)

    def define_arguments(self, *names: str) -> list[str]:
        """``--define`` and the definitions of those of the tasks that the configuration itself defines."""
        own = [canonical_json(definition) for definition in self.own_tasks if definition["name"] in names]
        return ["--define", *own] if own else []

    def stage_arguments(self, task: str) -> list[str]:
        """``--stage`` and the parameters of the stage between predictions and scores, where the kind has one."""
        parameters = self.stage(task)
        return ["--stage", canonical_json(parameters)] if parameters else []

    def stage(self, task: str) -> dict[str, Any]:
        """The parameters of the stage of a task's kind: its card's, where the task says nothing else."""
        return self.kinds[task].get("stage", {}) | self.tasks[task].get("stage", {})

    def source_of_table(self, table: str) -> str:
        """Digest of a table's data file, of those it extends, and of the code that makes tables."""
        return sources.fingerprint(*AREAS["tables"], *sorted(str(path) for path in TABLES.glob("*.yaml")))

    @property
    def model_names(self) -> list[str]:
        """The models behind the entries, each once, in the order of the configuration."""
        return list(dict.fromkeys(entry["model"] for entry in self.entries.values()))

    @property
    def rule_files(self) -> list[str]:
        """The rule files that the configuration names as models, each once, as absolute paths."""
        return [str(Path(model).resolve()) for model in self.model_names if cards.is_rule_file(model)]

    @property
    def trained_outside(self) -> str:
        """A regular expression for the names of the entries that rules of their own train."""
        names = [re.escape(name) for name, entry in self.entries.items() if entry["training"] == "rules"]
        return "|".join(names) or "(?!)"  # nothing matches that

    @property
    def trained_here(self) -> str:
        """A regular expression for the names of all other entries."""
        return rf"(?!(?:{self.trained_outside})/)[^/]+"

    @property
    def config_json(self) -> str:
        """The configuration with its defaults, without the places where the data lie on this machine."""
        kept = {
            name: {**d, "source": "synthetic" if d["source"] == "synthetic" else "own copy"}
            for name, d in self.datasets.items()
        }
        return canonical_json({**self.config, "datasets": kept})

    def folder(self, run: Run) -> str:
        return f"{self.results}/runs/{run.id}"

    def source(self, area: str, run: Run | None = None) -> str:
        """Digest of the package source that a rule's result depends on (of the run's model too, for training)."""
        model = sources.of_model(run.spec["model"]) if run else ""
        kinds = [sources.file_of_kind(run.spec["task"])] if run else []
        return sources.fingerprint(*AREAS[area], *kinds) + model

    def source_of_task(self, area: str, task: str) -> str:
        """The same of a rule that makes something of all runs of a task."""
        return sources.fingerprint(*AREAS[area], sources.file_of_kind(self.tasks[task]))

    def source_of_index(self, dataset: str) -> str:
        """Digest of the code that reads a dataset."""
        return sources.fingerprint("verbs/index.py", f"datasets/{dataset}.py")

    def source_of_input(self, name: str) -> str:
        """Digest of the code that makes an input: its kind's file, and that of its flow."""
        spec = inputs.parse(name)
        files = [f"inputs/{kind}.py" for kind in (spec.kind, spec.options.get("flow")) if kind]
        return sources.fingerprint("verbs/inputs.py", *files)

    def resolve(self, run_id: str) -> tuple[dict[str, Any], list[Path], list[Path], Path]:
        """(spec, clips, input folders, run folder) of a run named TASK/MODEL/seedK."""
        if run_id not in self._by_id:
            raise UserError(f"the configuration has no run '{run_id}'{did_you_mean(run_id, self._by_id)}")
        run = self._by_id[run_id]
        return (
            run.spec,
            [Path(p) for p in self.clips_of(run)],
            [Path(p).parent for p in self.inputs(run)],
            Path(self.folder(run)),
        )


TABLE_TEMPLATES = (
    "tables/templates/page.html.j2",
    "tables/templates/table.css",
    "tables/templates/table.html.j2",
    "tables/templates/table.js",
    "tables/templates/table.md.j2",
    "tables/templates/table.tex.j2",
)

# the files that a rule's result depends on, besides what they import
AREAS: dict[str, tuple[str, ...]] = {
    "fetch": ("verbs/fetch.py",),
    "faces": ("verbs/faces.py",),
    "train": ("training/fold.py", "training/data.py", "protocols/loso.py"),
    "pool": ("verbs/pool.py", "training/pool.py"),
    "folds": ("training/handout.py",),
    "adopt": ("training/adopt.py",),
    "score": ("verbs/score.py", "metrics/recognition.py"),
    "tables": ("verbs/tables.py", *TABLE_TEMPLATES),
    "plots": (
        "verbs/plots.py",
        *sorted(f"plots/{path.name}" for path in (Path(__file__).parent / "plots").glob("*.py")),
    ),
    "report": ("verbs/report.py", "report/page.html.j2", *TABLE_TEMPLATES),
}

TABLES = Path(__file__).parent / "tables"


def _writes_given(path: str, name: str) -> bool:
    """Whether the text of a rule file has the output that :mod:`mebench.training.adopt` waits for."""
    text = Path(path).read_text(encoding="utf-8")
    return any(f"/runs/{{task}}/{who}/seed{{seed}}/given.csv" in text for who in (name, "{model}"))


def table_names() -> list[str]:
    """Names of all tables: every data file of the tables folder, and every task, which has a default table without."""
    return sorted({*TASKS, *(path.stem for path in TABLES.glob("*.yaml"))})


def table_task(name: str) -> str:
    """The task of a table: the first line ``task: NAME`` of its data file; a default table is called like its task."""
    path = TABLES / f"{name}.yaml"
    if name in TASKS and not path.is_file():
        return name
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("task:"):
            return line.partition(":")[2].strip().strip("\"'")
    raise UserError(f"the table file {path} has no line 'task: NAME'")
