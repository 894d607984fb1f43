"""The samples of a run joined with their inputs, by clip_id and never by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch

from mebench import tasks
from mebench.config.spec import RunSpec
from mebench.inputs import store
from mebench.protocols import loso
from mebench.tasks import Kind, Row
from mebench.training.batches import IN_MEMORY, OnDisk
from mebench.training.reading import _read, drawn_anew
from mebench.training.rows import run_rows


@dataclass(frozen=True)
class TaskData:
    """Samples of a run: ``x`` (N, ...) float32 and targets ``y`` (N, ...), in memory or on disk.

    The first ``tested`` samples are those of the task, in the order of their kind. The others are extra samples that
    may be trained on and are never predicted. ``cache`` keeps features that are computed once for all folds.
    """

    kind: Kind
    samples: list[Row]
    x: torch.Tensor | OnDisk
    y: torch.Tensor
    digest: str
    tested: int | None = None
    scale: str = "pixels"  # of the stored numbers, see inputs/maker.py
    cache: dict[str, torch.Tensor] = field(default_factory=dict, compare=False, repr=False)

    @property
    def clip_ids(self) -> list[str]:
        return [sample["clip_id"] for sample in self.samples]

    @property
    def subjects(self) -> list[str]:
        return [sample["subject"] for sample in self.samples]

    def folds(self) -> dict[str, tuple[list[int], list[int]]]:
        """Subject -> (training rows, test rows). Extra clips of the subject that is left out are in neither list."""
        subjects = self.subjects
        n = len(subjects) if self.tested is None else self.tested
        extra = range(n, len(subjects))
        return {
            subject: (train + [i for i in extra if subjects[i] != subject], test)
            for subject, (train, test) in loso.folds(subjects[:n]).items()
        }

    def is_extra(self, row: int) -> bool:
        """Whether the row is a clip for training only."""
        return self.tested is not None and row >= self.tested


def load(spec: RunSpec, clips: Sequence[Path], inputs: Sequence[Path]) -> TaskData:
    """Read the samples of a run, their targets, and the inputs of its model."""
    rows, kind = run_rows(spec, clips, inputs), tasks.kind_of(spec["task"])
    samples, wanted = [*rows.rows, *rows.extra], spec["inputs"]
    where = {clip: kept for folder in inputs for kept in (store.load(folder),) for clip in kept.ids}
    read = partial(_read, kind, samples, where, wanted)
    x: torch.Tensor | OnDisk = OnDisk(len(samples), read)
    if not drawn_anew(wanted) and 4 * np.prod(x.shape, dtype=np.int64) <= IN_MEMORY:
        x = torch.from_numpy(np.stack([read(row, None) for row in range(len(samples))]))
    return TaskData(
        kind=kind,
        samples=samples,
        x=x,
        y=torch.from_numpy(kind.targets(samples)),
        digest=rows.digest,
        tested=len(rows.rows),
        scale=where[samples[0]["clip_id"]].meta["scale"],
    )
