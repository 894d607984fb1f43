"""The optimisers of a recipe over the parameters of several folds, which are the rows of one tensor: a step is a few
kernels, whatever the number of folds and of parameters."""

from __future__ import annotations

import torch
from torch import nn

from mebench.config.spec import Recipe
from mebench.training import optim

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8  # PyTorch's, as of a single fold


class StackedOptimizer:
    """Adam, AdamW or SGD with momentum for ``folds`` folds. Each fold counts its own steps.

    ``model`` is one of the folds' networks: its parameters in the order of a row, with the learning rates and weight
    decays of the recipe's groups.
    """

    def __init__(self, model: nn.Module, recipe: Recipe, folds: int):
        self.recipe = recipe
        rates = {id(p): (group["lr"], group["weight_decay"]) for group in optim.parameter_groups(model, recipe)
                 for p in group["params"]}  # fmt: skip
        trained = [p for p in model.parameters() if p.requires_grad]
        self.lr, self.decay = (
            torch.cat([torch.full((p.numel(),), rates[id(p)][k], dtype=p.dtype, device=p.device) for p in trained])
            for k in (0, 1)
        )
        shape = (folds, len(self.lr))
        self.first, self.second = (self.lr.new_zeros(shape) for _ in range(2))
        self.steps = self.lr.new_zeros(folds, 1)

    def step(
        self, values: torch.Tensor, gradient: torch.Tensor, active: torch.Tensor, factor: torch.Tensor
    ) -> torch.Tensor:
        """The parameters (folds, n) after a step of the folds that are ``active`` (folds,), those of the others as they
        were. ``factor`` (folds,) is that of the learning rate."""
        recipe, active = self.recipe, active[:, None]
        if recipe["clip_norm"]:
            length = gradient.norm(dim=1, keepdim=True)
            gradient = gradient * (recipe["clip_norm"] / (length + 1e-6)).clamp(max=1)
        lr = factor[:, None].to(values.dtype) * self.lr
        moved = values * (1 - lr * self.decay) if recipe["optimizer"] == "adamw" else values
        if recipe["optimizer"] != "adamw":
            gradient = gradient + self.decay * values
        steps, second = self.steps + 1, self.second
        if recipe["optimizer"] == "sgd":
            first = recipe["momentum"] * self.first + gradient
            moved = moved - lr * first
        else:
            first = self.first.lerp(gradient, 1 - BETA1)
            second = BETA2 * self.second + (1 - BETA2) * gradient.square()
            root = second.sqrt() / (1 - BETA2**steps).sqrt() + EPS
            moved = moved - lr / (1 - BETA1**steps) * first / root
        self.first, self.second = torch.where(active, first, self.first), torch.where(active, second, self.second)
        self.steps = torch.where(active, steps, self.steps)
        return torch.where(active, moved, values)

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with these folds alone."""
        self.first, self.second, self.steps = self.first[rows], self.second[rows], self.steps[rows]
