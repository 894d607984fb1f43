"""What a network makes of the clips that a fold tests: embeddings, and where its attention lies."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from mebench.errors import UserError
from mebench.training.batches import take
from mebench.training.fold import FoldJob, begun, ready, train_epochs
from mebench.training.limits import Limits
from mebench.training.loop import Loop, evaluation_batches


@dataclass(frozen=True)
class Inspection:
    """Of the test clips of a fold, in the order of its test rows: ``predicted`` (n, C), the ``embedding`` (n, d) that
    the last linear layer reads, and the ``attention`` (n, side, side) to the patches of the picture, where the network
    has such: of its last layer with a token for the class, mean over heads and frames."""

    predicted: np.ndarray
    embedding: np.ndarray
    attention: np.ndarray | None


@dataclass
class _Seen:
    """What was seen of one batch."""

    embedding: torch.Tensor | None = None
    attention: torch.Tensor | None = None
    kept: list[tuple[torch.Tensor, torch.Tensor | None]] = field(default_factory=list)


def inspect(job: FoldJob) -> Inspection:
    """Train a fold and look at its network, which is that of the last epoch. Nothing of the run is written."""
    if job.spec["training"] != "gradient" or not hasattr(job.data.kind, "classes"):
        raise UserError(f"{job.spec['model']} on {job.spec['task']['name']} cannot be inspected: it is no network "
                        "that recognises")  # fmt: skip
    model, parameters, weights = begun(job)
    if not any(isinstance(module, nn.Linear) for module in model.modules()):
        raise UserError(f"{job.spec['model']} has no linear layer whose input could be shown")
    fold = ready(job, model, parameters, weights, False)
    train_epochs(fold.loop, fold.selection, job.spec["recipe"]["epochs"], lambda epoch, loss: None, Limits())
    fold.loop.predict(job.test)  # statistics of batch norm may be taken anew for it
    trained, outputs = fold.loop.ema.model.eval(), []
    seen = _Seen()
    with torch.no_grad(), _watched(trained, seen):
        for rows in evaluation_batches(job.test, job.data.x.shape):
            outputs.append(trained(_batch(job, fold.loop, rows)))
            seen.kept.append((_of_clips(seen.embedding, len(rows)), _on_patches(seen.attention, len(rows))))
            seen.attention = None
    maps = [one for _, one in seen.kept if one is not None]
    predicted = fold.loop.objective.predictions(torch.cat(outputs))
    return Inspection(
        predicted.cpu().numpy(),
        torch.cat([one for one, _ in seen.kept]).cpu().numpy(),
        torch.cat(maps).cpu().numpy() if len(maps) == len(seen.kept) else None,
    )


def _batch(job: FoldJob, loop: Loop, rows: list[int]) -> torch.Tensor:
    """Clips as the whole network reads them: a loop on cached features has none."""
    if getattr(loop.model, "caches", False):
        return take(job.data.x, rows).to(job.device)
    return loop.ready(take(loop.x, rows), None)


@contextmanager
def _watched(model: nn.Module, seen: _Seen) -> Iterator[None]:
    """Keep what the last linear layer reads, and the last attention to a square of patches, while a model is used."""
    attend: Callable[..., torch.Tensor] = F.scaled_dot_product_attention

    def watched(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, **options: float) -> torch.Tensor:
        _keep(seen, (q @ k.mT / math.sqrt(q.shape[-1])).softmax(dim=-1))
        return attend(q, k, v, **options)

    def written_out(module: nn.Module, given: object, made: object) -> None:
        if isinstance(made, tuple) and len(made) == 2 and isinstance(made[1], torch.Tensor) and made[1].dim() == 4:
            _keep(seen, made[1])  # a layer that gives its attention

    def reads(module: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        seen.embedding = given[0]

    linear = [module for module in model.modules() if isinstance(module, nn.Linear)]
    hooks = [module.register_forward_pre_hook(reads) for module in linear]
    hooks += [module.register_forward_hook(written_out) for module in model.modules()]
    F.scaled_dot_product_attention = watched  # type: ignore[assignment]
    try:
        yield
    finally:
        F.scaled_dot_product_attention = attend
        for hook in hooks:
            hook.remove()


def _keep(seen: _Seen, attention: torch.Tensor) -> None:
    """Attention (N, heads, Q, T) whose first token stands for the class and the others for a square of patches."""
    side = math.isqrt(attention.shape[-1] - 1)
    if attention.dim() == 4 and side > 1 and side * side == attention.shape[-1] - 1:
        seen.attention = attention[:, :, 0, 1:].mean(dim=1).unflatten(-1, (side, side))


def _of_clips(x: torch.Tensor | None, clips: int) -> torch.Tensor:
    """(n, d): a mean over what a clip has several of, such as frames."""
    assert x is not None, "the head has read something"
    return x.reshape(clips, -1, x.shape[-1]).mean(dim=1)


def _on_patches(x: torch.Tensor | None, clips: int) -> torch.Tensor | None:
    return None if x is None or len(x) % clips else x.reshape(clips, -1, *x.shape[-2:]).mean(dim=1)
