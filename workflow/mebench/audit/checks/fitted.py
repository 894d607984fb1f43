"""Nothing is fitted outside the training subjects: what the records of the folds say."""

from __future__ import annotations

from mebench.audit.evidence import Evidence
from mebench.audit.finding import FAIL, NOT_CHECKED, PASS, counted

NAME = "fitted"


def check(evidence: Evidence) -> tuple[str, str]:
    """Fails where a fold trained or tested on another number of clips than its subjects have."""
    if not evidence.records:
        return NOT_CHECKED, "only the records of the folds of a run say it"
    for one in evidence.records:
        if (one.train, one.test) != (one.train_expected, one.test_expected):
            return FAIL, (f"the fold {one.fold} trained on {counted(one.train, 'clip')} and tested {one.test}; the "
                          f"others' clips are {one.train_expected}, its own {one.test_expected}")  # fmt: skip
    weights = sorted({one.weights for one in evidence.records if one.weights})
    begun = f"; they began with the weights {', '.join(weights)}, whose training is not looked at" if weights else ""
    return PASS, (f"{counted(len(evidence.records), 'fold')} trained on all clips of the other subjects and on no other"
                  f"{begun}")  # fmt: skip
