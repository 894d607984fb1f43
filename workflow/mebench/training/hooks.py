"""Methods and attributes that a model may have besides ``forward``, by its kind of training. docs/add-a-model.md says
when each is used.

``nn.Module`` types all attributes as tensors or modules; these protocols have the real types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import torch

Criterion = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # (outputs, targets) -> the mean loss


class Fits(Protocol):
    """``training: fit``: learns from all training samples at once."""

    def fit(self, x: torch.Tensor, y: torch.Tensor) -> object: ...


class Direct(Protocol):
    """``training: direct``: predicts without scores, in the form that the kind of task asks for; see the kind's
    ``direct``. So does an ``oracle`` that has no ``reveal``."""


class Reveals(Protocol):
    """The oracle: gets the targets of the test samples."""

    def reveal(self, y: torch.Tensor) -> object: ...


class CachesFeatures(Protocol):
    """``caches = True``: has a frozen part whose features are computed once for all folds."""

    def features(self, x: torch.Tensor) -> torch.Tensor: ...

    def from_features(self, features: torch.Tensor) -> torch.Tensor: ...


class SeesClips(Protocol):
    """Sees all training samples, batch by batch, before the first epoch."""

    def see_clips(self, batches: Iterator[tuple[torch.Tensor, torch.Tensor]]) -> object: ...


class OwnLoss(Protocol):
    """Has its own loss; gives the loss and the outputs."""

    def training_loss(
        self, x: torch.Tensor, y: torch.Tensor, criterion: Criterion
    ) -> tuple[torch.Tensor, torch.Tensor]: ...
