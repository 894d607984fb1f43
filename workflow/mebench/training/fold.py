"""One fold: train on the other subjects, predict the held-out one. The result depends on (spec, data, seed, fold)
alone."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from mebench import models, tasks
from mebench.errors import UserError
from mebench.protocols.loso import inner_split
from mebench.tasks import Kind
from mebench.training import normalise
from mebench.training.checkpoint import Keeper, Stopped
from mebench.training.data import TaskData
from mebench.training.loop import Interrupted, Loop, Share, evaluation_batches, predictions, seed_all, set_products
from mebench.training.source import take


@dataclass(frozen=True)
class FoldJob:
    """What a fold is trained from: the run's ``spec``, its ``data``, and which of their rows train and test; no row and
    no subject is in both. ``fold`` is the name of the subject that is left out."""

    spec: dict[str, Any]
    data: TaskData
    fold: str
    train: list[int]
    test: list[int]
    device: torch.device

    @property
    def seed(self) -> int:
        return fold_seed(self.spec["seed"], self.fold)


@dataclass(frozen=True)
class Limits:
    """What a fold may take, and what is kept of it: ``seconds``, the ``keeper`` of its checkpoint, and whether the
    weights of the epoch that a selection chooses are kept."""

    seconds: float = math.inf
    keeper: Keeper | None = None
    keep_state: bool = False


@dataclass
class FoldResult:
    """Predictions (n_test, ...) of the honest selection, and of the peeked one under ``test_peek``.

    ``parts`` says in how many parts a batch was computed, ``resumed`` after which epoch the fold went on, ``weights``
    what the network began with, if that was not chance.
    """

    predictions: torch.Tensor
    history: list[dict[str, float]]
    parameters: int
    selected_epoch: int
    peeked: torch.Tensor | None = None
    peeked_epoch: int | None = None
    state: dict[str, torch.Tensor] = field(default_factory=dict)
    parts: int = 1
    resumed: int = 0
    weights: dict[str, str] | None = None


def fold_seed(seed: int, fold: str) -> int:
    """The seed of a fold, from (seed, fold) alone: the same in any order, in any shard, alone or in a loop."""
    return int.from_bytes(hashlib.sha256(f"{seed}|{fold}".encode()).digest()[:7], "little")


def run_fold(
    job: FoldJob, on_epoch: Callable[[int, float], None] = lambda epoch, loss: None, limits: Limits | None = None
) -> FoldResult:
    """Train and predict one fold. ``on_epoch(epoch, loss)`` reports progress; with a keeper the fold begins where it
    was stopped before.

    Raises :class:`mebench.training.loop.Diverged`, ``TimeoutError`` after ``limits.seconds``,
    ``torch.OutOfMemoryError``, and :class:`mebench.training.checkpoint.Stopped` where the job was asked to stop.
    """
    spec, data, limits = job.spec, job.data, limits or Limits()
    seed_all(job.seed)
    set_products(spec["recipe"].get("precision", "float32"))
    model = models.build(spec["model"], num_classes=data.kind.outputs, **spec["options"])
    about = {"parameters": sum(p.numel() for p in model.parameters()), "weights": weights_record(model)}
    model, y = placed(model, data.x.dim(), job.device), data.y.to(job.device)
    if spec["training"] != "gradient":
        return _fixed(job, model, y, about)

    train, held = job.train, []
    if spec["recipe"]["labels"] == "shuffled":
        y = shuffled(y, train, job.seed)
    if spec["selection"] == "inner":
        train, held = inner_split(data.subjects, train, job.seed)
        held = [row for row in held if not data.is_extra(row)]
    loop = loop_of(model, spec, data, y, train, job.seed)
    watch = Watch(data.kind, spec["selection"], held, job.test, y, limits.keep_state)
    resumed = resume(loop, watch, limits.keeper, job.device)
    trained(loop, watch, spec["recipe"]["epochs"], on_epoch, limits)
    about |= {"state": loop.ema.model.state_dict(), "parts": loop.parts, "resumed": resumed}
    return watch.result(loop.predict(job.test), spec["recipe"]["epochs"], about)


def trained(loop: Loop, watch: Watch, epochs: int, on_epoch: Callable[[int, float], None], limits: Limits) -> None:
    """Train what is left of the ``epochs``; after each, look, report, and keep the state where it is time."""
    keeper, end = limits.keeper, time.monotonic() + limits.seconds
    for epoch in range(loop.epochs_done + 1, epochs + 1):
        try:
            seen = loop.epoch(keeper.give_up if keeper else lambda: False)
        except Interrupted:
            raise Stopped(f"in epoch {epoch} of {epochs}") from None
        watch.look(loop, {"epoch": epoch, "train_loss": seen["train_loss"], watch.agreement: seen["train_agreement"]})
        on_epoch(epoch, seen["train_loss"])
        late = time.monotonic() > end
        if epoch == epochs:
            break
        if keeper and (keeper.epoch_over() or late):
            keeper.save({"loop": loop.state_dict(), "watch": vars(watch.seen)})
            if keeper.stopping():
                raise Stopped(f"after epoch {epoch} of {epochs}")
        if late:
            raise TimeoutError(f"the fold took longer than {limits.seconds:.0f} s; it was in epoch {epoch}")


def resume(loop: Loop, watch: Watch, keeper: Keeper | None, device: torch.device) -> int:
    """Go on from the fold's checkpoint if it has one; the epoch that it had reached, else 0."""
    kept = keeper.load(device) if keeper else None
    if kept is None:
        return 0
    loop.load_state_dict(kept["loop"])
    watch.seen = Seen(**kept["watch"])
    return loop.epochs_done


@dataclass
class Seen:
    """What a selection has seen so far: the epochs' records, and the predictions of the best epoch; its weights too
    where they are asked for and count, which are never those of a peeked epoch."""

    history: list[dict[str, float]] = field(default_factory=list)
    best: float = -1.0
    chosen: torch.Tensor | None = None
    chosen_epoch: int = 0
    state: dict[str, torch.Tensor] | None = None


class Watch:
    """The selection of a fold: what it may look at after each epoch, and what it makes of that.

    ``last`` looks at nothing, ``inner`` at the rows ``held`` out of the training subjects, ``test_peek``, by name, at
    the test subject's.
    """

    def __init__(
        self, kind: Kind, selection: str, held: list[int], test: list[int], y: torch.Tensor, keep_state: bool = False
    ):
        self.kind, self.selection, self.test, self.y, self.seen = kind, selection, test, y, Seen()
        self.keep_state = keep_state and selection == "inner"
        self.rows = {"last": [], "inner": held, "test_peek": test}[selection]
        card = tasks.card(kind.task)
        self.agreement, self.column = card["history"], card["selection"].get(selection)

    def look(self, loop: Loop, record: dict[str, float]) -> None:
        """Take an epoch's record, and look at the model after it."""
        seen = self.seen
        if self.rows:
            predicted = loop.predict(self.rows)
            truth = self.y[self.rows].cpu().numpy()
            record[self.column] = self.kind.quality(self.selection, predicted.numpy(), truth)
            if record[self.column] >= seen.best:  # ties go to the later epoch, as in the released code that does this
                seen.best, seen.chosen_epoch = record[self.column], int(record["epoch"])
                seen.chosen = predicted if self.rows is self.test else loop.predict(self.test)
                if self.keep_state:
                    seen.state = {name: t.clone() for name, t in loop.ema.model.state_dict().items()}
        seen.history.append(record)

    def result(self, final: torch.Tensor, epochs: int, about: dict[str, Any]) -> FoldResult:
        """The fold's result, ``final`` being the predictions after its last epoch."""
        result = FoldResult(final, self.seen.history, selected_epoch=epochs, **about)
        if self.selection == "inner":
            result.predictions, result.selected_epoch = self.seen.chosen.cpu(), self.seen.chosen_epoch
            result.state = self.seen.state or {}
        if self.selection == "test_peek":
            result.peeked, result.peeked_epoch = self.seen.chosen.cpu(), self.seen.chosen_epoch
        return result


def placed(model: nn.Module, dimensions: int, device: torch.device) -> nn.Module:
    """The model on the device; in the memory order of channels last where it is fed batches of pictures."""
    return (model.to(memory_format=torch.channels_last) if dimensions == 4 else model).to(device)


def shuffled(y: torch.Tensor, train: list[int], seed: int) -> torch.Tensor:
    """``y`` with the labels of the training rows dealt out anew among them."""
    y = y.clone()
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed)).to(y.device)
    y[train] = y[train][order]
    return y


def loop_of(
    model: nn.Module, spec: dict[str, Any], data: TaskData, y: torch.Tensor, train: list[int], seed: int
) -> Loop:
    """The training loop of a fold; on features that are computed once, for a model that says so."""
    objective, share = data.kind.objective(spec["recipe"], y[train]), Share(data.x, y, train, seed)
    if not getattr(model, "caches", False):
        inputs = dict(spec["inputs"])
        if inputs["range"] == "any" and data.scale in ("picture", "byte"):
            inputs["range"] = "byte"  # what augmentation must know of numbers that are taken as stored
        return Loop(model, spec["recipe"], share, objective, inputs)
    if spec["recipe"]["augment"] != "none":
        raise UserError(
            f"the model {spec['model']} trains on features that are computed once, which cannot be augmented; "
            "choose augment: none, or the option that computes them in every step"
        )
    if spec["inputs"]["center"] != "none":
        raise UserError(
            f"the model {spec['model']} trains on features that are computed once for all folds, so center: "
            f"{spec['inputs']['center']}, which each fold fits anew, cannot be had; its card has to say center: none"
        )
    share = replace(share, x=features(model, data, y.device))
    return Loop(model, spec["recipe"], share, objective, forward=model.from_features)


@torch.no_grad()
def features(model: nn.Module, data: TaskData, device: torch.device) -> torch.Tensor:
    """What the frozen part of a model makes of every clip; computed once for all folds that share its weights."""
    key = digest_of_frozen(model)
    if key not in data.cache:
        model.eval()
        parts = evaluation_batches(list(range(len(data.y))), data.x.shape)
        data.cache[key] = torch.cat([model.features(take(data.x, part).to(device)).cpu() for part in parts])
    return data.cache[key]


def digest_of_frozen(model: nn.Module) -> str:
    """Digest of the parameters that are not trained and of the buffers."""
    sha = hashlib.sha256()
    tensors = {n: p for n, p in model.named_parameters() if not p.requires_grad} | dict(model.named_buffers())
    for name in sorted(tensors):
        sha.update(name.encode())
        sha.update(tensors[name].detach().cpu().contiguous().numpy().tobytes())
    return sha.hexdigest()


def weights_record(model: nn.Module) -> dict[str, str] | None:
    """Where the pretrained weights of a model or of its backbone came from, with their digest."""
    records = (getattr(part, "weights_record", None) for part in model.modules())
    return next((r for r in records if r and r["source"] != "none"), None)


@torch.no_grad()
def _fixed(job: FoldJob, model: nn.Module, y: torch.Tensor, about: dict[str, Any]) -> FoldResult:
    """Models without gradient descent: ``fit`` sees the training rows, the oracle (by name) the test labels."""
    spec, data = job.spec, job.data
    centred = normalise.fitted(data.x, job.train, spec["inputs"]["center"], spec["inputs"]["channels"]) or (lambda x: x)
    if spec["training"] == "fit":
        model.fit(centred(take(data.x, job.train)).to(y.device), y[job.train])
    else:
        model.reveal(y[job.test])
    objective = data.kind.objective(spec["recipe"], y[job.train])
    found = model.eval()(centred(take(data.x, job.test)).to(y.device))
    state = model.state_dict()
    return FoldResult(predictions(objective, found, "of the fitted model"), [], selected_epoch=0, state=state, **about)
