"""What the statistics of a table say of one model of a task."""

from __future__ import annotations

from dataclasses import dataclass

from mebench.plots.runs import ModelRuns, TaskRuns


@dataclass(frozen=True)
class Known:
    """A model's figure over its seeds, its interval and letters; what is not known is None or empty."""

    value: float
    low: float | None
    high: float | None
    letters: str


def known(task: TaskRuns, model: ModelRuns) -> Known | None:
    """The honest figure of a model by the metric of the task; None where the statistics have none."""
    statistics = task.known_statistics
    selection = "last" if model.record.selection == "test_peek" else model.record.selection
    found = statistics.figure(model.record.model, selection, "all", task.metric.name, task.record.task)
    if found is None or found.value is None:
        return None
    letters = statistics.letters("all", task.metric.name, task.record.task)
    return Known(found.value, found.low, found.high, letters.get((model.record.model, selection), ""))
