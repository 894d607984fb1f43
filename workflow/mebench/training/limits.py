"""What a fold may take, and what keeps its state: given to training by those who run it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, TypedDict

import torch


class Stopped(Exception):
    """The job was asked to stop; what had been reached is kept."""


class RandomState(TypedDict):
    """The states of the global random streams."""

    torch: torch.Tensor
    cuda: torch.Tensor | None
    numpy: tuple[str, list[int], int, int, float]
    python: tuple[object, ...]


class LoopState(TypedDict):
    """All that the epochs to come depend on: states of the parts of the loop, and where it stands."""

    model: dict[str, object]
    optimizer: dict[str, object]
    schedule: dict[str, object]
    scaler: dict[str, object]
    ema: dict[str, object]
    shuffle: torch.Tensor
    chance: RandomState
    parts: int
    epochs_done: int


class SeenState(TypedDict):
    """What a selection has seen; see :class:`mebench.training.selection.Seen`. A row of history is (epoch, loss,
    agreement, quality)."""

    history: list[tuple[int, float, float, float | None]]
    best: float
    chosen: torch.Tensor | None
    chosen_epoch: int
    state: dict[str, torch.Tensor] | None


class FoldState(TypedDict):
    """What a fold needs to go on where it was stopped."""

    loop: LoopState
    seen: SeenState


class Keeper(Protocol):
    """Keeps the state of one fold; :class:`mebench.runs.checkpoint.Checkpoint` keeps it in a file."""

    def load(self, device: torch.device) -> FoldState | None:
        """The state that was kept, or None."""

    def save(self, state: FoldState) -> None:
        """Keep the state."""

    def epoch_over(self) -> bool:
        """Note the end of an epoch; whether it is time to keep the state."""

    def give_up(self) -> bool:
        """Whether to stop in the middle of an epoch."""

    def stopping(self) -> bool:
        """Whether the job was asked to stop."""


@dataclass(frozen=True)
class Limits:
    """What a fold may take, and what is kept of it: ``seconds``, the ``keeper`` of its state, and whether the weights
    of the epoch that a selection chooses are kept."""

    seconds: float = math.inf
    keeper: Keeper | None = None
    keep_state: bool = False
