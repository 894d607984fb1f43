"""What plots with a row for each model share: names on the left, grey for controls, and a matrix of shares."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mebench.plots import style
from mebench.plots.runs import ModelRuns

NAME = 34  # characters of a name in one line


def name(model: ModelRuns) -> str:
    """A model's label in lines that fit beside a panel."""
    return textwrap.fill(model.label, NAME)


def height(models: Sequence[ModelRuns]) -> float:
    """Inches of the rows."""
    return sum(0.24 + 0.14 * name(model).count("\n") + 0.06 for model in models)


def label_rows(ax: Axes, models: Sequence[ModelRuns]) -> None:
    """A row of the panel for each model, the first on top."""
    ax.set_yticks(range(len(models)), [name(model) for model in models])
    for label, model in zip(ax.get_yticklabels(), models, strict=True):
        label.set_color(style.GREY if model.control else style.INK)
    ax.set_ylim(len(models) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)


def matrix(values: np.ndarray, rows: Sequence[ModelRuns], columns: Sequence[str], bar: str) -> Figure:
    """A figure with shares (rows, columns) in colours and as per cent; NaN is blank. ``bar`` names the colours."""
    longest = max(map(len, columns))
    below = 0.075 * min(longest, NAME) + 0.3
    high = max(height(rows), 0.075 * len(bar))  # the name of the colours stands beside them
    fig = style.figure(max(6.5, 3.2 + 0.52 * len(columns)), high + below + 1.1)
    ax = fig.subplots()
    image = ax.imshow(values, vmin=0, vmax=1, cmap="cividis", aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            colour = "white" if value < 0.55 else style.INK
            cell = ax.text(column, row, f"{100 * value:.0f}", ha="center", va="center", color=colour, fontsize=8)
            cell.set_in_layout(False)  # it lies within its axes
    ax.set_xticks(range(len(columns)), headings(columns))
    if longest > 10:
        for label in ax.get_xticklabels():
            label.set(rotation=40, ha="right", rotation_mode="anchor")
    label_rows(ax, rows)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    colours = fig.colorbar(image, ax=ax, fraction=0.03, pad=0.02)
    colours.set_label(bar)
    colours.outline.set_visible(False)
    return fig


def headings(texts: Sequence[str]) -> list[str]:
    """The names of columns, each on one line, which stand beside one another at an angle. Long ones lose their ends, or
    their middles where only the ends differ."""
    short = [textwrap.shorten(text, NAME, placeholder=" ...") for text in texts]
    return [_ends(text) if short.count(one) > 1 else one for text, one in zip(texts, short, strict=True)]


def _ends(text: str) -> str:
    return text if len(text) <= NAME else f"{text[: NAME // 3]} ... {text[-(2 * NAME // 3 - 5) :]}"
