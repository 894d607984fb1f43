"""Samples of ``texture_motion``: the texture as a picture, u, v and strain."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mebench.plots.samples import rows
from mebench.plots.samples.choose import Sample, ShownSamples

NOTE = "blue is left or up, red right or down; strain: bright is strong"


def weight(sample: Sample) -> float:
    """Mean strain."""
    return float(sample.x[5].mean(dtype=np.float64))


def draw(shown: ShownSamples) -> Figure:
    """Four panels for each class and dataset; six under the option ``diff``, whose texture is three pictures."""
    panels = 4 if _coloured(shown.samples[0]) else 6
    return rows.draw(shown, _show, [1.3] * panels, 1.75, NOTE)


def _coloured(sample: Sample) -> bool:
    return sample.meta.get("channels", ["texture_r"])[0] == "texture_r"


def _show(axes: list[Axes], sample: Sample) -> None:
    texture, (u, v, strain) = np.asarray(sample.x[:3], dtype=np.float64), sample.x[3:]
    if _coloured(sample):
        low, high = texture.min(), texture.max()
        picture = np.moveaxis((texture - low) / max(high - low, 1e-12), 0, -1)
        axes[0].imshow(picture, interpolation="nearest")
        titles = ["texture: apex"]
    else:
        for ax, plane in zip(axes, texture, strict=False):
            ax.imshow(plane, cmap="gray", interpolation="nearest")
        titles = ["texture: onset", "apex", "apex - onset"]
    reach = max(float(np.percentile(abs(sample.x[3:5]), 99)), 1e-12)  # a few pixels at a border may be far off
    for ax, flow in zip(axes[-3:], (u, v), strict=False):
        ax.imshow(flow, cmap="RdBu_r", vmin=-reach, vmax=reach, interpolation="nearest")
    axes[-1].imshow(
        strain, cmap="magma", vmin=0, vmax=max(float(np.percentile(strain, 99)), 1e-12), interpolation="nearest"
    )
    for ax, title in zip(axes, [*titles, "u", "v", "strain"], strict=True):
        rows.bare(ax)
        ax.set_title(title, fontsize=7.5, loc="left", pad=2)
    rows.write_name(axes[0], sample)
    axes[-3].set_xlabel(f"99 % within ±{reach:.2g} px", fontsize=6.5, loc="left", labelpad=2)
