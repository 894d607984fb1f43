"""Whether archives of a task are of the same clips with the same labels: only then are their figures compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mebench.files import csv_rows
from mebench.runs.paths import PREDICTIONS
from mebench.runs.run_record import RunRecord

# columns of predictions that say what was labelled; the others are of a model, a fold or a seed
LABELLED = ("dataset", "subject", "truth", "types")


@dataclass(frozen=True)
class ClipSet:
    """The labels of each clip that a run predicted, by its name, and what it could not predict, for a known reason:
    clips without input, and ``folds`` that failed."""

    labels: Mapping[str, tuple[str, ...]]
    without: frozenset[str]
    folds: frozenset[str]

    def lacks(self, clip: str) -> bool:
        """Whether the run says itself why it has no prediction of a clip."""
        return clip in self.without or clip.rpartition("/")[0] in self.folds


def read(folder: Path, record: RunRecord) -> ClipSet:
    """The clips of a run, from its predictions and its record."""
    path = folder / PREDICTIONS
    with open(path, encoding="utf-8", newline="") as handle:
        rows = csv_rows(handle, path, record.task_kind.key)
    key = record.task_kind.key
    labels = {"/".join(row[name] for name in key): tuple(row.get(name, "") for name in LABELLED) for row in rows}
    failed = frozenset(fold["fold"] for fold in record.failed)
    return ClipSet(labels, frozenset(record.without_input), failed)


def difference(own: ClipSet, first: ClipSet, name: str) -> str:
    """How the clips of a run differ from those of the ``first`` archive, called ``name``; empty where they do not."""
    missing = [clip for clip in first.labels if clip not in own.labels and not own.lacks(clip)]
    more = [clip for clip in own.labels if clip not in first.labels and not first.lacks(clip)]
    other = [clip for clip, label in own.labels.items() if first.labels.get(clip, label) != label]
    said = [
        f"{len(clips)} {what} (first {min(clips)})"
        for clips, what in ((missing, "missing"), (more, "more"), (other, "with another label"))
        if clips
    ]
    return f"other clips than {name}: {', '.join(said)}" if said else ""
