"""Centring and scaling that is fitted on the training clips of a fold, never on a test clip, and the statistics of
batch norm that are."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mebench.errors import UserError
from mebench.training.batches import OnDisk, take

PART = 64  # clips that are looked at together
LIMIT = 3.0  # of a scaled channel, in units of its 99th percentile

Normaliser = Callable[[torch.Tensor], torch.Tensor]


def fitted(x: torch.Tensor | OnDisk, train: Sequence[int], center: str, channels: Sequence[str]) -> Normaliser | None:
    """The normalisation of each batch (n, ..., C, H, W). ``train_mean`` subtracts the mean picture of the training
    rows. ``train_p99`` divides u and v by the 99th percentile of the flow's length over all pixels of the training
    rows, and strain by its own percentile, and clips these channels to +-3. ``none`` gives None."""
    if center == "train_mean":
        mean = _mean(x, train)
        return lambda batch: batch - mean.to(batch.device)
    if center == "train_p99":
        scale, moving = _scales(x, train, list(channels))
        return lambda batch: _scaled(batch, scale.to(batch.device), moving.to(batch.device))
    return None


def numbers(
    x: torch.Tensor | OnDisk, train: Sequence[int], center: str, channels: Sequence[str]
) -> dict[str, torch.Tensor]:
    """What :func:`fitted` fits, as tensors to be kept; empty for ``none``."""
    if center == "train_mean":
        return {"mean": _mean(x, train)}
    if center == "train_p99":
        scale, moving = _scales(x, train, list(channels))
        return {"scale": scale, "moving": moving}
    return {}


def kept(numbers: Mapping[str, torch.Tensor]) -> Normaliser | None:
    """The normalisation that :func:`numbers` were kept of."""
    if "mean" in numbers:
        return lambda batch: batch - numbers["mean"].to(batch.device)
    if "scale" in numbers:
        return lambda batch: _scaled(batch, numbers["scale"].to(batch.device), numbers["moving"].to(batch.device))
    return None


def _mean(x: torch.Tensor | OnDisk, train: Sequence[int]) -> torch.Tensor:
    if isinstance(x, torch.Tensor):
        return x[train].mean(dim=0)
    total = functools.reduce(torch.add, (part.sum(dim=0, dtype=torch.float64) for part in _parts(x, train)))
    return total.div(len(train)).float()


def _scales(x: torch.Tensor | OnDisk, train: Sequence[int], channels: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """(scale (C, 1, 1), which channels are scaled (C, 1, 1)). A scale of 0, where nothing moves, becomes 1."""
    if not {"u", "v"} <= set(channels):
        raise UserError(f"center: train_p99 scales flow by u and v, but the channels are {', '.join(channels)}; "
                        "choose another center on the model's card")  # fmt: skip
    u, v = channels.index("u"), channels.index("v")
    scale = torch.ones(len(channels))
    length = [part[..., u, :, :].hypot(part[..., v, :, :]) for part in _parts(x, train)]
    scale[[u, v]] = percentile99(length)
    if "strain" in channels:
        strain = channels.index("strain")
        scale[strain] = percentile99([part[..., strain, :, :] for part in _parts(x, train)])
    moving = torch.tensor([name in ("u", "v", "strain") for name in channels])
    return scale[:, None, None], moving[:, None, None]


def percentile99(parts: list[torch.Tensor]) -> float:
    """The smallest number that is not exceeded by at least 99 % of all numbers; 1 where that is 0."""
    flat = torch.cat([part.flatten().cpu() for part in parts])
    return float(flat.kthvalue(max(1, -(-99 * len(flat) // 100))).values) or 1.0


def _scaled(batch: torch.Tensor, scale: torch.Tensor, moving: torch.Tensor) -> torch.Tensor:
    return torch.where(moving, (batch / scale).clamp(-LIMIT, LIMIT), batch)


def _parts(x: torch.Tensor | OnDisk, rows: Sequence[int]) -> Iterator[torch.Tensor]:
    return (take(x, rows[start : start + PART]) for start in range(0, len(rows), PART))


def settle(model: nn.Module, look: Callable[[], object]) -> None:
    """Replace the running averages of batch norm by the statistics of the whole training set, which ``look()`` passes
    through the model in evaluation mode; of a set that is looked at in parts, the mean of theirs."""
    norms = batch_norms(model)
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.train()
        norm.momentum = None  # the mean over parts
    look()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.eval()
        norm.momentum = momentum


def check_batch_norm(model: nn.Module, together: bool) -> None:
    """A UserError where a model has no statistics to take, or predicts samples ``together`` that it learns from one by
    one."""
    if together:
        raise UserError(f"{type(model).__name__} predicts whole recordings, but learns from windows of them: "
                        "batch_norm: training_set cannot be had, choose running")  # fmt: skip
    if not batch_norms(model):
        raise UserError(f"batch_norm: training_set needs a model with batch norm, which {type(model).__name__} has not")


def batch_norms(model: nn.Module) -> list[_BatchNorm]:
    """The layers of batch norm that keep statistics."""
    return [part for part in model.modules() if isinstance(part, _BatchNorm) and part.track_running_stats]
