"""In how many jobs a model on a task is submitted: an execution setting, which changes no number in a table.

A job trains folds of all seeds. ``shards=8`` makes 8 jobs of a model on a task, ``fold`` a job of every fold of every
seed, ``auto`` as many as make each last about fifty minutes by the model's card. Single model entries may differ:
``shards=auto,hsta=fold,ststnet=1``. The number must not depend on what a workflow makes while it runs, because every
job of it reads the plan again; so folds are counted from the configuration, and a shard beyond the last fold is an
empty job.

Models that take seconds, such as controls, are trained and scored in one job for each task.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

from mebench import tasks
from mebench.config import feasible
from mebench.errors import UserError, did_you_mean
from mebench.model_card import shares_job
from mebench.plan import estimate
from mebench.plan.plan import Plan
from mebench.plan.runs import Run

JOB_SECONDS = 3000  # of a job that ``auto`` makes: twice that and its start are less than two hours, a usual limit
LEAST_MINUTES = 10  # that a job asks for: its start, and reading the data
SLOWER = 2  # times that a node may be slower than the estimate; a job that ends early is tried again with more time
DEFAULT = "default"


class Shards:
    """``count(runs)``: the number of jobs of the runs of a model on a task, from the setting's text."""

    def __init__(self, plan: Plan, setting: object = "1"):
        self.plan, self.setting = plan, parsed(str(setting))
        self._seconds: dict[tuple[str, str], float] = {}
        for name in self.setting:
            if name != DEFAULT and name not in plan.entries:
                raise UserError(
                    f"shards is set for '{name}', which is no model entry{did_you_mean(name, plan.entries)}"
                )

    def count(self, runs: Sequence[Run]) -> int:
        """How many jobs train the folds of the runs; never more than there are folds."""
        wanted, folds = self.setting.get(runs[0].model, self.setting[DEFAULT]), len(runs) * self.folds(runs[0])
        if wanted == "fold":
            return folds
        if wanted == "auto":
            return min(folds, max(1, math.ceil(folds * self.seconds_per_fold(runs[0]) / JOB_SECONDS)))
        return min(folds, int(wanted))

    def together(self, task: str) -> list[str]:
        """The model entries of a task that one job trains and scores, because their cards say so. Those that the
        setting names have jobs of their own."""
        return [model for model in self.plan.paths.models_of(task) if model in self._sharing]

    @cached_property
    def _sharing(self) -> set[str]:
        entries = self.plan.entries.items()
        return {name for name, entry in entries if name not in self.setting
                and entry["training"] != "rules" and shares_job(entry["model"])}  # fmt: skip

    @property
    def alone(self) -> str:
        """A regular expression for the names of the entries that the engine trains in jobs of their own: all that share
        no job of the task, after whose folder the name stands."""
        return self.plan.other_than({task: self.together(task) for task in self.plan.tasks})

    def minutes_together(self, task: str) -> int:
        """The minutes that the job of these models asks for: those on their cards, but for what takes seconds."""
        runs = [run for model in self.together(task) for run in self.plan.paths.with_seeds(task, model)]
        return LEAST_MINUTES + sum(one for run in runs if (one := run.resources["runtime_min"]) > LEAST_MINUTES)

    def minutes(self, runs: Sequence[Run]) -> int:
        """The minutes that each job asks for: its start, and twice what its folds take by the measured one. Where none
        is measured, its share of the minutes on the model's card, which are for all folds of one seed, or twice the
        estimate where that is more."""
        folds = self.folds(runs[0])
        share = math.ceil(len(runs) * folds / self.count(runs))
        expected = share * self.seconds_per_fold(runs[0]) / 60
        if estimate.is_measured(runs[0]):
            return LEAST_MINUTES + math.ceil(SLOWER * expected)
        by_card = share * runs[0].resources["runtime_min"] / folds
        return max(LEAST_MINUTES, math.ceil(by_card), math.ceil(SLOWER * expected))

    def seconds_per_fold(self, run: Run) -> float:
        """The estimated seconds of a fold; 0 where there is nothing to estimate from."""
        key = run.task, run.model
        if key not in self._seconds:
            task = self._plan(run).tasks[run.task]
            per_clip = tasks.kind_of(task).samples_per_clip
            size = estimate.Size(task["expected"]["clips"], self.folds(run), "expected", per_clip=per_clip)
            self._seconds[key] = estimate.seconds_per_fold(run, size)
        return self._seconds[key]

    def items(self, runs: Sequence[Run]) -> list[str]:
        """``1-of-4``, ``2-of-4``, ...: what the jobs are called."""
        count = self.count(runs)
        return [f"{i}-of-{count}" for i in range(1, count + 1)]

    def _plan(self, run: Run) -> Plan:
        """The plan that a run is of, which may be that of a table."""
        return self.plan.having(run.task, run.model)

    def folds(self, run: Run) -> int:
        """The subjects of a run's task: as published, or as many as its generated datasets have."""
        plan = self._plan(run)
        task = plan.tasks[run.task]
        entries = {name: plan.datasets[name] for name in task["datasets"]}
        if all(map(feasible.small_stand_in, entries.values())):
            return sum(feasible.subjects(name, entry) for name, entry in entries.items())
        return task["expected"]["subjects"]


def parsed(text: str) -> dict[str, str]:
    """``auto,hsta=fold`` -> {"default": "auto", "hsta": "fold"}."""
    counts = {DEFAULT: "1"}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.rpartition("=")
        if value not in ("fold", "auto") and not (value.isdecimal() and int(value) > 0):
            raise UserError(
                f"shards has '{part}'; write a number of jobs, fold or auto, for single models too: auto,hsta=fold"
            )
        counts[name or DEFAULT] = value
    return counts
