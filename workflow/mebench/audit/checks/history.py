"""The predictions are those of the epoch that the selection says: what the histories and records of the folds show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mebench.audit.evidence import Epoch, Evidence
from mebench.audit.finding import FAIL, NOT_CHECKED, PASS, counted, some
from mebench.audit.inflation import expected

NAME = "history"
EQUAL = 5e-4  # accuracies are printed with as few as three digits


def check(evidence: Evidence) -> tuple[str, str]:
    """Fails where a result that is declared ``last`` is not that of the last epoch."""
    if evidence.selection not in ("last", ""):
        return NOT_CHECKED, f"the selection is {evidence.selection}"
    if evidence.history:
        return _from_history(evidence)
    if not any(one.last_epoch for one in evidence.records):
        return NOT_CHECKED, "no accuracy of each epoch is given; name a history with --history"
    early = [one.fold for one in evidence.records if one.epoch != one.last_epoch]
    if early:
        return (
            FAIL,
            f"{counted(len(early), 'fold')} with the predictions of an earlier epoch than the last: {some(early)}",
        )
    return PASS, f"the records of {counted(len(evidence.records), 'fold')} name the last epoch"


def _from_history(evidence: Evidence) -> tuple[str, str]:
    by_fold: dict[str, list[Epoch]] = {}
    for one in sorted(evidence.history, key=lambda one: one.epoch):
        by_fold.setdefault(one.fold, []).append(one)
    seeds, right = list(evidence.seeds), _accuracy(evidence)
    if len(seeds) > 1:
        return NOT_CHECKED, "the predictions are of several seeds; audit each with its own history"
    absent = sorted(right.keys() - by_fold.keys())
    if absent or not right:
        return NOT_CHECKED, f"the history has no fold {some(absent)}" if absent else "the predictions name no folds"
    other = [fold for fold in sorted(right) if abs(by_fold[fold][-1].accuracy - right[fold]) > EQUAL]
    best = [fold for fold in other if abs(max(one.accuracy for one in by_fold[fold]) - right[fold]) <= EQUAL]
    if not other:
        return PASS, f"the accuracy of {counted(len(right), 'fold')} is that of the last epoch"
    if len(best) == len(other):
        return FAIL, (f"the epoch was chosen on the test subjects: the accuracy of {counted(len(other), 'fold')} is "
                      f"that of the best epoch, not of the last ({_compared(other, right, by_fold)}); "
                      f"{expected(evidence.model)}")  # fmt: skip
    return FAIL, (f"{counted(len(other), 'fold')} with another accuracy than the last epoch has in the history "
                  f"({_compared(other, right, by_fold)}), {len(best)} of them that of the best")  # fmt: skip


def _accuracy(evidence: Evidence) -> dict[str, float]:
    """The accuracy of each fold; without folds that of each subject."""
    own: dict[str, list[bool]] = {}
    for one in evidence.predictions:
        own.setdefault(one.fold or evidence.subjects.get(one.clip, ""), []).append(one.truth == one.called)
    return {fold: sum(hits) / len(hits) for fold, hits in own.items() if fold}


def _compared(folds: Sequence[str], right: Mapping[str, float], by_fold: Mapping[str, Sequence[Epoch]]) -> str:
    fold = folds[0]
    return f"{fold}: {right[fold]:.3f}, last {by_fold[fold][-1].accuracy:.3f}"
