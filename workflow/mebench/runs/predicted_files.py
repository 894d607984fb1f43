"""Predictions on disk: a CSV file, and beside it the array of a kind of task that has one."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from mebench.errors import UserError
from mebench.files import csv_rows, read_csv, whole_file, write_csv
from mebench.predicted import Predicted, Row
from mebench.runs import fold_file
from mebench.runs.paths import HELD
from mebench.tasks import Kind, card, own_columns


def array_file(path: Path) -> Path:
    """``predictions.csv`` -> ``predictions.npy``."""
    return path.with_suffix(".npy")


def write(path: Path, columns: Iterable[str], rows: Sequence[Mapping[str, object]], array: np.ndarray | None) -> None:
    """Write the rows, and before them the array, if there is one."""
    if array is not None:
        with whole_file(array_file(path)) as temporary, open(temporary, "wb") as handle:
            np.save(handle, array)
    write_csv(path, columns, rows)


def read(path: Path, kind: Kind, rows: list[Row] | None = None) -> Predicted:
    """Predictions as they were written; the array is memory-mapped. ``rows`` are those of the file, where they have
    been read."""
    rows = read_csv(path, (*kind.key, *kind.needed)) if rows is None else rows
    if "array" not in card(kind.task):
        return Predicted(rows)
    return _with_array(path, kind, rows, lambda file: np.load(file, mmap_mode="r"))


def of_fold(place: Path, name: str, kind: Kind) -> Predicted:
    """Predictions of one fold, from its file called ``name``."""
    path = place / name
    rows = csv_rows(io.StringIO(fold_file.read(place, name).decode(), newline=""), path, (*kind.key, *kind.needed))
    if "array" not in card(kind.task):
        return Predicted(rows)
    return _with_array(path, kind, rows, lambda file: np.load(io.BytesIO(fold_file.read(place, file.name))))


def _with_array(path: Path, kind: Kind, rows: list[Row], load: Callable[[Path], np.ndarray]) -> Predicted:
    array = _array(array_file(path), len(_columns(kind)), load)
    ends = [int(row["start"]) + int(row["count"]) for row in rows]
    if max(ends, default=0) > len(array):
        raise UserError(f"{array_file(path)} has {len(array)} rows, but {path} names {max(ends)}; pool the run again")
    return Predicted(rows, array)


def with_held(path: Path, kind: Kind, rows: list[Row]) -> Predicted:
    """Predictions of a pooled run, with those for the subjects that its folds held out where they were kept."""
    predicted, held = read(path, kind, rows), path.with_name(HELD)
    if not held.exists():
        return predicted
    return Predicted(predicted.rows, predicted.array, read(held, kind))


def joined(parts: Sequence[Predicted]) -> Predicted:
    """The predictions of several folds as one; each row says where its numbers are now."""
    rows: list[Row] = []
    if parts[0].array is None:
        return Predicted([row for part in parts for row in part.rows])
    start = 0
    for part in parts:
        rows += [{**row, "start": str(start + int(row["start"]))} for row in part.rows]
        start += 0 if part.array is None else len(part.array)
    return Predicted(rows, np.concatenate([part.array for part in parts if part.array is not None]))


def _columns(kind: Kind) -> Sequence[str]:
    return own_columns(card(kind.task)["array"], kind.task)


def _array(path: Path, columns: int, load: Callable[[Path], np.ndarray]) -> np.ndarray:
    try:
        array = load(path)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"cannot read {path} ({error}); train the run again, it redoes only such folds") from error
    if array.ndim != 2 or array.shape[1] != columns:
        raise UserError(f"{path} has the shape {array.shape}, but {columns} columns are needed; train the run again")
    return array
