"""Which epoch of a fold counts: what a selection sees after each epoch, and which epoch it chooses."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from typing import Protocol

import torch

from mebench.tasks import Kind
from mebench.training.limits import SeenState


@dataclass(frozen=True)
class HistoryRow:
    """An epoch in history.csv: mean loss and agreement during training, and the quality that the selection saw, if it
    looked."""

    epoch: int
    train_loss: float
    agreement: float
    quality: float | None = None


@dataclass
class Seen:
    """What a selection has seen so far: a row for each epoch, and the predictions of the best epoch. The weights of the
    best epoch are kept where they are asked for and count; those of a peeked epoch are never kept. ``held`` are the
    predictions for the held rows, where they are asked for."""

    history: list[HistoryRow] = field(default_factory=list)
    best: float = -1.0
    chosen: torch.Tensor | None = None
    chosen_epoch: int = 0
    state: dict[str, torch.Tensor] | None = None
    held: torch.Tensor | None = None

    def state_dict(self) -> SeenState:
        """The state for a checkpoint: tensors, numbers and tuples alone."""
        return {
            "history": [astuple(row) for row in self.history],
            "best": self.best,
            "chosen": self.chosen,
            "chosen_epoch": self.chosen_epoch,
            "state": self.state,
            "held": self.held,
        }

    @classmethod
    def from_state(cls, kept: SeenState) -> Seen:
        """The object from its :meth:`state_dict`."""
        rows = [HistoryRow(*row) for row in kept["history"]]
        return cls(rows, kept["best"], kept["chosen"], kept["chosen_epoch"], kept["state"], kept.get("held"))


class Trained(Protocol):
    """What a selection needs of a training loop."""

    def predict(self, rows: list[int]) -> torch.Tensor:
        """Predictions of rows in evaluation mode, on the CPU."""

    def weights(self) -> dict[str, torch.Tensor]:
        """The weights that predict."""


@dataclass(frozen=True)
class Chosen:
    """The result of a selection: predictions (n_test, ...) and weights of the epoch that counts, and the predictions of
    the peeked epoch under ``test_peek``; those for the held rows under ``inner``, where they are kept."""

    predictions: torch.Tensor
    epoch: int
    state: dict[str, torch.Tensor]
    peeked: torch.Tensor | None = None
    peeked_epoch: int | None = None
    held: torch.Tensor | None = None


class Selection:
    """The selection ``name`` of a fold. ``last`` looks at nothing, ``inner`` at the rows ``held`` out of the training
    subjects, ``test_peek``, by its name, at the test subject. ``y`` are the targets of all rows."""

    def __init__(self, kind: Kind, name: str, held: list[int], test: list[int], y: torch.Tensor):
        self.kind, self.name, self.test, self.y, self.seen = kind, name, test, y, Seen()
        self.keeps_weights = self.keeps_held = False
        looked_at: dict[str, list[int]] = {"last": [], "inner": held, "test_peek": test}
        self.rows = looked_at[name]

    def look(self, loop: Trained, epoch: int, train_loss: float, agreement: float) -> None:
        """Note the numbers of an epoch, and look at the model after it."""
        seen, quality = self.seen, None
        if self.rows:
            predicted = loop.predict(self.rows)
            quality = self.kind.quality(self.name, predicted.numpy(), self.y[self.rows].cpu().numpy())
            if quality >= seen.best:  # ties go to the later epoch, as in the released code that does this
                seen.best, seen.chosen_epoch = quality, epoch
                seen.chosen = predicted if self.rows is self.test else loop.predict(self.test)
                if self.keeps_held and self.name == "inner":
                    seen.held = predicted
                if self.keeps_weights and self.name == "inner":
                    seen.state = {name: t.clone() for name, t in loop.weights().items()}
        seen.history.append(HistoryRow(epoch, train_loss, agreement, quality))

    def choose(self, loop: Trained, epochs: int) -> Chosen:
        """The fold's result after its last epoch."""
        final, seen = loop.predict(self.test), self.seen
        if self.name == "last" or seen.chosen is None:
            return Chosen(final, epochs, loop.weights())
        if self.name == "inner":
            held = None if seen.held is None else seen.held.cpu()
            return Chosen(seen.chosen.cpu(), seen.chosen_epoch, seen.state or {}, held=held)
        return Chosen(final, epochs, loop.weights(), seen.chosen.cpu(), seen.chosen_epoch)
