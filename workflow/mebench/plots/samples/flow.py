"""Samples of flow from onset to apex: u, v, strain, and motion as a colour-wheel picture with arrows."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure

from mebench.plots import style
from mebench.plots.samples.choose import Sample, Shown

PANELS = ("u", "v", "strain", "motion")
CELLS = 7  # arrows along a side


def weight(sample: Sample) -> float:
    """Mean strain; without strain, the mean length of motion."""
    x = sample.x
    return float(x[2].mean(dtype=np.float64) if len(x) == 3 else np.hypot(x[0], x[1]).mean(dtype=np.float64))


def draw(shown: Shown) -> Figure:
    """Rows are classes, and each dataset has its columns: u, v, strain where the input has it, and motion."""
    panels = [panel for panel in PANELS if panel != "strain" or len(shown.samples[0].x) == 3]
    datasets, classes = shown.datasets, shown.classes
    widths = ([1.0] * len(panels) + [0.12]) * len(datasets)  # a narrow empty column sets datasets apart
    heights = [1.0] * len(classes) + [0.8]
    fig = style.figure(max(7.2, 1.15 * sum(widths) + 0.8), 1.35 * len(classes) + 1.9)
    grid = fig.add_gridspec(len(heights), len(widths), height_ratios=heights, width_ratios=widths)
    for i, name in enumerate(classes):
        for j, dataset in enumerate(datasets):
            axes = [fig.add_subplot(grid[i, (len(panels) + 1) * j + k]) for k in range(len(panels))]
            _sample(axes, shown.chosen[dataset, name])
            if i == 0:
                for ax, panel in zip(axes, panels, strict=True):
                    ax.set_title(panel if panel != "u" else f"{dataset}\nu", fontsize=9, loc="left")
            if j == 0:
                axes[0].set_ylabel(name, fontsize=9, rotation=90)
    _wheel(fig.add_subplot(grid[-1, 0]))
    _explain(fig.add_subplot(grid[-1, 1:]), any(_pictures(sample) for sample in shown.samples), "strain" in panels)
    style.title(fig, shown.heading, shown.synthetic)
    return fig


def _pictures(sample: Sample) -> bool:
    """Published pictures: 0..255 for each channel, the true zero is lost."""
    return sample.meta["scale"] == "picture"


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
    u, v, *strain = sample.x.astype(np.float64)
    zero = (np.median(u), np.median(v)) if _pictures(sample) else (0.0, 0.0)
    u, v = u - zero[0], v - zero[1]
    reach = float(max(abs(u).max(), abs(v).max()))
    for ax, flow in zip(axes, (u, v), strict=False):
        ax.imshow(flow, cmap="RdBu_r", vmin=-reach, vmax=reach, interpolation="nearest")
    for plane in strain:
        axes[2].imshow(plane, cmap="magma", vmin=0, interpolation="nearest")
    axes[-1].imshow(wheel_picture(u, v), interpolation="nearest")
    _arrows(axes[-1], u, v, "" if _pictures(sample) else " px")
    size = "" if _pictures(sample) else f"  (u, v within ±{reach:.2g} px)"
    axes[0].set_xlabel(f"{sample.name}{size}", fontsize=6.5, loc="left", color=style.GREY)


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


def _explain(ax: Axes, pictures: bool, strain: bool) -> None:
    lines = [
        "Motion: a colour means towards its place on the rim; white is none.",
        "Arrows: mean motion of a block, the longest as long as the block.",
        "u: blue left, red right.  v: blue up, red down." + ("  strain: dark none, bright strong." if strain else ""),
    ]
    if pictures:
        lines.append("Published pictures: every channel spans 0..255, its true zero is lost; the median stands for it.")
    ax.set_axis_off()
    text = ax.text(0, 0.5, "\n".join(lines), transform=ax.transAxes, va="center", fontsize=8, color=style.INK)
    text.set_in_layout(False)  # it may run past its cell, the figure is wide enough
