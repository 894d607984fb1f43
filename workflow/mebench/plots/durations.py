"""How long clips are: a point for each clip, and a line at half a second, the limit of micro-expressions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import LogLocator, NullFormatter

from mebench.plots import style
from mebench.plots.clips import TimedClip, alpha, name_rows

LIMIT = 0.5  # seconds; what the field calls micro (Yan et al., 2013)
MANY = 1000  # more points of one class are drawn as a picture, because the SVG would be large


def draw(ax: Axes, timed: Sequence[TimedClip], of: int, names: Sequence[str], paint: Mapping[str, str]) -> None:
    """A point for each clip. The lower axis is time; the upper axis is frames, where all clips have one frame rate."""
    rates = {clip.fps for clip in timed}
    rate = rates.pop() if len(rates) == 1 else None
    in_frames = all(clip.seconds is None for clip in timed)
    lengths = [(clip, clip.frames if in_frames else clip.seconds) for clip in timed]
    values = [(clip, length) for clip, length in lengths if length]
    shown = [name for name in names if any(clip.name == name for clip, _ in values)]
    logarithmic = _scale(ax, np.array([value for _, value in values]), 0 if in_frames else 1.3 * LIMIT)
    hollow = any(alpha(clip.name, clip.macro) < 1 for clip, _ in values)
    for y, name in enumerate(shown):
        for macro in (False, True):
            own = sorted(value for clip, value in values if (clip.name, clip.macro) == (name, macro))
            _strip(ax, y, own, paint[name], alpha(name, macro) < 1)
        # one median of both kinds together would be of neither
        own = [value for clip, value in values if clip.name == name and not (hollow and clip.macro)]
        if own:
            _median(ax, y, own, rate, in_frames)
    header = "median of micro" if hollow else "median"
    ax.annotate(header, (0.997, -0.62), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=7.5)
    name_rows(ax, shown)
    ax.set_ylim(len(shown) - 0.4, -0.95)
    ax.grid(axis="x", color=style.FAINT, linewidth=0.5)
    ax.set_axisbelow(True)
    ax.set_xlabel("frames" if in_frames else "seconds from onset to offset")
    some = [f"known of {len(values)} of {of} clips"] if len(values) < of else []
    limit = [] if in_frames else _limit(ax, [clip for clip, _ in values])
    hint = ["hollow: macro-expressions"] if hollow else []
    ax.set_title(" ".join(["Duration:", "; ".join([*some, *limit, *hint])]).rstrip(": "), loc="left")
    if rate and not in_frames:
        fps = rate
        above = ax.secondary_xaxis("top", functions=(lambda s: s * fps, lambda f: f / fps))  # type: ignore[operator]  # arrays
        above.set_xlabel(f"frames at {rate:g} fps")
        above.spines["top"].set_visible(True)
        if logarithmic:
            _log_ticks(above.xaxis)


def _scale(ax: Axes, values: np.ndarray, least: float) -> bool:
    """Set the x axis; its right sixth stays free for the medians. True where outliers make it logarithmic."""
    if values.max() <= 8 * np.median(values):
        ax.set_xlim(0, max(1.2 * values.max(), least))
        return False
    low = 0.8 * values.min()
    ax.set_xscale("log")
    ax.set_xlim(low, values.max() * (values.max() / low) ** 0.19)
    _log_ticks(ax.xaxis)
    return True


def _log_ticks(axis: Axis) -> None:
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(NullFormatter())


def _limit(ax: Axes, clips: Sequence[TimedClip]) -> list[str]:
    """Mark half a second, and say how many are longer."""
    micro = [clip for clip in clips if not clip.macro]
    if not micro or ax.get_xlim()[1] < LIMIT:
        return []
    ax.axvline(LIMIT, color=style.INK, linewidth=1.1, linestyle="--")
    longer = sum(clip.seconds is not None and clip.seconds > LIMIT for clip in micro)
    kind = "clips" if len(micro) == len(clips) else "micro-expressions"
    return [f"{longer} of {len(micro)} {kind} ({longer / len(micro):.0%}) are longer than {LIMIT:g} s (dashed)"]


def _strip(ax: Axes, y: float, values: Sequence[float], colour: str, hollow: bool) -> None:
    """Points of one class. Points that would hide each other are moved up and down, always in the same way."""
    if not values:
        return
    x = (ax.transData + ax.transAxes.inverted()).transform([(value, y) for value in values])[:, 0]
    bins = np.round(170 * x).tolist()
    step = min(0.13, 0.76 / max(1, max(Counter(bins).values()) - 1))
    seen: Counter[float] = Counter()
    heights = []
    for at in bins:
        heights.append(y + step * ((seen[at] + 1) // 2) * (1 if seen[at] % 2 else -1))
        seen[at] += 1
    ax.scatter(values, heights, s=9, facecolor="white" if hollow else colour, edgecolor=_edge(colour), linewidth=0.5,
               alpha=0.9, zorder=3, rasterized=len(values) > MANY)  # fmt: skip


def _edge(colour: str) -> str:
    """The colour of the edge of a point: yellow is hard to see on white."""
    return style.GREY if colour == style.YELLOW else colour


def _median(ax: Axes, y: float, values: Sequence[float], rate: float | None, in_frames: bool) -> None:
    middle = float(np.median(values))
    ax.plot([middle] * 2, [y - 0.42, y + 0.42], color=style.INK, linewidth=1.5, solid_capstyle="butt", zorder=4)
    text = f"{middle:g} frames" if in_frames else f"{middle:.2f} s"
    text += f" = {middle * rate:g} frames" if rate and not in_frames else ""
    ax.annotate(text, (0.997, y), xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=7.5)
