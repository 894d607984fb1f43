"""The scores of one recording: the curve, its threshold, and the intervals that follow with their emotions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from mebench.metrics.intervals import Interval
from mebench.origins import MARKS
from mebench.plots import style
from mebench.spotting.curve import smooth, threshold
from mebench.spotting.decoder import Decoder, Track
from mebench.spotting.emotion import NEUTRAL, frame_classes

COLOURS = (style.BLUE, style.VERMILLION, style.GREEN, style.PURPLE, style.ORANGE, style.SKY, style.YELLOW)
PALE = 0.25  # of the emotions outside of intervals
NAMES = 0.4  # of the curve's height, above it, for the emotions of intervals
WIDTH, MOST = 9.0, 24.0  # inches of up to a minute, and of the longest recordings


@dataclass(frozen=True)
class ScoreCurve:
    """What is shown: the scores of a recording, how they were decoded, and the ``intervals`` in frames. ``fps`` adds
    an axis of seconds; ``notes`` are lines below the title."""

    title: str
    track: Track
    decoder: Decoder
    intervals: Sequence[Interval]
    fps: float | None = None
    notes: tuple[str, ...] = ()
    synthetic: bool = False


def draw(shown: ScoreCurve) -> Figure:
    """The curve, and below it, where there are emotions, a strip with that of each frame, pale outside of
    intervals."""
    track = shown.track
    seconds = len(track.scores) * track.step / (shown.fps or 30)
    emotions = track.logits is not None and len(track.classes) > 0
    fig = style.figure(min(MOST, max(WIDTH, WIDTH * seconds / 60)), 4.4 if emotions else 3.6)
    axes = fig.subplots(2 if emotions else 1, 1, sharex=True, squeeze=False, height_ratios=[8, 1] if emotions else [1])
    curve: Axes = axes[0, 0]
    colours = dict(zip((name for name in track.classes if name != NEUTRAL), COLOURS * 4, strict=False))
    handles: list[Artist] = [*_curve(curve, shown, colours)]
    if emotions:
        handles += _strip(axes[1, 0], shown, colours)
    fig.legend(handles=handles, loc="outside lower center", ncols=8)
    below: Axes = axes[-1, 0]
    below.set_xlabel("frame")
    half = track.step / 2
    below.set_xlim(track.first - half, track.last + half)
    if shown.fps:
        _seconds(curve, track.first, shown.fps)
    style.title(fig, shown.title, MARKS["synthetic"] if shown.synthetic else "", "\n".join(shown.notes))
    return fig


def _seconds(ax: Axes, first: int, fps: float) -> None:
    """An axis of seconds above that of frames."""

    def seconds(frames: ArrayLike) -> ArrayLike:
        return (np.asarray(frames, dtype=np.float64) - first) / fps

    def frames(seconds: ArrayLike) -> ArrayLike:
        return np.asarray(seconds, dtype=np.float64) * fps + first

    ax.secondary_xaxis("top", functions=(seconds, frames)).set_xlabel("seconds")


def _curve(ax: Axes, shown: ScoreCurve, colours: dict[str, str]) -> list[Line2D]:
    """The curve with its intervals; gives what a legend names."""
    track, decoder = shown.track, shown.decoder
    frames = track.first + track.step * np.arange(len(track.scores))
    smoothed = smooth(track.scores, decoder.half_width, decoder.edges)
    for one in shown.intervals:
        ax.axvspan(one.onset, one.offset, color=colours.get(one.emotion, style.GREY), alpha=0.25, lw=0)
        ax.annotate(one.emotion, ((one.onset + one.offset) / 2, 1), xycoords=("data", "axes fraction"), rotation=90,
                    ha="center", va="top", fontsize=7, color=style.INK, xytext=(0, -3),
                    textcoords="offset points")  # fmt: skip
    lines = ax.plot(frames, track.scores, color=style.GREY, lw=0.8, label="score")
    if len(smoothed.values):
        own = frames[smoothed.first : smoothed.first + len(smoothed.values)]
        lines += ax.plot(
            own, smoothed.values, color=style.INK, lw=1.4, label=f"mean of {2 * decoder.half_width} positions"
        )
        height = threshold(smoothed.values, decoder.threshold)
        named = f"threshold, p = {decoder.threshold:g}"
        lines.append(ax.axhline(height, color=style.VERMILLION, lw=0.9, ls="--", label=named))
    ax.set_ylabel("score")
    low, high = min(0.0, float(track.scores.min())), float(track.scores.max())
    ax.set_ylim(low, high + NAMES * (high - low) if high > low else low + 1)
    return lines


def _strip(ax: Axes, shown: ScoreCurve, colours: dict[str, str]) -> list[Patch]:
    """The emotion of each position by its logits, as decoding reads them; gives what a legend names."""
    track = shown.track
    assert track.logits is not None, "asked before"
    classes = frame_classes(track.logits, track.classes, shown.decoder.synergy)
    names = list(track.classes)
    paint = ListedColormap([colours.get(name, style.FAINT) for name in names])
    half = track.step / 2
    frames = track.first + track.step * np.arange(len(classes))
    inside = np.zeros(len(classes), dtype=bool)
    for one in shown.intervals:
        inside |= (frames >= one.onset) & (frames <= one.offset)
    ax.imshow(classes[None], cmap=paint, vmin=-0.5, vmax=len(names) - 0.5, aspect="auto", interpolation="nearest",
              extent=(track.first - half, track.last + half, 0, 1),
              alpha=np.where(inside, 1.0, PALE)[None])  # fmt: skip
    ax.set_yticks([])
    ax.set_ylabel("emotion", rotation=0, ha="right", va="center")
    used = [names[number] for number in sorted({int(one) for one in classes})]
    return [Patch(color=colours.get(name, style.FAINT), label=name) for name in used]
