"""Counts that somebody gave instead of predictions, as rows of predictions: clips without names, subject by subject."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mebench.config.spec import RunSpec
from mebench.errors import UserError
from mebench.predicted import Row
from mebench.runs.run_record import BY_SUBJECT, MATRIX
from mebench.statistics import reading
from mebench.statistics.counts import Counts
from mebench.statistics.source import parse


def of_counts(spec: RunSpec, samples: Sequence[Row]) -> tuple[list[Row], str]:
    """(a row for each counted clip, what was given). A UserError where the counts are not those of the ``samples``."""
    counts = reading.read(parse(spec["model"]), spec["task"]["classes"])
    form = BY_SUBJECT if counts.by_subject else MATRIX
    _check(spec["model"], counts, samples)
    table = counts.table[counts.seeds.index(str(spec["seed"]))]
    datasets = sorted({row["dataset"] for row in samples})
    rows: list[Row] = []
    for place, subject in enumerate(counts.subjects):
        dataset = subject.partition("/")[0] if counts.by_subject else datasets[0] if len(datasets) == 1 else "unknown"
        for row, truth in enumerate(counts.classes):
            for column, called in enumerate(counts.classes):
                rows += [
                    {"clip_id": f"row {len(rows) + n:05}", "dataset": dataset, "subject": subject, "fold": subject,
                     "seed": str(spec["seed"]), "truth": truth, "prediction": called}
                    for n in range(int(table[place, row, column]))
                ]  # fmt: skip
    return rows, form


def _check(name: str, counts: Counts, samples: Sequence[Row]) -> None:
    """A UserError where a subject, or all of them, has another number of clips of a class than is annotated."""
    known = [row["subject"] if counts.by_subject else reading.ALL for row in samples]
    annotated = Counter(zip(known, (row["label"] for row in samples), strict=True))
    counted = Counter({
        (subject, label): int(counts.table[0, place, row].sum())
        for place, subject in enumerate(counts.subjects) for row, label in enumerate(counts.classes)
    })  # fmt: skip
    for subject, label in sorted(annotated.keys() | counted.keys()):
        given, wanted = counted[subject, label], annotated[subject, label]
        if given != wanted:
            raise UserError(f"{name} counts {given} clips of {label} of {subject}, but {wanted} are annotated; give "
                            "counts of all clips of the task")  # fmt: skip
