"""Figures that no confusion matrix gives, by a bound that takes every class alone.

Weights ``y`` of the figures and ``w`` of the balance (as many clips are called so by mistake as are missed) make one
sum over classes. Its highest value is that of each class with the best hits and called it can have, whatever the others
have. Where that is below what the printed figures make of the sum, no matrix gives them (Lagrange's multipliers). The
weights are found by linear programming with cutting planes; what they prove is computed from all hits and called.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mebench.audit.printed import PrintedFigure

ROUNDS = 80
SURE = 1e-7  # far above what floats add wrongly


def excluded(figures: Sequence[PrintedFigure], sizes: Sequence[int]) -> bool:
    """Whether the bound proves that no matrix with classes of these ``sizes`` gives all figures. False says nothing."""
    from scipy.optimize import linprog

    shares = [_shares([one.name for one in figures], size, sizes) for size in sizes]
    low, high = (np.array([float(end) for end in ends]) for ends in zip(*((one.low, one.high) for one in figures),
                                                                        strict=True))  # fmt: skip
    count, classes = len(figures), len(sizes)
    # the variables: y of each figure, w, the highest of each class, and what is at least lost to each printed figure
    cost = np.r_[np.zeros(count + 1), np.ones(classes + count)]
    box = [(-1.0, 1.0)] * (count + 1) + [(-10.0, None)] * classes + [(None, None)] * count
    ends = [np.r_[-end * np.eye(count)[k], np.zeros(1 + classes), -np.eye(count)[k]]
            for k in range(count) for end in (low[k], high[k])]  # fmt: skip
    cuts: list[np.ndarray] = []
    for _ in range(ROUNDS):
        rows = np.array([*ends, *cuts])
        solved = linprog(cost, A_ub=rows, b_ub=np.zeros(len(rows)), bounds=box)
        if not solved.success or solved.fun > -SURE:
            return False
        weights = solved.x[: count + 1]
        best = [int((own @ weights).argmax()) for own in shares]
        reached = sum(float(own[place] @ weights) for own, place in zip(shares, best, strict=True))
        if reached + float(np.maximum(-weights[:-1] * low, -weights[:-1] * high).sum()) < -SURE:
            return True
        cuts += [np.r_[own[place], -np.eye(classes)[k], np.zeros(count)]
                 for k, (own, place) in enumerate(zip(shares, best, strict=True))]  # fmt: skip
    return False


def _shares(names: Sequence[str], size: int, sizes: Sequence[int]) -> np.ndarray:
    """What a class of ``size`` adds to each figure, and to the balance, for all its hits and called, (M, F + 1)."""
    total, classes = sum(sizes), len(sizes)
    hits, called = (grid.ravel() for grid in np.meshgrid(np.arange(size + 1), np.arange(total - size + 1),
                                                         indexing="ij"))  # fmt: skip
    f1 = 2 * hits / (size + hits + called)
    own = {"uf1": f1 / classes, "weighted_f1": f1 * size / total, "uar": hits / (size * classes),
           "accuracy": hits / total, "macro_precision": hits / np.maximum(hits + called, 1) / classes}  # fmt: skip
    return np.column_stack([*(own[name] for name in names), (called + hits - size) / total])
