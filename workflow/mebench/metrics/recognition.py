"""UF1, UAR and accuracy from one confusion matrix that is pooled over all folds.

Source: the MEGC2019 recognition guideline. Counts are summed over the folds first, the formulae come after. The mean
over folds of a per-fold F1 is another number, up to 30 points away, and is not offered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np

from mebench.errors import UserError, did_you_mean


def confusion(truth: Sequence[str], prediction: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Confusion counts, (C, C) int64: rows are the truth, columns the prediction, both in the order of ``classes``."""
    index = {name: i for i, name in enumerate(classes)}
    matrix = np.zeros((len(classes), len(classes)), dtype=np.int64)
    for row, (t, p) in enumerate(zip(truth, prediction, strict=True), start=1):
        for column, value in (("truth", t), ("prediction", p)):
            if value not in index:
                known = did_you_mean(value, classes)
                raise UserError(f"row {row} has the {column} '{value}', which is no class of this task{known}")
        matrix[index[t], index[p]] += 1
    return matrix


class Numbers(TypedDict):
    """The metrics of a confusion matrix; None where there is nothing to count."""

    accuracy: float | None
    uf1: float | None
    uar: float | None
    macro_precision: float | None


class Part(Numbers):
    """The score of some rows: how many there are, their classes, and the confusion counts of these."""

    n: int
    classes: list[str]
    confusion: list[list[int]]


class RecognitionScore(Part, total=False):
    """The score of all rows, and of those of each dataset where they name one."""

    parts: dict[str, Part]


def from_confusion(matrix: np.ndarray) -> Numbers:
    """Accuracy, UF1, UAR and macro precision of a (C, C) confusion matrix.

    UF1 = mean_c 2 TP_c / (2 TP_c + FP_c + FN_c). UAR = mean_c TP_c / n_c, the mean *recall*. A class with neither
    truth nor prediction has no F1, a class without truth no recall, a class never predicted no precision: such a
    class counts as 0 where its denominator is positive for another reason and is left out of the mean where nothing
    defines it:

    - F1: left out only if absent from truth and prediction.
    - recall: left out if absent from truth.
    - precision: 0 for a class that is in the truth but never predicted; left out if it is in neither.

    In a pooled result of a whole task every class is present and no mean leaves anything out. ``None`` for no rows.
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    hit, true, called = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    if not matrix.sum():
        return {"accuracy": None, "uf1": None, "uar": None, "macro_precision": None}
    seen = (true + called) > 0
    precision = np.divide(hit, called, out=np.zeros_like(hit), where=called > 0)
    return {
        "accuracy": float(hit.sum() / matrix.sum()),
        "uf1": float(np.mean(2 * hit[seen] / (true + called)[seen])),
        "uar": float(np.mean(hit[true > 0] / true[true > 0])),
        "macro_precision": float(np.mean(precision[seen])),
    }


def score(rows: Sequence[Mapping[str, str]], classes: Sequence[str] | None = None) -> RecognitionScore:
    """Score prediction rows (``truth``, ``prediction``, optionally ``dataset``), overall and per dataset part.

    Returns ``n, classes, confusion, accuracy, uf1, uar, macro_precision`` and, if the rows name a dataset, the same
    under ``parts`` for each dataset: parts are cut out of the same predictions, nothing is trained again.
    Without ``classes`` the label set is every label seen, sorted.
    """
    if not rows:
        raise UserError("there are no predictions to score; give a CSV with at least one row")
    if classes is None:
        classes = sorted({row["truth"] for row in rows} | {row["prediction"] for row in rows})
    result: RecognitionScore = {**part(rows, classes)}
    if "dataset" in rows[0]:
        names = sorted({row["dataset"] for row in rows})
        result["parts"] = {d: part([row for row in rows if row["dataset"] == d], classes) for d in names}
    return result


def part(rows: Sequence[Mapping[str, str]], classes: Sequence[str]) -> Part:
    """The same without parts."""
    matrix = confusion([row["truth"] for row in rows], [row["prediction"] for row in rows], classes)
    return {"n": len(rows), "classes": list(classes), "confusion": matrix.tolist(), **from_confusion(matrix)}
