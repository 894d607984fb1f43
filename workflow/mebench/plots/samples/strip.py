"""Pictures in a row as one image, with a word above each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from mebench.plots import style
from mebench.plots.samples import rows

GAP = 0.04  # of a picture's side, white, between two pictures


def show(ax: Axes, pictures: np.ndarray, words: Sequence[str], marked: Sequence[int] = ()) -> None:
    """``pictures`` (T, H, W, 3) in 0..1 side by side in one axes; those at the indices ``marked`` get a frame."""
    count, height, width = pictures.shape[:3]
    step = width + max(1, round(GAP * width))
    canvas = np.ones((height, count * step, 3))
    for i, picture in enumerate(pictures):
        canvas[:, i * step : i * step + width] = picture
    ax.imshow(canvas[:, : count * step - (step - width)], interpolation="nearest")
    rows.bare(ax)
    ax.spines[:].set_visible(False)
    for i, word in enumerate(words):
        colour = style.VERMILLION if i in marked else style.GREY
        ax.text(i * step + width / 2 - 0.5, -0.05 * height, word, ha="center", va="bottom", fontsize=6.5, color=colour)
    for i in marked:
        x, y = i * step - 0.5, -0.5
        ax.plot([x, x + width, x + width, x, x], [y, y, y + height, y + height, y], color=style.VERMILLION, lw=1.4,
                clip_on=False)  # fmt: skip
