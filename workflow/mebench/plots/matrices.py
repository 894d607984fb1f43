"""Matrices of counts side by side: rows are the truth, and the colour is the share of the row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from mebench.plots import style


@dataclass(frozen=True)
class Matrix:
    """``counts`` (rows, columns) of one model, and the ``title`` above them."""

    title: str
    control: bool
    counts: np.ndarray


def draw(matrices: Sequence[Matrix], rows: Sequence[str], columns: Sequence[str]) -> Figure:
    """A grid of matrices. The text in a cell is its count, and its share of the row."""
    across = min(4, len(matrices))
    down = math.ceil(len(matrices) / across)
    side = max(2.5, 0.62 * len(columns) + 0.9)
    titles = [style.wrapped(one.title, side - 0.6) for one in matrices]
    height = side + 0.18 + style.LINE * style.lines(titles)
    fig = style.figure(max(6.0, across * side + 0.9), down * height + 0.9)
    axes = fig.subplots(down, across, squeeze=False)
    for ax, one, title in zip(axes.flat, matrices, titles, strict=False):
        image = _panel(ax, one.counts)
        ax.set_title(title, color=style.GREY if one.control else style.INK)
    for k, ax in enumerate(axes.flat):
        if k >= len(matrices):
            ax.set_visible(False)
        elif k % across == 0:  # all panels have the same classes: their names stand on the outer ones
            ax.set_yticks(range(len(rows)), rows)
            ax.set_ylabel("true")
        if k < len(matrices) <= k + across:
            ax.set_xticks(range(len(columns)), columns, rotation=35, ha="right", rotation_mode="anchor")
            ax.set_xlabel("predicted")
    bar = fig.colorbar(image, ax=axes, fraction=0.03, pad=0.02, shrink=0.7 if down > 1 else 0.9)
    bar.set_label("share of the true class")
    bar.outline.set_visible(False)
    return fig


def _panel(ax: Axes, counts: np.ndarray) -> AxesImage:
    totals = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    image = ax.imshow(share, vmin=0, vmax=1, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if share[row, column] > 0.55 else style.INK
        label = f"{count}\n{share[row, column]:.0%}"
        cell = ax.text(column, row, label, ha="center", va="center", color=colour, fontsize=8, linespacing=1.1)
        cell.set_in_layout(False)  # it lies within its axes; to lay out hundreds of them takes seconds
    ax.set_xticks([])
    ax.set_yticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return image
