"""How long each job of the workflow may take, roughly: what is shown before anything is measured.

A job of training takes its start and the estimate of its folds, which is that of ``mebench plan``. All else takes what
it took for small synthetic datasets; `watch/work_left.py` corrects it by what jobs really take.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from mebench.config.throughput import CPU_TFLOPS, GPU_TFLOPS
from mebench.errors import UserError
from mebench.plan import estimate
from mebench.plan.plan import Plan

START = 4.0  # core-seconds of a job of training before its first fold
PER_FOLD = 0.1  # core-seconds of a fold besides its epochs
OTHERS = {"resolve": 0.5, "fetch": 5.0, "index": 1.0, "faces": 8.0, "input_parts": 8.0, "inputs": 8.0, "score": 1.0,
          "scores": 0.5, "tables": 0.5, "dataset_plots": 4.0, "report": 2.0}  # fmt: skip
PLOTS, TOGETHER, UNKNOWN = 15.0, 8.0, 2.0


class ExpectedTime:
    """``core_seconds(rule, wildcards)`` of each job of a plan."""

    def __init__(self, plan: Plan):
        self.plan = plan

    def core_seconds(self, rule: str, wildcards: Mapping[str, str]) -> float:
        """Seconds of one core that a job may need; on a GPU, seconds of the card."""
        if rule in ("train", "final"):
            shards = int(wildcards.get("scatteritem", "1-of-1").rpartition("-of-")[2])
            return START + self._seconds(wildcards["task"], wildcards["model"]) / shards
        if rule.startswith("together_"):
            return TOGETHER
        return PLOTS if rule.startswith("plots_") else OTHERS.get(rule, UNKNOWN)

    def _seconds(self, task: str, model: str) -> float:
        """Core-seconds of all folds of a model on a task, which may be of a table's runs alone."""
        plan = self.plan.having(task, model)
        if id(plan) not in self._training:
            self._training[id(plan)] = self._of_plan(plan)
        return self._training[id(plan)].get((task, model), 0.0)

    @cached_property
    def _training(self) -> dict[int, dict[tuple[str, str], float]]:
        return {}

    def _of_plan(self, plan: Plan) -> dict[tuple[str, str], float]:
        """Core-seconds of all folds of each model on each task. Empty where clips do not fit a task: the training job
        reports that."""
        try:
            costs = estimate.costs(plan, GPU_TFLOPS, CPU_TFLOPS)
        except UserError:
            return {}
        return {(cost.task, cost.model): 3600 * cost.hours + PER_FOLD * cost.folds * cost.runs for cost in costs}
