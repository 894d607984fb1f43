"""What the statistics of a model are computed from: its predictions of all seeds, counted for each subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mebench import tasks
from mebench.files import read_csv, read_json
from mebench.predicted import Row
from mebench.runs import predicted_files, run_record
from mebench.runs.paths import PREDICTIONS, STAGE
from mebench.runs.scores import NO_PARAMETERS, read_predictions
from mebench.statistics.tallied import Tallied


def tallied(name: str, folders: Mapping[int, Path], selection: str) -> Tallied | None:
    """The counts of the runs of a model, by seed, under one ``selection``; ``name`` is what errors call it. None for a
    kind of task that counts nothing of subjects."""
    first = next(iter(folders.values()))
    task = run_record.read(first).spec["task"]
    tally = tasks.tally_of(task)
    if tally is None:
        return None
    return tally(name, {str(seed): scored_rows(folders[seed], selection) for seed in sorted(folders)}, task)


def scored_rows(run: Path, selection: str) -> Sequence[Row]:
    """The rows that the figures of a run come from. What its kind of task wrote beside the predictions is read, where
    it can be; else the predictions are decoded again."""
    about = run_record.read(run)
    kind, scoring = about.task_kind, tasks.scoring_of(about.spec["task"])
    name = about.prediction_files(run)[selection]
    rows = read_predictions(run / name, (*kind.key, "dataset", *kind.needed), kind.key)
    stage = read_json(run / STAGE) if (run / STAGE).is_file() else NO_PARAMETERS
    files = tasks.card(kind.task).get("files", {})
    read_back = getattr(scoring, "read_back", None)
    if read_back and name == PREDICTIONS and all(_has_columns(run / file, columns) for file, columns in files.items()):
        return read_back(rows, {file: read_csv(run / file, columns) for file, columns in files.items()}, stage)
    return scoring.decoded(predicted_files.with_held(run / name, kind, rows), stage)


def _has_columns(path: Path, columns: Iterable[str]) -> bool:
    """Whether a file is there, and written by a version that knows these columns."""
    if not path.is_file():
        return False
    with open(path, encoding="utf-8") as handle:
        return set(columns) <= set(handle.readline().rstrip().split(","))
