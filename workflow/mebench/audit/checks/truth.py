"""The truth and the subjects of the predictions are those of the annotation."""

from __future__ import annotations

from mebench.audit.evidence import Evidence
from mebench.audit.finding import FAIL, NOT_CHECKED, PASS, counted
from mebench.clips.persons import person

NAME = "truth"


def check(evidence: Evidence) -> tuple[str, str]:
    """Fails for a clip with another class or another subject than it is annotated with."""
    annotation = evidence.annotation
    if annotation is None:
        return NOT_CHECKED, "no annotation is given; name it with --clips"
    known_subjects = {clip: subject for clip, subject in annotation.subjects.items() if subject}
    other = [one for one in evidence.predictions
             if one.subject and person(known_subjects.get(one.clip, one.subject)) != person(one.subject)]  # fmt: skip
    if other:
        one = other[0]
        return FAIL, (f"{counted(len(other), 'clip')} with another subject than annotated: {one.clip} ({one.where}) is "
                      f"of {annotation.subjects[one.clip]}, not of {one.subject}")  # fmt: skip
    if not evidence.scored:
        return NOT_CHECKED, "its rows have no classes"
    if not annotation.labels:
        return NOT_CHECKED, annotation.unknown
    told = [one for one in evidence.predictions if one.truth]
    wrong = [one for one in told if annotation.labels.get(one.clip, one.truth) != one.truth]
    if wrong:
        one = wrong[0]
        return FAIL, (f"{counted(len(wrong), 'clip')} with another truth than annotated: {one.clip} ({one.where}) is "
                      f"{annotation.labels[one.clip]}, not {one.truth}")  # fmt: skip
    known = sum(one.clip in annotation.labels for one in told)
    if not known:
        return NOT_CHECKED, "the predictions say no truth of an annotated clip"
    return PASS, f"{counted(known, 'truth')} as annotated"
