"""Predictions that people hand in: their rows with one spelling for each class, and errors that name the row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from mebench import given_table
from mebench.clips.clip_names import clip_name
from mebench.clips.dataset_names import part_name
from mebench.clips.spelling import ALIASES
from mebench.errors import UserError, did_you_mean
from mebench.given_table import GivenRow
from mebench.given_values import clean, has_no_value, key
from mebench.log import log

LABELS = ("truth", "prediction")


def read_given(path: Path, classes: Sequence[str] | None = None) -> list[dict[str, str]]:
    """``truth``, ``prediction``, and where the table has them ``clip_id`` and ``dataset``, of each row. Without
    ``classes`` those of the table are spelled as most of its rows do."""
    rows = given_table.read(path, LABELS, ("clip_id", "dataset"))
    if "clip_id" in rows[0].cells:
        given_table.once(rows, ("clip_id",), [clip_name(row["clip_id"]) for row in rows])
    return labelled(rows, classes)


def labelled(rows: Sequence[GivenRow], classes: Sequence[str] | None = None) -> list[dict[str, str]]:
    """The same for rows that are read already."""
    known = _by_key(classes) if classes else _spellings(rows)
    result = []
    for row in rows:
        labels = {column: known.get(key(row[column]), row[column]) for column in LABELS}
        if classes:
            for column, label in labels.items():
                _check(row, column, label, classes)
        cells = {name: row[name] for name in ("clip_id",) if name in row.cells}
        if "dataset" in row.cells:
            if has_no_value(row["dataset"]):
                raise UserError(f"{row.where} has no dataset; fill it in, or leave the column out")
            cells["dataset"] = part_name(row["dataset"])
        result.append(cells | labels)
    return result


def class_named(text: str, classes: Sequence[str]) -> str | None:
    """The class that a text spells; None where it spells none."""
    return text if text in classes else _by_key(classes).get(key(text))


def _by_key(classes: Sequence[str]) -> dict[str, str]:
    by_key: dict[str, str] = {}
    for name in classes:
        if not clean(name):
            raise UserError("a class has no name; write the classes with a comma between two of them")
        if key(name) in by_key:
            raise UserError(f"the classes {by_key[key(name)]} and {name} are one; keep one of them")
        by_key[key(name)] = name
    return by_key


def _check(row: GivenRow, column: str, label: str, classes: Sequence[str]) -> None:
    if label not in classes:
        if has_no_value(label):
            raise UserError(f"{row.where} has no {column} ('{label}'); fill it in")
        known = did_you_mean(label, classes)
        raise UserError(f"{row.where} has the {column} '{label}', which is no class of this task{known}")


def _spellings(rows: Sequence[GivenRow]) -> Mapping[str, str]:
    """The spelling of each class by its key: the most frequent one, the first by the alphabet of equals."""
    seen: dict[str, Counter[str]] = {}
    where: dict[str, dict[str, GivenRow]] = {column: {} for column in LABELS}
    for row in rows:
        for column in LABELS:
            label = key(row[column])
            seen.setdefault(label, Counter())[row[column]] += 1
            where[column].setdefault(label, row)
    for column in LABELS:
        for label, row in where[column].items():
            if has_no_value(label):
                named = f" ('{row[column]}'); if that is the name of a class, say so with --classes" if label else ""
                raise UserError(f"{row.where} has no {column}{named or '; fill it in'}")
    for label in seen:
        twin = ALIASES.get(label)
        if twin in seen:
            row = {**where["prediction"], **where["truth"]}[label]
            raise UserError(f"{row.where} says {label}, and another row says {twin}; write one of them everywhere")
    only = sorted(set(where["prediction"]) - set(where["truth"]))
    if only:
        log.info(f"only predicted, never true, and so with an F1 of 0: {', '.join(only)}")
    return {label: min(counts, key=lambda text: (-counts[text], text)) for label, counts in seen.items()}
