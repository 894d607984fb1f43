"""Several folds of a small network at once in one process, by ``torch.func``: a stack.

A small network does not fill a GPU: its kernels are short and wait to be launched. A stack launches each kernel once
for all of its folds. Each fold has its own order of clips, augmentation, normalisation and random streams, and its
result is that of the fold alone but for last bits; on a GPU, masks of dropout are other random numbers.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

import torch
from torch import nn
from torch.func import functional_call, grad_and_value, vmap

from mebench.errors import UserError
from mebench.training.fold import FoldJob, FoldResult, Ready, begun, ready
from mebench.training.limits import Diverged, Limits, Stopped
from mebench.training.loop import Loop
from mebench.training.optim import factor
from mebench.training.stacked_layers import StackedLayers, Step
from mebench.training.stacked_optimizer import StackedOptimizer

Ending = FoldResult | Diverged
Batch = tuple[torch.Tensor, torch.Tensor]  # clips and targets of one fold


def run_stack(
    jobs: Sequence[FoldJob], on_epoch: Callable[[int, int, float], None], stop: Callable[[], bool], limits: Limits
) -> list[Ending]:
    """Train and predict folds of one network at once; the ending of each, in order. A fold that diverges leaves the
    others alone. ``on_epoch(fold, epoch, loss)`` reports progress; ``limits.seconds`` are those of all folds together.

    Raises :class:`Stopped` where ``stop()`` says that the job was asked to stop, ``TimeoutError`` and
    ``torch.OutOfMemoryError``; no fold is kept then.
    """
    folds: list[Ready] = []
    chances: list[torch.Generator] = []
    for job in jobs:
        folds.append(ready(job, *begun(job), limits.keep_state))
        chances.append(_chance(job))
    stack, end = Stack([fold.loop for fold in folds], chances), time.monotonic() + limits.seconds
    endings: dict[int, Ending] = {}
    epochs = jobs[0].spec["recipe"]["epochs"]
    for epoch in range(1, epochs + 1):
        alive = [at for at in range(len(folds)) if at not in endings]
        numbers = stack.epoch(partial(_give_up, stop, epoch, epochs))
        if epoch == epochs or any(folds[at].selection.rows for at in alive):
            stack.write()
        for at, number in zip(alive, numbers, strict=True):
            failed = _looked(folds[at], epoch, number)
            if failed:
                endings[at] = failed
            elif isinstance(number, tuple):
                on_epoch(at, epoch, number[0])
        stack.keep([row for row, at in enumerate(alive) if at not in endings])
        if len(endings) == len(folds):
            break
        if epoch < epochs and time.monotonic() > end:
            raise TimeoutError(f"the stack took longer than {limits.seconds:.0f} s; it was in epoch {epoch}")
    for at in (at for at in range(len(folds)) if at not in endings):
        endings[at] = _chosen(folds[at], epochs)
    return [endings[at] for at in range(len(folds))]


def _chance(job: FoldJob) -> torch.Generator:
    """The random stream of a fold after its network was made; on a GPU one that begins at the fold's seed."""
    generator = torch.Generator(job.device)
    if job.device.type == "cpu":
        generator.set_state(torch.get_rng_state())
        return generator
    return generator.manual_seed(job.seed)


def _give_up(stop: Callable[[], bool], epoch: int, epochs: int) -> None:
    if stop():
        raise Stopped(f"in epoch {epoch} of {epochs} of a stack, which begins again")


def _looked(fold: Ready, epoch: int, number: tuple[float, float] | Diverged) -> Diverged | None:
    """Note the numbers of an epoch of a fold; how it ended, where it diverged."""
    if isinstance(number, Diverged):
        return number
    try:
        fold.selection.look(fold.loop, epoch, *number)
    except Diverged as error:
        return error
    return None


def _chosen(fold: Ready, epochs: int) -> Ending:
    try:
        return fold.result(epochs)
    except Diverged as error:
        return error


class Stack:
    """The loops of several folds of one network, trained together: :meth:`epoch` passes through the training rows of
    each, :meth:`write` puts the parameters into the loops' own networks, which predict. ``chances`` are the folds'
    random streams."""

    def __init__(self, loops: Sequence[Loop], chances: Sequence[torch.Generator]):
        self.loops, self.chances = list(loops), list(chances)
        first = self.loops[0]
        self.recipe, self.device = first.recipe, first.device
        few = first.ready(next(first.read([first.rows[:2]])), None)
        self.layers = StackedLayers(first.model, few)
        self.names = [name for name, p in first.model.named_parameters() if p.requires_grad]
        self.shapes = [first.model.get_parameter(name).shape for name in self.names]
        self.values = torch.stack([self._row(loop.model) for loop in self.loops])
        self.norms = {name: [torch.stack([_statistics(loop.model, name)[k] for loop in self.loops]) for k in (0, 1)]
                      for name in dict.fromkeys(self.layers.norms)}  # fmt: skip
        _refuse_different_constants([loop.model for loop in self.loops], self.names, list(self.norms))
        self.optimizer = StackedOptimizer(first.model, self.recipe, len(self.loops))
        self.fitted = {name: torch.stack([vars(loop.objective)[name] for loop in self.loops])
                       for name, value in vars(first.objective).items() if isinstance(value, torch.Tensor)}  # fmt: skip

    def _row(self, model: nn.Module) -> torch.Tensor:
        return torch.cat([model.get_parameter(name).detach().flatten() for name in self.names])

    def epoch(self, give_up: Callable[[], None]) -> list[tuple[float, float] | Diverged]:
        """One epoch of each fold: (mean loss, agreement) as of a loop, or :class:`Diverged`. ``give_up()`` is called
        before each step and may raise."""
        planned = [loop.begin_epoch() for loop in self.loops]
        readers = [loop.read(batches) for loop, (batches, _) in zip(self.loops, planned, strict=True)]
        steps = [len(batches) for batches, _ in planned]
        losses, hits = [], torch.zeros(len(self.loops), device=self.device)
        for at in range(max(steps)):
            give_up()
            there = [at < count for count in steps]
            parts = [
                (loop.ready(next(reader), chance), loop.y[batches[at]]) if here else None
                for loop, reader, (batches, chance), here in zip(self.loops, readers, planned, there, strict=True)
            ]
            done = [loop.epochs_done * count + at for loop, count in zip(self.loops, steps, strict=True)]
            loss, agreed = self._step(parts, done, steps)
            losses.append(loss)
            hits += agreed
        return [self._ended(row, [len(batch) for batch in batches], torch.stack(losses)[:, row], hits[row])
                for row, (batches, _) in enumerate(planned)]  # fmt: skip

    def _ended(
        self, row: int, sizes: list[int], losses: torch.Tensor, hits: torch.Tensor
    ) -> tuple[float, float] | Diverged:
        loop, losses = self.loops[row], losses[: len(sizes)]
        loop.epochs_done += 1
        try:
            loop.check(losses)
        except Diverged as error:
            return error
        return float((losses * losses.new_tensor(sizes)).sum()) / sum(sizes), float(hits) / sum(sizes)

    def _step(
        self, parts: Sequence[Batch | None], done: list[int], per_epoch: list[int]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """A step of the folds that have a batch: (loss, agreement) of each. ``done``: steps of each fold before."""
        x, y, weights = _padded(parts, self.values.dtype)
        masks = [self._masks(drop_at, parts, x) for drop_at in range(len(self.layers.drops))]
        gradient, (loss, (agreed, seen)) = vmap(grad_and_value(self._loss, has_aux=True))(
            self.values, x, y, weights, masks, self.fitted
        )
        active = weights.sum(dim=1) > 0
        scale = [factor(n, self.recipe, of) for n, of in zip(done, per_epoch, strict=True)]
        self.values = self.optimizer.step(self.values, gradient, active, self.values.new_tensor(scale))
        self._note(seen, active)
        nothing = torch.zeros_like(loss)
        return torch.where(active, loss, nothing).detach(), torch.where(active, agreed, nothing)

    def _loss(
        self, row: torch.Tensor, x: torch.Tensor, y: torch.Tensor, weights: torch.Tensor,
        masks: list[torch.Tensor], fitted: dict[str, torch.Tensor],
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, list[tuple[torch.Tensor, torch.Tensor]]]]:  # fmt: skip
        """The loss of one fold, with (agreement, what batch norm saw)."""
        step, loop = Step(weights, iter(masks)), self.loops[0]
        self.layers.begin(step)
        sizes = [shape.numel() for shape in self.shapes]
        named = {name: part.view(shape)
                 for name, part, shape in zip(self.names, row.split(sizes), self.shapes, strict=True)}  # fmt: skip
        with loop.autocast():
            outputs = functional_call(self.layers.model, named, (x,))
        objective = copy.copy(loop.objective)
        vars(objective).update(fitted)
        shares, masses = objective.shares(outputs, y)
        loss = (shares * weights).sum() / (masses * weights).sum()
        agreed = (objective.agrees(outputs.detach(), y) * weights).sum()
        return loss, (agreed, step.seen)

    def _masks(self, drop_at: int, parts: Sequence[Batch | None], x: torch.Tensor) -> torch.Tensor:
        drop = self.layers.drops[drop_at]
        masks = x.new_zeros((len(parts), x.shape[1], *drop.shape))
        for row, part in enumerate(parts):
            if part is not None:
                masks[row, : len(part[0])] = drop.mask(len(part[0]), x, self.chances[row])
        return masks

    def _note(self, seen: list[tuple[torch.Tensor, torch.Tensor]], active: torch.Tensor) -> None:
        """Move the running statistics of batch norm by what a step saw."""
        for name, found in zip(self.layers.norms, seen, strict=True):
            momentum = cast(float, self.loops[0].model.get_submodule(name).momentum)
            self.norms[name] = [torch.where(active[:, None], kept.lerp(new.to(kept.dtype), momentum), kept)
                                for kept, new in zip(self.norms[name], found, strict=True)]  # fmt: skip

    @torch.no_grad()
    def write(self) -> None:
        """Put parameters and statistics into the networks of the loops."""
        sizes = [shape.numel() for shape in self.shapes]
        for row, loop in enumerate(self.loops):
            for name, part in zip(self.names, self.values[row].split(sizes), strict=True):
                parameter = loop.model.get_parameter(name)
                parameter.copy_(part.view(parameter.shape))
            for name, kept in self.norms.items():
                for there, value in zip(_statistics(loop.model, name), kept, strict=True):
                    there.copy_(value[row])

    def keep(self, rows: list[int]) -> None:
        """Go on with these folds alone."""
        if len(rows) == len(self.loops):
            return
        self.loops, self.chances = [self.loops[row] for row in rows], [self.chances[row] for row in rows]
        chosen = torch.tensor(rows, dtype=torch.int64, device=self.device)
        self.values = self.values[chosen]
        self.norms = {name: [value[chosen] for value in kept] for name, kept in self.norms.items()}
        self.fitted = {name: value[chosen] for name, value in self.fitted.items()}
        self.optimizer.keep(chosen)


def _statistics(model: nn.Module, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The running mean and variance of a layer."""
    norm = model.get_submodule(name)
    return norm.get_buffer("running_mean"), norm.get_buffer("running_var")


def _padded(parts: Sequence[Batch | None], dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Batches of several folds as one: clips (folds, n, ...), targets (folds, n), and weights (folds, n), which are 0
    where a fold has fewer clips or none."""
    there = [part for part in parts if part is not None]
    longest = max(len(x) for x, _ in there)
    x = there[0][0].new_zeros((len(parts), longest, *there[0][0].shape[1:]))
    y = there[0][1].new_zeros((len(parts), longest))
    weights = x.new_zeros((len(parts), longest), dtype=dtype)
    for row, part in enumerate(parts):
        if part is not None:
            clips = len(part[0])
            x[row, :clips], y[row, :clips], weights[row, :clips] = part[0], part[1], 1
    return x, y, weights


def _refuse_different_constants(folds: list[nn.Module], trained: list[str], norms: list[str]) -> None:
    """A UserError where folds have other constants, which a stack does not tell apart."""
    known = {*trained, *(f"{name}.{buffer}" for name in norms for buffer in
                         ("running_mean", "running_var", "num_batches_tracked"))}  # fmt: skip
    first = folds[0].state_dict()
    for name in first.keys() - known:
        if any(not torch.equal(first[name], model.state_dict()[name]) for model in folds[1:]):
            raise UserError(f"{type(folds[0]).__name__} has {name}, which no fold trains and which differs between "
                            "folds: a stack cannot train it, leave stack out")  # fmt: skip
