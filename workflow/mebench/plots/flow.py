"""Samples of what models eat: horizontal and vertical flow, strain, and flow as a colour-wheel picture with arrows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure

from mebench.errors import UserError
from mebench.files import read_csv
from mebench.inputs import store
from mebench.plots import style
from mebench.protocols.samples import samples
from mebench.protocols.tasks import task as definition_of

PANELS = ("u", "v", "strain", "motion")
CELLS = 7  # arrows along a side


@dataclass(frozen=True)
class Sample:
    """One clip to show: ``x`` is (3, S, S) float64, channels u, v, strain."""

    clip: str
    x: np.ndarray
    pictures: bool  # published pictures: 0..255 for each channel, the true zero is lost


def draw(inputs: Sequence[str | os.PathLike], clips: Sequence[str | os.PathLike], task: str | None = None) -> Figure:
    """One clip per class and dataset, the typical one: of median strain among its class.

    ``inputs`` are apex_flow stores, ``clips`` the clips.csv of the same datasets. With ``task`` the
    rows are its classes, else the emotions of the datasets.
    """
    stores = [store.load(Path(folder)) for folder in inputs]
    rows = _labelled(clips, task)
    datasets = sorted({row["dataset"] for row in rows})
    classes = definition_of(task)["classes"] if task else sorted({row["label"] for row in rows})
    chosen = {(d, c): _typical(d, c, rows, stores) for d in datasets for c in classes}
    classes = [c for c in classes if any(chosen[d, c] for d in datasets)]

    widths = ([1.0] * len(PANELS) + [0.12]) * len(datasets)  # a narrow empty column sets datasets apart
    heights = [1.0] * len(classes) + [0.8]
    fig = style.figure(max(7.2, 1.15 * sum(widths) + 0.8), 1.35 * len(classes) + 1.9)
    grid = fig.add_gridspec(len(heights), len(widths), height_ratios=heights, width_ratios=widths)
    for i, name in enumerate(classes):
        for j, dataset in enumerate(datasets):
            axes = [fig.add_subplot(grid[i, (len(PANELS) + 1) * j + k]) for k in range(len(PANELS))]
            _sample(axes, chosen[dataset, name])
            if i == 0:
                for ax, panel in zip(axes, PANELS, strict=True):
                    ax.set_title(panel if panel != "u" else f"{dataset}\nu", fontsize=9, loc="left")
            if j == 0:
                axes[0].set_ylabel(name, fontsize=9, rotation=90)
    _wheel(fig.add_subplot(grid[-1, 0]))
    _explain(fig.add_subplot(grid[-1, 1:]), any(s.pictures for s in chosen.values() if s))
    title = definition_of(task)["title"] if task else ", ".join(datasets)
    style.title(fig, f"Flow from onset to apex: {title}", any(s.meta.get("origin") == "synthetic" for s in stores))
    return fig


def _labelled(clips: Sequence[str | os.PathLike], task: str | None) -> list[dict[str, str]]:
    rows = [row for path in clips for row in read_csv(path, ("clip_id", "dataset", "subject", "emotion"))]
    if not rows:
        raise UserError(f"{clips[0]} lists no clips; run `mebench index` again")
    if task:
        return samples(definition_of(task), rows)
    return [row | {"label": row["emotion"]} for row in rows]


def _typical(dataset: str, name: str, rows: list[dict[str, str]], stores: list[store.Store]) -> Sample | None:
    """The clip whose mean strain is the median of its class; None where a dataset has no such class."""
    place = {clip: kept for kept in stores for clip in kept.index}
    ids = sorted(row["clip_id"] for row in rows if row["dataset"] == dataset and row["label"] == name)
    for clip in ids:
        if clip not in place:
            raise UserError(f"the inputs hold no clip {clip}; they are of an older index, run `mebench inputs` again")
    arrays = {clip: place[clip].get(clip) for clip in ids if clip in place[clip]}
    if not arrays:
        return None
    order = sorted(arrays, key=lambda clip: (float(arrays[clip][2].mean(dtype=np.float64)), clip))
    clip = order[len(order) // 2]
    return Sample(clip, arrays[clip].astype(np.float64), place[clip].meta["scale"] == "picture")


def _sample(axes: list[Axes], sample: Sample | None) -> None:
    for ax in axes:
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_box_aspect(1)
        ax.spines[:].set_visible(sample is not None)
        ax.spines[:].set_color(style.FAINT)
    if sample is None:
        axes[0].text(0, 0.5, "none", transform=axes[0].transAxes, va="center", color=style.GREY, fontsize=8)
        return
    u, v, strain = sample.x
    zero = (np.median(u), np.median(v)) if sample.pictures else (0.0, 0.0)
    u, v = u - zero[0], v - zero[1]
    reach = float(max(abs(u).max(), abs(v).max()))
    for ax, flow in zip(axes, (u, v), strict=False):
        ax.imshow(flow, cmap="RdBu_r", vmin=-reach, vmax=reach, interpolation="nearest")
    axes[2].imshow(strain, cmap="magma", vmin=0, interpolation="nearest")
    axes[3].imshow(wheel_picture(u, v), interpolation="nearest")
    _arrows(axes[3], u, v, "" if sample.pictures else " px")
    size = "" if sample.pictures else f"  (u, v within ±{reach:.2g} px)"
    axes[0].set_xlabel(f"{sample.clip}{size}", fontsize=6.5, loc="left", color=style.GREY)


def wheel_picture(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Flow u, v (H, W) -> RGB (H, W, 3) in 0..1: hue is direction, white no motion, pure the longest."""
    length = np.hypot(u, v)
    hue = np.mod(np.arctan2(-v, u) / (2 * np.pi), 1.0)  # image rows grow downwards: -v is up
    return hsv_to_rgb(np.stack([hue, length / max(float(length.max()), 1e-12), np.ones_like(hue)], axis=-1))


def coarse(flow: np.ndarray, cells: int = CELLS) -> np.ndarray:
    """Flow (H, W) averaged over ``cells`` x ``cells`` blocks (fewer where the picture has not as many pixels)."""
    rows, columns = (np.array_split(np.arange(n), min(cells, n)) for n in flow.shape)
    return np.array([[flow[np.ix_(row, column)].mean() for column in columns] for row in rows])


def _arrows(ax: Axes, u: np.ndarray, v: np.ndarray, unit: str) -> None:
    """An arrow for the mean motion of each block, the longest as long as a block; below, how far that is."""
    du, dv = coarse(u), coarse(v)
    y, x = (np.array([part.mean() for part in np.array_split(np.arange(n), min(CELLS, n))]) for n in u.shape)
    longest = float(np.hypot(du, dv).max())
    if longest > 0:
        scale = longest / (u.shape[1] / du.shape[1])  # pixels of motion per pixel of the picture
        ax.quiver(x, y, du, dv, angles="xy", scale_units="xy", scale=scale, color=style.INK, width=0.012, pivot="mid",
                  headwidth=4, headlength=4.5, headaxislength=4, minlength=0.5)  # fmt: skip
    ax.set_xlabel(f"longest arrow {longest:.2g}{unit}" if unit else "", fontsize=6.5, loc="right", color=style.GREY)


def _wheel(ax: Axes) -> None:
    """The key: what a colour of the last panel means."""
    y, x = np.mgrid[-1:1:101j, -1:1:101j]
    inside = np.hypot(x, y) <= 1
    picture = wheel_picture(np.where(inside, x, 0), np.where(inside, y, 0))
    ax.imshow(np.dstack([picture, inside]))
    ax.set_axis_off()


def _explain(ax: Axes, pictures: bool) -> None:
    lines = [
        "Key to motion: a colour means motion towards its place on the rim; white is no motion.",
        "Arrows: mean motion of a block, the longest as long as the block.",
        "u: blue left, red right.  v: blue up, red down.  strain: dark none, bright strong.",
    ]
    if pictures:
        lines.append("Published pictures: every channel spans 0..255, its true zero is lost; the median stands for it.")
    ax.set_axis_off()
    text = ax.text(0, 0.5, "\n".join(lines), transform=ax.transAxes, va="center", fontsize=8, color=style.INK)
    text.set_in_layout(False)  # it may run past its cell, the figure is wide enough
