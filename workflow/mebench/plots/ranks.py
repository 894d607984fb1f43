"""Average ranks of models over tasks, and which of them cannot be told apart: a critical-difference diagram."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mebench.plots import looks, style
from mebench.statistics.ranks import Ranks

STEP = 0.42  # of a label below the one before


@dataclass(frozen=True)
class Heading:
    """The title of the diagram, the ``mark`` of data that are not real, and a ``note``."""

    title: str
    mark: str
    note: str


def draw(ranks: Ranks, titles: Mapping[str, str], places: Mapping[str, int], heading: Heading) -> Figure:
    """The best rank is on the right. A bar joins models whose ranks are nearer than the critical difference (Demsar
    2006). ``titles`` are the names of models, ``places`` those among the looks."""
    count = len(ranks.models)
    bars = cliques(ranks)
    down = STEP * ((count + 1) // 2) + 0.3 * len(bars) + 0.4
    fig = style.figure(9.5, 1.6 + 0.55 * down)
    ax = fig.subplots()
    ax.set_xlim(count + 0.15, 0.85)
    ax.set_ylim(-down, 0.9)
    ax.xaxis.set_ticks_position("top")
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.spines["top"].set_visible(True)
    ax.set_yticks([])
    ax.set_xticks(range(1, count + 1))
    _critical(ax, ranks, count)
    for number, (first, last) in enumerate(bars):
        level = -0.25 - 0.3 * number
        ends = [ranks.average[first] - 0.03, ranks.average[last] + 0.03]
        ax.plot(ends, [level, level], color=style.INK, linewidth=4, solid_capstyle="butt")
    _labels(ax, ranks, titles, places, 0.3 * len(bars) + 0.35)
    style.title(fig, heading.title, heading.mark, heading.note)
    return fig


def cliques(ranks: Ranks) -> list[tuple[int, int]]:
    """The (first, last) of the longest rows of models that are nearer to each other than the critical difference."""
    found: list[tuple[int, int]] = []
    for first in range(len(ranks.models)):
        near = [k for k in range(first + 1, len(ranks.models))
                if ranks.average[k] - ranks.average[first] < ranks.critical_difference]  # fmt: skip
        if near and (not found or found[-1][1] < near[-1]):
            found.append((first, near[-1]))
    return found


def _critical(ax: Axes, ranks: Ranks, count: int) -> None:
    """The critical difference as a length above the axis."""
    width = min(ranks.critical_difference, count - 0.7)
    ax.plot([count, count - width], [0.45, 0.45], color=style.GREY, linewidth=1.5, marker="|")
    ax.annotate(f"critical difference {ranks.critical_difference:.2f}", (count, 0.55), fontsize=8, va="bottom")


def _labels(ax: Axes, ranks: Ranks, titles: Mapping[str, str], places: Mapping[str, int], top: float) -> None:
    """The better half on the right, the best one on top, the others on the left, the worst one on top."""
    count = len(ranks.models)
    half = count // 2
    for place, (model, rank) in enumerate(zip(ranks.models, ranks.average, strict=True)):
        right = place < half
        line = place if right else count - 1 - place
        y, x = -top - STEP * line, 0.85 if right else count + 0.15
        look = looks.look(places.get(model, place))
        ax.plot([rank, rank, x], [0, y, y], color=look.colour, linewidth=1.1)
        ax.plot([rank], [0], marker=look.marker, color=look.colour, clip_on=False, markersize=6)
        text = f"{titles.get(model, model)} ({rank:.2f})"
        ax.annotate(text, (x, y), xytext=(4 if right else -4, 0), textcoords="offset points", va="center",
                    ha="left" if right else "right", fontsize=8, annotation_clip=False)  # fmt: skip
