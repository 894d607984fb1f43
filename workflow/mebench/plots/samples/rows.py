"""The page of most sample pictures: one row for each class and dataset, one axes for each panel."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mebench.origins import MARKS
from mebench.plots import style
from mebench.plots.samples.choose import Sample, ShownSamples


def draw(
    shown: ShownSamples, show: Callable[[list[Axes], Sample], None], widths: Sequence[float], height: float, note: str
) -> Figure:
    """A page on which ``show`` draws each sample into the axes of its row. ``widths`` are those of the axes and
    ``height`` that of a row, in inches."""
    cells = [(name, dataset) for name in shown.classes for dataset in shown.datasets]
    fig = style.figure(sum(widths) + 1.4, height * len(cells) + 1.2)
    grid = fig.add_gridspec(len(cells), 1 + len(widths), width_ratios=[1.1, *widths])
    for i, (name, dataset) in enumerate(cells):
        _label(fig.add_subplot(grid[i, 0]), name if dataset == shown.datasets[0] else "", dataset)
        axes = [fig.add_subplot(grid[i, 1 + k]) for k in range(len(widths))]
        sample = shown.chosen[dataset, name]
        if sample is None:
            nothing(axes)
        else:
            show(axes, sample)
    style.title(fig, shown.heading, MARKS["synthetic"] if shown.synthetic else "", note)
    return fig


def _label(ax: Axes, name: str, dataset: str) -> None:
    ax.set_axis_off()
    _write(ax, name, 6, fontsize=9, fontweight="bold", color=style.INK)
    _write(ax, dataset, -6, fontsize=8, color=style.GREY)


def _write(ax: Axes, text: str, points: int, **font: str | int) -> None:
    """Text at the left of the panel, ``points`` above its middle."""
    written = ax.annotate(text, (0, 0.5), (0, points), xycoords="axes fraction", textcoords="offset points")
    written.set(va="center", **font)


def nothing(axes: Sequence[Axes]) -> None:
    """Empty axes that say that no clip of the class has an array."""
    for ax in axes:
        ax.set_axis_off()
    axes[0].text(0, 0.5, "none", transform=axes[0].transAxes, va="center", color=style.GREY, fontsize=8)


def bare(ax: Axes) -> None:
    """A picture's axes: a thin frame and no ticks."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(True)
    ax.spines[:].set_color(style.FAINT)


def write_name(ax: Axes, sample: Sample, more: str = "") -> None:
    """The clip's name below a panel."""
    ax.set_xlabel(sample.name + more, fontsize=6.5, loc="left", color=style.GREY, labelpad=2)
