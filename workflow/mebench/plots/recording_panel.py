"""One recording as a panel: the smoothed score with its threshold, labels and predicted intervals, and the emotions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from mebench.metrics.intervals import Interval
from mebench.plots import style
from mebench.plots.looks import Look
from mebench.plots.spotted import Outcome, Scored, total
from mebench.spotting.curve import smooth, threshold
from mebench.spotting.emotion import frame_classes

FOUND, MISSED = "#c9d0d8", "#eef1f4"  # bands of labels
ROW = 0.13  # inches of the line of an emotion
CURVE = 0.85  # inches of the curve
NO_CLASS = "no class"


def height(shown: Sequence[Scored], classes: Sequence[str]) -> float:
    """Inches of a panel of the tallest of these recordings."""
    return max((CURVE if one.spotted.track else 0.0) + ROW * len(rows(one.outcome, classes)) for one in shown)


def rows(outcome: Outcome, classes: Sequence[str]) -> list[str]:
    """The emotions that have a line: the classes, and what else a label or a prediction is called."""
    named = {one.emotion or NO_CLASS for one in (*outcome.labels, *outcome.found)}
    return [*classes, *sorted(named - set(classes))]


def draw(ax: Axes, shown: Scored, classes: Sequence[str], look: Look, title: str) -> None:
    """Above the curve, below it a line for each emotion: its labels, predictions, and the frames that show it most."""
    outcome, names = shown.outcome, rows(shown.outcome, classes)
    low, high = _curve(ax, shown, look)
    line = (high - low) * ROW / CURVE if high > low else 1.0
    places = {name: low - (number + 1) * line for number, name in enumerate(names)}
    for label in outcome.labels:
        missed = label in outcome.misses
        face, hatch = (MISSED, "////") if missed else (FOUND, None)
        for y, tall, edge in ((places[label.emotion or NO_CLASS], line, 0.4), (low, high - low, 0.0)):
            ax.add_patch(Rectangle((label.onset, y), label.length, tall, linewidth=edge, zorder=1, facecolor=face,
                                   edgecolor=style.GREY, hatch=hatch))  # fmt: skip
    _bars(ax, outcome.hits, places, line, look.colour, look.colour)
    _bars(ax, outcome.false_alarms, places, line, "white", look.colour)
    _frames(ax, shown, places, line)
    _axes(ax, outcome, places, low, high)
    ax.set_title(title, loc="left", fontsize=8)


def _curve(ax: Axes, shown: Scored, look: Look) -> tuple[float, float]:
    """Draws the smoothed score and its threshold; gives the ends of the axis, both 0 without scores. A dip far below
    the mean, as at the ends of a recording, is cut."""
    if shown.spotted.track is None:
        return 0.0, 0.0
    curve = smooth(shown.spotted.track.scores, shown.decoder.half_width, shown.decoder.edges)
    if not len(curve.values):
        return 0.0, 1.0
    pace, values = shown.outcome.pace, curve.values
    frames = pace.first + (curve.first + np.arange(len(values))) * pace.step
    ax.axhline(threshold(values, shown.decoder.threshold), color=style.INK, linewidth=0.8, linestyle="--", zorder=2)
    mean, most = float(values.mean()), float(values.max())
    low = max(float(values.min()), mean - 1.5 * (most - mean))
    ax.plot(frames, np.where(values < low, np.nan, values), color=look.colour, linewidth=1.0, zorder=3)
    return low, most + 0.08 * max(most - low, 1e-6)


def _bars(ax: Axes, intervals: Sequence[Interval], places: dict[str, float], line: float, face: str, edge: str) -> None:
    for one in intervals:
        corner = (one.onset, places[one.emotion or NO_CLASS] + 0.4 * line)
        ax.add_patch(Rectangle(corner, one.length, 0.4 * line, facecolor=face, edgecolor=edge, linewidth=0.9, zorder=4))


def _frames(ax: Axes, shown: Scored, places: dict[str, float], line: float) -> None:
    """A thin line where the logits of an emotion are the highest, under the synergy of the decoder."""
    track = shown.spotted.track
    if track is None or track.logits is None:
        return
    named = np.array(track.classes)[frame_classes(track.logits, track.classes, shown.decoder.synergy)]
    frames = track.first + np.arange(len(named)) * track.step
    edges = np.flatnonzero(np.concatenate([[True], named[1:] != named[:-1], [True]]))
    runs = [(start, end) for start, end in pairwise(edges) if named[start] in places]
    heights = [places[str(named[start])] + 0.18 * line for start, _ in runs]
    ax.hlines(heights, [frames[start] for start, _ in runs], [frames[end - 1] + track.step for _, end in runs],
              colors=style.INK, linewidths=1.1, zorder=5)  # fmt: skip


def _axes(ax: Axes, outcome: Outcome, places: dict[str, float], low: float, high: float) -> None:
    pace, line = outcome.pace, low - next(iter(places.values()))
    ax.set_xlim(pace.first, pace.first + pace.frames)
    ax.set_ylim(low - len(places) * line, high)
    above = [low + share * (high - low) for share in (0.3, 0.9) if high > low]
    ax.set_yticks([*(y + line / 2 for y in places.values()), *above],
                  [*places, *(f"{tick:.3g}" for tick in above)], fontsize=6.5)  # fmt: skip
    ax.tick_params(axis="x", labelsize=7)
    ax.tick_params(axis="y", length=0)
    ax.axhline(low, color="#8a94a0", linewidth=0.6)


def legend() -> list[Line2D | Patch]:
    """What the marks mean."""
    return [
        Line2D([], [], color=style.BLUE, linewidth=1.2, label="smoothed score"),
        Line2D([], [], color=style.INK, linewidth=0.8, linestyle="--", label="threshold"),
        Patch(facecolor=FOUND, edgecolor=style.GREY, linewidth=0.4, label="label, found"),
        Patch(facecolor=MISSED, edgecolor=style.GREY, linewidth=0.4, hatch="////", label="label, missed"),
        Patch(facecolor=style.BLUE, edgecolor=style.BLUE, label="true positive"),
        Patch(facecolor="white", edgecolor=style.BLUE, label="false alarm"),
        Line2D([], [], color=style.INK, linewidth=1.4, label="emotion of a frame"),
    ]


def counts(outcome: Outcome) -> str:
    """``2 found, 1 missed, 3 false alarms``"""
    hits, misses, alarms = total([outcome])
    return f"{hits} found, {misses} missed, {alarms} false alarm{'' if alarms == 1 else 's'}"
