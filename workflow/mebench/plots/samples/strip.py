"""Pictures in a row as one image, with a caption above each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from mebench.plots import style
from mebench.plots.samples import rows

GAP = 0.04  # of a picture's side, white, between two pictures


def step(width: int) -> int:
    """The distance of the left edges of two neighbouring pictures of ``width`` pixels."""
    return width + max(1, round(GAP * width))


def left(index: int, width: int) -> int:
    """The first column of the picture ``index`` in a strip of pictures of ``width`` pixels."""
    return index * step(width)


def show(ax: Axes, pictures: np.ndarray, captions: Sequence[str], marked: Sequence[int] = ()) -> None:
    """Show ``pictures`` (T, H, W, 3) in 0..1 side by side in one axes. Those at the indices ``marked`` get a frame."""
    count, height, width = pictures.shape[:3]
    canvas = np.ones((height, left(count - 1, width) + width, 3))
    for i, picture in enumerate(pictures):
        canvas[:, left(i, width) : left(i, width) + width] = picture
    ax.imshow(canvas, interpolation="nearest")
    rows.bare(ax)
    ax.spines[:].set_visible(False)
    for i, caption in enumerate(captions):
        colour = style.VERMILLION if i in marked else style.GREY
        ax.text(
            left(i, width) + width / 2 - 0.5,
            -0.05 * height,
            caption,
            ha="center",
            va="bottom",
            fontsize=6.5,
            color=colour,
        )
    for i in marked:
        x, y = left(i, width) - 0.5, -0.5
        ax.plot([x, x + width, x + width, x, x], [y, y, y + height, y + height, y], color=style.VERMILLION, lw=1.4,
                clip_on=False)  # fmt: skip
