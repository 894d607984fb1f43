"""The clips that most models miss, each with its flow where the models read one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mebench.inputs import store
from mebench.plots import model_rows, style
from mebench.plots.runs import TaskRuns
from mebench.plots.samples.flow import wheel_picture

MOST = 14  # clips that are shown
SIDE = 28  # pixels of a flow picture
BESIDE = 3.2  # inches of all that stands left and right of the matrix


@dataclass(frozen=True)
class HardClip:
    """A clip: its class, the wrong class that was said most often, and the share of the seeds of each model that missed
    it, NaN where none predicted it."""

    clip: str
    truth: str
    said: str
    missed: tuple[float, ...]

    @property
    def share(self) -> float:
        return float(np.nanmean(self.missed))


def draw(task: TaskRuns) -> Figure:
    """A row for each clip, a column for each model: dark is missed by all seeds. Left of it the flow of the clip."""
    models = [model for model in task.models if not model.control]
    hard = hardest(task)
    if not hard:
        return style.message("No clip is missed by a model of this task.")
    pictures = flow_pictures(task, [one.clip for one in hard])
    names = model_rows.headings([model.record.title + ", peeked" * model.peeked for model in models])
    width = max(7.2, 3.6 + 0.5 * len(models))
    fig = style.figure(width, 0.36 * len(hard) + 2.6)
    axes = fig.subplots(1, 2, width_ratios=[0.36, width - BESIDE], squeeze=False)[0]
    _matrix(axes[1], hard, names)
    _labels(axes[0] if pictures else axes[1], hard)
    if pictures:
        _pictures(axes[0], hard, pictures)
    else:
        axes[0].set_visible(False)
    flow = "colour: direction of motion from onset to apex; " if pictures else ""
    note = f"{flow}right: share of a model's seeds that miss the clip, controls left out; {task.seeds}"
    style.title(fig, f"The hardest clips: {task.title}", task.mark, note)
    return fig


def hardest(task: TaskRuns) -> list[HardClip]:
    """The clips that are missed most, by the mean over the models; those that nobody misses are left out."""
    models = [model for model in task.models if not model.control]
    said: dict[str, Counter[str]] = {}
    truths: dict[str, str] = {}
    misses: list[dict[str, list[bool]]] = []
    for model in models:
        own: dict[str, list[bool]] = {}
        for run in model.runs:
            for row in run.predictions:
                wrong = row["prediction"] != row["truth"]
                truths[row["clip_id"]] = row["truth"]
                own.setdefault(row["clip_id"], []).append(wrong)
                if wrong:
                    said.setdefault(row["clip_id"], Counter())[row["prediction"]] += 1
        misses.append(own)
    found = [
        HardClip(clip, truths[clip], min(calls, key=lambda name: (-calls[name], name)),
                 tuple(float(np.mean(own[clip])) if clip in own else float("nan") for own in misses))
        for clip, calls in said.items()
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.share, one.clip))[:MOST]


def flow_pictures(task: TaskRuns, clips: list[str]) -> Mapping[str, np.ndarray]:
    """The flow from onset to apex of these clips, RGB (28, 28, 3), from the smallest input that is such a flow; empty
    where no model reads one."""
    small = sorted((name for name in task.samples if name.startswith("apex_flow-")), key=len)
    found: dict[str, np.ndarray] = {}
    for folder in task.samples[small[0]] if small else ():
        kept = store.load(Path(folder))
        for clip in clips:
            if clip in kept:
                u, v = _flow(kept.get(clip).astype(np.float64), kept.meta["scale"] == "picture")
                found[clip] = wheel_picture(u, v)
    return found


def _flow(x: np.ndarray, picture: bool) -> tuple[np.ndarray, np.ndarray]:
    u, v = (plane - np.median(plane) if picture else plane for plane in x[:2])
    step = max(1, len(u) // SIDE)
    return u[::step, ::step], v[::step, ::step]


def _pictures(ax: Axes, hard: list[HardClip], pictures: Mapping[str, np.ndarray]) -> None:
    """One image for all clips, because an axes for each takes ten times as long."""
    side = max(len(one) for one in pictures.values())
    strip = np.ones((len(hard) * (side + 2), side, 3))
    for place, one in enumerate(hard):
        if one.clip in pictures:
            picture, top = pictures[one.clip], place * (side + 2) + 1
            strip[top : top + len(picture), : picture.shape[1]] = picture
    ax.imshow(strip, extent=(0, 1, len(hard) - 0.5, -0.5), aspect="auto", interpolation="nearest")
    ax.set_xticks([])
    ax.spines[:].set_visible(False)


def _labels(ax: Axes, hard: list[HardClip]) -> None:
    texts = [f"{one.clip}\n{one.truth}, called {one.said}" for one in hard]
    ax.set_yticks(range(len(hard)), texts, fontsize=7)
    ax.tick_params(length=0)


def _matrix(ax: Axes, hard: list[HardClip], names: list[str]) -> None:
    values = np.array([one.missed for one in hard])
    ax.imshow(values, vmin=0, vmax=1, cmap="Greys", aspect="auto")
    for row, one in enumerate(hard):
        ax.annotate(f"{one.share:.0%}", (1.02, row), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    ax.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor", fontsize=7)
    ax.set_yticks([])
    ax.set_xticks(np.arange(len(names) + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(hard) + 1) - 0.5, minor=True)
    ax.grid(which="minor", color=style.FAINT, linewidth=0.8)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)
