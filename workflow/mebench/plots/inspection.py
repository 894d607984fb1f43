"""How networks order the clips that they were not trained on, and where in the picture their attention lies."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mebench.plots import style
from mebench.plots.clips import colours
from mebench.plots.looks import MARKERS
from mebench.plots.runs import ModelRuns, TaskRuns
from mebench.runs import inspected
from mebench.runs.inspected import Inspected

SIDE = 2.3  # inches of a panel


def draw(task: TaskRuns) -> Figure:
    """A row for each model with an inspection.npz: its embeddings, and for each class the mean attention."""
    shown = [(model, own) for model in task.models if (own := of_model(model))]
    if not shown:
        return style.message("No embeddings: no fold of this task was inspected; mebench inspect --run RUN makes them.")
    across = 1 + (len(task.classes) if any(own.attention is not None for _, own in shown) else 0)
    fig = style.figure(max(6.0, SIDE * across + 0.6), (SIDE + 0.5) * len(shown) + 1.2)
    axes = fig.subplots(len(shown), across, squeeze=False)
    for row, (model, own) in zip(axes, shown, strict=True):
        _embeddings(row[0], own, task.classes)
        row[0].set_title(style.wrapped(model.label, SIDE), fontsize=9)
        for ax, name in zip(row[1:], task.classes, strict=False):
            _attention(ax, own, name)
    marks = [Line2D([], [], marker=MARKERS[place % len(MARKERS)], linestyle="", color=colour, label=name)
             for place, (name, colour) in enumerate(colours(task.classes).items())]  # fmt: skip
    fig.legend(handles=marks, loc="outside lower center", ncols=4)
    note = "clips of left-out subjects: first two principal components (hollow: predicted wrong); right: mean attention"
    style.title(fig, f"Embeddings and attention: {task.title}", task.mark, note)
    return fig


def of_model(model: ModelRuns) -> Inspected | None:
    """The inspection of the first seed that has one."""
    return next((own for run in model.runs if (own := inspected.read(run.folder))), None)


def components(embedding: np.ndarray) -> np.ndarray:
    """The first two principal components (n, 2), with the sign of which the largest weight is positive."""
    centred = embedding.astype(np.float64) - embedding.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2] * np.sign(axes[:2, :][np.arange(len(axes[:2])), np.abs(axes[:2]).argmax(axis=1)])[:, None]
    found = centred @ axes.T
    return np.pad(found, ((0, 0), (0, 2 - found.shape[1])))


def _embeddings(ax: Axes, own: Inspected, classes: list[str]) -> None:
    places = components(own.embedding)
    for place, (name, colour) in enumerate(colours(classes).items()):
        for right in (True, False):
            kept = (own.truth == name) & ((own.prediction == own.truth) == right)
            ax.scatter(places[kept, 0], places[kept, 1], s=18, marker=MARKERS[place % len(MARKERS)], edgecolor=colour,
                       facecolor=colour if right else "none", linewidth=0.9)  # fmt: skip
    ax.set_xticks([])
    ax.set_yticks([])


def _attention(ax: Axes, own: Inspected, name: str) -> None:
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    kept = own.truth == name
    if own.attention is None or not kept.any():
        ax.text(
            0.5, 0.5, "no attention\nto patches", ha="center", va="center", color=style.GREY, transform=ax.transAxes
        )
        return
    ax.imshow(own.attention[kept].mean(axis=0), cmap="cividis", interpolation="nearest")
    ax.set_title(f"{name}: {kept.sum()} clips", fontsize=9)
