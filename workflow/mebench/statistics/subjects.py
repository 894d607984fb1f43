"""The one spelling of subjects of results: DATASET/SUBJECT where the dataset is known."""

from __future__ import annotations

from collections.abc import Sequence

from mebench.clips.dataset_names import known_dataset, part_name
from mebench.clips.spelling import subject_name
from mebench.errors import UserError
from mebench.given_table import GivenRow
from mebench.given_values import clean, has_no_value


def subject_of(row: GivenRow) -> str | None:
    """The subject of a row, from its columns ``subject`` and ``dataset``; without a subject from a clip_id
    DATASET/SUBJECT/CLIP. None where neither says it."""
    subject, dataset = row.cells.get("subject"), row.cells.get("dataset", "")
    if subject is None:
        parts = clean(row.cells.get("clip_id", "")).split("/")
        if len(parts) < 3:
            return None
        subject = "/".join(parts[:2])
    if has_no_value(subject):
        raise UserError(f"{row.where} has no subject; fill it in, or leave the column out")
    before, slash, name = subject.partition("/")
    if slash:
        dataset, subject = before, name
    return qualified(dataset, subject)


def qualified(dataset: str, subject: str) -> str:
    """``CASME II`` and ``1`` -> ``casme2/sub01``; what is not known stays as it is written."""
    if has_no_value(dataset):
        return clean(subject)
    known = known_dataset(dataset)
    try:
        return f"{known}/{subject_name(known, subject)}" if known else f"{part_name(dataset)}/{clean(subject)}"
    except UserError:
        return f"{part_name(dataset)}/{clean(subject)}"


def strata(subjects: Sequence[str]) -> tuple[str, ...]:
    """The dataset of each subject; one name for all where a subject says none."""
    if all("/" in subject for subject in subjects):
        return tuple(subject.partition("/")[0] for subject in subjects)
    return ("all",) * len(subjects)
