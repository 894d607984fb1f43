"""One try at a fold: train it, and write its file. A failure becomes a status in the record and does not end the
shard."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import torch

from mebench import instruction_set, tasks
from mebench.checkout import checkout
from mebench.errors import UserError
from mebench.files import canonical_json, file_digest, write_csv, write_json
from mebench.runs import fold_file, predicted_files
from mebench.runs.checkpoint import Checkpoint
from mebench.runs.device import device_name, peak_memory_mb, versions
from mebench.runs.execution import Execution
from mebench.runs.fingerprint import Parts
from mebench.runs.lock import Holder
from mebench.runs.paths import HELD, HISTORY, PEEKED, PREDICTIONS, RECORD, WEIGHTS, checkpoint_file
from mebench.runs.records import FoldRecord
from mebench.runs.where import where
from mebench.training.fold import FoldJob, FoldResult, run_fold
from mebench.training.limits import Diverged, Limits, Stopped
from mebench.training.loop import out_of_memory
from mebench.training.selection import HistoryRow

# failures after which the next job resumes the fold, perhaps with other limits
RESUMED = ("timeout", "out_of_memory")


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
        result, status, message = outcome(run, job.fold, partial(run_fold, job, tell, limits))
        record = replace(record, status=status, message=message, seconds=round(checkpoint.spent(), 3), finished=now())
        record = replace(record, peak_memory_mb=peak_memory_mb(job.device))
        with fold_file.written(run, job.fold) as folder:
            if result:
                record = ended(record, result)
                write_result(folder, job, result, self.execution.save_weights)
            record = replace(record, files={path.name: file_digest(path) for path in sorted(folder.iterdir())})
            write_json(folder / RECORD, record.as_json())
        if status not in RESUMED:
            checkpoint.remove()
        return record

    @property
    def fingerprint(self) -> str:
        """The fold's fingerprint."""
        return self.parts.fingerprint(canonical_json(self.job.spec))

    def _checkpoint(self) -> Checkpoint:
        path, every = checkpoint_file(self.run, self.job.fold), self.execution.checkpoint_seconds
        return Checkpoint(path, self.fingerprint, self.stop, every)

    def begun(self) -> FoldRecord:
        """The record before the training: what the fold is made from. It is taken now, because files may change before
        the end."""
        job = self.job
        return FoldRecord(
            fold=job.fold,
            fingerprint=self.fingerprint,
            status="",
            message="",
            made_from=self.parts.as_json(),
            started=now(),
            clips={"train": len(job.train), "test": len(job.test)},
            device=device_name(job.device),
            where=where(job.device.type),
            source=checkout(),
            threads=self.execution.threads,
            isa=instruction_set.in_use().as_json(),
            versions=versions(),
            spec=job.spec,
        )


def outcome(run: Path, fold: str, train: Callable[[], FoldResult]) -> tuple[FoldResult | None, str, str]:
    """(result, status, message) of a fold. An error of the model in this fold must not stop the other folds."""
    try:
        return train(), "done", ""
    except (UserError, Stopped):
        raise
    except Diverged as error:
        return None, "diverged", str(error)
    except TimeoutError as error:
        return None, "timeout", str(error)
    except Exception as error:
        if out_of_memory(error):
            return None, "out_of_memory", str(error).splitlines()[0] if str(error) else "out of memory"
        if broken := machine_fault(error):
            raise UserError(f"{fold} of {run}: {broken}; finished folds are kept, the next job goes on") from error
        traceback.print_exc()
        return None, "failed", f"{type(error).__name__}: {error}"


def machine_fault(error: Exception) -> str:
    """What failed, where it is the machine and not the model; empty for other errors. A GPU that failed once fails for
    all later folds of the process, and another job may be able to read a file that cannot be read now."""
    text = str(error).splitlines()[0] if str(error) else ""
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or text}"
    return f"the GPU failed ({text})" if isinstance(error, RuntimeError) and "CUDA error" in text else ""


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


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


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
