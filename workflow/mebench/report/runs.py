"""The pooled runs of a task, by their records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench.runs import run_record
from mebench.runs.run_record import RunRecord
from mebench.tables.scores import Score


@dataclass(frozen=True)
class PooledRun:
    """A pooled run: its folder and its record."""

    folder: Path
    record: RunRecord


def read_runs(results: Path, task: str, scores: Sequence[Score]) -> tuple[PooledRun, ...]:
    """The runs that have scores, by model and seed."""
    scored = sorted({(score.model, score.seed) for score in scores})
    folders = [results / "runs" / task / model / f"seed{seed}" for model, seed in scored]
    return tuple(PooledRun(folder, run_record.read(folder)) for folder in folders)
