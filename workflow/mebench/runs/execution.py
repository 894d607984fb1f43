"""How a shard runs. Light: imports no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

CHECKPOINT_SECONDS = 120.0  # between two checkpoints: what a kill can cost, and one epoch


@dataclass(frozen=True)
class Execution:
    """How a shard runs; nothing in here is fingerprinted. On the CPU only ``threads`` can change the last bits of a
    result, for sums are then taken in another order; it is on record."""

    device: str = "auto"
    threads: int = 1
    save_weights: bool = False
    fold_seconds: float = math.inf
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    workers: int = 1
    folds: tuple[str, ...] = ()  # those that were asked for by name; none: all of the shard
