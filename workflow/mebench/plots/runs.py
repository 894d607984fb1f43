"""The pooled runs of one task, read for plotting."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mebench import tasks
from mebench.errors import UserError
from mebench.files import read_csv, read_json
from mebench.metrics.recognition import confusion, from_confusion

ABOUT = (
    "task",
    "model",
    "title",
    "kind",
    "seed",
    "selection",
    "spec",
    "origin",
    "folds_done",
    "folds_expected",
)


@dataclass(frozen=True)
class Run:
    """One model with one seed: its record, and its files read when they are asked for."""

    folder: Path
    about: dict[str, Any]

    @cached_property
    def predictions(self) -> list[dict[str, str]]:
        """Prediction rows of the honest selection."""
        return read_csv(self.folder / "predictions.csv", self._columns)

    @cached_property
    def peeked(self) -> list[dict[str, str]] | None:
        """Prediction rows of the best test epoch, or None where nobody looked."""
        path = self.folder / "predictions.test_peek.csv"
        asked = self.about["selection"] == "test_peek" and path.exists()
        return read_csv(path, self._columns) if asked else None

    @property
    def _columns(self) -> tuple[str, ...]:
        """The columns that predictions of the run's kind of task have."""
        kind = tasks.of_run(self.about)
        return (*kind.key, "dataset", "subject", *kind.needed)

    @cached_property
    def history(self) -> pd.DataFrame:
        """One row per fold and epoch; empty for what is not trained by epochs."""
        path = self.folder / "history.csv"
        if not path.exists():
            raise UserError(f"there is no {path}; run `mebench pool` for this run again")
        history = pd.read_csv(path)
        absent = {"fold", "epoch", "train_loss"} - set(history.columns)
        if absent:
            raise UserError(f"{path} lacks the column {', '.join(sorted(absent))}; run `mebench pool` again")
        return history

    def confusion(self, rows: list[dict[str, str]]) -> np.ndarray:
        """Pooled counts (C, C) of ``rows``, truth in rows."""
        return confusion([row["truth"] for row in rows], [row["prediction"] for row in rows], self.about["classes"])

    def scores(self, rows: list[dict[str, str]]) -> dict[str, float | None]:
        """UF1, UAR and accuracy of ``rows``."""
        return from_confusion(self.confusion(rows))


@dataclass(frozen=True)
class Model:
    """The runs of one model, one per seed."""

    runs: tuple[Run, ...]

    @property
    def about(self) -> dict[str, Any]:
        return self.runs[0].about

    @property
    def control(self) -> bool:
        return self.about["kind"] == "control"

    @property
    def label(self) -> str:
        """The model's title; an incomplete one says how many folds are done, or how many clips have no input."""
        worst = min(self.runs, key=lambda run: run.about["folds_done"] - run.about["folds_expected"]).about
        missed = max(len(run.about.get("without_input", {})) for run in self.runs)
        done = f"{worst['folds_done']}/{worst['folds_expected']} folds"
        short = [done] if worst["folds_done"] < worst["folds_expected"] else []
        short += [f"{missed} clip{'s' if missed > 1 else ''} left out"] if missed else []
        return self.about["title"] + (f" ({', '.join(short)})" if short else "")


@dataclass(frozen=True)
class Task:
    """All models of a task, controls last."""

    models: tuple[Model, ...]

    @property
    def about(self) -> dict[str, Any]:
        return self.models[0].about

    @cached_property
    def kind(self) -> tasks.Kind:
        """The kind of the task, bound to it."""
        return tasks.of_run(self.about)

    @property
    def title(self) -> str:
        return self.about.get("task_title") or self.about["task"]

    @property
    def synthetic(self) -> bool:
        return any(run.about["origin"] == "synthetic" for model in self.models for run in model.runs)

    @property
    def seeds(self) -> str:
        """``1 seed``, ``3 seeds``: the most that any model has."""
        count = max(len(model.runs) for model in self.models)
        return f"{count} seed{'s' if count > 1 else ''}"


def load(folders: Sequence[str | os.PathLike]) -> Task:
    """Read the records of pooled runs; runs of several tasks or classes are a :class:`UserError`."""
    runs = [Run(Path(folder), _about(Path(folder))) for folder in folders]
    if not runs:
        raise UserError("no run to plot; give at least one run folder after --runs")
    for key in ("task", "classes"):
        values = list(dict.fromkeys(str(run.about.get(key)) for run in runs))
        if len(values) > 1:
            raise UserError(f"these runs differ in their {key}: {' and '.join(values[:2])}; plot one task at a time")
    groups: dict[str, dict[int, Run]] = {}
    for run in runs:
        seeds = groups.setdefault(run.about["model"], {})
        if run.about["seed"] in seeds:
            twice = f"{seeds[run.about['seed']].folder} and {run.folder}"
            raise UserError(f"{twice} are the same model and seed; give each run once")
        seeds[run.about["seed"]] = run
    models = [Model(tuple(seeds[seed] for seed in sorted(seeds))) for seeds in groups.values()]
    return Task(tuple(sorted(models, key=lambda model: model.control)))


def _about(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise UserError(f"there is no run folder {folder}; train and pool the run first")
    about = read_json(folder / "run.json")
    absent = [key for key in ABOUT if key not in about]
    if absent:
        raise UserError(f"{folder / 'run.json'} lacks {', '.join(absent)}; run `mebench pool` for this run again")
    return about
