"""The pooled runs of one task, read for plots."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mebench.errors import UserError
from mebench.files import read_csv, read_json
from mebench.metrics.recognition import Numbers, confusion, from_confusion
from mebench.origins import MARKS, of_all
from mebench.predicted import Predicted
from mebench.runs import run_record
from mebench.runs.paths import PREDICTIONS, STAGE
from mebench.runs.predicted_files import with_held
from mebench.runs.run_record import RunRecord
from mebench.statistics import table_statistics
from mebench.statistics.table_statistics import TableStatistics
from mebench.tasks import Kind, card

if TYPE_CHECKING:
    import pandas as pd

Places = Sequence[str | os.PathLike[str]]


@dataclass(frozen=True)
class RunData:
    """One model with one seed: its record, and its files, which are read when they are needed."""

    folder: Path
    record: RunRecord

    @cached_property
    def predictions(self) -> list[dict[str, str]]:
        """Prediction rows of the honest selection."""
        return read_csv(self.folder / "predictions.csv", self._columns)

    @cached_property
    def peeked(self) -> list[dict[str, str]] | None:
        """Prediction rows of the best test epoch; None where the run did not peek."""
        path = self.folder / "predictions.test_peek.csv"
        asked = self.record.selection == "test_peek" and path.exists()
        return read_csv(path, self._columns) if asked else None

    def file(self, name: str) -> list[dict[str, str]]:
        """The rows of a file that the stage of its kind of task wrote into the folder, such as ``intervals.csv``."""
        columns = card(self.record.task_kind.task)["files"][name]
        if not (self.folder / name).exists():
            raise UserError(f"there is no {self.folder / name}; run `mebench score` for the task again")
        return read_csv(self.folder / name, columns)

    @cached_property
    def stage(self) -> Mapping[str, object]:
        """The parameters of the stage that wrote these files."""
        path = self.folder / STAGE
        if not path.exists():
            raise UserError(f"there is no {path}; run `mebench score` for the task again")
        return read_json(path)

    @cached_property
    def predicted(self) -> Predicted:
        """The predictions with their array, and those for subjects that folds held out."""
        return with_held(self.folder / PREDICTIONS, self.record.task_kind, self.predictions)

    @property
    def _columns(self) -> tuple[str, ...]:
        """The columns that predictions of the run's kind of task have."""
        kind = self.record.task_kind
        return (*kind.key, "dataset", "subject", *kind.needed)

    @cached_property
    def history(self) -> pd.DataFrame:
        """One row for each fold and epoch; empty for a model that is not trained by epochs."""
        import pandas as pd  # no plot of the package needs it, and it takes long to import

        return pd.read_csv(self._history_file)

    @cached_property
    def epochs(self) -> Mapping[str, np.ndarray]:
        """Each column of the history but the fold, as numbers in the order of the rows; NaN where a cell is empty."""
        with open(self._history_file, newline="", encoding="utf-8") as file:
            names, *rows = csv.reader(file)
        columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
        return {
            name: np.array([float(cell or "nan") for cell in cells])
            for name, cells in columns.items()
            if name != "fold"
        }

    @property
    def _history_file(self) -> Path:
        path = self.folder / "history.csv"
        if not path.exists():
            raise UserError(f"there is no {path}; run `mebench pool` for this run again")
        with open(path, encoding="utf-8") as file:
            absent = {"fold", "epoch", "train_loss"} - set(file.readline().strip().split(","))
        if absent:
            raise UserError(f"{path} lacks the column {', '.join(sorted(absent))}; run `mebench pool` again")
        return path

    def confusion(self, rows: list[dict[str, str]]) -> np.ndarray:
        """Pooled counts (C, C) of ``rows``, truth in rows."""
        return confusion([row["truth"] for row in rows], [row["prediction"] for row in rows], self.classes)

    @property
    def classes(self) -> list[str]:
        """The classes of a run of recognition; empty for a kind of task that has none."""
        return list(self.record.own.get("classes", ()))  # type: ignore[call-overload]

    def scores(self, rows: list[dict[str, str]]) -> Numbers:
        """UF1, UAR and accuracy of ``rows``."""
        return from_confusion(self.confusion(rows))


@dataclass(frozen=True)
class ModelRuns:
    """The runs of one model, one per seed; ``record`` is that of the first."""

    runs: tuple[RunData, ...]

    @property
    def record(self) -> RunRecord:
        return self.runs[0].record

    @property
    def control(self) -> bool:
        return self.record.kind == "control"

    @property
    def peeked(self) -> bool:
        """Whether all that is known are predictions of epochs that were chosen on the test subjects, as somebody who
        gave them declared."""
        return all(run.record.selection == "test_peek" and run.peeked is None for run in self.runs)

    @property
    def label(self) -> str:
        """The model's :attr:`name`, marked where it is peeked."""
        return f"{self.name}, peeked" if self.peeked else self.name

    @property
    def name(self) -> str:
        """The model's title. For an incomplete model it has the number of folds that are done, or of clips without
        input."""
        records = [run.record for run in self.runs]
        worst = min(records, key=lambda record: record.folds_done - record.folds_expected)
        missed = max(len(record.without_input) for record in records)
        incomplete = worst.folds_done < worst.folds_expected
        lacking = [f"{worst.folds_done}/{worst.folds_expected} folds"] if incomplete else []
        lacking += [f"{missed} clip{'s' if missed > 1 else ''} left out"] if missed else []
        return self.record.title + (f" ({', '.join(lacking)})" if lacking else "")


@dataclass(frozen=True)
class RankingMetric:
    """What the models of a task are ranked by; ``sign`` is -1 where less is better."""

    name: str
    title: str
    sign: int


@dataclass(frozen=True)
class TaskRuns:
    """All models of a task, controls last; ``record`` is that of the first run.

    What is known besides the runs: ``clips`` are the clips.csv of the datasets, ``events`` lists of all that happens in
    generated recordings, ``statistics`` the file of a table's statistics, ``samples`` the stores of each input by its
    name, ``places`` the place of each model among the looks (:func:`mebench.plots.looks.places`)."""

    models: tuple[ModelRuns, ...]
    clips: tuple[Path, ...] = ()
    events: tuple[Path, ...] = ()
    statistics: Path | None = None
    samples: Mapping[str, Places] = field(default_factory=dict)
    places: Mapping[str, int] = field(default_factory=dict)

    @property
    def record(self) -> RunRecord:
        return self.models[0].record

    @cached_property
    def known_statistics(self) -> TableStatistics:
        """Intervals, letters and differences of the task's models; a UserError where no table has them."""
        if self.statistics is None:
            raise UserError("this plot shows the statistics of a table; give its file TABLE.statistics.json after "
                            "--statistics")  # fmt: skip
        return table_statistics.read(self.statistics)

    @property
    def metric(self) -> RankingMetric:
        """The metric by which models are ranked in the statistics."""
        own, metric = card(self.record.task_kind.task), self.known_statistics.metric
        about = own["metrics"].get(metric, {})
        titles: dict[str, str] = dict(own["columns"]["all"])
        return RankingMetric(metric, titles.get(metric, about.get("title", metric)),
                             -1 if about.get("best") == "min" else 1)  # fmt: skip

    @cached_property
    def kind(self) -> Kind:
        """The kind of the task, bound to it."""
        return self.record.task_kind

    @property
    def classes(self) -> list[str]:
        """The classes of a task of recognition."""
        return self.models[0].runs[0].classes

    @property
    def title(self) -> str:
        return self.record.task_title or self.record.task

    @property
    def mark(self) -> str:
        """What marks a figure that is no result on real data; empty where it is one."""
        return MARKS.get(of_all({run.record.origin for model in self.models for run in model.runs}), "")

    @property
    def synthetic(self) -> str:
        """:attr:`mark`, as it is called in plots of one's own that are older than rehearsals."""
        return self.mark

    @property
    def seeds(self) -> str:
        """``1 seed``, ``3 seeds``: the largest number of seeds of a model."""
        count = max(len(model.runs) for model in self.models)
        return f"{count} seed{'s' if count > 1 else ''}"


def load(
    folders: Places, clips: Places = (), events: Places = (), statistics: str | os.PathLike[str] | None = None,
    samples: Mapping[str, Places] | None = None, places: Mapping[str, int] | None = None,
) -> TaskRuns:  # fmt: skip
    """Read the records of pooled runs. A :class:`UserError` where they are of several tasks or have other classes."""
    # counts have no clips to draw
    runs = [run for run in (_run(Path(folder)) for folder in folders) if not run.record.form]
    if not runs:
        raise UserError("no run to plot; give at least one run folder after --runs")
    _check_alike("task", [run.record.task for run in runs])
    _check_alike("classes", [str(run.classes) for run in runs])
    models: dict[str, dict[int, RunData]] = {}
    for run in runs:
        seeds = models.setdefault(run.record.model, {})
        if run.record.seed in seeds:
            twice = f"{seeds[run.record.seed].folder} and {run.folder}"
            raise UserError(f"{twice} are the same model and seed; give each run once")
        seeds[run.record.seed] = run
    sorted_runs = [ModelRuns(tuple(seeds[seed] for seed in sorted(seeds))) for seeds in models.values()]
    return TaskRuns(
        tuple(sorted(sorted_runs, key=lambda model: model.control)),
        tuple(map(Path, clips)),
        tuple(map(Path, events)),
        Path(statistics) if statistics else None,
        samples or {},
        places or {},
    )


def _check_alike(name: str, values: Sequence[str]) -> None:
    different = list(dict.fromkeys(values))
    if len(different) > 1:
        raise UserError(f"these runs differ in their {name}: {' and '.join(different[:2])}; plot one task at a time")


def _run(folder: Path) -> RunData:
    if not folder.is_dir():
        raise UserError(f"there is no run folder {folder}; train and pool the run first")
    return RunData(folder, run_record.read(folder))
