"""Folds that failed and folds of dead jobs: what happened, where, and how to repeat them by hand."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mebench.plan import Plan, Run
from mebench.runs import fold_file, lock
from mebench.runs.lock import Lock
from mebench.runs.paths import checkpoint_file
from mebench.runs.records import FoldRecord, record_of
from mebench.watch import logs
from mebench.watch.logs import Excerpt
from mebench.watch.runs import RunState

DIED = "died"  # the status of a fold that a dead job left
LASTING = "diverged"  # a failure that the workflow does not try again


@dataclass(frozen=True)
class Failure:
    """One fold: its run, ``status`` and ``message``, the job and node, and the last lines of its logs."""

    run: Run
    fold: str
    status: str
    message: str
    about: list[str]
    node: str | None
    job: str | None
    when: str | None
    excerpts: list[Excerpt]
    command: str

    def as_json(self) -> dict[str, object]:
        """The failure as `mebench failures --json` prints it."""
        kept = {key: getattr(self, key) for key in ("fold", "status", "message", "node", "job", "when", "command")}
        logs = [{"file": str(excerpt.path), "lines": excerpt.lines} for excerpt in self.excerpts]
        return {"task": self.run.task, "model": self.run.model, "seed": self.run.seed, **kept, "logs": logs}

    def lines(self) -> list[str]:
        """The failure as lines for people."""
        seen = "last sign at" if self.status == DIED else "at"
        known = ((f"on {self.node}", self.node), (f"job {self.job}", self.job), (f"{seen} {self.when}", self.when))
        where = ", ".join(text for text, value in known if value)
        head = f"{self.run.id} {self.fold}: {self.status}{f': {self.message}' if self.message else ''}"
        text = [head, *(f"  {line}" for line in ([where] if where else []) + self.about)]
        for excerpt in self.excerpts:
            text += [f"  {excerpt.path}:", *(f"  | {line}" for line in excerpt.lines)]
        return [*text, f"  repeat it: {self.command}"]


def failures(plan: Plan, states: Sequence[RunState], config: Path, count: int) -> list[Failure]:
    """Every failed fold and every fold of a dead job, with ``count`` lines of each log."""
    listed: list[Failure] = []
    for state in states:
        old = [record for record in state.old if not record.done]
        gone = {held.told.fold for held in state.dead}
        listed += [_failed(plan, state.run, record.fold, config, count, record in old)
                  for record in [*state.failed, *old] if record.fold not in gone]  # fmt: skip
        listed += [_died(plan, state.run, held, config, count) for held in state.dead]
    return listed


def command(run: Run, fold: str, config: Path, threads: int = 1, isa: object = None) -> str:
    """The command that trains one fold again. The number of ``threads`` is that of the first try, because it can change
    the last bits."""
    text = f"mebench train --run {shlex.quote(run.id)} --fold {shlex.quote(fold)} --config {shlex.quote(str(config))}"
    text += f" --threads {threads}" if threads > 1 else ""
    return f"{text} --isa native" if isa == "native" else text


def _failed(plan: Plan, run: Run, fold: str, config: Path, count: int, old: bool) -> Failure:
    record = record_of(fold_file.place(Path(plan.paths.folder(run)), fold)) or FoldRecord(fold, "", "unknown", "")
    node, job = (_text(record.where.get(name)) for name in ("node", "job"))
    about = [f"device {record.device}"] if record.device else []
    if old:
        about.append("of another configuration, other data or other source: the next job trains it again anyway")
    elif record.status == LASTING:
        about.append("it would diverge again: no job repeats it while configuration, data and source stay")
    results = Path(plan.results)
    begun = datetime.fromisoformat(record.started).timestamp() if record.started else 0.0
    log = logs.fold_lines(results, run.id, fold, count, begun, to_end=False)
    excerpts = [log, logs.scheduler_lines(results, job, count)]
    repeat = command(run, fold, config, record.threads, record.isa.get("choice"))
    return Failure(run, fold, record.status, record.message, about, node, job, record.finished,
                   list(filter(None, excerpts)), repeat)  # fmt: skip


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _died(plan: Plan, run: Run, held: Lock, config: Path, count: int) -> Failure:
    fold, told = held.told.fold or held.path.name.removesuffix(".running.json"), held.told
    epoch = f"in or after epoch {told.epoch} of {told.epochs}" if told.epochs else "at an unknown epoch"
    kept = checkpoint_file(Path(plan.paths.folder(run)), fold).is_file()
    about = ["the next job goes on from its checkpoint" if kept else "the next job trains it from the start"]
    if held.node and held.pid:
        about.insert(0, f"its process was {held.pid}")
    results, job = Path(plan.results), told.job
    log = logs.fold_lines(results, run.id, fold, count, held.since or 0.0, to_end=True)
    excerpts = [log, logs.scheduler_lines(results, job, count)]
    seen = datetime.fromtimestamp(held.beat, UTC).isoformat(timespec="seconds")
    message = f"its job gave no sign for {lock.DEAD:.0f} s or its process is gone; it was {epoch}"
    repeat = command(run, fold, config, told.threads)
    return Failure(run, fold, DIED, message, about, held.node or None, job, seen,
                   list(filter(None, excerpts)), repeat)  # fmt: skip


def pools(failed: Sequence[Failure], config: Path) -> list[str]:
    """The commands that pool the runs of folds that were repeated by hand."""
    ids = dict.fromkeys(failure.run.id for failure in failed)
    return [f"mebench pool --run {shlex.quote(name)} --config {shlex.quote(str(config))}" for name in ids]
