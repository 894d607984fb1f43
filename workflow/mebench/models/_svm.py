"""A linear support vector machine as the head of a model. scikit-learn fits it; PyTorch keeps and applies it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from sklearn.svm import LinearSVC
from torch import nn

ABSENT = -1e6  # score of a class that no training clip has; margins are smaller by orders of magnitude


class LinearSVM(nn.Module):
    """Features (N, values) -> margins (N, num_classes): a hyperplane for each class against all others.

    LIBLINEAR's L2-regularised squared hinge loss is solved in the primal, without random numbers: the same data give
    the same planes. Features are not scaled. A class without a training clip scores -1e6, so that it is never chosen.
    Before ``fit`` all scores are 0.
    """

    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(self, num_classes: int, values: int, C: float = 1):
        super().__init__()
        self.C = float(C)
        self.register_buffer("weight", torch.zeros(num_classes, values))
        self.register_buffer("bias", torch.zeros(num_classes))

    def fit(self, x: torch.Tensor, y: torch.Tensor) -> None:
        """Fit to training features (N, values) and classes (N,)."""
        present = y.unique()  # ascending, like scikit-learn's classes
        self.weight.zero_()
        self.bias.fill_(ABSENT)
        self.bias[present] = 0.0
        if len(present) == 1:
            return  # a constant answer; there is nothing to separate
        svc = LinearSVC(C=self.C, dual=False, max_iter=10_000)
        svc.fit(x.double().cpu().numpy(), y.cpu().numpy())
        weight, bias = torch.from_numpy(svc.coef_), torch.from_numpy(svc.intercept_)
        if len(present) == 2:  # one plane serves both
            weight, bias = torch.cat([-weight, weight]), torch.cat([-bias, bias])
        self.weight[present] = weight.to(self.weight)
        self.bias[present] = bias.to(self.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.weight, self.bias)
