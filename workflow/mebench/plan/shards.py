"""In how many jobs a run is submitted: an execution setting, which changes no number in a table.

``shards=8`` cuts each run into 8 jobs, ``fold`` makes a job of every fold, ``auto`` as many as make each last about
half an hour by the model's card. Single model entries may differ: ``shards=auto,hsta=fold,ststnet=1``. The number must
not depend on what a workflow makes while it runs, because every job of it reads the plan again; so folds are counted
from the configuration, and a shard beyond the last fold is an empty job.
"""

from __future__ import annotations

import math

from mebench.config import feasible
from mebench.errors import UserError, did_you_mean
from mebench.plan import estimate
from mebench.plan.plan import Plan
from mebench.plan.runs import Run

JOB_SECONDS = 1800
DEFAULT = "default"


class Shards:
    """``count(run)``: the number of jobs of each run of a plan, from the setting's text."""

    def __init__(self, plan: Plan, setting: object = "1"):
        self.plan, self.setting = plan, parsed(str(setting))
        for name in self.setting:
            if name != DEFAULT and name not in plan.entries:
                raise UserError(
                    f"shards is set for '{name}', which is no model entry{did_you_mean(name, plan.entries)}"
                )

    def count(self, run: Run) -> int:
        """How many jobs train the folds of a run; never more than it has folds."""
        wanted = self.setting.get(run.model, self.setting[DEFAULT])
        folds = self.folds(run)
        if wanted == "fold":
            return folds
        if wanted == "auto":
            size = estimate.Size(self.plan.tasks[run.task]["expected"]["clips"], folds, "expected")
            return min(folds, max(1, math.ceil(folds * estimate.seconds_per_fold(run, size) / JOB_SECONDS)))
        return min(folds, int(wanted))

    def items(self, run: Run) -> list[str]:
        """``1-of-4``, ``2-of-4``, ...: what the jobs of a run are called."""
        count = self.count(run)
        return [f"{i}-of-{count}" for i in range(1, count + 1)]

    def folds(self, run: Run) -> int:
        """The subjects of a run's task: as published, or as many as its generated datasets have."""
        task = self.plan.tasks[run.task]
        entries = {name: self.plan.datasets[name] for name in task["datasets"]}
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
