"""On how many clips two models say the same."""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.figure import Figure

from mebench.plots import model_rows, style
from mebench.plots.runs import ModelRuns, TaskRuns


def draw(task: TaskRuns) -> Figure:
    """A matrix: a row and a column for each model; on the diagonal the seeds of one model among each other."""
    models = [model for model in task.models if not model.control]
    if not models:
        return style.message("No agreement to show: this task has controls alone.")
    said = [answers(model) for model in models]
    values = np.array([[agreement(one, other) for other in said] for one in said])
    fig = model_rows.matrix(values, models, [model.label for model in models], "share of clips with the same class")
    note = f"% of clips with the same prediction, right or wrong; diagonal: seeds of one model; {task.seeds}"
    style.title(fig, f"Agreement of models: {task.title}", task.mark, note)
    return fig


def answers(model: ModelRuns) -> list[dict[str, str]]:
    """The prediction for each clip, of each seed."""
    return [{row["clip_id"]: row["prediction"] for row in run.predictions} for run in model.runs]


def agreement(one: list[dict[str, str]], other: list[dict[str, str]]) -> float:
    """The share of clips on which two models agree, mean over pairs of seeds; of a model with itself over pairs of
    different seeds. NaN where there is no pair, or no clip that both predict."""
    pairs = itertools.combinations(one, 2) if one is other else itertools.product(one, other)
    shares = [np.mean([a[clip] == b[clip] for clip in both]) for a, b in pairs if (both := sorted(a.keys() & b.keys()))]
    return float(np.mean(shares)) if shares else float("nan")
