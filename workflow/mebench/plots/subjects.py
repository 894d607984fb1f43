"""Accuracy on each subject for each model. Each dataset has its own panel, because a row of 68 is too wide."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from mebench.plots import style
from mebench.plots.runs import ModelRuns, TaskRuns

MOST = 30  # subjects side by side


def draw(task: TaskRuns) -> Figure:
    """Heat maps: a column is a subject, a row a model, the number the accuracy in %, mean over seeds."""
    clips = _clips(task)
    strips = _strips(sorted(clips))
    models = task.models
    widest = max(len(subjects) for _, subjects in strips)
    names = max(len(model.label) for model in models)
    heights = [0.34 * len(models) + 1.15] * len(strips)
    fig = style.figure(max(7.5, 0.36 * widest + 0.075 * names + 1.2), sum(heights) + 0.9)
    axes = fig.subplots(len(strips), 1, squeeze=False)[:, 0]
    accuracy = [_accuracy(model) for model in models]
    for ax, (dataset, subjects) in zip(axes, strips, strict=True):
        values = np.array([[means.get(subject, np.nan) for subject in subjects] for means in accuracy])
        image = _panel(ax, values, subjects, clips, models)
        ax.set_xlim(-0.5, widest - 0.5)  # cells of one width in every panel
        count = sum(subject.split("/")[0] == dataset for subject in clips)
        ax.set_title(f"{dataset}: {count} subjects", loc="left")
    bar = fig.colorbar(image, ax=axes, fraction=0.02, pad=0.01, aspect=30)
    bar.set_label("accuracy")
    bar.outline.set_visible(False)
    note = f"accuracy in %, mean over {task.seeds}; below each subject its number of clips; blank: fold not done"
    style.title(fig, f"Accuracy per subject: {task.title}", task.mark, note)
    return fig


def _clips(task: TaskRuns) -> dict[str, int]:
    """The number of clips of each subject, from the run that predicted most."""
    counts: dict[str, int] = {}
    for model in task.models:
        for run in model.runs:
            own: dict[str, int] = {}
            for row in run.predictions:
                own[row["subject"]] = own.get(row["subject"], 0) + 1
            for subject, count in own.items():
                counts[subject] = max(count, counts.get(subject, 0))
    return counts


def _strips(subjects: list[str]) -> list[tuple[str, list[str]]]:
    """Subjects by dataset. A large dataset has several strips of about the same length."""
    strips = []
    for dataset in dict.fromkeys(subject.split("/")[0] for subject in subjects):
        own = [subject for subject in subjects if subject.split("/")[0] == dataset]
        strips += [(dataset, part.tolist()) for part in np.array_split(own, -(-len(own) // MOST))]
    return strips


def _accuracy(model: ModelRuns) -> dict[str, float]:
    """Accuracy of each subject, 0..1: mean over the seeds that did its fold."""
    values: dict[str, list[float]] = {}
    for run in model.runs:
        hits: dict[str, list[bool]] = {}
        for row in run.predictions:
            hits.setdefault(row["subject"], []).append(row["truth"] == row["prediction"])
        for subject, right in hits.items():
            values.setdefault(subject, []).append(float(np.mean(right)))
    return {subject: float(np.mean(v)) for subject, v in values.items()}


def _panel(
    ax: Axes, values: np.ndarray, subjects: list[str], clips: dict[str, int], models: tuple[ModelRuns, ...]
) -> AxesImage:
    image = ax.imshow(values, vmin=0, vmax=1, cmap="cividis", aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            colour = "white" if value < 0.55 else style.INK
            ax.text(column, row, f"{100 * value:.0f}", ha="center", va="center", color=colour, fontsize=7)
    labels = [f"{subject.split('/', 1)[1]}\n{clips[subject]}" for subject in subjects]
    ax.set_xticks(range(len(subjects)), labels, fontsize=7)
    for label, subject in zip(ax.get_xticklabels(), subjects, strict=True):
        label.set_rotation(0 if len(subject.split("/", 1)[1]) <= 5 else 60)
    ax.set_yticks(range(len(models)), [model.label for model in models])
    for label, model in zip(ax.get_yticklabels(), models, strict=True):
        label.set_color(style.GREY if model.control else style.INK)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return image
