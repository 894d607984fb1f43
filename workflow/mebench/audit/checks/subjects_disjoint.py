"""No fold trains on the person that it tests."""

from __future__ import annotations

from mebench.audit.evidence import Evidence
from mebench.audit.finding import FAIL, NOT_CHECKED, PASS, counted, some
from mebench.clips.persons import person

NAME = "subjects_disjoint"


def check(evidence: Evidence) -> tuple[str, str]:
    """Fails where a subject, or the same person under another name, is in train and test of a fold."""
    if not evidence.splits:
        return _from_folds(evidence)
    people = {clip: person(subject) for clip, subject in evidence.subjects.items()}
    both, unknown = [], set()
    for split in evidence.splits:
        tested = {people[clip]: clip for clip in split.test if clip in people}
        unknown |= {clip for clip in (*split.train, *split.test) if clip not in people}
        both += [(split.fold, clip, tested[people[clip]]) for clip in split.train if people.get(clip) in tested]
    if both:
        folds, (fold, trained, tested_clip) = sorted({fold for fold, *_ in both}), both[0]
        who, other = (evidence.subjects[clip] for clip in (trained, tested_clip))
        who += f", the same person as {other}," if who != other else ""
        return FAIL, (f"{counted(len(folds), 'fold')} with a subject in train and test ({some(folds)}): in {fold}, "
                      f"{who} is trained on ({trained}) and tested ({tested_clip})")  # fmt: skip
    if unknown:
        return NOT_CHECKED, f"the subject of {counted(len(unknown), 'clip')} is not known: {some(sorted(unknown))}"
    return PASS, f"no subject is in train and test of any of {counted(len(evidence.splits), 'fold')}"


def _from_folds(evidence: Evidence) -> tuple[str, str]:
    """Without the training clips: a subject that is tested in two folds is trained on in both."""
    folds: dict[str, set[str]] = {}
    called: dict[str, str] = {}
    for one in evidence.predictions:
        if one.fold and one.clip in evidence.subjects:
            subject = evidence.subjects[one.clip]
            folds.setdefault(person(subject), set()).add(one.fold)
            called.setdefault(person(subject), subject)
    several = sorted(called[who] for who, names in folds.items() if len(names) > 1)
    if several:
        return FAIL, (f"{counted(len(several), 'subject')} tested in more than one fold ({some(several)}), so each of "
                      "these folds trains on the others' clips of the same subject")  # fmt: skip
    return NOT_CHECKED, "on which clips the folds trained is not known; name a folds.csv with --folds"
