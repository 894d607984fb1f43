"""Finds jobs that ended without a fold record, from their logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench.plan import Plan
from mebench.runs import paths
from mebench.watch import logs
from mebench.watch.logs import Excerpt
from mebench.watch.runs import RunState

NO_RULES = ("slurm", "scheduler", "pool")  # folders of logs of others, and of a rule that is no more
STOPPED = "asked to stop"  # the beginning of the last line of a training that was asked to stop


@dataclass(frozen=True)
class Broken:
    """One job that ended with an error: its ``rule``, its ``target`` (a run, a dataset, a table, ...), what happened,
    and the end of its log."""

    rule: str
    target: str
    message: str
    excerpt: Excerpt

    def as_json(self) -> dict[str, object]:
        """The job as `mebench failures --json` prints it."""
        log = {"file": str(self.excerpt.path), "lines": self.excerpt.lines}
        return {"rule": self.rule, "of": self.target, "status": "broken", "message": self.message, "logs": [log]}

    def lines(self) -> list[str]:
        """The job as lines for people."""
        log = [f"  {self.excerpt.path}:", *(f"  | {line}" for line in self.excerpt.lines)]
        return [f"{self.rule} {self.target}: {self.message}", *log]


def broken(plan: Plan, states: Sequence[RunState], count: int) -> list[Broken]:
    """The jobs that ended with an error, with ``count`` lines of each log. A job that ends well overwrites its log, so
    a log that ends with an error is that of the last try. Logs of runs that are finished or at work are left out."""
    folder = Path(plan.results) / "logs"
    jobs: list[Broken] = []
    for path in sorted(folder.glob("*/**/*.log")):
        rule, *rest = path.relative_to(folder).with_suffix("").parts
        target = "/".join(rest)
        trained = [state for state in states if _is_of(target, state)] if rule == "train" else []
        settled = any(state.running for state in trained) or not any(state.missing for state in trained)
        if rule in NO_RULES or (rule == "train" and settled):
            continue
        lines = logs.tail(path)
        message = _message(rule, lines[-1] if lines else "")
        if message:
            kept = _kept(plan, trained) if rule == "train" else ""
            jobs.append(Broken(rule, target, message + kept, Excerpt(path, lines[-count:])))
    return jobs


def _is_of(target: str, state: RunState) -> bool:
    """Whether a training job was of a run: it is called TASK/MODEL/SHARD, and was TASK/MODEL/seedK/SHARD once."""
    return target.rpartition("/")[0] in (state.run.id, state.run.of_all_seeds)


def _message(rule: str, last: str) -> str:
    """The error or the stop in the last line of a log; empty where there is none."""
    if last.startswith(STOPPED):
        return "it was stopped"
    verb, _, error = last.partition(": ")
    return error if error and verb.startswith("mebench ") else ""


def _kept(plan: Plan, states: Sequence[RunState]) -> str:
    """How much stopped runs have kept besides their finished folds."""
    kept = sum(len(paths.checkpoints(Path(plan.paths.folder(state.run)))) for state in states)
    return f"; {'a fold goes' if kept == 1 else f'{kept} folds go'} on from the state that was kept" if kept else ""
