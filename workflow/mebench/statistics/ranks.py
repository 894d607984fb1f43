"""Average ranks of models over tasks, and the difference from which two ranks can be told apart (Demsar 2006)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mebench.errors import UserError
from mebench.statistics.families import ALPHA


@dataclass(frozen=True)
class Ranks:
    """``models`` with the best average rank first. ``p_friedman`` is of the hypothesis that all are equal, None for two
    models. Average ranks that are less than ``critical_difference`` apart cannot be told apart (Nemenyi);
    ``p_nemenyi`` (M, M) has the p-value of each pair."""

    models: tuple[str, ...]
    average: tuple[float, ...]
    tasks: int
    p_friedman: float | None
    critical_difference: float
    p_nemenyi: np.ndarray
    alpha: float


def ranks(models: Sequence[str], scores: np.ndarray, alpha: float = ALPHA) -> Ranks:
    """The ranks of ``models`` by ``scores`` (tasks, models), of which the highest has rank 1; equal scores share
    the mean of their ranks. Every model needs a score on every task."""
    from scikit_posthocs import posthoc_nemenyi_friedman
    from scipy.stats import friedmanchisquare, rankdata, studentized_range

    tasks, count = scores.shape
    if tasks < 2 or count < 2 or np.isnan(scores).any():
        raise UserError(f"average ranks need two models and two tasks, and the score of each model on each task; there "
                        f"are {count} models and {tasks} tasks")  # fmt: skip
    average = rankdata(-scores, axis=1).mean(axis=0)
    order = sorted(range(count), key=lambda place: (average[place], models[place]))
    own = scores[:, order]
    level = float(studentized_range.ppf(1 - alpha, count, np.inf)) / np.sqrt(2)
    return Ranks(
        models=tuple(models[place] for place in order),
        average=tuple(float(average[place]) for place in order),
        tasks=tasks,
        p_friedman=float(friedmanchisquare(*own.T).pvalue) if count > 2 else None,
        critical_difference=float(level * np.sqrt(count * (count + 1) / (6 * tasks))),
        p_nemenyi=posthoc_nemenyi_friedman(own).to_numpy(),
        alpha=alpha,
    )
