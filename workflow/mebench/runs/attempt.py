"""One try at a fold: train it, and write its file. A failure becomes a status in the record and does not end the
shard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from mebench import tasks
from mebench.files import canonical_json, file_digest, write_csv, write_json
from mebench.runs import fold_file, predicted_files
from mebench.runs.begun import begun, now, outcome
from mebench.runs.checkpoint import Checkpoint
from mebench.runs.device import device_name, peak_memory_mb, prepared, versions
from mebench.runs.execution import Execution
from mebench.runs.fingerprint import Parts, parts_of
from mebench.runs.lock import Holder
from mebench.runs.paths import HELD, HISTORY, PEEKED, PREDICTIONS, RECORD, WEIGHTS, RunFiles, checkpoint_file
from mebench.runs.records import RESUMED, FoldRecord
from mebench.training.data import TaskData
from mebench.training.fold import FoldJob, FoldResult, run_fold
from mebench.training.limits import Limits
from mebench.training.loop import out_of_memory
from mebench.training.selection import HistoryRow


@dataclass(frozen=True)
class Networks:
    """What makes the folds of a job, from its ``data``, on a device that is set up."""

    data: TaskData
    on: torch.device

    @classmethod
    def prepared(cls, data: TaskData, execution: Execution) -> Networks:
        """The process is set up for training."""
        return cls(data, prepared(execution.device, execution.threads))

    @property
    def device(self) -> str:
        """cpu or cuda."""
        return self.on.type

    def attempt(self, files: RunFiles, fold: str, execution: Execution, stop: Callable[[], bool]) -> Attempt:
        """A try at a fold."""
        job = FoldJob(files.spec, self.data, fold, *self.data.folds()[fold], self.on)
        return Attempt(files.run, job, parts_of(files.spec, self.data.digest, fold), execution, stop)


@dataclass(frozen=True)
class Attempt:
    """A fold that is about to be trained: the folder of its ``run``, its ``job`` for the training, the ``parts`` of its
    fingerprint, the settings of its execution, and a function that says whether the process was asked to stop."""

    run: Path
    job: FoldJob
    parts: Parts
    execution: Execution
    stop: Callable[[], bool]

    def make(self, holder: Holder, on_epoch: Callable[[int, float], None]) -> FoldRecord:
        """Train the fold, write its file, and return its record. ``on_epoch(epoch, loss)`` is called after each
        epoch; the ``holder`` of the fold's lock gets the same numbers."""
        run, job = self.run, self.job
        checkpoint = self._checkpoint()
        record = self.begun()

        def tell(epoch: int, loss: float) -> None:
            on_epoch(epoch, loss)
            holder.tell(epoch, loss)

        if job.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(job.device)
        limits = Limits(self.execution.fold_seconds, checkpoint, self.execution.save_weights)
        ending = outcome(run, job.fold, partial(run_fold, job, tell, limits), out_of_memory)
        record = self.end(record, ending, checkpoint.spent())
        if record.status not in RESUMED:
            checkpoint.remove()
        return record

    def end(self, record: FoldRecord, ending: tuple[FoldResult | None, str, str], seconds: float) -> FoldRecord:
        """Write the file of the fold, which took so many ``seconds``, and return its record. ``record`` is that of
        before the training, ``ending`` that of :func:`mebench.runs.begun.outcome`."""
        run, job, (result, status, message) = self.run, self.job, ending
        record = replace(record, status=status, message=message, seconds=round(seconds, 3), finished=now())
        record = replace(record, peak_memory_mb=peak_memory_mb(job.device))
        with fold_file.written(run, job.fold) as folder:
            if result:
                record = ended(record, result)
                write_result(folder, job, result, self.execution.save_weights)
            record = replace(record, files={path.name: file_digest(path) for path in sorted(folder.iterdir())})
            write_json(folder / RECORD, record.as_json())
        return record

    @property
    def fingerprint(self) -> str:
        """The fold's fingerprint."""
        return self.parts.fingerprint(canonical_json(self.job.spec))

    def _checkpoint(self) -> Checkpoint:
        path, every = checkpoint_file(self.run, self.job.fold), self.execution.checkpoint_seconds
        return Checkpoint(path, self.fingerprint, self.stop, every)

    def begun(self) -> FoldRecord:
        """The record before the training."""
        job = self.job
        clips = {"train": len(job.train), "test": len(job.test)}
        record = begun(self.parts, job.spec, clips, job.device.type, versions())
        return replace(record, device=device_name(job.device), threads=self.execution.threads)


def ended(record: FoldRecord, result: FoldResult) -> FoldRecord:
    """The record with the numbers of a result."""
    return replace(
        record,
        parameters=result.parameters,
        selected_epoch=result.chosen.epoch,
        peeked_epoch=result.chosen.peeked_epoch,
        batch_parts=result.parts,
        weights=result.weights,
        resumed_at_epoch=result.resumed,
    )


def write_result(folder: Path, job: FoldJob, result: FoldResult, save_weights: bool) -> None:
    """Write predictions.csv (and predictions.test_peek.csv), history.csv and, on request, weights.safetensors."""
    chosen = result.chosen
    if result.written is None:
        write_predictions(folder / PREDICTIONS, job, job.test, chosen.predictions)
    else:
        write_rows(folder / PREDICTIONS, job, *result.written)
    if chosen.peeked is not None:
        write_predictions(folder / PEEKED, job, job.test, chosen.peeked)
    if chosen.held is not None:
        write_predictions(folder / HELD, job, result.held, chosen.held)
    write_history(folder / HISTORY, job, result.history)
    if save_weights:
        from safetensors.torch import save_file

        save_file({k: v.contiguous() for k, v in result.chosen.state.items()}, folder / WEIGHTS)


def write_history(path: Path, job: FoldJob, history: list[HistoryRow]) -> None:
    """Write a row for each epoch, with the columns that the card of the kind of task names."""
    looked = bool(history) and history[0].quality is not None
    columns = tasks.history(job.data.kind.task, job.spec["selection"] if looked else "last")
    rows = [[f"{value:.6g}" for value in astuple(row) if value is not None] for row in history]
    write_csv(path, columns, (dict(zip(columns, row, strict=True)) for row in rows))


def write_predictions(path: Path, job: FoldJob, samples: list[int], predictions: torch.Tensor) -> None:
    """Write what the kind of task makes of the predictions for ``samples``, with the fold and seed of the run."""
    kind, every = job.data.kind, job.data.samples
    rows, array = kind.written(
        [every[i] for i in samples], job.data.y[samples].numpy(), predictions.numpy(), [every[i] for i in job.train]
    )
    write_rows(path, job, rows, array)


def write_rows(path: Path, job: FoldJob, rows: Sequence[Mapping[str, object]], array: np.ndarray | None) -> None:
    """Write the rows of a fold with its name and the seed of its run, and the array beside them."""
    own = {"fold": job.fold, "seed": job.spec["seed"]}
    predicted_files.write(path, job.data.kind.columns(), [{**own, **row} for row in rows], array)
