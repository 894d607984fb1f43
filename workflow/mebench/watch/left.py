"""How much training is left: by measured seconds of folds where there are any, else by estimates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

from mebench.errors import UserError
from mebench.plan import Plan, estimate
from mebench.runs.lock import Lock
from mebench.runs.records import FoldRecord
from mebench.watch.runs import RunState


@dataclass(frozen=True)
class Remaining:
    """``seconds`` that one job would need for the rest of a run, None where nobody knows. ``basis`` is "run", "seeds"
    (folds of the same model and task with another seed), "epochs" (of the folds that run) or "estimate"."""

    seconds: float | None
    basis: str
    at_once: int

    @property
    def left(self) -> float | None:
        """Seconds until the end, with as many folds at once as now (at least one)."""
        return None if self.seconds is None else self.seconds / max(1, self.at_once)


class TimeLeft:
    """The time that is left for the runs of a plan. Estimates assume a number of TFLOP/s of a GPU and of a CPU core."""

    def __init__(self, plan: Plan, gpu_tflops: float, cpu_tflops: float):
        self.plan, self.throughput = plan, (gpu_tflops, cpu_tflops)

    @cached_property
    def estimated(self) -> dict[tuple[str, str], float]:
        """Estimated seconds of a fold of each task and model. Empty where clips do not fit a task: the training job
        reports that."""
        try:
            costs = estimate.costs(self.plan, *self.throughput)
        except UserError:
            return {}
        return {(cost.task, cost.model): 3600 * cost.hours_per_fold for cost in costs if cost.known}

    def works(self, states: Sequence[RunState]) -> list[Remaining]:
        """What is left of each run."""
        siblings: dict[tuple[str, str], list[FoldRecord]] = {}
        for state in states:
            siblings.setdefault((state.run.task, state.run.model), []).extend(state.done)
        return [self._work(state, siblings[state.run.task, state.run.model]) for state in states]

    def _work(self, state: RunState, siblings: list[FoldRecord]) -> Remaining:
        at_once = len(state.running)
        if not (state.missing or at_once):
            return Remaining(0.0, "run", at_once)
        folds = state.missing + sum(map(unfinished, state.running))
        for basis, seconds in (
            ("run", fold_seconds(state.done)),
            ("seeds", fold_seconds(siblings)),
            ("epochs", by_epochs(state.running)),
        ):
            if seconds is not None:
                return Remaining(folds * seconds, basis, at_once)
        known = self.estimated.get((state.run.task, state.run.model))
        return Remaining(None if known is None else folds * known, "estimate", at_once)


def fold_seconds(records: Sequence[FoldRecord]) -> float | None:
    """Mean seconds of finished folds. Folds that were resumed from a checkpoint count only where there are no
    others."""
    timed = [(record.seconds, record.resumed_at_epoch) for record in records if record.seconds is not None]
    whole = [seconds for seconds, resumed in timed if not resumed] or [seconds for seconds, _ in timed]
    return fmean(whole) if whole else None


def by_epochs(running: Sequence[Lock]) -> float | None:
    """Seconds of a whole fold, by the speed of the epochs of running folds. The number is too small for a resumed
    fold."""
    begun = [(held.beat - held.since) / held.told.epoch * held.told.epochs
             for held in running if held.told.epoch and held.told.epochs and held.since]  # fmt: skip
    return fmean(begun) if begun else None


def unfinished(held: Lock) -> float:
    """The share of a running fold that is left, by its epochs."""
    epochs = held.told.epochs
    return max(0.0, 1 - held.told.epoch / epochs) if epochs else 1.0


def total(works: Sequence[Remaining]) -> tuple[Remaining, int]:
    """(the work of all runs together, the number of runs whose work is not known)."""
    known = [work.seconds for work in works if work.seconds is not None]
    guessed = any(work.seconds and work.basis == "estimate" for work in works)
    whole = Remaining(sum(known), "estimate" if guessed else "run", sum(work.at_once for work in works))
    return whole, len(works) - len(known)
