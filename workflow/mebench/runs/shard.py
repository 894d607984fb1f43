"""A shard of a run: one fold after another, each finished fold in a folder of its own.

Folds are the unit of resumption, shards the unit of submission. A finished fold has a fingerprint of all that decides
its result. A shard skips the folds whose fingerprint still holds.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import torch

from mebench.config import spec as specs
from mebench.config.spec import RunSpec
from mebench.errors import UserError, did_you_mean
from mebench.files import remove_leftovers
from mebench.protocols import loso
from mebench.runs import lock, workers
from mebench.runs.attempt import RESUMED, Attempt
from mebench.runs.device import prepared
from mebench.runs.execution import Execution
from mebench.runs.fingerprint import fingerprint, parts_of
from mebench.runs.paths import WEIGHTS, checkpoint_file, file_name, fold_folder, running_file
from mebench.runs.progress import ShardProgress
from mebench.runs.records import FoldRecord, record_of, whole
from mebench.runs.where import where
from mebench.training.data import TaskData
from mebench.training.fold import FoldJob
from mebench.training.limits import Stopped

# a fold that would diverge again is a result; other failures are tried again by the next job
LASTING = ("done", "diverged")
WAIT = 3.0  # seconds before looking again at folds that another job is training


class Listener(Protocol):
    """Gets the events of a shard: the progress of this process, or of the process that it works for."""

    def fold_begins(self, fold: str) -> None:
        """A fold starts."""

    def epoch(self, epoch: int, loss: float) -> None:
        """An epoch of the current fold is over."""

    def fold_done(self, record: FoldRecord) -> None:
        """A fold has its record."""

    def say(self, text: str) -> None:
        """Show a line."""


@dataclass(frozen=True)
class Work:
    """What a process trains folds from: the folder of its ``run``, the ``spec``, the ``data``, the settings of its
    execution, and a function that says whether to stop."""

    run: Path
    spec: RunSpec
    data: TaskData
    execution: Execution
    stop: Callable[[], bool]

    @property
    def epochs(self) -> int:
        return self.spec["recipe"].get("epochs", 1)

    def attempt(self, fold: str, device: torch.device) -> Attempt:
        """A try at a fold."""
        job = FoldJob(self.spec, self.data, fold, *self.data.folds()[fold], device)
        return Attempt(self.run, job, parts_of(self.spec, self.data.digest, fold), self.execution, self.stop)


def run_shard(
    run: Path, spec: RunSpec, load: Callable[[], TaskData], shard: tuple[int, int], execution: Execution,
    stop: Callable[[], bool] = lambda: False,
) -> list[FoldRecord]:  # fmt: skip
    """Train the missing folds of shard (index, count) and return the records of all its folds.

    ``load`` reads the data; each process that works calls it once. Raises :class:`mebench.training.limits.Stopped` when
    ``stop()`` says that the job was asked to stop; finished folds and checkpoints are kept.
    """
    data = load()
    mine = chosen(list(data.folds()), shard, execution.folds)
    fingerprints = {fold: fingerprint(spec, data.digest, fold) for fold in mine}
    todo = {fold: own for fold, own in fingerprints.items() if finished(run, fold, own, execution) is None}
    with ShardProgress(specs.run_id(spec), len(mine), len(mine) - len(todo), spec["recipe"].get("epochs", 1)) as bar:
        if min(execution.workers, len(todo)) > 1:
            workers.share(partial(train_loaded, run, spec, load, execution), todo, execution.workers, bar, stop)
        else:
            train_folds(Work(run, spec, data, execution, stop), todo, bar)
    for fold in mine:
        tidy(run, fold)
    return recorded(run, fingerprints)


def recorded(run: Path, fingerprints: dict[str, str]) -> list[FoldRecord]:
    """The records of folds, which are given with their fingerprints. A UserError where one has none."""
    records = {fold: record_of(fold_folder(run, fold)) for fold in fingerprints}
    there = {fold: record for fold, record in records.items() if record and record.fingerprint == fingerprints[fold]}
    lost = [fold for fold in fingerprints if fold not in there]
    if lost:
        raise UserError(
            f"{len(lost)} folds of {run} have no record, the first is {lost[0]}; run the same command again"
        )
    return list(there.values())


def train_loaded(
    run: Path, spec: RunSpec, load: Callable[[], TaskData], execution: Execution,
    todo: dict[str, str], listener: Listener, stop: Callable[[], bool],
) -> None:  # fmt: skip
    """Read the data in this process, and train folds."""
    train_folds(Work(run, spec, load(), execution, stop), todo, listener)


def train_folds(work: Work, todo: dict[str, str], listener: Listener) -> None:
    """Train folds one after another in this process. Only one job trains a fold at a time. ``todo`` has the fingerprint
    of each fold, taken when the job began and loaded its code."""
    device = prepared(work.execution.device, work.execution.threads)
    while todo:
        busy = {}
        for fold, wanted in todo.items():
            if work.stop():
                raise Stopped("between two folds")
            try:
                train_fold(work, fold, wanted, device, listener)
            except lock.Held as other:
                busy[fold] = wanted
                listener.say(f"{fold} is being trained by {other}")
        todo = busy
        if busy:  # the other jobs finish these folds, or die
            time.sleep(WAIT)


def train_fold(work: Work, fold: str, wanted: str, device: torch.device, listener: Listener) -> None:
    """Train one fold under its lock; :class:`mebench.runs.lock.Held` where another job trains it."""
    attempt = work.attempt(fold, device)
    if attempt.fingerprint != wanted:
        raise UserError(
            f"the source of {work.spec['model']} or of mebench, or a file of weights, changed while this job "
            "ran, and the folds that it finished are of the source before; run the same command again"
        )
    about = lock.Told(fold, work.epochs, job=where(device.type)["job"], threads=work.execution.threads)
    with lock.hold(running_file(work.run, fold), about) as holder:
        # another job may have finished it since this one looked
        record = finished(work.run, fold, wanted, work.execution)
        if record is None:
            listener.fold_begins(fold)
            record = attempt.make(holder, listener.epoch)
    listener.fold_done(record)


def tidy(run: Path, fold: str) -> None:
    """Remove what is left of a job that was killed between the end of its fold and the end of its cleanup."""
    record = record_of(fold_folder(run, fold))
    resumed = record is not None and record.status in RESUMED
    left = [running_file(run, fold), *([] if resumed else [checkpoint_file(run, fold)])]
    if not (any(path.exists() for path in left) or any((run / "folds").glob(f".{file_name(fold)}.*"))):
        return
    with contextlib.suppress(lock.Held), lock.hold(running_file(run, fold), lock.Told(fold)):
        if not resumed:
            checkpoint_file(run, fold).unlink(missing_ok=True)
        for path in (fold_folder(run, fold), checkpoint_file(run, fold)):
            remove_leftovers(path)


def chosen(folds: list[str], shard: tuple[int, int], only: Sequence[str]) -> list[str]:
    """The folds of a shard, or those that were asked for."""
    for fold in only:
        if fold not in folds:
            raise UserError(f"there is no fold '{fold}'{did_you_mean(fold, folds)}")
    return list(dict.fromkeys(only)) or loso.shard(folds, *shard)


def finished(run: Path, fold: str, wanted: str, execution: Execution) -> FoldRecord | None:
    """The record of a fold that need not run; None for the others. Its fingerprint is the ``wanted`` one, its files are
    whole, and its status is one that another try would only repeat. A fold that was asked for by its name runs again
    unless it is done, and so does one without weights where weights are to be kept."""
    record = record_of(fold_folder(run, fold))
    lasting = ("done",) if execution.folds else LASTING
    if record is None or record.fingerprint != wanted or record.status not in lasting:
        return None
    if execution.save_weights and record.done and WEIGHTS not in record.files:
        return None
    return record if whole(fold_folder(run, fold), record) else None
