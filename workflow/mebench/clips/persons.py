"""One person is one subject: spellings of subjects that are equivalent, and datasets that film the same people."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mebench.errors import UserError
from mebench.given_values import key

# datasets whose subjects are those of another one, under the same numbers
SAME_PEOPLE = {"smic_vis": "smic", "smic_nir": "smic", "smic_long": "smic", "samm_long": "samm",
               "casme3_long": "casme3"}  # fmt: skip
NUMBERED = re.compile(r"(?:subject|subj|sub|spno|no|s)?[\s._#-]*(\d+)(?:[.,]0*)?")


def person(subject: str) -> str:
    """The same for subjects (DATASET/NAME) that are surely one person: casme2/sub01, casme2/1, casme2/Sub-1.0."""
    dataset, _, name = subject.partition("/")
    flat = key(name)
    numbered = NUMBERED.fullmatch(flat)
    return f"{SAME_PEOPLE.get(dataset, dataset)}/{int(numbered[1]) if numbered else flat}"


def refuse_one_person_twice(subjects: Iterable[str], where: str) -> None:
    """A UserError where one person is there under two names: leave-one-subject-out would train on the person under
    test."""
    first: dict[str, str] = {}
    for subject in sorted(set(subjects)):
        other = first.setdefault(person(subject), subject)
        if other != subject:
            raise UserError(
                f"{where}: the subjects {other} and {subject} are one person under two names, so a fold would train on "
                "the person under test; write one of them everywhere"
            )
