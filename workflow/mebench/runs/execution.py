"""How a shard runs. This file imports no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

CHECKPOINT_SECONDS = 120.0  # between two checkpoints: a kill costs at most this, and one epoch


@dataclass(frozen=True)
class Execution:
    """How a shard runs. These settings are not part of the fingerprint. Only ``threads`` can change the last bits of a
    result on the CPU, because sums are added in another order; it is recorded."""

    device: str = "auto"
    threads: int = 1
    save_weights: bool = False
    fold_seconds: float = math.inf
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    workers: int = 1
    folds: tuple[str, ...] = ()  # folds that were asked for by name; empty: all of the shard
