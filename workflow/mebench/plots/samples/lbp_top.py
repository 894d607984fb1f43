"""Samples of ``lbp_top``: the histograms of all blocks in three planes."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mebench.inputs.lbp_top import BLOCKS
from mebench.plots import style
from mebench.plots.samples import rows
from mebench.plots.samples.choose import Sample, ShownSamples

PLANES = ("XY", "XT", "YT")
NOTE = "a line is a block of the face, a column a code; dark is a share of 0, yellow of half the block"


def histograms(sample: Sample) -> np.ndarray:
    """(planes, blocks, codes), each histogram sums to 1."""
    return np.moveaxis(np.asarray(sample.x, dtype=np.float64).reshape(BLOCKS**2, len(PLANES), -1), 1, 0)


def weight(sample: Sample) -> float:
    """How much changes over time: the share of patterns in XT and YT that are not flat. In a flat pattern all
    neighbours are as bright."""
    return float(1 - histograms(sample)[1:, :, -2].mean())


def draw(shown: ShownSamples) -> Figure:
    """Three heat maps for each class and dataset."""
    return rows.draw(shown, _show, [2.2] * len(PLANES), 1.6, NOTE)


def _show(axes: list[Axes], sample: Sample) -> None:
    for ax, plane, values in zip(axes, PLANES, histograms(sample), strict=True):
        ax.imshow(values, cmap="viridis", vmin=0, vmax=0.5, aspect="auto", interpolation="nearest")
        rows.bare(ax)
        ax.set_title(f"{plane}: {values.shape[1]} codes", fontsize=7.5, loc="left", pad=2)
        ax.set_yticks([BLOCKS * i - 0.5 for i in range(1, BLOCKS)], [""] * (BLOCKS - 1))
    axes[0].set_ylabel(f"{BLOCKS**2} blocks", fontsize=7, color=style.GREY)
    rows.write_name(axes[0], sample)
