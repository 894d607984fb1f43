"""The training loop: batches, loss, gradient steps. The recipe says what it does. The parts in which a batch is
computed for lack of memory do not belong to the definition of the result, and are recorded."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import cast

import numpy as np
import torch
from torch import nn

from mebench.config.spec import ModelInputs, Recipe
from mebench.tasks import Objective
from mebench.training import augment, normalise, optim
from mebench.training.batches import OnDisk, ahead, settled, take
from mebench.training.hooks import OwnLoss, SeesClips
from mebench.training.limits import Diverged, LoopState, RandomState

# of features, which are neither augmented nor centred
NO_INPUTS: ModelInputs = {"kind": "", "size": None, "channels": [], "range": "any", "center": "none"}
Forward = Callable[[torch.Tensor], torch.Tensor]
NumpyState = tuple[str, np.ndarray, int, int, float]
EVALUATION_NUMBERS, EVALUATION_BATCH = 2**24, 1024  # numbers of input, and clips, that are predicted together


class Interrupted(Exception):
    """The job was asked to stop in the middle of an epoch."""


@dataclass(frozen=True)
class TrainingSet:
    """What a loop learns from: all samples ``x`` (N, ...), their targets ``y`` (N, ...), and the training rows
    ``train``. Everything is fitted on these rows alone. ``seed`` is that of the fold. ``groups``, where there are any,
    name those of all samples that are predicted together."""

    x: torch.Tensor | OnDisk
    y: torch.Tensor
    train: Sequence[int]
    seed: int
    groups: Sequence[str] | None = None


class Loop:
    """A model, its optimiser and the training rows; ``epoch()`` passes through them once.

    ``objective`` has the loss and reads the outputs. ``inputs`` is that of the card: channels, range and center decide
    augmentation and normalisation. ``through`` gives what makes outputs of a batch from a model: the model itself, or
    one of its methods.
    """

    def __init__(
        self, model: nn.Module, recipe: Recipe, learned: TrainingSet, objective: Objective,
        inputs: ModelInputs | None = None, through: Callable[[nn.Module], Forward] = lambda model: model,
    ):  # fmt: skip
        self.model, self.recipe, self.objective = model, recipe, objective
        self.y, self.device, self.seed = learned.y, learned.y.device, learned.seed
        self.through, self.forward, self.inputs = through, through(model), inputs or NO_INPUTS
        self.groups = learned.groups
        self.rows = torch.tensor(learned.train, device=self.device)
        self.shuffle = torch.Generator().manual_seed(learned.seed)
        self.augment = augment.parse(recipe["augment"])
        if self.augment is not None:
            self.augment.check(self.inputs["channels"], self.inputs["range"], self.inputs["kind"])
        self.normalise = normalise.fitted(learned.x, learned.train, self.inputs["center"], self.inputs["channels"])
        self.x = self._prepared(learned.x)
        self.optimizer = optim.optimizer(model, recipe)
        self.schedule = optim.Schedule(self.optimizer, recipe, max(1, len(self._batches(self.rows))))
        self.ema = optim.Ema(model, recipe["ema"])
        self.precision = torch.float32 if recipe["precision"] == "tf32" else getattr(torch, recipe["precision"])
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.precision == torch.float16)
        self.asked = True  # whether the loss asks the criterion, which weighs the samples
        self.buffers = [buffer for _, buffer in model.named_buffers()]
        self.before = [buffer.clone() for buffer in self.buffers]  # as they were before a step
        self.parts = recipe["accumulate"]  # a batch is computed in so many parts; more where memory is short
        self.epochs_done = 0
        self.settled = -1  # the epoch after which the statistics of batch norm were taken anew
        if recipe["batch_norm"] == "training_set":
            normalise.check_batch_norm(model, learned.groups is not None)
        if hasattr(model, "see_clips"):
            parts = evaluation_batches(list(learned.train), self.x.shape)
            cast(SeesClips, model).see_clips((self.ready(take(self.x, part), None), self.y[part]) for part in parts)

    def _prepared(self, x: torch.Tensor | OnDisk) -> torch.Tensor | OnDisk:
        """All clips, on the device if they fit there. They are normalised once, if nothing changes them later."""
        if isinstance(x, torch.Tensor):
            if self.normalise is not None and self.augment is None:
                x, self.normalise = self.normalise(x), None
            if x.dim() == 4:  # convolutions on the CPU and tensor cores both prefer channels last
                x = x.contiguous(memory_format=torch.channels_last)
        return settled(x, self.device)

    def _order(self) -> torch.Tensor:
        """Positions in the training rows, in the order of this epoch."""
        y, order = self.y[self.rows].cpu(), self.recipe["order"]
        strata = y if order in ("shuffled", "once") else self.objective.strata(y)
        if order == "once":
            self.shuffle.manual_seed(self.seed)
        return optim.sampler(strata, order, self.shuffle)

    def begin_epoch(self) -> tuple[list[torch.Tensor], torch.Generator]:
        """The rows of each batch of the epoch that begins, and the random stream of its augmentation."""
        self.model.train()
        order = self._order()
        batches = self._batches(self.rows[order.to(self.device)])
        # a stream of its own: not that of the order of clips, which begins at the seed itself
        return batches, torch.Generator().manual_seed(self.seed + 1 + self.epochs_done)

    def epoch(self, give_up: Callable[[], bool] = lambda: False) -> tuple[float, float]:
        """One epoch; (mean loss, agreement) over the training samples, as seen during training. Raises
        :class:`Diverged`, and :class:`Interrupted` where ``give_up()`` is true between two steps."""
        batches, chance = self.begin_epoch()
        losses, hits, n = [], torch.zeros((), device=self.device), sum(map(len, batches))
        for batch, x in zip(batches, self.read(batches), strict=True):
            if give_up():
                raise Interrupted
            x, target = self.ready(x, chance), self.y[batch]
            loss, outputs = self.step(x, target)
            losses.append(loss * len(batch))
            hits += self.objective.agreement(outputs, target)
        self.epochs_done += 1
        self.check(torch.stack(losses))
        loss_sum = torch.zeros((), device=self.device)
        for loss in losses:
            loss_sum += loss
        return float(loss_sum) / n, float(hits) / n

    def weights(self) -> dict[str, torch.Tensor]:
        """The weights that predict: the averaged ones where the recipe averages them."""
        return self.ema.model.state_dict()

    def state_dict(self) -> LoopState:
        """All that the following epochs depend on."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "scaler": self.scaler.state_dict(),
            "ema": self.ema.state_dict(),
            "shuffle": self.shuffle.get_state(),
            "chance": random_state(self.device),
            "parts": self.parts,
            "epochs_done": self.epochs_done,
        }

    def load_state_dict(self, state: LoopState) -> None:
        """Resume from a :meth:`state_dict` of the same fold."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.scaler.load_state_dict(state["scaler"])
        self.ema.load_state_dict(state["ema"])
        self.shuffle.set_state(state["shuffle"].cpu())
        set_random_state(self.device, state["chance"])
        self.parts, self.epochs_done = state["parts"], state["epochs_done"]

    def _batches(self, rows: torch.Tensor) -> list[torch.Tensor]:
        batches = list(rows.split(self.recipe["batch_size"]))
        if self.recipe["last_batch"] == "drop" and len(batches) > 1 and len(batches[-1]) < len(batches[0]):
            batches.pop()
        return batches

    def read(self, batches: list[torch.Tensor]) -> Iterator[torch.Tensor]:
        """The clips of each batch. From disk, the next batch is read in advance."""
        if isinstance(self.x, OnDisk):
            lists, source = [batch.tolist() for batch in batches], self.x
            return ahead(lists, lambda rows: source.take(rows, draw=(self.seed, self.epochs_done)))
        clips = self.x
        return (clips[batch.to(clips.device)] for batch in batches)

    def ready(self, x: torch.Tensor, chance: torch.Generator | None) -> torch.Tensor:
        """Clips on the device: augmented, if ``chance`` is given, then normalised."""
        x = x.to(self.device, non_blocking=True)
        if self.augment is not None and chance is not None:
            x = self.augment(x, self.inputs["channels"], self.inputs["range"], chance)
        if self.normalise is not None:
            x = self.normalise(x)
        return x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x

    def step(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """One step of the optimiser on a batch; (loss, outputs) without gradient.

        Where memory runs out, the batch is split into more parts whose gradients are added, and the step begins again.
        The effective batch is the same, but batch statistics and losses between clips see one part at a time.
        """
        state = random_state(self.device)
        self._copy(self.buffers, self.before)
        while True:
            try:
                loss, outputs = self._gradient(x, y)
                break
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                if not out_of_memory(error) or self.parts >= len(x):
                    raise
                self.parts *= 2
            self.optimizer.zero_grad(set_to_none=True)
            set_random_state(self.device, state)
            self._copy(self.before, self.buffers)  # the parts that were computed have moved batch statistics
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
        if self.recipe["clip_norm"]:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe["clip_norm"])
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.schedule.step()
        self.ema.update()
        return loss, outputs

    @staticmethod
    @torch.no_grad()
    def _copy(these: list[torch.Tensor], there: list[torch.Tensor]) -> None:
        if these:
            torch._foreach_copy_(there, these)

    def _gradient(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Gradients of the batch's mean loss, computed in as many parts as memory needs."""
        self.optimizer.zero_grad(set_to_none=True)
        size = math.ceil(len(x) / min(self.parts, len(x)))
        total, outputs = torch.zeros((), device=self.device), []
        for part, target in zip(x.split(size), y.split(size), strict=True):
            with self.autocast():
                loss, part_outputs = self._loss(part, target)
            if len(part) < len(x):
                loss = loss * (self._mass(target) / self._mass(y))
            self.scaler.scale(loss).backward()
            total += loss.detach()
            outputs.append(part_outputs.detach())
        return total, torch.cat(outputs)

    def _loss(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        self.asked = False
        if hasattr(self.model, "training_loss"):
            return cast(OwnLoss, self.model).training_loss(x, y, self.criterion)
        outputs = self.forward(x)
        return self.criterion(outputs, y), outputs

    def criterion(self, outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """The objective's loss, a scalar."""
        self.asked = True
        return self.objective.loss(outputs, y)

    def _mass(self, y: torch.Tensor) -> torch.Tensor | int:
        """The divisor of the mean loss. A model with its own loss, which does not use the criterion, has no weights of
        samples."""
        return self.objective.mass(y) if self.asked else len(y)

    def check(self, losses: torch.Tensor) -> None:
        """Raise where the loss is not a finite number. It is checked at the end of the epoch, so that the GPU need not
        wait in each step."""
        bad = (~torch.isfinite(losses)).nonzero()
        if len(bad):
            at = int(bad[0])
            where = f"epoch {self.epochs_done}, step {at + 1} of {len(losses)}"
            raise Diverged(f"the loss is {float(losses[at])} in {where}; try a lower lr or clip_norm: 1.0")

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, dtype=self.precision, enabled=self.precision != torch.float32)

    @torch.no_grad()
    def predict(self, rows: list[int]) -> torch.Tensor:
        """Predictions (len(rows), ...) in evaluation mode, on the CPU; with averaged weights where the recipe averages
        them."""
        model = self.ema.model.eval()
        if self.recipe["batch_norm"] == "training_set" and self.settled != self.epochs_done:
            normalise.settle(model, lambda: self._outputs(model, self.rows.tolist()))
            self.settled = self.epochs_done
        return predictions(self.objective, torch.cat(self._outputs(model, rows)), f"after epoch {self.epochs_done}")

    def _outputs(self, model: nn.Module, rows: list[int]) -> list[torch.Tensor]:
        """What the model makes of rows, in parts that fit into memory."""
        forward = self.through(model)
        outputs = []
        for part in evaluation_batches(rows, self.x.shape, self.groups):
            with self.autocast():
                outputs.append(forward(self.ready(take(self.x, part), None)))
        return outputs


def predictions(objective: Objective, outputs: torch.Tensor, when: str) -> torch.Tensor:
    """Predictions (n, ...) on the CPU. :class:`Diverged` where one is not a number: otherwise the first class would
    always win."""
    predicted = objective.predictions(outputs).cpu()
    if not torch.isfinite(predicted).all():
        raise Diverged(f"the predictions {when} are not numbers; try a lower lr or clip_norm: 1.0")
    return predicted


def evaluation_batches(
    rows: list[int], shape: Sequence[int], groups: Sequence[str] | None = None
) -> list[list[int]]:  # fmt: skip
    """``rows`` in parts that fit into memory; ``shape`` is that of all clips (N, ...). With ``groups``, of all clips,
    neighbours of one group are a part."""
    if groups is not None:
        return [list(own) for _, own in groupby(rows, key=groups.__getitem__)]
    size = max(1, min(EVALUATION_BATCH, EVALUATION_NUMBERS // math.prod(shape[1:])))
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, on a GPU or on the CPU."""
    # of the CPU, of cuBLAS and cuDNN
    messages = ("not enough memory", "can't allocate memory", "STATUS_ALLOC_FAILED")
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(text in str(error) for text in messages)


def random_state(device: torch.device) -> RandomState:
    """The states of the global random streams that a model may use."""
    # with legacy=True it is always this tuple
    kind, numbers, position, has_gauss, gauss = cast(NumpyState, np.random.get_state(legacy=True))
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
        "numpy": (kind, numbers.tolist(), position, has_gauss, gauss),
        "python": random.getstate(),
    }


def set_random_state(device: torch.device, state: RandomState) -> None:
    """Restore the random streams."""
    torch.set_rng_state(state["torch"].cpu())
    if state["cuda"] is not None:
        torch.cuda.set_rng_state(state["cuda"].cpu(), device)
    kind, numbers, position, has_gauss, gauss = state["numpy"]
    np.random.set_state((kind, np.array(numbers, dtype=np.uint32), position, has_gauss, gauss))
    random.setstate(state["python"])


def set_products(precision: str) -> None:
    """Let a GPU compute products of float32 with 10 bits of fraction (``tf32``) or with all 23, for matrices,
    convolutions and recurrent layers. PyTorch's own default is 10 in cuDNN and 23 elsewhere."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"


def seed_all(seed: int) -> None:
    """Seed all global random streams."""
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)
