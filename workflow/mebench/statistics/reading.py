"""Results that people hand in, as counts of subjects: predictions of clips, counts of subjects, or one matrix alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mebench import given_table
from mebench.clips.clip_names import clip_name
from mebench.errors import UserError, did_you_mean
from mebench.given_table import GivenRow
from mebench.given_values import key
from mebench.metrics.given import class_named, labelled
from mebench.statistics.counts import Clips, Counts
from mebench.statistics.source import Source, chosen_rows
from mebench.statistics.subjects import strata, subject_of

KNOWN = ("prediction", "subject", "clip_id", "dataset", "seed")
ALL = "all clips"  # the only row where subjects are unknown


@dataclass(frozen=True)
class Predictions:
    """The predictions of one seed: clip -> subject, truth, prediction."""

    seed: str
    clips: dict[str, tuple[str, str, str]]


def read(source: Source, classes: Sequence[str] | None = None) -> Counts:
    """The counts of a file of predictions (``truth,prediction``, with ``subject``, ``clip_id``, ``seed`` and
    ``dataset`` where it has them), or of counts (``subject,truth``, then a column for each class)."""
    rows = chosen_rows(given_table.read(source.name, ("truth",), KNOWN), source)
    if "prediction" in rows[0].cells:
        return _from_predictions(source.written, _by_seed(rows, classes), classes)
    return _from_counts(source, rows, classes)


def read_seeds(name: str, files: Mapping[str, Path], classes: Sequence[str]) -> Counts:
    """The counts of predictions.csv of each seed of a run."""
    seeds: list[Predictions] = []
    for seed, path in files.items():
        rows = given_table.read(path, ("truth", "prediction"), KNOWN)
        (only,) = _by_seed(rows, classes, seed)
        seeds.append(only)
    return _from_predictions(name, seeds, classes)


def from_rows(name: str, seeds: Mapping[str, Sequence[Mapping[str, str]]], classes: Sequence[str]) -> Counts:
    """The counts of the rows of predictions.csv of each seed, as a run of this benchmark writes them."""
    read = [Predictions(seed, {row["clip_id"]: (row["subject"], row["truth"], row["prediction"]) for row in rows})
            for seed, rows in seeds.items()]  # fmt: skip
    return _from_predictions(name, read, classes)


# --- predictions of clips


def _by_seed(rows: Sequence[GivenRow], classes: Sequence[str] | None, seed: str | None = None) -> list[Predictions]:
    """The predictions of each seed, seeds in the order of their numbers."""
    own = [key(row.cells.get("seed", "0")) if seed is None else seed for row in rows]
    named = "clip_id" in rows[0].cells
    names = [clip_name(row["clip_id"]) if named else f"row {place}" for place, row in enumerate(rows, start=1)]
    given_table.once(rows, ("clip_id",), [f"{a} {b}" for a, b in zip(own, names, strict=True)])
    found: dict[str, dict[str, tuple[str, str, str]]] = {one: {} for one in sorted(set(own), key=_number)}
    if not named and len(found) > 1:
        raise UserError(f"{rows[0].where} and others have several seeds and no clip_id; add the column clip_id")
    for row, one, name, labels in zip(rows, own, names, labelled(rows, classes), strict=True):
        found[one][name] = (subject_of(row) or ALL, labels["truth"], labels["prediction"])
    return [Predictions(one, clips) for one, clips in found.items()]


def _number(seed: str) -> tuple[int, str]:
    return (int(seed), "") if seed.isdecimal() else (1 << 62, seed)


def _from_predictions(name: str, seeds: Sequence[Predictions], classes: Sequence[str] | None) -> Counts:
    first = seeds[0]
    for other in seeds[1:]:
        _check_seed(name, first, other)
    labels = {label for one in seeds for _, *both in one.clips.values() for label in both}
    classes = tuple(classes or sorted(labels))
    subjects = tuple(sorted({subject for subject, _, _ in first.clips.values()}))
    place = {subject: k for k, subject in enumerate(subjects)}
    index = {label: k for k, label in enumerate(classes)}
    table = np.zeros((len(seeds), len(subjects), len(classes), len(classes)), dtype=np.int64)
    names = sorted(first.clips)
    for k, one in enumerate(seeds):
        for subject, truth, prediction in one.clips.values():
            table[k, place[subject], index[truth], index[prediction]] += 1
    right = np.array([[one.clips[clip][1] == one.clips[clip][2] for clip in names] for one in seeds])
    of, truths = (tuple(first.clips[clip][cell] for clip in names) for cell in (0, 1))
    known = subjects != (ALL,)
    clips = None if names[0].startswith("row ") else Clips(tuple(names), of, truths, right)
    return Counts(name, classes, tuple(one.seed for one in seeds), subjects, strata(subjects), table, clips, known)


def _check_seed(name: str, first: Predictions, other: Predictions) -> None:
    """A UserError where two seeds are not on the same clips."""
    for one, two in ((first, other), (other, first)):
        lacking = sorted(set(one.clips) - set(two.clips))
        if lacking:
            raise UserError(f"{name} has the clip {lacking[0]} with seed {one.seed} and not with seed {two.seed}; "
                            "every seed needs a prediction of each clip")  # fmt: skip
    for clip, (subject, truth, _) in first.clips.items():
        if other.clips[clip][:2] != (subject, truth):
            said = [f"{truth} of {subject} with seed {one.seed}" for one in (first, other)
                    for subject, truth, _ in (one.clips[clip],)]  # fmt: skip
            raise UserError(f"{name} has the clip {clip} as {' and '.join(said)}; mend the wrong one")


# --- counts of subjects


def _from_counts(source: Source, rows: Sequence[GivenRow], classes: Sequence[str] | None) -> Counts:
    columns = _class_columns(source, rows)
    classes = tuple(classes or columns.values())
    for column in columns:
        if class_named(column, classes) is None:
            raise UserError(f"{source.name} has the column {column}, which is no class{did_you_mean(column, classes)}")
    seeds = sorted({key(row.cells.get("seed", "0")) for row in rows}, key=_number)
    of_rows = [subject_of(row) or ALL for row in rows]
    subjects = tuple(sorted(set(of_rows)))
    table = np.zeros((len(seeds), len(subjects), len(classes), len(classes)), dtype=np.int64)
    seen: dict[tuple[int, int, int], GivenRow] = {}
    for row, subject in zip(rows, of_rows, strict=True):
        truth = class_named(row["truth"], list(columns.values()))
        if truth is None:
            hint = did_you_mean(row["truth"], columns)
            raise UserError(f"{row.where} has the truth '{row['truth']}', which has no column{hint}; a file of counts "
                            "has a column for each class, right of the column truth")  # fmt: skip
        place = (seeds.index(key(row.cells.get("seed", "0"))), subjects.index(subject), _place(truth, classes))
        if place in seen:
            raise UserError(f"{row.where} counts {subject} {truth} twice, as {seen[place].where} does"
                            f"{_choice(source, rows)}")  # fmt: skip
        seen[place] = row
        for column in columns:
            table[(*place, _place(column, classes))] = _count(row, column)
    _check_seed_sizes(source, table, seeds, subjects, classes)
    known = subjects != (ALL,)
    return Counts(source.written, classes, tuple(seeds), subjects, strata(subjects), table, None, known)


def _place(name: str, classes: Sequence[str]) -> int:
    spelled = class_named(name, classes)
    assert spelled is not None, "columns are checked"
    return list(classes).index(spelled)


def _class_columns(source: Source, rows: Sequence[GivenRow]) -> dict[str, str]:
    """Column -> class, spelled as the truth is. The columns are those right of ``truth``, but for the ones that have a
    meaning of their own or were chosen by; where classes stand left of it, the columns of whole numbers there."""
    columns, own = list(rows[0].cells), {"truth", *KNOWN, "fold", *source.chosen}
    middle = columns.index("truth")
    right = [name for name in columns[middle + 1 :] if name not in own]
    left = [name for name in columns[:middle] if name not in own and all(key(row[name]).isdecimal() for row in rows)]
    truths = {key(row["truth"]): row["truth"] for row in reversed(rows)}
    there = next((side for side in (right, left) if truths.keys() <= set(map(key, side))), right)
    if len(there) < 2:
        raise UserError(f"{source.name} has neither a column prediction nor, right of the column truth, a column for "
                        "each class; its columns are " + ", ".join(columns))  # fmt: skip
    return {name: truths.get(key(name), name) for name in there}


def _count(row: GivenRow, column: str) -> int:
    text = key(row[column])
    if not text.isdecimal():
        raise UserError(f"{row.where} has {column}: '{row[column]}', which is no number of clips; write whole numbers")
    return int(text)


def _choice(source: Source, rows: Sequence[GivenRow]) -> str:
    """What to choose by, where a column has several values."""
    before = list(rows[0].cells)[: list(rows[0].cells).index("truth")]
    for column in before:
        values = sorted({row[column] for row in rows})
        if column not in (*KNOWN, *source.chosen) and len(values) > 1:
            chosen = ",".join([*(f"{a}={b}" for a, b in source.chosen.items()), f"{column}={values[0]}"])
            listed = ", ".join(values[:8])
            return f"; the column {column} has several values ({listed}): choose one, as {source.name}::{chosen}"
    return "; keep one row for each subject and truth"


def _check_seed_sizes(
    source: Source, table: np.ndarray, seeds: Sequence[str], subjects: Sequence[str], classes: Sequence[str]
) -> None:  # fmt: skip
    """A UserError where a seed has another number of clips of a subject and class than the first."""
    sizes = table.sum(axis=-1)
    for k, place, label in np.argwhere(sizes != sizes[:1])[:1].tolist():
        raise UserError(
            f"{source.written} has {sizes[0, place, label]} clips of {classes[label]} of {subjects[place]} with seed "
            f"{seeds[0]} and {sizes[k, place, label]} with seed {seeds[k]}; every seed needs the same clips"
        )
    if not table.sum():
        raise UserError(f"{source.written} counts no clip; give a row with a count above 0")
