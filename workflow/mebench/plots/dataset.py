"""The clips of a dataset: how many per class and per subject, how long they are, and where their apex lies."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from mebench.errors import UserError
from mebench.files import read_csv
from mebench.plots import style, timeline

NEEDED = ("clip_id", "dataset", "subject", "onset", "apex", "offset", "apex_source", "emotion", "expression", "fps",
          "frames")  # fmt: skip
# an emotion has the same colour in every dataset; classes that share one are told apart by `colours`
COLOURS = {
    "negative": style.BLUE, "disgust": style.BLUE, "positive": style.ORANGE, "happiness": style.ORANGE,
    "surprise": style.GREEN, "repression": style.SKY, "sadness": style.PURPLE, "fear": style.YELLOW,
    "anger": style.VERMILLION, "contempt": style.INK, "others": style.GREY,
    "micro-expression": style.VERMILLION, "macro-expression": style.SKY,
}  # fmt: skip
PALE = 0.45  # opacity of macro-expressions beside micro-expressions
LIMIT = 0.5  # seconds; what the field calls micro (Yan et al., 2013)
APEXES = {"labelled": (style.BLUE, ""), "mid": (style.FAINT, "////"), "flow_max": (style.ORANGE, "..")}
APEX_NAMES = {"labelled": "labelled", "mid": "middle frame, none labelled", "flow_max": "most motion, none labelled"}
WIDTH = 10.0
MANY = 1000  # points of one class that are drawn as a picture, or the SVG grows by the megabyte


@dataclass(frozen=True)
class Clip:
    """What the figure needs of a clip; None where the labels do not say.

    ``frames`` counts onset and offset, ``apex`` is (apex - onset) / (offset - onset).
    """

    subject: str
    name: str
    macro: bool
    frames: int | None
    fps: float | None
    apex: float | None
    apex_source: str

    @property
    def seconds(self) -> float | None:
        return self.frames / self.fps if self.frames and self.fps else None


def draw(
    rows: Sequence[Mapping[str, str]],
    videos: Sequence[Mapping[str, str]] = (),
    title: str = "",
    synthetic: bool = False,
) -> Figure:
    """One figure from the rows of clips.csv, and of videos.csv for a spotting set. Panels whose labels are not known
    are left out: published flow pictures have no onset."""
    clips = [_clip(row) for row in rows]
    names = sorted({clip.name for clip in clips}, key=lambda n: (-sum(c.name == n for c in clips), n))
    paint = colours(names)
    timed = [clip for clip in clips if clip.frames]
    bars = 0.27 * len(names)
    heights = {"top": max(bars, 1.3) + 1.0, "subjects": 2.3, "durations": 1.3 * bars + 1.2 if timed else 0.0,
               "videos": timeline.height(videos)}  # fmt: skip
    shown = [name for name, height in heights.items() if height]
    fig = style.figure(WIDTH, sum(heights.values()) + 0.7)
    grid = fig.add_gridspec(len(shown), 1, height_ratios=[heights[name] for name in shown])
    cells = {name: grid[i] for i, name in enumerate(shown)}
    apexes = any(clip.apex is not None for clip in clips)
    top = cells["top"].subgridspec(1, 2 if apexes else 1)
    _classes(fig.add_subplot(top[0]), clips, names, paint)
    if apexes:
        _apexes(fig.add_subplot(top[1]), clips)
    _subjects(fig.add_subplot(cells["subjects"]), clips, names, paint)
    if timed:
        _durations(fig.add_subplot(cells["durations"]), timed, len(clips), names, paint)
    if "videos" in cells:
        timeline.draw(fig, cells["videos"], rows, videos)
    style.title(fig, f"{title}: {_count(clips)}" if title else _count(clips), synthetic)
    return fig


def read(path: str | os.PathLike) -> dict[str, object]:
    """The arguments of :func:`draw` from clips.csv and the files that ``mebench index`` writes beside it."""
    path = Path(path)
    rows = read_csv(path, NEEDED)
    if not rows:
        raise UserError(f"{path} lists no clips; run `mebench index` again")
    try:
        report = path.with_name("report.md").read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"cannot read {path.with_name('report.md')}, which says whether the data are synthetic "
            f"({error.strerror}); run `mebench index` again"
        ) from error
    title = report.partition("\n")[0].removeprefix("# ").removesuffix(": clips")
    videos = read_csv(path.with_name("videos.csv"), timeline.NEEDED)
    return {"rows": rows, "videos": videos, "title": title, "synthetic": "**SYNTHETIC DATA" in report}


def _clip(row: Mapping[str, str]) -> Clip:
    onset, apex, offset = (int(row[key]) if row[key].strip() else None for key in ("onset", "apex", "offset"))
    known = onset is not None and offset is not None and offset > onset
    kind = f"{row['expression']}-expression" if row["expression"] else "no label"
    return Clip(
        subject=row["subject"],
        name=row["emotion"] or kind,
        macro=row["expression"] == "macro",
        frames=offset - onset + 1 if known else None,
        fps=float(row["fps"]) if row["fps"].strip() and float(row["fps"]) > 0 else None,
        apex=(apex - onset) / (offset - onset) if known and apex is not None else None,
        apex_source=row["apex_source"],
    )


def colours(names: Sequence[str]) -> dict[str, str]:
    """A colour for each class: its own, or the next that nobody has; grey where all are taken."""
    chosen: dict[str, str] = {}
    for name in names:
        if name in COLOURS and COLOURS[name] not in chosen.values():
            chosen[name] = COLOURS[name]
    own = {COLOURS[name] for name in names if name in COLOURS}
    free = [c for c in dict.fromkeys(COLOURS.values()) if c not in own]
    for name in names:
        if name not in chosen:
            chosen[name] = free.pop(0) if free else style.GREY
    return chosen


def _count(clips: Sequence[Clip]) -> str:
    macros = sum(clip.macro for clip in clips)
    kinds = f"{len(clips) - macros} micro- and {macros} macro-expressions" if macros else f"{len(clips)} clips"
    subjects = len({clip.subject for clip in clips})
    return f"{kinds} of {subjects} subject{'s' if subjects > 1 else ''}"


def _classes(ax: Axes, clips: Sequence[Clip], names: Sequence[str], paint: Mapping[str, str]) -> None:
    counts = Counter((clip.name, clip.macro) for clip in clips)
    totals = Counter(clip.name for clip in clips)
    for y, name in enumerate(names):
        micro, macro = counts[name, False], counts[name, True]
        ax.barh(y, micro, color=paint[name], height=0.72)
        ax.barh(y, macro, left=micro, color=paint[name], alpha=_alpha(name, macro=True), height=0.72)
        text = f"{micro} + {macro}" if micro and macro else str(totals[name])
        ax.annotate(text, (totals[name], y), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    _name_rows(ax, names)
    ax.set_xlim(0, 1.16 * max(totals.values()))
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_xlabel("clips")
    pale = any(_alpha(name, macro) < 1 for name, macro in counts)
    ax.set_title("Clips per class" + ("; pale: macro-expressions" if pale else ""), loc="left")


def _alpha(name: str, macro: bool) -> float:
    """Macro-expressions of a class are pale, unless the class says it already."""
    return PALE if macro and not name.endswith("-expression") else 1.0


def _name_rows(ax: Axes, names: Sequence[str]) -> None:
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def _apexes(ax: Axes, clips: Sequence[Clip]) -> None:
    """Stacked by where the apex comes from: only a labelled one was seen by a coder."""
    groups = {
        source: [clip.apex for clip in clips if clip.apex is not None and clip.apex_source == source]
        for source in dict.fromkeys([*APEXES, *sorted({clip.apex_source for clip in clips})])
    }
    groups = {source: values for source, values in groups.items() if values}
    looks = [APEXES.get(source, (style.PURPLE, "")) for source in groups]
    bins = np.linspace(0, 1, 21)
    counts, _, drawn = ax.hist(
        [np.clip(values, 0, 1) for values in groups.values()], bins=bins, stacked=True, color=[c for c, _ in looks]
    )
    for bars, (_, hatch) in zip(drawn if len(groups) > 1 else [drawn], looks, strict=True):
        for bar in bars:
            bar.set(edgecolor=style.GREY if hatch else "white", linewidth=0.5, hatch=hatch)
    handles = [
        Patch(facecolor=colour, hatch=hatch, edgecolor=style.GREY if hatch else "white",
              label=f"{APEX_NAMES.get(source, source or 'not said')} ({len(groups[source])})")
        for source, (colour, hatch) in zip(groups, looks, strict=True)
    ]  # fmt: skip
    if groups.get("labelled"):
        mean = float(np.mean(groups["labelled"]))
        look = {"color": style.INK, "linewidth": 1.1, "linestyle": "--"}
        handles += ax.plot([mean, mean], [0, np.max(counts)], **look, label=f"mean of labelled: {mean:.2f}")
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0\nonset", "0.25", "0.5", "0.75", "1\noffset"])
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_ylim(0, np.max(counts) * (1.1 + 0.16 * len(handles)))  # room for the legend
    ax.set_ylabel("clips")
    ax.set_title("Apex between onset and offset", loc="left")
    ax.legend(handles=handles, loc="upper left", handlelength=1.6)


def _subjects(ax: Axes, clips: Sequence[Clip], names: Sequence[str], paint: Mapping[str, str]) -> None:
    """One bar a subject, most clips first; who has a single clip is written in red."""
    totals = Counter(clip.subject for clip in clips)
    subjects = sorted(totals, key=lambda s: (-totals[s], s))
    cells = Counter((clip.subject, clip.name, clip.macro) for clip in clips)
    base = np.zeros(len(subjects))
    for name in names:
        for macro in (False, True):
            counts = np.array([cells[s, name, macro] for s in subjects])
            ax.bar(range(len(subjects)), counts, bottom=base, color=paint[name], width=0.8,
                   alpha=_alpha(name, macro), edgecolor="white", linewidth=0.3)  # fmt: skip
            base += counts
    alone = len({s.split("/")[0] for s in subjects}) == 1
    labels = [s.split("/", 1)[1] if alone and "/" in s else s for s in subjects]
    longest = max(map(len, labels))
    upright = longest * len(subjects) < 135
    size = 7.5 if len(subjects) <= 40 else 6.5 if len(subjects) <= 75 else 5
    ax.set_xticks(range(len(subjects)), labels, rotation=0 if upright else 90, fontsize=size)
    single = [totals[s] == 1 for s in subjects]
    for text, one in zip(ax.get_xticklabels(), single, strict=True):
        text.set_color(style.VERMILLION if one else style.INK)
    if len(subjects) <= 75:
        for x, subject in enumerate(subjects):
            colour = style.VERMILLION if totals[subject] == 1 else style.INK
            ax.annotate(str(totals[subject]), (x, totals[subject]), xytext=(0, 2), textcoords="offset points",
                        ha="center", fontsize=size - 0.5, color=colour)  # fmt: skip
    ax.tick_params(axis="x", length=0)
    ax.set_xlim(-0.7, len(subjects) - 0.3)
    ax.set_ylim(0, 1.12 * max(totals.values()))
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_ylabel("clips")
    ones = f"; {sum(single)} with a single clip (in red)" if any(single) else ""
    median = f"{np.median(list(totals.values())):g}"
    ax.set_title(f"Clips per subject: {len(subjects)} subjects, median {median}{ones}", loc="left")


def _durations(ax: Axes, timed: Sequence[Clip], of: int, names: Sequence[str], paint: Mapping[str, str]) -> None:
    """A point per clip; below is time, above are frames where all clips have one frame rate."""
    rates = {clip.fps for clip in timed}
    rate = rates.pop() if len(rates) == 1 else None
    in_frames = all(clip.seconds is None for clip in timed)
    values = [(clip, clip.frames if in_frames else clip.seconds) for clip in timed if in_frames or clip.seconds]
    shown = [name for name in names if any(clip.name == name for clip, _ in values)]
    logarithmic = _scale(ax, np.array([value for _, value in values]), 0 if in_frames else 1.3 * LIMIT)
    for y, name in enumerate(shown):
        for macro in (False, True):
            own = sorted(value for clip, value in values if (clip.name, clip.macro) == (name, macro))
            _strip(ax, y, own, paint[name], _alpha(name, macro) < 1)
        _median(ax, y, [value for clip, value in values if clip.name == name], rate, in_frames)
    ax.annotate("median", (0.997, -0.62), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=7.5)
    _name_rows(ax, shown)
    ax.set_ylim(len(shown) - 0.4, -0.95)
    ax.grid(axis="x", color=style.FAINT, linewidth=0.5)
    ax.set_axisbelow(True)
    ax.set_xlabel("frames" if in_frames else "seconds from onset to offset")
    some = [f"known of {len(values)} of {of} clips"] if len(values) < of else []
    limit = [] if in_frames else _limit(ax, [clip for clip, _ in values])
    hollow = ["hollow: macro-expressions"] if any(_alpha(c.name, c.macro) < 1 for c, _ in values) else []
    ax.set_title(" ".join(["Duration:", "; ".join([*some, *limit, *hollow])]).rstrip(": "), loc="left")
    if rate and not in_frames:
        above = ax.secondary_xaxis("top", functions=(lambda s: s * rate, lambda f: f / rate))
        above.set_xlabel(f"frames at {rate:g} fps")
        above.spines["top"].set_visible(True)
        if logarithmic:
            _log_ticks(above.xaxis)


def _scale(ax: Axes, values: np.ndarray, least: float) -> bool:
    """Set the x axis so that the right sixth stays free for the medians; logarithmic for outliers. True if so."""
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


def _limit(ax: Axes, clips: Sequence[Clip]) -> list[str]:
    """Mark half a second, and say how many are longer."""
    micro = [clip for clip in clips if not clip.macro]
    if not micro or ax.get_xlim()[1] < LIMIT:
        return []
    ax.axvline(LIMIT, color=style.INK, linewidth=1.1, linestyle="--")
    longer = sum(clip.seconds > LIMIT for clip in micro)
    kind = "clips" if len(micro) == len(clips) else "micro-expressions"
    return [f"{longer} of {len(micro)} {kind} ({longer / len(micro):.0%}) are longer than {LIMIT:g} s (dashed)"]


def _strip(ax: Axes, y: float, values: Sequence[float], colour: str, hollow: bool) -> None:
    """Points of one class, moved up and down where they would hide one another: always in the same way."""
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
    """Yellow alone is lost on white."""
    return style.GREY if colour == style.YELLOW else colour


def _median(ax: Axes, y: float, values: Sequence[float], rate: float | None, in_frames: bool) -> None:
    middle = float(np.median(values))
    ax.plot([middle] * 2, [y - 0.42, y + 0.42], color=style.INK, linewidth=1.5, solid_capstyle="butt", zorder=4)
    text = f"{middle:g} frames" if in_frames else f"{middle:.2f} s"
    text += f" = {middle * rate:g} frames" if rate and not in_frames else ""
    ax.annotate(text, (0.997, y), xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=7.5)
