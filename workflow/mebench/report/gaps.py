"""What a benchmark lacks and why: runs, datasets and plots that could not be made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from mebench.config import recipes
from mebench.plan import Plan, Run
from mebench.tables.absent import AbsentRun
from mebench.watch.broken import Broken
from mebench.watch.runs import RunState

UNKNOWN = "it was not made, and no log says why"


@dataclass
class Gaps:
    """``runs`` have no predictions. ``partial`` are runs that lack folds, by id. ``datasets`` and ``plots`` are missing
    ones, by name. Each has its reason, one sentence."""

    runs: list[AbsentRun] = field(default_factory=list)
    partial: dict[str, str] = field(default_factory=dict)
    datasets: dict[str, str] = field(default_factory=dict)
    plots: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.runs or self.partial or self.datasets or self.plots)

    def absent_runs(self, task: str) -> list[AbsentRun]:
        """The absent runs of one task."""
        return [run for run in self.runs if run.task == task]


class Reasons:
    """Why something is missing, taken from the last lines of the logs of its jobs."""

    def __init__(self, plan: Plan, broken: Sequence[Broken]) -> None:
        self.plan = plan
        self._said: dict[tuple[str, str], str] = {}
        for job in broken:
            self._said.setdefault((job.rule, _without_shard(job)), job.message)

    def dataset_reason(self, name: str) -> str:
        """Why a dataset has no clips. Empty where its logs have no error."""
        return self._said.get(("fetch", name)) or self._said.get(("index", name)) or ""

    def input_reason(self, dataset: str, name: str) -> str:
        """Why an input was not made: an error of its own jobs, or of the jobs that it depends on."""
        base = self.plan.inputs.base(dataset, name)
        return (
            self._said.get(("faces", dataset), "")
            or (self._said.get(("inputs", f"{dataset}/{base}"), "") if base else "")
            or self._said.get(("inputs", f"{dataset}/{name}"), "")
        )

    def run_reason(self, state: RunState) -> str:
        """Why a run has no predictions."""
        run = state.run
        failed = next((f"{r.fold} is '{r.status}': {r.message}" for r in state.failed), "")
        if failed:
            return failed
        for dataset in run.datasets:
            unread = self.dataset_reason(dataset)
            if unread and state.waiting:  # the whole sentence stands beside the dataset
                return f"the dataset {dataset} could not be read: {unread.partition(';')[0]}"
            said = self.input_reason(dataset, self.plan.inputs.name(run, dataset))
            if said and state.waiting:
                return said
        jobs = [(rule, name) for rule in ("train", "folds", "adopt", "score") for name in (run.id, run.of_all_seeds)]
        said = next((self._said[job] for job in jobs if job in self._said), "") or self._together(run)
        return said or (f"{state.waiting} was not made" if state.waiting else UNKNOWN)

    def _together(self, run: Run) -> str:
        """What the job that a run shares with others says of its model."""
        said = self._said.get(("together", run.task), "")
        others = "|".join(re.escape(model) for model in self.plan.paths.models_of(run.task))
        own = re.search(rf"(?:failed: |; ){re.escape(run.model)}: (.*?)(?=; (?:{others}): |$)", said)
        return own[1] if own else ""

    def absent(self, state: RunState) -> AbsentRun:
        """The record of a run without predictions."""
        title, kind = recipes.describe(state.run.spec)
        run: Run = state.run
        return AbsentRun(run.task, run.model, title, kind, run.seed, self.run_reason(state))


def _without_shard(job: Broken) -> str:
    """``megc2019/ststnet/1-of-4`` -> ``megc2019/ststnet``."""
    head, _, last = job.target.rpartition("/")
    return head if head and "-of-" in last and last.replace("-of-", "").isdecimal() else job.target
