"""Where every file of a benchmark lies: the one place that knows, for rules and for those who read results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from mebench import cards, formats
from mebench.config.configuration import Configuration
from mebench.config.kinds import drawable, lacking
from mebench.plan import inputs
from mebench.plan.inputs import Inputs
from mebench.plan.runs import Run


def reads_inputs(run: Run) -> bool:
    """Whether a run reads an input; of somebody's predictions none is known."""
    return run.spec["inputs"]["kind"] != "none"


class Paths:
    """The files of a configuration and its runs, as texts, below the folder of results."""

    def __init__(
        self, configuration: Configuration, runs: Sequence[Run], made: Inputs, tables: Mapping[str, Sequence[str]]
    ):  # fmt: skip
        """``tables`` are the names of the tables of each task."""
        self.configuration, self.runs, self.made, self.tables = configuration, runs, made, tables
        self.results = configuration.results

    # --- data

    def source_record(self, dataset: str) -> str:
        """What ``fetch`` wrote about a dataset: in which folder its frames are."""
        return f"{self.results}/sources/{dataset}/source.json"

    def truth(self, dataset: str) -> str:
        """The folder of the known flow of a generated dataset."""
        return f"{self.results}/sources/{dataset}/truth"

    def clips(self, datasets: Iterable[str]) -> list[str]:
        """The clips.csv of each dataset."""
        return [f"{self.results}/datasets/{name}/clips.csv" for name in datasets]

    def decisions(self, datasets: Iterable[str]) -> list[str]:
        """What the owner decided about single clips, beside each clips.csv."""
        return [f"{self.results}/datasets/{name}/decisions.json" for name in datasets]

    # --- inputs

    def input_folder(self, dataset: str, name: str) -> str:
        return f"{self.results}/inputs/{dataset}/{name}"

    def base(self, dataset: str, name: str) -> str | None:
        """The folder of the input that another one is made from."""
        base = self.made.base(dataset, name)
        return base and self.input_folder(dataset, base)

    def faces(self, dataset: str, name: str) -> str | None:
        """The folder of the faces that an input is cropped by."""
        return f"{self.results}/faces/{dataset}" if self.made.needs_faces(dataset, name) else None

    def made_from(self, dataset: str, name: str) -> list[str]:
        """What an input is made from besides the clips: the files that are written last in those folders."""
        folders = (self.base(dataset, name), self.faces(dataset, name))
        return [f"{folder}/meta.json" for folder in folders if folder]

    def input_folders(self, run: Run) -> list[str]:
        """The folder of the input of each dataset of a run."""
        return [self.input_folder(name, self.made.name(run, name)) for name in run.datasets if reads_inputs(run)]

    def inputs(self, run: Run) -> list[str]:
        """The ``meta.json`` of each input folder of a run; it is written last."""
        return [f"{folder}/meta.json" for folder in self.input_folders(run)]

    @cached_property
    def samples(self) -> dict[str, dict[str, list[str]]]:
        """Of each task, each distinct input that its models read, once: its name, and its folder for each dataset.

        The same input may be cropped in one dataset and as delivered in another; it is called as where it is cropped.
        Sorted by kind, size and name, so that the order of the models does not matter.
        """
        return {task: self._samples(task) for task in self.configuration.tasks}

    def _samples(self, task: str) -> dict[str, list[str]]:
        datasets = self.configuration.tasks[task]["datasets"]
        folders: dict[str, list[str]] = {}
        for run in filter(reads_inputs, self.runs_of(task)):
            names = [self.made.name(run, dataset) for dataset in datasets]
            name = next(filter(inputs.cropped, names), names[0])
            folders[name] = [self.input_folder(*pair) for pair in zip(datasets, names, strict=True)]
        return {name: folders[name] for name in sorted(folders, key=inputs.order)}

    # --- runs and what is made of them

    def given(self, run: Run) -> str:
        """What a model with a rule file predicted, or the predictions that an entry names."""
        model = run.spec["model"]
        return cards.given_file(model) if cards.is_given_file(model) else f"{self.folder(run)}/given.csv"

    def runs_of(self, task: str) -> list[Run]:
        return [run for run in self.runs if run.task == task]

    def with_seeds(self, task: str, model: str) -> list[Run]:
        """The runs of a model on a task, one for each seed."""
        return self._with_seeds[task, model]

    def has(self, task: str, model: str) -> bool:
        """Whether there are runs of a model on a task."""
        return (task, model) in self._with_seeds

    @cached_property
    def _with_seeds(self) -> dict[tuple[str, str], list[Run]]:
        groups: dict[tuple[str, str], list[Run]] = {}
        for run in self.runs:
            groups.setdefault((run.task, run.model), []).append(run)
        return groups

    def shards(self, runs: Sequence[Run], items: Iterable[str]) -> list[str]:
        """The summary of each training job of the runs of a model on a task."""
        return [f"{self.results}/runs/{runs[0].task}/{runs[0].model}/shards/{item}.json" for item in items]

    def pooled(self, runs: Iterable[Run]) -> list[str]:
        """What pooling writes of each run."""
        names = ("predictions.csv", "history.csv", "run.json")
        return [f"{self.folder(run)}/{name}" for run in runs for name in names]

    def folder(self, run: Run) -> str:
        """The folder of a run."""
        return f"{self.results}/runs/{run.id}"

    def final_cards(self, runs: Iterable[Run]) -> list[str]:
        """The card of the training on everyone of each run whose entry asks for one; it is written last."""
        return [f"{self.folder(run)}/final/card.json" for run in runs if run.entry.get("final")]

    def records(self, task: str) -> list[str]:
        """The ``run.json`` of each run of a task; it is written last, after the pooled predictions."""
        return [f"{self.folder(run)}/run.json" for run in self.runs_of(task)]

    def model_scores(self, task: str, model: str) -> str:
        """The scores of a model on a task; it is written last, after the pooled predictions of its runs."""
        return f"{self.results}/scores/{task}/{model}.json"

    def scores_of_models(self, task: str) -> list[str]:
        """The scores of each model of a task."""
        return [self.model_scores(task, model) for model in self.models_of(task)]

    def models_of(self, task: str) -> list[str]:
        """The names of the model entries of a task."""
        return [model for of, model in self._with_seeds if of == task]

    def scores(self, task: str) -> str:
        return f"{self.results}/scores/{task}.csv"

    def statistics(self, task: str) -> list[str]:
        """The statistics of the first table of a task, from which its plots are drawn; none where it has no table."""
        return [f"{self.results}/tables/{name}.statistics.json" for name in self.tables.get(task, ())[:1]]

    def plots(self, task: str) -> list[str]:
        """The names of a task's plots; ``input-NAME`` is a sample picture of the input NAME."""
        own = drawable(self.configuration.kinds[task], bool(self.statistics(task)), self.peeked(task))
        return [*own, *(f"input-{name}" for name in self.samples[task])]

    def peeked(self, task: str) -> bool:
        """Whether epochs are chosen on the test subjects too, in any run of a task."""
        return any(run.spec["selection"] == "test_peek" for run in self.runs_of(task))

    def lacking(self, task: str) -> dict[str, str]:
        """The plots that a task does not have, and why."""
        return lacking(self.configuration.kinds[task], bool(self.statistics(task)), self.peeked(task))

    def plot_files(self, task: str, suffix: str) -> list[str]:
        """The files of a task's plots: ``suffix`` is svg or png."""
        return [f"{self.results}/plots/{task}/{plot}.{suffix}" for plot in self.plots(task)]

    def page_files(self, task: str) -> list[str]:
        """The files with a page for each subject."""
        return [f"{self.results}/plots/{task}/{name}.pdf" for name in self.configuration.kinds[task].get("pages", {})]

    def events(self, task: str) -> list[str]:
        """Where the list of all that happens in generated recordings lies; only those of long videos have one."""
        entries, names = self.configuration.datasets, self.configuration.tasks[task]["datasets"]
        generated = [name for name in names if entries[name]["source"] == "synthetic"]
        return [f"{self.results}/{formats.EVENTS.path.replace('<dataset>', name)}" for name in generated]

    def plotted(self, task: str) -> list[str]:
        """The files that the plots of a task are made from, besides the clips."""
        sampled = [f"{folder}/meta.json" for folders in self.samples[task].values() for folder in folders]
        decoded = [self.scores(task)] if "files" in self.configuration.kinds[task] else []
        return [*self.records(task), *decoded, *dict.fromkeys(sampled), *self.statistics(task)]
