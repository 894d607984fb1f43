"""Folds of light models, which need no torch: one try at a fold, as :mod:`mebench.runs.attempt` makes it of a
network."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from mebench import __version__, tasks
from mebench.files import canonical_json, file_digest, write_csv, write_json
from mebench.runs import fold_file, predicted_files
from mebench.runs.begun import begun, memory_of_process, now, outcome
from mebench.runs.execution import Execution
from mebench.runs.fingerprint import Parts, parts_of
from mebench.runs.lock import Holder
from mebench.runs.paths import HISTORY, PREDICTIONS, RECORD, RunFiles
from mebench.runs.records import FoldRecord
from mebench.training.light import LightData, LightJob, run_fold


@dataclass(frozen=True)
class LightModels:
    """What makes the folds of a job, from its ``data``."""

    data: LightData
    device: str = "cpu"

    def attempt(self, files: RunFiles, fold: str, execution: Execution, stop: Callable[[], bool]) -> LightAttempt:
        """A try at a fold."""
        job = LightJob(files.spec, self.data, fold, *self.data.folds()[fold])
        return LightAttempt(files.run, job, parts_of(files.spec, self.data.digest, fold), execution)


@dataclass(frozen=True)
class LightAttempt:
    """A fold that is about to be made: the folder of its ``run``, its ``job``, the ``parts`` of its fingerprint, and
    the settings of its execution."""

    run: Path
    job: LightJob
    parts: Parts
    execution: Execution

    @property
    def fingerprint(self) -> str:
        """The fold's fingerprint."""
        return self.parts.fingerprint(canonical_json(self.job.spec))

    def make(self, holder: Holder, on_epoch: Callable[[int, float], None]) -> FoldRecord:
        """Make the fold, write its file, and return its record. It has no epochs."""
        job, start = self.job, time.monotonic()
        versions = {"mebench": __version__, "python": platform.python_version(), "numpy": np.__version__}
        record = begun(self.parts, job.spec, {"train": len(job.train), "test": len(job.test)}, "cpu", versions)
        record = replace(record, device=f"cpu ({platform.machine()})", threads=self.execution.threads)
        written, status, message = outcome(self.run, job.fold, partial(run_fold, job), _out_of_memory)
        record = replace(record, status=status, message=message, seconds=round(time.monotonic() - start, 3))
        record = replace(record, finished=now(), peak_memory_mb=memory_of_process())
        with fold_file.written(self.run, job.fold) as folder:
            if written:
                record = replace(record, parameters=0, selected_epoch=0, resumed_at_epoch=0)
                write_result(folder, job, *written)
            record = replace(record, files={path.name: file_digest(path) for path in sorted(folder.iterdir())})
            write_json(folder / RECORD, record.as_json())
        return record


def write_result(folder: Path, job: LightJob, rows: list[Mapping[str, object]], array: np.ndarray | None) -> None:
    """Write predictions.csv with the fold and the seed of the run, the array beside it, and an empty history.csv."""
    kind, own = job.data.kind, {"fold": job.fold, "seed": job.spec["seed"]}
    predicted_files.write(folder / PREDICTIONS, kind.columns(), [{**own, **row} for row in rows], array)
    write_csv(folder / HISTORY, tasks.history(kind.task), [])


def _out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError)
