"""How a recipe trains: weight decay, learning rates, the schedule of the learning rate, the average of weights, and the
order of rows."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TypedDict, cast

import torch
from torch import nn
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from mebench.config.spec import Recipe
from mebench.errors import UserError
from mebench.training import uncompiled


class Group(TypedDict):
    """Parameters with one learning rate and one weight decay, as an optimiser takes them."""

    name: str
    params: list[nn.Parameter]
    lr: float
    weight_decay: float


class ScheduleState(TypedDict):
    """The state from which a schedule is resumed."""

    steps: int
    scheduler: dict[str, object] | None


# --- the optimiser ---------------------------------------------------------------------------------------------------


def optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimiser over :func:`parameter_groups`: Adam, AdamW, or SGD with momentum."""
    groups = [dict[str, object](group) for group in parameter_groups(model, recipe)]
    # fused: one pass over the memory of each tensor, where the plain form makes about ten. Not for SGD under float16:
    # where the scaler leaves out the first step, the fused form takes what happens to be in memory for momentum
    fused = (recipe["optimizer"], recipe["precision"]) != ("sgd", "float16")
    lr, decay = recipe["lr"], recipe["weight_decay"]
    if recipe["optimizer"] == "sgd":
        return uncompiled.SGD(groups, lr, momentum=recipe["momentum"], weight_decay=decay, fused=fused)
    kind = {"adam": uncompiled.Adam, "adamw": uncompiled.AdamW}[recipe["optimizer"]]
    return kind(groups, lr, weight_decay=decay, fused=fused)


def parameter_groups(model: nn.Module, recipe: Recipe) -> list[Group]:
    """Groups ``{name, params, lr, weight_decay}``. Each parameter with ``requires_grad`` is in exactly one group.

    Parameters keep the order of ``model.parameters()`` within a group, and groups are ordered by their first
    parameters. With ``weight_decay_on: all`` and ``layer_decay: 1`` there is one group.

    ``weight_decay_on: matrices`` leaves out biases, tensors of one dimension, and the parameters that match the model's
    ``no_decay`` patterns; ``no_biases`` leaves out the biases of convolutions and linear layers alone, so that scales
    and offsets of batch norm decay. ``layer_decay``: a parameter of ``model.layers[i]`` learns with
    lr * layer_decay ** (n - i) of n layers, all others with lr. A name in ``layers`` matches whole parts of a
    parameter's name: stages.1 does not match stages.10. A pattern or name that matches no parameter is a UserError.
    """
    names = [name for name, _ in model.named_parameters()]
    exempt = _spared(model, names, recipe["weight_decay_on"])
    layer_of, count = _layers(model, names) if recipe["layer_decay"] != 1 else ({}, 0)
    groups: dict[tuple[int, bool], Group] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        layer = layer_of.get(name, count)
        decays = name not in exempt
        group: Group = {
            "name": (f"layer {layer}" if layer < count else "rest") + ("" if decays else ", no decay"),
            "params": [],
            "lr": recipe["lr"] * recipe["layer_decay"] ** (count - layer),
            "weight_decay": recipe["weight_decay"] if decays else 0.0,
        }
        groups.setdefault((layer, decays), group)["params"].append(parameter)
    if not groups:
        raise UserError(f"the model {type(model).__name__} has nothing to train: all of its parameters are frozen")
    return list(groups.values())


def _spared(model: nn.Module, names: list[str], decayed: str) -> set[str]:
    """Names of the parameters that a value of ``weight_decay_on`` leaves out."""
    if decayed == "all":
        return set()
    return _biases(model) if decayed == "no_biases" else _no_matrices(model, names)


def _biases(model: nn.Module) -> set[str]:
    parts = model.named_modules()
    layers = [(name, part) for name, part in parts if isinstance(getattr(part, "bias", None), nn.Parameter)]
    return {f"{name}.bias".lstrip(".") for name, part in layers if getattr(part, "weight", part.bias).dim() > 1}


def _no_matrices(model: nn.Module, names: list[str]) -> set[str]:
    exempt = {name for name, p in model.named_parameters() if p.dim() < 2 or name.rpartition(".")[2] == "bias"}
    for pattern in getattr(model, "no_decay", ()):
        exempt |= _some(model, "no_decay", pattern, (name for name in names if fnmatchcase(name, pattern)))
    return exempt


def _layers(model: nn.Module, names: list[str]) -> tuple[dict[str, int], int]:
    """(the layer number of each parameter in the model's ``layers``, the number of layers)."""
    layers = getattr(model, "layers", None)
    if not layers or not isinstance(layers, list | tuple) or not all(isinstance(layer, tuple) for layer in layers):
        raise UserError(
            f"layer_decay needs a model that names its layers, but {type(model).__name__} has no list of tuples of "
            "parameter names as its attribute 'layers'; set layer_decay: 1"
        )
    layer_of: dict[str, int] = {}
    for number, layer in enumerate(layers):
        for part in layer:
            matching = (name for name in names if f"{name}.".startswith(f"{part.rstrip('.')}."))
            for name in _some(model, "layers", part, matching):
                if layer_of.setdefault(name, number) != number:
                    raise UserError(f"the parameter {name} of {type(model).__name__} is in two of its 'layers'")
    return layer_of, len(layers)


def _some(model: nn.Module, attribute: str, wanted: str, matching: Iterable[str]) -> set[str]:
    """The ``matching`` names of parameters; a UserError where there are none."""
    names = set(matching)
    if not names:
        raise UserError(f"'{wanted}' among the '{attribute}' of {type(model).__name__} fits none of its parameters")
    return names


# --- the learning rate -----------------------------------------------------------------------------------------------


class Schedule:
    """The learning rate of each optimiser step; it is constant during a step.

    Build it before the first step, which it prepares. Then call :meth:`step` once after each optimiser step, also after
    one that a gradient scaler skipped. ``steps_per_epoch`` counts optimiser steps. ``constant`` without warm-up changes
    nothing; otherwise the lr of each group is multiplied by :func:`factor`, so that groups keep their ratios.

    ``onecycle`` is that of L. Smith and N. Topin (arXiv 1708.07120) with PyTorch's defaults: along cosines, from lr /
    25 up to lr in the first 30 % of all steps, then down to lr / 250,000. SGD's momentum, or beta1 of Adam, goes from
    0.95 to 0.85 and back, whatever the recipe's momentum is.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, recipe: Recipe, steps_per_epoch: int):
        self._scheduler: lr_scheduler.LRScheduler | None = None
        self._steps = 0
        if recipe["schedule"] == "onecycle":
            peaks = [group["lr"] for group in optimizer.param_groups]
            self._scheduler = lr_scheduler.OneCycleLR(optimizer, peaks, total_steps=recipe["epochs"] * steps_per_epoch)
        elif recipe["schedule"] != "constant" or recipe["warmup_epochs"]:
            self._scheduler = lr_scheduler.LambdaLR(optimizer, lambda step: factor(step, recipe, steps_per_epoch))

    def step(self) -> None:
        """Set the learning rate of the next optimiser step."""
        self._steps += 1
        if self._scheduler is None:
            return
        with warnings.catch_warnings():
            if self._steps == 1:  # the very first step is one that float16's gradient scaler may well leave out
                warnings.filterwarnings("ignore", r"Detected call of `lr_scheduler.step\(\)`")
            self._scheduler.step()

    def state_dict(self) -> dict[str, object]:
        """The state from which this schedule is resumed, together with the optimiser's own state, which has the current
        lr."""
        return {"steps": self._steps, "scheduler": self._scheduler.state_dict() if self._scheduler else None}

    def load_state_dict(self, state: dict[str, object]) -> None:
        """Resume from :meth:`state_dict` of the same recipe. Load the optimiser's state after building this."""
        kept = cast(ScheduleState, state)
        self._steps = kept["steps"]
        if self._scheduler and kept["scheduler"] is not None:
            self._scheduler.load_state_dict(kept["scheduler"])


def factor(step: int, recipe: Recipe, steps_per_epoch: int) -> float:
    """The factor of lr in optimiser step ``step`` (counted from 0), for constant, step and cosine.

    Warm-up: linear from 0 to the full rate, which is reached at the first step after ``warmup_epochs``. Cosine: from
    there to ``min_lr`` at the last step. Step: gamma ** (epoch // step_epochs) with epochs counted from
    ``first_epoch``; from 1, epochs 1 to step_epochs - 1 have the full rate.
    """
    warmup = round(recipe["warmup_epochs"] * steps_per_epoch)
    rising = step / warmup if step < warmup else 1.0
    if recipe["schedule"] == "step":
        epoch = recipe["first_epoch"] + step // steps_per_epoch
        return rising * recipe["gamma"] ** (epoch // recipe["step_epochs"])
    if recipe["schedule"] == "cosine" and step > warmup:
        last, lowest = recipe["epochs"] * steps_per_epoch - 1, recipe["min_lr"] / recipe["lr"]
        way = min(1.0, (step - warmup) / (last - warmup)) if last > warmup else 1.0
        return lowest + (1 - lowest) * (1 + math.cos(math.pi * way)) / 2
    return rising


# --- the average of the weights --------------------------------------------------------------------------------------


class Ema:
    """Exponential moving average of a model's weights. A ``decay`` of 0 means none, and :attr:`model` is the model
    itself.

    The decay of update n (from 1) is min(decay, n / (n + 9)), so that the random start has no part in the average of a
    short training: the first update copies the weights. Buffers are copied, not averaged: batch norm has running
    averages already, and an average of whole numbers (counters, tables of indices) would be wrong.
    """

    def __init__(self, model: nn.Module, decay: float):
        self._source, self._decay = model, decay
        self._average = AveragedModel(model) if decay else None

    @property
    def model(self) -> nn.Module:
        """The module that predicts and that is saved."""
        return self._source if self._average is None else self._average.module

    def update(self) -> None:
        """Add the model's weights to the average. Call it after each optimiser step."""
        if self._average is not None:
            n = int(self._average.n_averaged) + 1
            self._average.multi_avg_fn = get_ema_multi_avg_fn(min(self._decay, n / (n + 9)))
            self._average.update_parameters(self._source)

    def state_dict(self) -> dict[str, object]:
        """Weights of the average and the number of updates; empty without an average."""
        return {} if self._average is None else self._average.state_dict()

    def load_state_dict(self, state: dict[str, object]) -> None:
        """Resume from :meth:`state_dict`."""
        if self._average is not None:
            self._average.load_state_dict(state)


# --- the order of rows -----------------------------------------------------------------------------------------------


def sampler(strata: torch.Tensor, order: str, generator: torch.Generator) -> torch.Tensor:
    """The training rows of an epoch, in order: positions int64 (n,) into the classes ``strata`` (n,) of the rows, on
    the CPU.

    ``order``: ``shuffled`` is a new order in every epoch, ``once`` one of which the caller asks once, ``by_class``
    class after class. ``balanced`` draws with replacement, each class as often as any other.
    """
    if order == "by_class":
        return strata.cpu().argsort(stable=True)
    if order in ("shuffled", "once"):
        return torch.randperm(len(strata), generator=generator)
    frequency = torch.bincount(strata.cpu()).double()
    return torch.multinomial(1 / frequency[strata.cpu()], len(strata), replacement=True, generator=generator)
