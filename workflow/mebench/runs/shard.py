"""A shard of the runs of a model on a task: one fold after another, each finished fold in a file of its own.

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

from mebench.config import spec as specs
from mebench.errors import UserError, did_you_mean
from mebench.files import remove_leftovers
from mebench.protocols import loso
from mebench.runs import fold_file, lock, paths, workers
from mebench.runs.engines import Engine, FoldData, engine
from mebench.runs.execution import Execution
from mebench.runs.fingerprint import fingerprint
from mebench.runs.paths import WEIGHTS, RunFiles, checkpoint_file, file_name, running_file
from mebench.runs.progress import ShardProgress
from mebench.runs.records import RESUMED, FoldRecord, record_of, whole
from mebench.runs.where import where
from mebench.training.limits import Stopped

# a fold that would diverge again is a result; other failures are tried again by the next job
LASTING = ("done", "diverged")
WAIT = 3.0  # seconds before looking again at folds that another job is training


class Listener(Protocol):
    """Gets the events of a shard: the progress of this process, or of the process that it works for."""

    def turn_to(self, run: str) -> None:
        """What follows is of this run."""

    def fold_begins(self, fold: str) -> None:
        """A fold starts."""

    def epoch(self, epoch: int, loss: float) -> None:
        """An epoch of the current fold is over."""

    def fold_done(self, record: FoldRecord) -> None:
        """A fold has its record."""

    def say(self, text: str) -> None:
        """Show a line."""


Pair = tuple[int, str]  # a fold to train: the number of its run among those of the job, and its name


@dataclass(frozen=True)
class Work:
    """What a process trains folds from: the ``runs`` of its job, which differ in their seeds alone, their ``data``, the
    settings of the execution, and a function that says whether to stop."""

    runs: Sequence[RunFiles]
    data: FoldData
    execution: Execution
    stop: Callable[[], bool]


def run_shard(
    runs: Sequence[RunFiles], load: Callable[[], FoldData], shard: tuple[int, int], execution: Execution,
    stop: Callable[[], bool] = lambda: False,
) -> list[list[FoldRecord]]:  # fmt: skip
    """Train the missing folds of shard (index, count) of several runs, and return the records of its folds, for each
    run. The runs differ in their seeds alone. A shard takes every count-th of all their folds.

    ``load`` reads the data; each process that works calls it once. Raises :class:`mebench.training.limits.Stopped` when
    ``stop()`` says that the job was asked to stop; finished folds and checkpoints are kept.
    """
    data = load()
    mine = chosen(len(runs), list(data.folds()), shard, execution.folds)
    fingerprints = {(k, fold): fingerprint(runs[k].spec, data.digest, fold) for k, fold in mine}
    todo = {(k, fold): own for (k, fold), own in fingerprints.items()
            if finished(runs[k].run, fold, own, execution) is None}  # fmt: skip
    spec = runs[0].spec
    with ShardProgress(specs.run_id(spec), len(mine), len(mine) - len(todo), spec["recipe"].get("epochs", 1)) as bar:
        if min(execution.workers, len(todo)) > 1:
            workers.share(partial(train_loaded, runs, load, execution), todo, execution.workers, bar, stop)
        else:
            train_folds(Work(runs, data, execution, stop), todo, bar)
    for k, fold in mine:
        tidy(runs[k].run, fold)
    return [recorded(files.run, {fold: own for (of, fold), own in fingerprints.items() if of == k})
            for k, files in enumerate(runs)]  # fmt: skip


def recorded(run: Path, fingerprints: dict[str, str]) -> list[FoldRecord]:
    """The records of folds, which are given with their fingerprints. A UserError where one has none."""
    records = {fold: record_of(fold_file.place(run, fold)) for fold in fingerprints}
    there = {fold: record for fold, record in records.items() if record and record.fingerprint == fingerprints[fold]}
    lost = [fold for fold in fingerprints if fold not in there]
    if lost:
        raise UserError(
            f"{len(lost)} folds of {run} have no record, the first is {lost[0]}; run the same command again"
        )
    return list(there.values())


def train_loaded(
    runs: Sequence[RunFiles], load: Callable[[], FoldData], execution: Execution,
    todo: dict[Pair, str], listener: Listener, stop: Callable[[], bool],
) -> None:  # fmt: skip
    """Read the data in this process, and train folds."""
    train_folds(Work(runs, load(), execution, stop), todo, listener)


def train_folds(work: Work, todo: dict[Pair, str], listener: Listener) -> None:
    """Train folds in this process, one after another, or in stacks where the recipe says so. Only one job trains a fold
    at a time. ``todo`` has the fingerprint of each fold, taken when the job began and loaded its code."""
    trainer, size = engine(work.data, work.execution), work.runs[0].spec["recipe"].get("stack", 1)
    while todo:
        busy: dict[Pair, str] = {}
        for some in (list(todo.items())[at : at + size] for at in range(0, len(todo), size)):
            if work.stop():
                raise Stopped("between two folds")
            if size > 1:
                busy |= train_stack(work, dict(some), trainer, listener)
                continue
            [(pair, wanted)] = some
            try:
                train_fold(work, pair, wanted, trainer, listener)
            except lock.Held as other:
                busy[pair] = wanted
                listener.say(f"{pair[1]} is being trained by {other}")
        todo = busy
        if busy:  # the other jobs finish these folds, or die
            time.sleep(WAIT)


def train_fold(work: Work, pair: Pair, wanted: str, trainer: Engine, listener: Listener) -> None:
    """Train one fold under its lock; :class:`mebench.runs.lock.Held` where another job trains it."""
    files, fold = work.runs[pair[0]], pair[1]
    attempt = trainer.attempt(files, fold, work.execution, work.stop)
    check_source(attempt.fingerprint, wanted, files)
    listener.turn_to(specs.run_id(files.spec))
    with lock.hold(running_file(files.run, fold), told(work, pair, trainer)) as holder:
        # another job may have finished it since this one looked
        record = finished(files.run, fold, wanted, work.execution)
        if record is None:
            listener.fold_begins(fold)
            record = attempt.make(holder, listener.epoch)
    listener.fold_done(record)


def check_source(fingerprint: str, wanted: str, files: RunFiles) -> None:
    """A UserError where the code of a fold is no longer that of the ``wanted`` fingerprint."""
    if fingerprint != wanted:
        raise UserError(
            f"the source of {files.spec['model']} or of mebench, or a file of weights, changed while this job "
            "ran, and the folds that it finished are of the source before; run the same command again"
        )


def told(work: Work, pair: Pair, trainer: Engine) -> lock.Told:
    """What the lock of a fold says."""
    epochs = work.runs[pair[0]].spec["recipe"].get("epochs", 1)
    return lock.Told(pair[1], epochs, job=where(trainer.device)["job"], threads=work.execution.threads)


def train_stack(work: Work, todo: dict[Pair, str], trainer: Engine, listener: Listener) -> dict[Pair, str]:
    """Train folds at once, each under its lock; gives those that another job trains. No state of a stack is kept: what
    a killed or stopped one has not finished begins again."""
    from mebench.runs import stacked  # torch.func takes time to import, and few jobs need it

    busy: dict[Pair, str] = {}
    mine: dict[Pair, lock.Holder] = {}
    with contextlib.ExitStack() as locks:
        for pair, wanted in todo.items():
            files, fold = work.runs[pair[0]], pair[1]
            listener.turn_to(specs.run_id(files.spec))
            try:
                holder = locks.enter_context(lock.hold(running_file(files.run, fold), told(work, pair, trainer)))
            except lock.Held as other:
                busy[pair] = wanted
                listener.say(f"{fold} is being trained by {other}")
                continue
            record = finished(files.run, fold, wanted, work.execution)
            if record is None:
                listener.fold_begins(fold)
                mine[pair] = holder
            else:
                listener.fold_done(record)
        attempts = [trainer.attempt(work.runs[k], fold, work.execution, work.stop) for k, fold in mine]
        for pair, attempt in zip(mine, attempts, strict=True):
            check_source(attempt.fingerprint, todo[pair], work.runs[pair[0]])
        for pair, record in stacked.made(list(mine), attempts, list(mine.values()), listener) if mine else ():
            listener.turn_to(specs.run_id(work.runs[pair[0]].spec))
            listener.fold_done(record)
    return busy


def tidy(run: Path, fold: str) -> None:
    """Remove what is left of a job that was killed between the end of its fold and the end of its cleanup."""
    record = record_of(fold_file.place(run, fold))
    resumed = record is not None and record.status in RESUMED
    left = [running_file(run, fold), *([] if resumed else [checkpoint_file(run, fold)])]
    litter = any(path.exists() for path in left) or any((run / "folds").glob(f".{file_name(fold)}.*"))
    if not (litter or fold_file.has_older(run, fold)):
        return
    with contextlib.suppress(lock.Held), lock.hold(running_file(run, fold), lock.Told(fold)):
        if not resumed:
            checkpoint_file(run, fold).unlink(missing_ok=True)
        for path in (paths.fold_folder(run, fold), paths.fold_file(run, fold), checkpoint_file(run, fold)):
            remove_leftovers(path)
        fold_file.remove_older(run, fold)


def chosen(runs: int, folds: list[str], shard: tuple[int, int], only: Sequence[str]) -> list[Pair]:
    """The folds of a shard of so many runs, or those that were asked for by name, of each run."""
    for fold in only:
        if fold not in folds:
            raise UserError(f"there is no fold '{fold}'{did_you_mean(fold, folds)}")
    if only:
        return [(k, fold) for k in range(runs) for fold in dict.fromkeys(only)]
    return loso.shard([(k, fold) for k in range(runs) for fold in folds], *shard)


def finished(run: Path, fold: str, wanted: str, execution: Execution) -> FoldRecord | None:
    """The record of a fold that need not run; None for the others. Its fingerprint is the ``wanted`` one, its files are
    whole, and its status is one that another try would only repeat. A fold that was asked for by its name runs again
    unless it is done, and so does one without weights where weights are to be kept."""
    record = record_of(fold_file.place(run, fold))
    lasting = ("done",) if execution.folds else LASTING
    if record is None or record.fingerprint != wanted or record.status not in lasting:
        return None
    if execution.save_weights and record.done and WEIGHTS not in record.files:
        return None
    return record if whole(fold_file.place(run, fold), record) else None
