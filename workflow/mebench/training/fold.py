"""One fold: train on the other subjects, predict the subject that is left out. The result depends on (spec, data, seed,
fold) alone."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
import torch
from torch import nn

from mebench import models, tasks
from mebench.config.spec import RunSpec
from mebench.errors import UserError
from mebench.protocols.loso import fold_seed, inner_split
from mebench.training import normalise
from mebench.training.batches import take
from mebench.training.data import TaskData
from mebench.training.dropout import quicker
from mebench.training.hooks import CachesFeatures, Fits, Reveals
from mebench.training.limits import Keeper, Limits, Stopped
from mebench.training.loop import (
    Interrupted,
    Loop,
    TrainingSet,
    evaluation_batches,
    predictions,
    seed_all,
    set_products,
)
from mebench.training.selection import Chosen, HistoryRow, Seen, Selection

Written = tuple[list[Mapping[str, object]], np.ndarray | None]


@dataclass(frozen=True)
class FoldJob:
    """What a fold is trained from: the run's ``spec``, its ``data``, and the rows that train and test. No row and no
    subject is in both. ``fold`` is the name of the subject that is left out."""

    spec: RunSpec
    data: TaskData
    fold: str
    train: list[int]
    test: list[int]
    device: torch.device

    @property
    def seed(self) -> int:
        return fold_seed(self.spec["seed"], self.fold)


@dataclass(frozen=True)
class FoldResult:
    """What the selection of a fold chose, and how it was trained.

    ``parts`` is the number of parts in which a batch was computed, ``resumed`` the epoch after which the fold was
    resumed, ``weights`` the pretrained weights of the network, if it has any, and ``held`` the rows that the fold held
    out of its training rows. ``written`` is what a model that predicts directly has for predictions.csv.
    """

    chosen: Chosen
    history: list[HistoryRow]
    parameters: int
    parts: int = 1
    resumed: int = 0
    weights: dict[str, str] | None = None
    held: list[int] = field(default_factory=list)
    written: Written | None = None


def run_fold(
    job: FoldJob, on_epoch: Callable[[int, float], None] = lambda epoch, loss: None, limits: Limits | None = None
) -> FoldResult:
    """Train and predict one fold. ``on_epoch(epoch, loss)`` reports progress. With a keeper, a stopped fold is resumed.

    Raises :class:`mebench.training.limits.Diverged`, ``TimeoutError`` after ``limits.seconds``,
    ``torch.OutOfMemoryError``, and :class:`mebench.training.limits.Stopped` where the job was asked to stop.
    """
    spec, limits = job.spec, limits or Limits()
    model, parameters, weights = begun(job)
    if spec["training"] == "direct" or (spec["training"] == "oracle" and not hasattr(model, "reveal")):
        nothing = Chosen(torch.zeros(0), 0, model.state_dict())
        return FoldResult(nothing, [], parameters, weights=weights, written=_direct(job, model))
    if spec["training"] != "gradient":
        return FoldResult(_fixed(job, model, job.data.y.to(job.device)), [], parameters, weights=weights)
    fold, epochs = ready(job, model, parameters, weights, limits.keep_state), spec["recipe"]["epochs"]
    resumed = resume(fold.loop, fold.selection, limits.keeper, job.device)
    train_epochs(fold.loop, fold.selection, epochs, on_epoch, limits)
    return fold.result(epochs, resumed)


def begun(job: FoldJob) -> tuple[nn.Module, int, dict[str, str] | None]:
    """The network of a fold, seeded and on its device, the number of its parameters, and the origin of its weights."""
    spec, data = job.spec, job.data
    seed_all(job.seed)
    set_products(spec["recipe"].get("precision", "float32"))
    built = models.build(spec["model"], num_classes=data.kind.outputs, **spec["options"])
    parameters, weights = sum(p.numel() for p in built.parameters()), weights_record(built)
    return placed(built, data.x.dim(), job.device), parameters, weights


@dataclass(frozen=True)
class Ready:
    """A fold that is ready to be trained: its ``loop`` and ``selection``; the others as in :class:`FoldResult`."""

    loop: Loop
    selection: Selection
    parameters: int
    weights: dict[str, str] | None
    held: list[int]

    def result(self, epochs: int, resumed: int = 0) -> FoldResult:
        """The result after all epochs."""
        chosen, history = self.selection.choose(self.loop, epochs), self.selection.seen.history
        return FoldResult(chosen, history, self.parameters, self.loop.parts, resumed, self.weights, self.held)


def ready(
    job: FoldJob, model: nn.Module, parameters: int, weights: dict[str, str] | None, keeps_weights: bool
) -> Ready:
    """A fold of a model that is trained by gradient, before its first epoch; the first arguments are those of
    :func:`begun`. ``keeps_weights``: whether the weights of the selected epoch are wanted."""
    spec, data, y = job.spec, job.data, job.data.y.to(job.device)
    train: list[int] = job.train
    held: list[int] = []
    if spec["recipe"]["labels"] == "shuffled":
        y = shuffled(y, train, job.seed)
    if spec["selection"] == "inner":
        train, held = inner_split(data.subjects, train, job.seed)
        held = [row for row in held if not data.is_extra(row)]
    train = data.kind.drawn(data.samples, y, train, spec["recipe"], job.seed)
    loop = loop_of(model, spec, data, y, train, job.seed)
    selection = Selection(data.kind, spec["selection"], held, job.test, y)
    selection.keeps_weights = keeps_weights
    selection.keeps_held = tasks.card(data.kind.task).get("holds", False)
    return Ready(loop, selection, parameters, weights, held)


def train_epochs(
    loop: Loop, selection: Selection, epochs: int, on_epoch: Callable[[int, float], None], limits: Limits
) -> None:
    """Train the epochs that are left. After each epoch the selection looks, the progress is reported, and the state is
    kept from time to time."""
    keeper, end = limits.keeper, time.monotonic() + limits.seconds
    for epoch in range(loop.epochs_done + 1, epochs + 1):
        try:
            train_loss, agreement = loop.epoch(keeper.give_up if keeper else lambda: False)
        except Interrupted:
            raise Stopped(f"in epoch {epoch} of {epochs}") from None
        selection.look(loop, epoch, train_loss, agreement)
        on_epoch(epoch, train_loss)
        late = time.monotonic() > end
        if epoch == epochs:
            break
        if keeper and (keeper.epoch_over() or late):
            keeper.save({"loop": loop.state_dict(), "seen": selection.seen.state_dict()})
            if keeper.stopping():
                raise Stopped(f"after epoch {epoch} of {epochs}")
        if late:
            raise TimeoutError(f"the fold took longer than {limits.seconds:.0f} s; it was in epoch {epoch}")


def resume(loop: Loop, selection: Selection, keeper: Keeper | None, device: torch.device) -> int:
    """Resume from the kept state of the fold, if there is one; gives the last epoch that it had, else 0."""
    kept = keeper.load(device) if keeper else None
    if kept is None:
        return 0
    loop.load_state_dict(kept["loop"])
    selection.seen = Seen.from_state(kept["seen"])
    return loop.epochs_done


def placed(model: nn.Module, dimensions: int, device: torch.device) -> nn.Module:
    """The model on the device; with channels last in memory where its batches are pictures, and quick dropout."""
    quicker(model)
    if dimensions == 4:
        # torch's types do not know this form of Module.to
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model.to(device)


def shuffled(y: torch.Tensor, train: list[int], seed: int) -> torch.Tensor:
    """``y`` with the labels of the training rows shuffled among them."""
    y = y.clone()
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed)).to(y.device)
    y[train] = y[train][order]
    return y


def loop_of(model: nn.Module, spec: RunSpec, data: TaskData, y: torch.Tensor, train: list[int], seed: int) -> Loop:
    """The training loop of a fold. A model with cached features is trained on these."""
    groups = data.kind.together(model, data.samples)
    objective, learned = data.kind.objective(spec["recipe"], y[train]), TrainingSet(data.x, y, train, seed, groups)
    if not getattr(model, "caches", False):
        inputs = spec["inputs"].copy()
        if inputs["range"] == "any" and data.scale in ("picture", "byte"):
            inputs["range"] = "byte"  # what augmentation must know of numbers that are taken as stored
        return Loop(model, spec["recipe"], learned, objective, inputs, data.kind.forward)
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
    learned = replace(learned, x=features(model, data, y.device))
    return Loop(model, spec["recipe"], learned, objective, through=lambda one: cast(CachesFeatures, one).from_features)


@torch.no_grad()
def features(model: nn.Module, data: TaskData, device: torch.device) -> torch.Tensor:
    """The outputs of the frozen part of a model for all clips, computed once for all folds with the same weights."""
    key = digest_of_frozen(model)
    if key not in data.cache:
        cached = cast(CachesFeatures, model.eval())
        parts = evaluation_batches(list(range(len(data.y))), data.x.shape)
        data.cache[key] = torch.cat([cached.features(take(data.x, part).to(device)).cpu() for part in parts])
    return data.cache[key]


def digest_of_frozen(model: nn.Module) -> str:
    """Digest of the buffers and of the parameters that are not trained."""
    sha = hashlib.sha256()
    tensors = {n: p for n, p in model.named_parameters() if not p.requires_grad} | dict(model.named_buffers())
    for name in sorted(tensors):
        sha.update(name.encode())
        sha.update(tensors[name].detach().cpu().contiguous().numpy().tobytes())
    return sha.hexdigest()


def weights_record(model: nn.Module) -> dict[str, str] | None:
    """The origin and digest of the pretrained weights of a model or of its backbone."""
    records = (getattr(part, "weights_record", None) for part in model.modules())
    return next((r for r in records if r and r["source"] != "none"), None)


def _direct(job: FoldJob, model: nn.Module) -> Written:
    """What a model predicts for the test rows without outputs for samples."""
    data, rows = job.data, {id(sample): row for row, sample in enumerate(job.data.samples)}
    training, tested = ([data.samples[row] for row in side] for side in (job.train, job.test))
    read = lambda sample: take(data.x, [rows[id(sample)]])[0].numpy()  # noqa: E731
    return data.kind.direct(model, training, tested, read, job.seed, job.spec["training"] == "oracle")


@torch.no_grad()
def _fixed(job: FoldJob, model: nn.Module, y: torch.Tensor) -> Chosen:
    """Models without gradient descent. ``fit`` sees the training rows; the oracle, by its name, the test labels."""
    spec, data = job.spec, job.data
    centred = normalise.fitted(data.x, job.train, spec["inputs"]["center"], spec["inputs"]["channels"]) or (lambda x: x)
    if spec["training"] == "fit":
        cast(Fits, model).fit(centred(take(data.x, job.train)).to(y.device), y[job.train])
    else:
        cast(Reveals, model).reveal(y[job.test])
    objective = data.kind.objective(spec["recipe"], y[job.train])
    outputs = data.kind.forward(model.eval())(centred(take(data.x, job.test)).to(y.device))
    return Chosen(predictions(objective, outputs, "of the fitted model"), 0, model.state_dict())
