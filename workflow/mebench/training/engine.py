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
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mebench import __version__
from mebench.checkout import checkout, version_of
from mebench.errors import UserError, did_you_mean
from mebench.files import file_digest, remove_leftovers, whole_folder, write_csv, write_json
from mebench.protocols import loso
from mebench.training import checkpoint, lock, workers
from mebench.training.checkpoint import Stopped
from mebench.training.data import TaskData
from mebench.training.fold import FoldResult, run_fold
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
            workers.share(run, spec, load, todo, how, bar, stop)
        else:
            train_folds(run, spec, data, todo, how, bar, stop)
    for fold in mine:
        tidy(run, fold)
    records = {fold: record_of(fold_folder(run, fold)) for fold in mine}
    lost = [fold for fold in mine if records[fold] is None or records[fold]["fingerprint"] != prints[fold]]
    if lost:
        raise UserError(
            f"{len(lost)} folds of {run} have no record, the first is {lost[0]}; run the same command again"
        )
    return list(records.values())


def train_folds(
    run: Path, spec: dict[str, Any], data: TaskData, todo: dict[str, str], how: Execution,
    bar: Progress | workers.Relay, stop: Callable[[], bool],
) -> None:  # fmt: skip
    """Train folds one after another in this process, each by one job at a time. ``todo`` has the fingerprint of each,
    as it was when the job began and read the source that it runs."""
    device, folds, epochs = prepared(how), data.folds(), spec["recipe"].get("epochs", 1)
    place = where(device.type)
    while todo:
        busy = {}
        for fold, mark in todo.items():
            if stop():
                raise Stopped("between two folds")
            if fingerprint(spec, data.digest, fold) != mark:
                raise UserError(
                    f"the source of {spec['model']} or of mebench, or a file of weights, changed while this job ran, "
                    "and the folds that it finished are of the source before; run the same command again"
                )
            try:
                about = {"fold": fold, "epochs": epochs, "epoch": 0, "job": place["job"], "threads": how.threads}
                with lock.hold(running_file(run, fold), about) as holder:
                    record = finished(run, fold, mark, how)  # another job may have finished it since this one looked
                    if record is None:
                        record = attempt(run, spec, data, fold, folds[fold], device, how, mark, bar, holder, stop)
                bar.fold_done(record)
            except lock.Held as other:
                busy[fold] = mark
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
    run: Path, spec: dict[str, Any], data: TaskData, fold: str, rows: tuple[list[int], list[int]],
    device: torch.device, how: Execution, mark: str, bar: Progress | workers.Relay, holder: lock.Holder,
    stop: Callable[[], bool],
) -> dict[str, Any]:  # fmt: skip
    """Run one fold and write its folder. A failure becomes a status record, not the end of the shard."""
    started, result, status, message = now(), None, "done", ""
    keeper = checkpoint.Keeper(checkpoint_file(run, fold), mark, stop, how.checkpoint_seconds)
    parts, source = fingerprint_parts(spec, data.digest, fold), checkout()  # as they are now, not when it ends
    bar.fold_begins(fold)

    def on_epoch(epoch: int, loss: float) -> None:
        bar.epoch(epoch, loss)
        holder.tell(epoch=epoch, loss=loss)

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    try:
        result = run_fold(spec, data, fold, *rows, device, on_epoch, how.fold_seconds, keeper, how.save_weights)
    except (UserError, Stopped):
        raise
    except Diverged as error:
        status, message = "diverged", str(error)
    except TimeoutError as error:
        status, message = "timeout", str(error)
    except Exception as error:  # a fault of this model in this fold must not take its siblings along
        if out_of_memory(error):
            status, message = "out_of_memory", str(error).splitlines()[0] if str(error) else "out of memory"
        elif broken := of_the_machine(error):
            raise UserError(f"{fold} of {run}: {broken}; finished folds are kept, the next job goes on") from error
        else:
            status, message = "failed", f"{type(error).__name__}: {error}"
            traceback.print_exc()
    record = {
        "fold": fold,
        "fingerprint": mark,
        "made_from": parts,
        "status": status,
        "message": message,
        "seconds": round(keeper.spent(), 3),
        "started": started,
        "finished": now(),
        "clips": {"train": len(rows[0]), "test": len(rows[1])},
        "peak_memory_mb": peak_memory_mb(device),
        "device": device_name(device),
        "where": where(device.type),
        "source": source,
        "threads": how.threads,
        "versions": versions(),
        "spec": spec,
    }
    if result:
        record |= {"parameters": result.parameters, "selected_epoch": result.selected_epoch}
        record |= {"peeked_epoch": result.peeked_epoch} if result.peeked is not None else {}
        record |= {"batch_parts": result.parts, "weights": result.weights, "resumed_at_epoch": result.resumed}
    with whole_folder(fold_folder(run, fold)) as folder:
        if result:
            write_result(folder, spec, data, fold, rows[1], result, how.save_weights)
        record["files"] = {path.name: file_digest(path) for path in sorted(folder.iterdir())}
        write_json(folder / "fold.json", record)
    if status not in RESUMED:
        keeper.remove()
    return record


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


def write_result(
    folder: Path,
    spec: dict[str, Any],
    data: TaskData,
    fold: str,
    test: list[int],
    result: FoldResult,
    save_weights: bool,
) -> None:
    """predictions.csv (and predictions.test_peek.csv), history.csv and, on request, weights.safetensors."""
    write_predictions(folder / "predictions.csv", spec, data, fold, test, result.probabilities)
    if result.peeked is not None:
        write_predictions(folder / "predictions.test_peek.csv", spec, data, fold, test, result.peeked)
    columns = ["epoch", "train_loss", "train_accuracy"]
    columns += [c for c in ("inner_uf1", "test_accuracy") if result.history and c in result.history[0]]
    write_csv(folder / "history.csv", columns, [{k: f"{v:.6g}" for k, v in row.items()} for row in result.history])
    if save_weights:
        from safetensors.torch import save_file

        save_file({k: v.contiguous() for k, v in result.state.items()}, folder / WEIGHTS)


def write_predictions(
    path: Path, spec: dict, data: TaskData, fold: str, test: list[int], probabilities: torch.Tensor
) -> None:
    """One row per test clip; the prediction is the most probable class, the first of equals."""
    columns = [
        "clip_id",
        "dataset",
        "subject",
        "fold",
        "seed",
        "truth",
        "prediction",
        *(f"p_{c}" for c in data.classes),
    ]
    rows = []
    for i, p in zip(test, probabilities.tolist(), strict=True):
        row = {"clip_id": data.clip_ids[i], "dataset": data.datasets[i], "subject": data.subjects[i], "fold": fold}
        row |= {"seed": spec["seed"], "truth": data.classes[data.y[i]], "prediction": data.classes[int(np.argmax(p))]}
        rows.append(row | {f"p_{c}": f"{value:.6f}" for c, value in zip(data.classes, p, strict=True)})
    write_csv(path, columns, rows)


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
