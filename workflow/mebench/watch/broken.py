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

STOPPED = "asked to stop"  # how training begins its last line when a scheduler or a person ended it


@dataclass(frozen=True)
class Broken:
    """One job: its ``rule`` and what it was ``of``, what became of it, and the end of its log."""

    rule: str
    of: str
    message: str
    excerpt: Excerpt

    def as_json(self) -> dict[str, object]:
        """It for machines."""
        log = {"file": str(self.excerpt.path), "lines": self.excerpt.lines}
        return {"rule": self.rule, "of": self.of, "status": "broken", "message": self.message, "logs": [log]}

    def lines(self) -> list[str]:
        """It for people."""
        log = [f"  {self.excerpt.path}:", *(f"  | {line}" for line in self.excerpt.lines)]
        return [f"{self.rule} {self.of}: {self.message}", *log]


def broken(plan: Plan, states: Sequence[RunState], count: int) -> list[Broken]:
    """The jobs, with ``count`` lines of each log. A job that goes well writes its log anew, so a log that ends with an
    error is that of the last try; logs of runs that are finished or at work are left out."""
    folder = Path(plan.results) / "logs"
    settled = {state.run.id for state in states if state.running or not state.missing}
    known = {state.run.id: state for state in states}
    found = []
    for path in sorted(folder.glob("*/**/*.log")):
        rule, *rest = path.relative_to(folder).with_suffix("").parts
        of = "/".join(rest)
        run = next((name for name in known if of.startswith(f"{name}/")), "")
        if rule in ("slurm", "scheduler") or (rule == "train" and (not run or run in settled)):
            continue
        lines = logs.tail(path)
        message = _message(rule, lines[-1] if lines else "")
        if message:
            kept = _kept(plan, known[run]) if rule == "train" else ""
            found.append(Broken(rule, of, message + kept, Excerpt(path, lines[-count:])))
    return found


def _message(rule: str, last: str) -> str:
    """What the last line of a log says, where it tells of an error or a stop."""
    if last.startswith(STOPPED):
        return "it was stopped"
    verb, _, error = last.partition(": ")
    return error if error and verb.startswith("mebench ") else ""


def _kept(plan: Plan, state: RunState) -> str:
    """How much a stopped run has kept besides its finished folds."""
    kept = len(paths.checkpoints(Path(plan.paths.folder(state.run))))
    return f"; {'a fold goes' if kept == 1 else f'{kept} folds go'} on from the state that was kept" if kept else ""
