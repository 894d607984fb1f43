"""Where the files of a run's folds are. ``run`` is the folder of the run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench.config.spec import RunSpec

RECORD, HISTORY, WEIGHTS = "fold.json", "history.csv", "weights.safetensors"
PREDICTIONS, PEEKED = "predictions.csv", "predictions.test_peek.csv"
AUDIT = "audit.json"  # of a run that came out of an archive: what was found where it was trained
STAGE = "stage.json"  # the parameters of the stage after pooling
HELD = "predictions.inner.csv"  # for the subjects that a fold held out of its training subjects


@dataclass(frozen=True)
class DatasetFiles:
    """The source.json and the clips.csv of a dataset, and whether its configuration calls it ``synthetic``."""

    dataset: str
    source: Path
    clips: Path
    synthetic: bool


@dataclass(frozen=True)
class RunFiles:
    """The files of a run: its folder ``run``, its ``spec``, clips.csv of its datasets, and the folders of their
    inputs. ``datasets`` are those of its task, empty where a command names the files by hand. ``rehearsal``: whether
    the run is one of a rehearsal."""

    run: Path
    spec: RunSpec
    clips: Sequence[Path]
    inputs: Sequence[Path]
    datasets: Sequence[DatasetFiles] = ()
    rehearsal: bool = False


def file_name(fold: str) -> str:
    """``casme2/sub01`` -> ``casme2-sub01``."""
    return fold.replace("/", "-")


def fold_folder(run: Path, fold: str) -> Path:
    """``casme2/sub01`` -> ``<run>/folds/casme2-sub01``: the folder of a fold of an earlier version."""
    return run / "folds" / file_name(fold)


def fold_file(run: Path, fold: str) -> Path:
    """``casme2/sub01`` -> ``<run>/folds/casme2-sub01.zip``."""
    return run / "folds" / f"{file_name(fold)}.zip"


def running_file(run: Path, fold: str) -> Path:
    """The lock of a fold, which says who trains it."""
    return run / "folds" / f"{file_name(fold)}.running.json"


def checkpoint_file(run: Path, fold: str) -> Path:
    """The state from which a stopped fold goes on."""
    return run / "folds" / f"{file_name(fold)}.checkpoint"


def locks(run: Path) -> list[Path]:
    """The locks of folds, sorted."""
    return _below(run, ".running.json")


def checkpoints(run: Path) -> list[Path]:
    """The checkpoints of folds, sorted."""
    return _below(run, ".checkpoint")


def _below(run: Path, end: str) -> list[Path]:
    folds = run / "folds"
    try:
        names = os.listdir(folds)
    except FileNotFoundError:
        return []
    return sorted(folds / name for name in names if name.endswith(end) and not name.startswith("."))
