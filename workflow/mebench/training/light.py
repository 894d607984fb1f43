"""Light models: those whose card has ``torch: False``. A fold of one is a second's work, and starts no torch.

A light model works on NumPy arrays. One that is fitted has ``fit(x, y)`` and ``predict(x, seed)``, the oracle
``reveal(y)`` and ``predict``; ``x`` is a sequence of the inputs of samples, each read when it is asked for, and what
``predict`` gives is written: of recognition the probabilities of classes. A spotter has ``spot``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, cast, overload

import numpy as np

from mebench import models, tasks
from mebench.config.spec import RunSpec
from mebench.inputs import store
from mebench.protocols import loso
from mebench.tasks import Kind, Row
from mebench.training.limits import Diverged
from mebench.training.reading import _read
from mebench.training.rows import run_rows


class Light(Protocol):
    """A light model that predicts samples."""

    def fit(self, x: Sequence[np.ndarray], y: np.ndarray) -> object: ...

    def reveal(self, y: np.ndarray) -> object: ...

    def predict(self, x: Sequence[np.ndarray], seed: int) -> np.ndarray: ...


@dataclass(frozen=True)
class LightData:
    """Samples of a run, and their targets ``y`` (N, ...). ``inputs`` are read when they are asked for."""

    kind: Kind
    samples: list[Row]
    inputs: Inputs
    y: np.ndarray
    digest: str

    def folds(self) -> dict[str, tuple[list[int], list[int]]]:
        """Subject -> (training rows, test rows)."""
        return loso.folds([sample["subject"] for sample in self.samples])


class Inputs(Sequence[np.ndarray]):
    """The inputs of some ``rows`` of the samples, float32."""

    def __init__(self, read: partial[np.ndarray], rows: Sequence[int]):
        self.read, self.rows = read, rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> np.ndarray: ...

    @overload
    def __getitem__(self, place: slice) -> Inputs: ...

    def __getitem__(self, place: int | slice) -> np.ndarray | Inputs:
        return Inputs(self.read, self.rows[place]) if isinstance(place, slice) else self.read(self.rows[place], None)

    def of(self, rows: Sequence[int]) -> Inputs:
        """The inputs of other rows."""
        return Inputs(self.read, rows)


@dataclass(frozen=True)
class LightJob:
    """What a fold is made from: the run's ``spec``, its ``data``, and the rows that train and test. ``fold`` is the
    name of the subject that is left out."""

    spec: RunSpec
    data: LightData
    fold: str
    train: list[int]
    test: list[int]


def load(spec: RunSpec, clips: Sequence[Path], inputs: Sequence[Path]) -> LightData:
    """The samples of a run, their targets, and the inputs of its model."""
    rows, kind = run_rows(spec, clips, inputs), tasks.kind_of(spec["task"])
    where = {clip: kept for folder in inputs for kept in (store.load(folder),) for clip in kept.ids}
    read = partial(_read, kind, rows.rows, where, spec["inputs"])
    return LightData(kind, rows.rows, Inputs(read, range(len(rows.rows))), kind.targets(rows.rows), rows.digest)


def run_fold(job: LightJob) -> tuple[list[Mapping[str, object]], np.ndarray | None]:
    """What a fold has for predictions.csv, and the array beside it where the kind of task has one. Raises
    :class:`mebench.training.limits.Diverged` where a prediction is not a number."""
    spec, data, seed = job.spec, job.data, loso.fold_seed(job.spec["seed"], job.fold)
    built = models.build(spec["model"], num_classes=data.kind.outputs, **spec["options"])
    training, tested = ([data.samples[row] for row in side] for side in (job.train, job.test))
    if spec["training"] == "direct" or (spec["training"] == "oracle" and not hasattr(built, "reveal")):
        rows = {id(sample): row for row, sample in enumerate(data.samples)}
        read = lambda sample: data.inputs[rows[id(sample)]]  # noqa: E731
        return data.kind.direct(built, training, tested, read, seed, spec["training"] == "oracle")
    model = cast(Light, built)
    if spec["training"] == "fit":
        model.fit(data.inputs.of(job.train), data.y[job.train])
    else:
        model.reveal(data.y[job.test])
    predicted = np.asarray(model.predict(data.inputs.of(job.test), seed), dtype=np.float32)
    if not np.isfinite(predicted).all():
        raise Diverged(f"the predictions of {spec['model']} are not numbers")
    return data.kind.written(tested, data.y[job.test], predicted, training)
