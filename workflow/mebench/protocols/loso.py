"""Leave one subject out, and the subject-disjoint split inside a fold's training clips."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

from mebench.errors import UserError

T = TypeVar("T", str, tuple[int, str])


def folds(subjects: Sequence[str]) -> dict[str, tuple[list[int], list[int]]]:
    """Map each subject to (training rows, test rows); ``subjects[i]`` is the dataset-qualified subject of row i."""
    names = sorted(set(subjects))
    if len(names) < 2:
        raise UserError(f"leave-one-subject-out needs at least two subjects, these clips have {len(names)}")
    return {
        name: ([i for i, s in enumerate(subjects) if s != name], [i for i, s in enumerate(subjects) if s == name])
        for name in names
    }


def shard(folds: Sequence[T], index: int, count: int) -> list[T]:
    """The folds of shard ``index`` (from 1) of ``count``: every count-th, so that large and small folds mix. ``folds``
    are names, or pairs of the number of a run and a name."""
    if not 1 <= index <= count:
        raise UserError(f"there is no shard {index} of {count}; the first is 1, the last {count}")
    return sorted(folds)[index - 1 :: count]


def inner_split(
    subjects: Sequence[str], rows: Sequence[int], seed: int, share: float = 0.2
) -> tuple[list[int], list[int]]:
    """Split training rows into (fit, validation) rows without a common subject; about ``share`` of the subjects
    validate."""
    names = sorted({subjects[i] for i in rows})
    if len(names) < 2:
        raise UserError("the selection 'inner' needs at least two training subjects in every fold; use 'last'")
    held = set(random.Random(seed).sample(names, max(1, round(share * len(names)))))
    return [i for i in rows if subjects[i] not in held], [i for i in rows if subjects[i] in held]


def fold_seed(seed: int, fold: str) -> int:
    """The seed of a fold, from (seed, fold) alone: it is the same in any order, in any shard, alone or in a loop."""
    return int.from_bytes(hashlib.sha256(f"{seed}|{fold}".encode()).digest()[:7], "little")
