"""Samples of ``pair_flow``: eyes and mouth while an expression rises."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mebench.plots.samples import rows
from mebench.plots.samples.choose import Sample, ShownSamples
from mebench.plots.samples.roi_flow import position

NOTE = "eyes above, mouth below; blue is least, red most of the face; strain: bright is strong"


def weight(sample: Sample) -> float:
    """Mean strain of the pair that is shown."""
    return float(sample.x[pair(sample), 2].mean(dtype=np.float64))


def draw(shown: ShownSamples) -> Figure:
    """Three panels for each class and dataset."""
    return rows.draw(shown, _show, [1.5] * 3, 1.9, NOTE)


def pair(sample: Sample) -> int:
    """The position halfway from onset to apex; the first one where no apex is labelled."""
    onset, apex = position(sample, "onset"), position(sample, "apex")
    if apex is None:
        return 0
    middle = apex if onset is None else (onset + apex) / 2
    return min(max(0, round(middle)), len(sample.x) - 1)


def _show(axes: list[Axes], sample: Sample) -> None:
    at = pair(sample)
    for ax, plane, title, colours in zip(axes, sample.x[at], ("u", "v", "strain"), ("RdBu_r", "RdBu_r", "magma"),
                                         strict=True):  # fmt: skip
        ax.imshow(plane, cmap=colours, vmin=0, vmax=255, interpolation="nearest")
        ax.axhline(plane.shape[0] // 2 - 0.5, color="white", lw=0.8)
        rows.bare(ax)
        ax.set_title(title, fontsize=7.5, loc="left", pad=2)
    rows.write_name(axes[0], sample, f"  (position {at} of {len(sample.x)})")
