"""Recognition over the intervals that were found: the second factor of STRS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypedDict

ABSENT = ("zero", "skip")


class Recognition(TypedDict):
    """Recognition over true positives; None where emotions are not asked for."""

    precision_recognition: float | None
    recall_recognition: float | None
    f1_recognition: float | None
    uf1: float | None
    uar: float | None


NOT_ASKED: Recognition = {
    "precision_recognition": None,
    "recall_recognition": None,
    "f1_recognition": None,
    "uf1": None,
    "uar": None,
}


def recognition(pairs: Iterable[tuple[str, str]], classes: Sequence[str], absent: str = "zero") -> Recognition:
    """Macro precision P and recall R over (emotion of the label, predicted emotion) pairs of true positives, pooled
    over all folds; f1_recognition = 2 P R / (P + R), UF1 = the mean F1 of the classes, UAR = R.

    A pair is left out where the label's emotion is none of ``classes``; a predicted emotion that is none of them is a
    miss. A class that is in no pair counts as 0 (``absent`` zero, as the MEGC does) or is left out of the means (skip,
    as MEAN and ME-TST do; their code leaves out a class that is alone and always right, too, and then has no score).
    All is 0 where nothing is left.
    """
    counts = Counter(pair for pair in pairs if pair[0] in set(classes))
    precisions, recalls, f1s = [], [], []
    for name in classes:
        right = counts[(name, name)]
        true = sum(number for (label, _), number in counts.items() if label == name)
        called = sum(number for (_, predicted), number in counts.items() if predicted == name)
        if absent == "skip" and not true + called:
            continue
        precisions.append(right / called if called else 0.0)
        recalls.append(right / true if true else 0.0)
        f1s.append(2 * right / (true + called) if true + called else 0.0)
    if not precisions:
        return Recognition(precision_recognition=0.0, recall_recognition=0.0, f1_recognition=0.0, uf1=0.0, uar=0.0)
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    return {
        "precision_recognition": precision,
        "recall_recognition": recall,
        "f1_recognition": harmonic_mean(precision, recall),
        "uf1": sum(f1s) / len(f1s),
        "uar": recall,
    }


def harmonic_mean(one: float, other: float) -> float:
    """2ab / (a + b); 0 where both are 0."""
    return 2 * one * other / (one + other) if one + other else 0.0
