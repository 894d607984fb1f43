"""Samples of flow from onset to apex: u, v, strain, and motion as a colour-wheel picture with arrows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure

from mebench.origins import MARKS
from mebench.plots import style
from mebench.plots.samples import rows, strip
from mebench.plots.samples.choose import Sample, ShownSamples

PANELS = ("u", "v", "strain", "motion")
CELLS = 7  # arrows along a side


def weight(sample: Sample) -> float:
    """Mean strain; the mean length of motion where there is no strain."""
    x = sample.x
    return float(x[2].mean(dtype=np.float64) if len(x) == 3 else np.hypot(x[0], x[1]).mean(dtype=np.float64))


def draw(shown: ShownSamples) -> Figure:
    """Rows are classes, columns datasets. Each sample is one strip: u, v, strain where the input has it, and motion."""
    panels = [panel for panel in PANELS if panel != "strain" or len(shown.samples[0].x) == 3]
    datasets, classes = shown.datasets, shown.classes
    heights = [1.0] * len(classes) + [0.8]
    fig = style.figure(max(7.2, 1.25 * len(panels) * len(datasets) + 0.8), 1.35 * len(classes) + 1.9)
    grid = fig.add_gridspec(len(heights), 6 * len(datasets), height_ratios=heights)
    for i, name in enumerate(classes):
        for j, dataset in enumerate(datasets):
            ax = fig.add_subplot(grid[i, 6 * j : 6 * (j + 1)])
            _sample(ax, shown.chosen[dataset, name], panels if i == 0 else [""] * len(panels))
            if i == 0:
                ax.set_title(dataset, fontsize=9, loc="left", pad=14)
            if j == 0:
                ax.set_ylabel(name, fontsize=9, rotation=90)
    _wheel(fig.add_subplot(grid[-1, 0]))
    _explain(fig.add_subplot(grid[-1, 1:]), any(_pictures(sample) for sample in shown.samples), "strain" in panels)
    style.title(fig, shown.heading, MARKS["synthetic"] if shown.synthetic else "")
    return fig


def _pictures(sample: Sample) -> bool:
    """Published pictures: 0..255 for each channel; the true zero is not known."""
    return sample.meta["scale"] == "picture"


def _sample(ax: Axes, sample: Sample | None, panels: Sequence[str]) -> None:
    """One axes for all panels of a sample, because one for each panel takes three times as long to draw."""
    if sample is None:
        rows.bare(ax)
        ax.spines[:].set_visible(False)
        ax.text(0, 0.5, "none", transform=ax.transAxes, va="center", color=style.GREY, fontsize=8)
        return
    u, v, *strain = sample.x.astype(np.float64)
    zero = (np.median(u), np.median(v)) if _pictures(sample) else (0.0, 0.0)
    u, v = u - zero[0], v - zero[1]
    reach = float(max(abs(u).max(), abs(v).max()))
    pictures = [coloured(flow, "RdBu_r", -reach, reach) for flow in (u, v)]
    pictures += [coloured(plane, "magma", 0, float(plane.max())) for plane in strain]
    strip.show(ax, np.stack([*pictures, wheel_picture(u, v)]), panels)
    longest = _arrows(ax, u, v, strip.left(len(pictures), u.shape[1]))
    notes = [sample.name]
    if not _pictures(sample):
        notes.append(f"(u, v within ±{reach:.2g} px, longest arrow {longest:.2g} px)")
    ax.set_xlabel("  ".join(notes), fontsize=6.5, loc="left", color=style.GREY)


def coloured(plane: np.ndarray, colours: str, low: float, high: float) -> np.ndarray:
    """A plane (H, W) in the colours of a map, as RGB (H, W, 3) in 0..1; ``low`` and ``high`` are the ends of the
    map."""
    return colormaps[colours]((plane - low) / max(high - low, 1e-12))[..., :3]


def wheel_picture(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Flow u, v (H, W) -> RGB (H, W, 3) in 0..1. The hue is the direction; white is no motion, a pure colour the
    longest motion."""
    length = np.hypot(u, v)
    hue = np.mod(np.arctan2(-v, u) / (2 * np.pi), 1.0)  # image rows grow downwards: -v is up
    return hsv_to_rgb(np.stack([hue, length / max(float(length.max()), 1e-12), np.ones_like(hue)], axis=-1))


def coarse(flow: np.ndarray, cells: int = CELLS) -> np.ndarray:
    """Flow (H, W) averaged over ``cells`` x ``cells`` blocks (fewer where the picture has not as many pixels)."""
    rows, columns = (np.array_split(np.arange(n), min(cells, n)) for n in flow.shape)
    return np.array([[flow[np.ix_(row, column)].mean() for column in columns] for row in rows])


def _arrows(ax: Axes, u: np.ndarray, v: np.ndarray, left: float) -> float:
    """An arrow for the mean motion of each block; the longest arrow is as long as a block. Gives the length of that
    motion. ``left`` is where the picture begins in its strip."""
    du, dv = coarse(u), coarse(v)
    y, x = (np.array([part.mean() for part in np.array_split(np.arange(n), min(CELLS, n))]) for n in u.shape)
    longest = float(np.hypot(du, dv).max())
    if longest > 0:
        scale = longest / (u.shape[1] / du.shape[1])  # pixels of motion per pixel of the picture
        ax.quiver(x + left, y, du, dv, angles="xy", scale_units="xy", scale=scale, color=style.INK, width=0.003,
                  pivot="mid", headwidth=4, headlength=4.5, headaxislength=4, minlength=0.5)  # fmt: skip
    return longest


def _wheel(ax: Axes) -> None:
    """The key of the last panel: the meaning of its colours."""
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
