"""``inspection.npz`` of a run: embeddings and attention of the clips of some folds. Nothing is scored with it."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mebench.errors import UserError
from mebench.files import whole_file

if TYPE_CHECKING:
    from mebench.training.data import TaskData
    from mebench.training.inspection import Inspection

FILE = "inspection.npz"
NEEDED = ("clip_id", "truth", "prediction", "embedding")


@dataclass(frozen=True)
class Inspected:
    """The arrays of an inspection.npz, a row for each clip: ``clip_id``, ``truth`` and ``prediction`` as texts,
    ``embedding`` (n, d), and ``attention`` (n, side, side), None where the network has none to patches."""

    clip_id: np.ndarray
    truth: np.ndarray
    prediction: np.ndarray
    embedding: np.ndarray
    attention: np.ndarray | None


def of_folds(data: TaskData, classes: Sequence[str], folds: Sequence[tuple[list[int], Inspection]]) -> Inspected:
    """What was seen of the test rows of several folds."""
    rows = [row for own, _ in folds for row in own]
    maps = [one.attention for _, one in folds if one.attention is not None]
    said = np.concatenate([one.predicted.argmax(axis=1) for _, one in folds])
    return Inspected(
        np.array([data.samples[row]["clip_id"] for row in rows]),
        np.array([data.samples[row]["label"] for row in rows]),
        np.array([classes[place] for place in said]),
        np.concatenate([one.embedding for _, one in folds]).astype(np.float32),
        np.concatenate(maps).astype(np.float32) if len(maps) == len(folds) else None,
    )


def write(run: Path, inspected: Inspected) -> Path:
    """Write the file into the folder of a run, whole. Equal arrays give equal bytes."""
    arrays = {name: value for name, value in vars(inspected).items() if value is not None}
    with whole_file(run / FILE) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)
    return run / FILE


def read(run: Path) -> Inspected | None:
    """The inspection of a run, None where it has none. A UserError where the file is another."""
    path = run / FILE
    if not path.is_file():
        return None
    try:
        with np.load(path) as kept:
            arrays = {name: kept[name] for name in (*NEEDED, "attention") if name in kept}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(f"cannot read {path} ({error}); make it again with mebench inspect") from error
    lacking = [name for name in NEEDED if name not in arrays]
    if lacking:
        raise UserError(f"{path} lacks {', '.join(lacking)}; make it again with mebench inspect")
    return Inspected(**{"attention": None, **arrays})
