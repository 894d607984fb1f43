"""The figure of each model against the time that a fold took on the machine of this run."""

from __future__ import annotations

from matplotlib.figure import Figure

from mebench.plots import cost
from mebench.plots.runs import ModelRuns, TaskRuns


def draw(task: TaskRuns) -> Figure:
    """As the plot of the cost. Another run of the same configuration takes another time."""
    own = cost.points(task, seconds)
    note = "seconds as they were on this machine, mean over folds and seeds"
    return cost.figure(task, {"seconds of training a fold": own} if own else {}, "What a figure takes", note)


def seconds(model: ModelRuns) -> float | None:
    """Seconds of a fold, mean over all folds and seeds; None where no run says."""
    known = [(run.record.seconds, run.record.folds_done) for run in model.runs if run.record.seconds]
    folds = sum(count for _, count in known)
    return sum(took for took, _ in known if took) / folds if folds else None
