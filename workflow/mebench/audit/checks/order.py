"""The order of rows and of folds changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mebench.audit.confusion import figures, table
from mebench.audit.evidence import Evidence, Prediction
from mebench.audit.finding import FAIL, NOT_CHECKED, PASS

NAME = "order"


def check(evidence: Evidence) -> tuple[str, str]:
    """Counts the rows again in another order, and fold by fold, the last fold first."""
    if not evidence.scored:
        return NOT_CHECKED, "its rows have no classes"
    rows = list(evidence.predictions)
    mixed = [rows[place] for place in np.random.default_rng(len(rows)).permutation(len(rows))]
    by_fold = sorted(rows, key=lambda one: one.fold or evidence.subjects.get(one.clip, ""), reverse=True)
    first = _counted(rows, rows)
    for other in (mixed, by_fold):
        if _counted(other, rows) != first:
            return FAIL, "the figures change with the order of the rows"
    return PASS, "counted in another order of rows and of folds, all figures are the same"


def _counted(rows: Sequence[Prediction], known: Sequence[Prediction]) -> dict[str, float]:
    return figures(table(rows, sorted({label for one in known for label in (one.truth, one.called)})))
