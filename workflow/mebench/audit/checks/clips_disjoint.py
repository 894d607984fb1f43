"""No fold trains on a clip that it tests, and each clip is tested in one fold."""

from __future__ import annotations

from collections import Counter

from mebench.audit.evidence import Evidence
from mebench.audit.finding import FAIL, NOT_CHECKED, PASS, counted, some

NAME = "clips_disjoint"


def check(evidence: Evidence) -> tuple[str, str]:
    """Fails where a clip is in train and test of a fold, or tested in several folds, or predicted by no fold."""
    if not evidence.splits:
        return NOT_CHECKED, "on which clips the folds trained is not known; name a folds.csv with --folds"
    for split in evidence.splits:
        both = sorted(set(split.train) & set(split.test))
        if both:
            return FAIL, f"{counted(len(both), 'clip')} in train and test of the fold {split.fold}: {some(both)}"
    tests = Counter(clip for split in evidence.splits for clip in split.test)
    several = sorted(clip for clip, count in tests.items() if count > 1)
    if several:
        return FAIL, f"{counted(len(several), 'clip')} tested more than once: {some(several)}"
    untested = sorted({one.clip for one in evidence.predictions} - tests.keys())
    if untested:
        return FAIL, f"{counted(len(untested), 'clip')} predicted, but tested by no fold: {some(untested)}"
    fold_of = {clip: split.fold for split in evidence.splits for clip in split.test}
    other = [one for one in evidence.predictions if one.fold and fold_of[one.clip] != one.fold]
    if other:
        one = other[0]
        return FAIL, (f"{counted(len(other), 'clip')} predicted by another fold than tests them: {one.clip} by "
                      f"{one.fold}, tested by {fold_of[one.clip]}")  # fmt: skip
    return PASS, f"no clip is in train and test of any of {counted(len(evidence.splits), 'fold')}"
