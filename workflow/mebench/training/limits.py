"""Limits of a fold, and the keeper of its state. The caller of the training gives both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NotRequired, Protocol, TypedDict

if TYPE_CHECKING:
    import torch


class Diverged(Exception):
    """The loss is no longer a finite number."""


class Stopped(Exception):
    """The job was asked to stop; the state is kept."""


class RandomState(TypedDict):
    """The states of the global random streams."""

    torch: torch.Tensor
    cuda: torch.Tensor | None
    numpy: tuple[str, list[int], int, int, float]
    python: tuple[object, ...]


class LoopState(TypedDict):
    """All that the following epochs depend on: states of the parts of the loop, and its position."""

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
    held: NotRequired[torch.Tensor | None]


class FoldState(TypedDict):
    """The state from which a stopped fold goes on."""

    loop: LoopState
    seen: SeenState


class Keeper(Protocol):
    """Keeps the state of one fold; :class:`mebench.runs.checkpoint.Checkpoint` keeps it in a file."""

    def load(self, device: torch.device) -> FoldState | None:
        """The kept state, or None."""

    def save(self, state: FoldState) -> None:
        """Keep the state."""

    def epoch_over(self) -> bool:
        """Note the end of an epoch; True when it is time to keep the state."""

    def give_up(self) -> bool:
        """Whether to stop in the middle of an epoch."""

    def stopping(self) -> bool:
        """Whether the job was asked to stop."""


@dataclass(frozen=True)
class Limits:
    """Limits of a fold: ``seconds``, the ``keeper`` of its state, and whether the weights of the selected epoch are
    kept."""

    seconds: float = math.inf
    keeper: Keeper | None = None
    keep_state: bool = False
