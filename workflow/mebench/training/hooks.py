"""What a model may have besides ``forward``, by how it is trained. docs/add-a-model.md says when each is called.

``nn.Module`` types its attributes as tensors or modules; these say what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import torch

Criterion = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # (outputs, targets) -> the mean loss


class Fits(Protocol):
    """``training: fit``: learns from all training samples at once."""

    def fit(self, x: torch.Tensor, y: torch.Tensor) -> object: ...


class Reveals(Protocol):
    """The oracle: is told the targets of the test samples."""

    def reveal(self, y: torch.Tensor) -> object: ...


class CachesFeatures(Protocol):
    """``caches = True``: a frozen part whose features are computed once for all folds."""

    def features(self, x: torch.Tensor) -> torch.Tensor: ...

    def from_features(self, features: torch.Tensor) -> torch.Tensor: ...


class SeesClips(Protocol):
    """Looks at all training samples, batch by batch, before the first epoch."""

    def see_clips(self, batches: Iterator[tuple[torch.Tensor, torch.Tensor]]) -> object: ...


class OwnLoss(Protocol):
    """Has a loss of its own; gives the loss and the outputs."""

    def training_loss(
        self, x: torch.Tensor, y: torch.Tensor, criterion: Criterion
    ) -> tuple[torch.Tensor, torch.Tensor]: ...
