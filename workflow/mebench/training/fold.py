"""One fold: train on the other subjects, predict the held-out one. The result depends on (spec, data, seed, fold)
alone."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from mebench import models
from mebench.metrics.recognition import from_confusion
from mebench.protocols.loso import inner_split
from mebench.training.data import TaskData

EVALUATION_BATCH = 1024


class Diverged(Exception):
    """The loss is no longer a finite number."""


@dataclass
class FoldResult:
    """Class probabilities (n_test, C) of the honest selection, and of the peeked one under ``test_peek``."""

    probabilities: torch.Tensor
    history: list[dict[str, float]]
    parameters: int
    selected_epoch: int
    peeked: torch.Tensor | None = None
    peeked_epoch: int | None = None
    state: dict[str, torch.Tensor] = field(default_factory=dict)


def fold_seed(seed: int, fold: str) -> int:
    """The seed of a fold, from (seed, fold) alone: the same in any order, in any shard, alone or in a loop."""
    return int.from_bytes(hashlib.sha256(f"{seed}|{fold}".encode()).digest()[:7], "little")


def run_fold(
    spec: dict[str, Any],
    data: TaskData,
    fold: str,
    train: list[int],
    test: list[int],
    device: torch.device,
    on_epoch: Callable[[int, float], None] = lambda epoch, loss: None,
    seconds: float = math.inf,
) -> FoldResult:
    """Train and predict one fold.

    ``train`` and ``test`` are row numbers of ``data``; no row and no subject is in both. ``on_epoch(epoch, loss)``
    reports progress. Raises :class:`Diverged`, ``TimeoutError`` after ``seconds``, ``torch.OutOfMemoryError``.
    """
    seed = fold_seed(spec["seed"], fold)
    torch.manual_seed(seed)
    model = models.build(spec["model"], num_classes=len(data.classes), **spec["options"])
    parameters = sum(p.numel() for p in model.parameters())
    x, y = normalised(data.x, train, spec["inputs"]["center"]), data.y
    if x.dim() == 4:  # convolutions on the CPU and tensor cores both prefer channels last
        x, model = x.contiguous(memory_format=torch.channels_last), model.to(memory_format=torch.channels_last)
    x, y, model = settled(x, device), y.to(device), model.to(device)
    if spec["training"] != "gradient":
        return _fixed(spec["training"], model, x, y, train, test)

    recipe = spec["recipe"]
    if recipe["labels"] == "shuffled":
        y = y.clone()
        y[train] = y[train][torch.randperm(len(train), generator=torch.Generator().manual_seed(seed)).to(device)]
    held: list[int] = []
    if spec["selection"] == "inner":
        train, held = inner_split(data.subjects, train, seed)
    loop = Loop(model, recipe, x, y, train, seed)
    # what a selection may look at: nothing, subjects held out of the training subjects, or (by name) the test subject
    watched = {"last": [], "inner": held, "test_peek": test}[spec["selection"]]
    column = {"inner": "inner_uf1", "test_peek": "test_accuracy"}.get(spec["selection"])
    history, best, chosen, chosen_epoch = [], -1.0, None, recipe["epochs"]
    end = time.monotonic() + seconds
    for epoch in range(1, recipe["epochs"] + 1):
        record = {"epoch": epoch, **loop.epoch()}
        if not math.isfinite(record["train_loss"]):
            raise Diverged(f"the loss is {record['train_loss']} in epoch {epoch}")
        if watched:
            seen = predict(loop, watched)
            record[column] = _agreement(seen, y[watched], column)
            if record[column] >= best:  # ties go to the later epoch, as in the released code that does this
                best, chosen_epoch = record[column], epoch
                chosen = seen if watched is test else predict(loop, test)
        history.append(record)
        on_epoch(epoch, record["train_loss"])
        if time.monotonic() > end:
            raise TimeoutError(f"the fold took longer than {seconds:.0f} s; it was in epoch {epoch}")
    final = predict(loop, test)
    result = FoldResult(final, history, parameters, recipe["epochs"], state=model.state_dict())
    if spec["selection"] == "inner":
        result.probabilities, result.selected_epoch = chosen, chosen_epoch
    if spec["selection"] == "test_peek":
        result.peeked, result.peeked_epoch = chosen, chosen_epoch
    return result


def normalised(x: torch.Tensor, train: list[int], center: str) -> torch.Tensor:
    """``x`` minus the mean picture (C, H, W) of the training rows, or ``x`` itself. Never fitted on a test row."""
    return x - x[train].mean(dim=0) if center == "train_mean" else x


def settled(x: torch.Tensor, device: torch.device) -> torch.Tensor:
    """``x`` on the device if it takes less than half of the free memory there, else on the CPU, to be moved batch by
    batch."""
    if device.type == "cuda" and x.nbytes > torch.cuda.mem_get_info(device)[0] / 2:
        return x.pin_memory()
    return x.to(device)


class Loop:
    """A model, its optimiser and the training rows; ``epoch()`` goes through them once."""

    def __init__(
        self, model: nn.Module, recipe: dict[str, Any], x: torch.Tensor, y: torch.Tensor, train: list[int], seed: int
    ):
        self.model, self.recipe, self.x, self.y, self.device = model, recipe, x, y, y.device
        # by_class: the fixed order of a folder tree read class by class, as the ports of STSTNet and HTNet train
        rows = sorted(train, key=lambda i: (int(y[i]), i)) if recipe["order"] == "by_class" else train
        self.rows = torch.tensor(rows, device=self.device)
        self.shuffle = torch.Generator().manual_seed(seed) if recipe["order"] == "shuffled" else None
        self.optimizer = optimizer(model, recipe)
        self.precision = getattr(torch, recipe["precision"])
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.precision == torch.float16)
        self.weight = class_weights(y[self.rows], int(y.max()) + 1, recipe["class_weights"])

    def epoch(self) -> dict[str, float]:
        """One pass; mean loss and accuracy over the training clips, as seen while training."""
        self.model.train()
        rows = self.rows
        if self.shuffle is not None:
            rows = rows[torch.randperm(len(rows), generator=self.shuffle).to(rows.device)]
        loss_sum = torch.zeros((), device=self.device)
        hits = torch.zeros((), device=self.device)
        for batch in rows.split(self.recipe["batch_size"]):
            target = self.y[batch]
            self.optimizer.zero_grad(set_to_none=True)
            with self.autocast():
                logits = self.model(self.take(batch))
            loss = F.cross_entropy(logits.float(), target, weight=self.weight)
            self.scaler.scale(loss).backward()
            self.scaler.step(self.optimizer)
            self.scaler.update()
            loss_sum += loss.detach() * len(batch)
            hits += (logits.detach().argmax(dim=1) == target).sum()
        n = len(rows)
        return {"train_loss": float(loss_sum) / n, "train_accuracy": float(hits) / n}

    def take(self, rows: torch.Tensor) -> torch.Tensor:
        """The inputs of ``rows`` on the device."""
        return self.x[rows.to(self.x.device)].to(self.device, non_blocking=True)

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, dtype=self.precision, enabled=self.precision != torch.float32)


def optimizer(model: nn.Module, recipe: dict[str, Any]) -> torch.optim.Optimizer:
    """The recipe's optimiser; Adam, AdamW or SGD with momentum."""
    shared = {"lr": recipe["lr"], "weight_decay": recipe["weight_decay"]}
    if recipe["optimizer"] == "sgd":
        return torch.optim.SGD(model.parameters(), momentum=recipe["momentum"], **shared)
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[recipe["optimizer"]](model.parameters(), **shared)


def class_weights(y: torch.Tensor, classes: int, kind: str) -> torch.Tensor | None:
    """``balanced``: n / (C n_c) over the training labels, 0 for a class without a training clip; ``none``: no
    weights."""
    if kind == "none":
        return None
    counts = torch.bincount(y, minlength=classes).float()
    return torch.where(counts > 0, len(y) / ((counts > 0).sum() * counts.clamp(min=1)), 0.0)


@torch.no_grad()
def predict(loop: Loop, rows: list[int]) -> torch.Tensor:
    """Class probabilities (len(rows), C) in evaluation mode, on the CPU."""
    loop.model.eval()
    chosen = torch.tensor(rows, device=loop.device)
    with loop.autocast():
        logits = [loop.model(loop.take(part)) for part in chosen.split(EVALUATION_BATCH)]
    return torch.cat(logits).float().softmax(dim=1).cpu()


def _agreement(probabilities: torch.Tensor, truth: torch.Tensor, column: str) -> float:
    classes = probabilities.shape[1]
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    matrix.index_put_((truth.cpu(), probabilities.argmax(dim=1)), torch.tensor(1), accumulate=True)
    return from_confusion(matrix.numpy())[{"inner_uf1": "uf1", "test_accuracy": "accuracy"}[column]]


@torch.no_grad()
def _fixed(
    kind: str, model: nn.Module, x: torch.Tensor, y: torch.Tensor, train: list[int], test: list[int]
) -> FoldResult:
    """Models without gradient descent: ``fit`` sees the training rows, the oracle (by name) the test labels."""
    if kind == "fit":
        model.fit(x[train], y[train])
    else:
        model.reveal(y[test])
    return FoldResult(model.eval()(x[test]).float().softmax(dim=1).cpu(), [], 0, 0, state=model.state_dict())
