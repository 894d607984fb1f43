"""Layers of a network that several folds train at once: batch norm that leaves out the padding of a batch, and dropout
whose masks each fold draws from a stream of its own."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

DROPOUT = nn.Dropout | nn.Dropout2d
Seen = tuple[torch.Tensor, torch.Tensor]  # mean and unbiased variance of the channels of a batch


@dataclass
class Step:
    """What the layers share in a step of one fold: the ``weights`` (n,) of the clips, 1, and 0 for padding; the
    ``masks`` of dropout in the order of the calls; and the statistics ``seen`` by batch norm in that order."""

    weights: torch.Tensor
    masks: Iterator[torch.Tensor]
    seen: list[Seen] = field(default_factory=list)


class WeightedNorm(_BatchNorm):
    """Batch norm over the clips of a batch that are no padding. It leaves its running statistics alone."""

    step: Step

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """``input`` (n, c, ...), normalised."""
        over = [axis for axis in range(input.dim()) if axis != 1]
        ones = [1] * (input.dim() - 2)
        weights, x = self.step.weights.view(-1, 1, *ones), input.to(self.weight.dtype)
        count = self.step.weights.sum() * input[0, 0].numel()
        mean = (x * weights).sum(over) / count
        centred = x - mean.view(-1, *ones)
        variance = (centred.square() * weights).sum(over) / count
        self.step.seen.append((mean.detach(), (variance * count / (count - 1)).detach()))
        scale = self.weight * (variance + self.eps).rsqrt()
        return (centred * scale.view(-1, *ones) + self.bias.view(-1, *ones)).to(input.dtype)


class GivenDropout(_DropoutNd):
    """Dropout by a mask that is given."""

    step: Step

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """``input`` times its mask, which has 0 and 1 / (1 - p)."""
        return input * next(self.step.masks).to(input.dtype) if self.p else input


@dataclass(frozen=True)
class Drop:
    """A call of dropout: the shape of a clip, whether channels come last in memory, and the probability ``p``."""

    shape: tuple[int, ...]
    channels_last: bool
    p: float

    def mask(self, clips: int, like: torch.Tensor, chance: torch.Generator) -> torch.Tensor:
        """A mask as ``nn.Dropout`` draws it on the CPU, with its scale."""
        order = torch.channels_last if self.channels_last else torch.contiguous_format
        empty = torch.empty((clips, *self.shape), dtype=like.dtype, device=like.device, memory_format=order)
        return empty.bernoulli_(1 - self.p, generator=chance).div_(1 - self.p)


class StackedLayers:
    """A copy ``model`` of a network in which batch norm and dropout are those of a stack. ``drops`` and ``norms`` are
    their calls in a pass, in order; the names of ``norms`` are those of the modules."""

    def __init__(self, model: nn.Module, x: torch.Tensor):
        self.model = copy.deepcopy(model).train()
        if hasattr(self.model, "joined"):
            self.model.joined = False  # type: ignore[assignment]
        self.drops: list[Drop] = []
        self.norms: list[str] = []
        self._watch(x)
        self.parts: list[WeightedNorm | GivenDropout] = []
        for part in self.model.modules():
            if isinstance(part, _BatchNorm | DROPOUT):
                stacked: type[WeightedNorm | GivenDropout] = (
                    WeightedNorm if isinstance(part, _BatchNorm) else GivenDropout
                )
                object.__setattr__(part, "__class__", stacked)
                self.parts.append(cast("WeightedNorm | GivenDropout", part))

    def begin(self, step: Step) -> None:
        """Let the layers take what they need from ``step``."""
        for part in self.parts:
            part.step = step

    @torch.no_grad()
    def _watch(self, x: torch.Tensor) -> None:
        """Note the calls of dropout and batch norm in a pass of a few clips ``x``; no random stream moves."""
        names = {part: name for name, part in self.model.named_modules()}

        def note(part: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
            if isinstance(part, _BatchNorm):
                self.norms.append(names[part])
            elif isinstance(part, DROPOUT) and part.p:
                shape = given[0].shape[1:]
                last = given[0].dim() == 4 and not given[0].is_contiguous()
                whole = isinstance(part, nn.Dropout)  # not channel by channel
                self.drops.append(Drop(tuple(shape) if whole else (shape[0], 1, 1), whole and last, part.p))

        hooks = [part.register_forward_pre_hook(note) for part in names if isinstance(part, _BatchNorm | DROPOUT)]
        with torch.random.fork_rng(devices=[x.device] if x.device.type == "cuda" else []):
            self.model(x)
        for hook in hooks:
            hook.remove()
