"""The fold engine: a shard of a run, one fold after another, each finished fold in a folder of its own.

Folds are the unit of resumption, shards the unit of submission. A finished fold carries a fingerprint of everything
that its result depends on; a shard skips the folds whose fingerprint still holds.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import platform
import resource
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mebench import __version__, tasks
from mebench.checkout import checkout, version_of
from mebench.errors import UserError, did_you_mean
from mebench.files import file_digest, remove_leftovers, whole_folder, write_csv, write_json
from mebench.protocols import loso
from mebench.training import checkpoint, lock, workers
from mebench.training.checkpoint import Stopped
from mebench.training.data import TaskData
from mebench.training.fold import FoldJob, FoldResult, Limits, run_fold
from mebench.training.loop import Diverged, out_of_memory
from mebench.training.progress import Progress
from mebench.training.reasons import fingerprint_parts
from mebench.training.records import checkpoint_file, fingerprint, fold_folder, record_of, running_file, whole
from mebench.training.where import where

# a failure that would only repeat itself is a result; the others are tried again by the next job
LASTING = ("done", "diverged")
# failures that the next job can go on from, where this one stopped, under another limit
RESUMED = ("timeout", "out_of_memory")
WEIGHTS = "weights.safetensors"
WAIT = 3.0  # seconds before looking again at folds that another job is training


@dataclass(frozen=True)
class Execution:
    """How a shard runs; nothing in here is fingerprinted. On the CPU only ``threads`` can change the last bits of a
    result, for sums are then taken in another order; it is on record."""

    device: str = "auto"
    threads: int = 1
    save_weights: bool = False
    fold_seconds: float = math.inf
    checkpoint_seconds: float = checkpoint.EVERY
    workers: int = 1
    folds: tuple[str, ...] = ()  # those that were asked for by name; none: all of the shard


@dataclass(frozen=True)
class Work:
    """The run that this process trains folds of: its folder ``run``, its ``spec`` and ``data``, how, and until when."""

    run: Path
    spec: dict[str, Any]
    data: TaskData
    how: Execution
    stop: Callable[[], bool]

    @property
    def epochs(self) -> int:
        return self.spec["recipe"].get("epochs", 1)

    def fingerprint(self, fold: str) -> str:
        return fingerprint(self.spec, self.data.digest, fold)


def run_shard(
    run: Path, spec: dict[str, Any], load: Callable[[], TaskData], shard: tuple[int, int], how: Execution,
    stop: Callable[[], bool] = lambda: False,
) -> list[dict[str, Any]]:  # fmt: skip
    """Train the missing folds of shard (index, count) and return the status records of all its folds.

    ``load`` reads the data; it is called once in every process that works. Raises
    :class:`mebench.training.checkpoint.Stopped` when ``stop()`` says that the job was asked to stop; what had been
    reached is kept.
    """
    data = load()
    mine = chosen(list(data.folds()), shard, how.folds)
    prints = {fold: fingerprint(spec, data.digest, fold) for fold in mine}
    todo = {fold: mark for fold, mark in prints.items() if finished(run, fold, mark, how) is None}
    title = f"{spec['task']['name']}/{spec['label']}/seed{spec['seed']}"
    with Progress(title, len(mine), len(mine) - len(todo), spec["recipe"].get("epochs", 1)) as bar:
        if min(how.workers, len(todo)) > 1:
            workers.share(workers.Job(run, spec, load, how), todo, bar, stop)
        else:
            train_folds(Work(run, spec, data, how, stop), todo, bar)
    for fold in mine:
        tidy(run, fold)
    records = {fold: record_of(fold_folder(run, fold)) for fold in mine}
    lost = [fold for fold in mine if records[fold] is None or records[fold]["fingerprint"] != prints[fold]]
    if lost:
        raise UserError(
            f"{len(lost)} folds of {run} have no record, the first is {lost[0]}; run the same command again"
        )
    return list(records.values())


def train_folds(work: Work, todo: dict[str, str], bar: Progress | workers.Relay) -> None:
    """Train folds one after another in this process, each by one job at a time. ``todo`` has the fingerprint of each,
    as it was when the job began and read the source that it runs."""
    device = prepared(work.how)
    job = where(device.type)["job"]
    while todo:
        busy = {}
        for fold, wanted in todo.items():
            if work.stop():
                raise Stopped("between two folds")
            if work.fingerprint(fold) != wanted:
                raise UserError(
                    f"the source of {work.spec['model']} or of mebench, or a file of weights, changed while this job "
                    "ran, and the folds that it finished are of the source before; run the same command again"
                )
            try:
                about = {"fold": fold, "epochs": work.epochs, "epoch": 0, "job": job, "threads": work.how.threads}
                with lock.hold(running_file(work.run, fold), about) as holder:
                    # another job may have finished it since this one looked
                    record = finished(work.run, fold, wanted, work.how)
                    if record is None:
                        record = attempt(work, fold, wanted, device, bar, holder)
                bar.fold_done(record)
            except lock.Held as other:
                busy[fold] = wanted
                bar.say(f"{fold} is being trained by {other}")
        todo = busy
        if busy:  # their jobs finish them, or die; either way there is an answer
            time.sleep(WAIT)


def tidy(run: Path, fold: str) -> None:
    """Clear away what a job left that was killed after its fold was finished and before it had put all away."""
    record = record_of(fold_folder(run, fold)) or {}
    resumed = record.get("status") in RESUMED
    left = [running_file(run, fold), *([] if resumed else [checkpoint_file(run, fold)])]
    if not (any(path.exists() for path in left) or any((run / "folds").glob(f".{fold.replace('/', '-')}.*"))):
        return
    with contextlib.suppress(lock.Held), lock.hold(running_file(run, fold), {"fold": fold}):
        if not resumed:
            checkpoint_file(run, fold).unlink(missing_ok=True)
        for path in (fold_folder(run, fold), checkpoint_file(run, fold)):
            remove_leftovers(path)


def prepared(how: Execution) -> torch.device:
    """The device, with the process set up for repeatable and quick training on it."""
    device = choose_device(how.device)
    torch.set_num_threads(how.threads)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    keep_freed_memory()
    return device


def chosen(folds: list[str], shard: tuple[int, int], only: Sequence[str]) -> list[str]:
    """The folds of a shard, or those that were asked for."""
    for fold in only:
        if fold not in folds:
            raise UserError(f"there is no fold '{fold}'{did_you_mean(fold, folds)}")
    return list(dict.fromkeys(only)) or loso.shard(folds, *shard)


def finished(run: Path, fold: str, mark: str, how: Execution) -> dict[str, Any] | None:
    """The record of a fold that need not run: its fingerprint holds, its files are whole, and its status is one that
    another try would only repeat; a fold that was asked for by its name runs again unless it is done, and one without
    weights where they are to be kept."""
    record = record_of(fold_folder(run, fold))
    lasting = ("done",) if how.folds else LASTING
    holds = record and record["fingerprint"] == mark and record["status"] in lasting
    if holds and how.save_weights and record["status"] == "done" and WEIGHTS not in record.get("files", {}):
        return None
    return record if holds and whole(fold_folder(run, fold), record) else None


def attempt(
    work: Work, fold: str, wanted: str, device: torch.device, bar: Progress | workers.Relay, holder: lock.Holder
) -> dict[str, Any]:
    """Run one fold and write its folder. A failure becomes a status record, not the end of the shard."""
    keeper = checkpoint.Keeper(checkpoint_file(work.run, fold), wanted, work.stop, work.how.checkpoint_seconds)
    job = FoldJob(work.spec, work.data, fold, *work.data.folds()[fold], device)
    record = begun(work, job, wanted)
    bar.fold_begins(fold)

    def on_epoch(epoch: int, loss: float) -> None:
        bar.epoch(epoch, loss)
        holder.tell(epoch=epoch, loss=loss)

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    limits = Limits(work.how.fold_seconds, keeper, work.how.save_weights)
    result, status, message = outcome(work.run, fold, partial(run_fold, job, on_epoch, limits))
    record |= {"status": status, "message": message, "seconds": round(keeper.spent(), 3), "finished": now()}
    record |= {"peak_memory_mb": peak_memory_mb(device)} | (said_of(result) if result else {})
    with whole_folder(fold_folder(work.run, fold)) as folder:
        if result:
            write_result(folder, job, result, work.how.save_weights)
        record["files"] = {path.name: file_digest(path) for path in sorted(folder.iterdir())}
        write_json(folder / "fold.json", record)
    if status not in RESUMED:
        keeper.remove()
    return record


def begun(work: Work, job: FoldJob, wanted: str) -> dict[str, Any]:
    """What the record of a fold says before it is trained: what it is made from, as it is now, not when it ends."""
    return {
        "fold": job.fold,
        "fingerprint": wanted,
        "made_from": fingerprint_parts(work.spec, work.data.digest, job.fold),
        "started": now(),
        "clips": {"train": len(job.train), "test": len(job.test)},
        "device": device_name(job.device),
        "where": where(job.device.type),
        "source": checkout(),
        "threads": work.how.threads,
        "versions": versions(),
        "spec": work.spec,
    }


def outcome(run: Path, fold: str, train: Callable[[], FoldResult]) -> tuple[FoldResult | None, str, str]:
    """(result, status, message) of a fold: a fault of this model in this fold must not take its siblings along."""
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
        if broken := of_the_machine(error):
            raise UserError(f"{fold} of {run}: {broken}; finished folds are kept, the next job goes on") from error
        traceback.print_exc()
        return None, "failed", f"{type(error).__name__}: {error}"


def said_of(result: FoldResult) -> dict[str, Any]:
    """What the record of a fold says of its result."""
    found = {"parameters": result.parameters, "selected_epoch": result.selected_epoch}
    found |= {"peeked_epoch": result.peeked_epoch} if result.peeked is not None else {}
    return found | {"batch_parts": result.parts, "weights": result.weights, "resumed_at_epoch": result.resumed}


def of_the_machine(error: Exception) -> str:
    """What failed, where it is the machine and not the model: a GPU that has once failed fails for every later fold of
    the process, and a file that cannot be read now may be read by another job. Empty for all else."""
    text = str(error).splitlines()[0] if str(error) else ""
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or text}"
    return f"the GPU failed ({text})" if isinstance(error, RuntimeError) and "CUDA error" in text else ""


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_result(folder: Path, job: FoldJob, result: FoldResult, save_weights: bool) -> None:
    """predictions.csv (and predictions.test_peek.csv), history.csv and, on request, weights.safetensors."""
    write_predictions(folder / "predictions.csv", job, result.predictions)
    if result.peeked is not None:
        write_predictions(folder / "predictions.test_peek.csv", job, result.peeked)
    history = [{key: f"{value:.6g}" for key, value in row.items()} for row in result.history]
    write_csv(folder / "history.csv", history[0] if history else tasks.history(job.data.kind.task), history)
    if save_weights:
        from safetensors.torch import save_file

        save_file({k: v.contiguous() for k, v in result.state.items()}, folder / WEIGHTS)


def write_predictions(path: Path, job: FoldJob, predictions: torch.Tensor) -> None:
    """The rows that the kind of task makes of each test sample, with the fold and seed of the run."""
    kind, own = job.data.kind, {"fold": job.fold, "seed": job.spec["seed"]}
    found = zip(job.test, predictions.numpy(), strict=True)
    rows = [own | row for i, p in found for row in kind.rows(job.data.samples[i], job.data.y[i].numpy(), p)]
    write_csv(path, kind.columns(), rows)


def choose_device(wanted: str) -> torch.device:
    """``auto`` takes a CUDA GPU when one is visible, else the CPU; asking for ``cuda`` without one is an error."""
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "the device 'cuda' was asked for but no CUDA GPU is visible; use --device cpu or check nvidia-smi"
        )
    return torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """What the fold ran on, for the record."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"cpu ({platform.machine()})"


def peak_memory_mb(device: torch.device) -> float:
    """Peak memory so far: of the fold on the GPU, of the whole process on the CPU."""
    if device.type == "cuda":
        return round(torch.cuda.max_memory_allocated(device) / 2**20, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10, 1)


def versions() -> dict[str, str]:
    """Versions that can change bits."""
    return {
        "mebench": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "timm": version_of("timm"),
        "scikit-learn": version_of("scikit-learn"),
        "mamba_ssm": version_of("mamba_ssm"),  # where it is, ME-TST scans with it on a GPU
    }


def keep_freed_memory() -> None:
    """Tell glibc to keep freed blocks instead of handing each back to the kernel.

    A training step frees and asks for the same few large activations again and again; with the default setting each of
    them is mapped and zeroed anew by page faults, a fifth of STSTNet's time on a CPU. No result depends on it.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "gnu_get_libc_version"):
        m_trim_threshold, m_mmap_threshold = -1, -3
        libc.mallopt(m_mmap_threshold, 32 << 20)
        libc.mallopt(m_trim_threshold, 2**31 - 1)
