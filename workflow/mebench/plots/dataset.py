"""The clips of a dataset: how many per class and per subject, how long they are, and where their apex lies."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from mebench.errors import UserError
from mebench.files import read_csv
from mebench.origins import MARKS
from mebench.plots import durations, style, timeline
from mebench.plots.clips import NEEDED, TimedClip, alpha, colours, name_rows, read_clip

APEXES = {"labelled": (style.BLUE, ""), "mid": (style.FAINT, "////"), "flow_max": (style.ORANGE, "..")}
APEX_NAMES = {"labelled": "labelled", "mid": "middle frame, none labelled", "flow_max": "most motion, none labelled"}
WIDTH = 10.0


@dataclass(frozen=True)
class Dataset:
    """The rows of clips.csv, and of videos.csv for a spotting set."""

    rows: Sequence[Mapping[str, str]]
    videos: Sequence[Mapping[str, str]] = ()
    title: str = ""
    synthetic: bool = False


def draw(dataset: Dataset) -> Figure:
    """The figure of a dataset. A panel is left out where its labels are not known: flow pictures have no onset."""
    clips = [read_clip(row) for row in dataset.rows]
    names = sorted({clip.name for clip in clips}, key=lambda n: (-sum(c.name == n for c in clips), n))
    paint = colours(names)
    timed = [clip for clip in clips if clip.frames]
    bars = 0.27 * len(names)
    heights = {"top": max(bars, 1.3) + 1.0, "subjects": 2.3, "durations": 1.3 * bars + 1.2 if timed else 0.0,
               "videos": timeline.height(dataset.videos)}  # fmt: skip
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
        durations.draw(fig.add_subplot(cells["durations"]), timed, len(clips), names, paint)
    if "videos" in cells:
        timeline.draw(fig, cells["videos"], dataset.rows, dataset.videos)
    style.title(
        fig,
        f"{dataset.title}: {_count(clips)}" if dataset.title else _count(clips),
        MARKS["synthetic"] if dataset.synthetic else "",
    )
    return fig


def read(path: str | os.PathLike[str]) -> Dataset:
    """A dataset from its clips.csv and the files that ``mebench index`` writes beside it."""
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
    return Dataset(rows, videos, title, "**SYNTHETIC DATA" in report)


def _count(clips: Sequence[TimedClip]) -> str:
    macros = sum(clip.macro for clip in clips)
    kinds = f"{len(clips) - macros} micro- and {macros} macro-expressions" if macros else f"{len(clips)} clips"
    subjects = len({clip.subject for clip in clips})
    return f"{kinds} of {subjects} subject{'s' if subjects > 1 else ''}"


def _classes(ax: Axes, clips: Sequence[TimedClip], names: Sequence[str], paint: Mapping[str, str]) -> None:
    counts = Counter((clip.name, clip.macro) for clip in clips)
    totals = Counter(clip.name for clip in clips)
    for y, name in enumerate(names):
        micro, macro = counts[name, False], counts[name, True]
        ax.barh(y, micro, color=paint[name], height=0.72)
        ax.barh(y, macro, left=micro, color=paint[name], alpha=alpha(name, macro=True), height=0.72)
        text = f"{micro} + {macro}" if micro and macro else str(totals[name])
        ax.annotate(text, (totals[name], y), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    name_rows(ax, names)
    ax.set_xlim(0, 1.16 * max(totals.values()))
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_xlabel("clips")
    pale = any(alpha(name, macro) < 1 for name, macro in counts)
    ax.set_title("Clips per class" + ("; pale: macro-expressions" if pale else ""), loc="left")


def _apexes(ax: Axes, clips: Sequence[TimedClip]) -> None:
    """A stack for each origin of the apex: only labelled ones were seen by a coder."""
    groups = {
        source: [clip.apex for clip in clips if clip.apex is not None and clip.apex_source == source]
        for source in dict.fromkeys([*APEXES, *sorted({clip.apex_source for clip in clips})])
    }
    groups = {source: values for source, values in groups.items() if values}
    looks = [APEXES.get(source, (style.PURPLE, "")) for source in groups]
    bins = np.linspace(0, 1, 21).tolist()
    counts, _, drawn = ax.hist(
        [np.clip(values, 0, 1) for values in groups.values()], bins=bins, stacked=True, color=[c for c, _ in looks]
    )
    stacks = cast(Sequence[BarContainer], drawn if len(groups) > 1 else [drawn])
    for bars, (_, hatch) in zip(stacks, looks, strict=True):
        for bar in bars.patches:
            bar.set(edgecolor=style.GREY if hatch else "white", linewidth=0.5, hatch=hatch)
    handles: list[Artist] = [
        Patch(facecolor=colour, hatch=hatch, edgecolor=style.GREY if hatch else "white",
              label=f"{APEX_NAMES.get(source, source or 'not said')} ({len(groups[source])})")
        for source, (colour, hatch) in zip(groups, looks, strict=True)
    ]  # fmt: skip
    if groups.get("labelled"):
        mean = float(np.mean(groups["labelled"]))
        handles += ax.plot([mean, mean], [0, np.max(counts)], color=style.INK, linewidth=1.1, linestyle="--",
                           label=f"mean of labelled: {mean:.2f}")  # fmt: skip
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0\nonset", "0.25", "0.5", "0.75", "1\noffset"])
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_ylim(0, np.max(counts) * (1.1 + 0.16 * len(handles)))  # room for the legend
    ax.set_ylabel("clips")
    ax.set_title("Apex between onset and offset", loc="left")
    ax.legend(handles=handles, loc="upper left", handlelength=1.6)


def _subjects(ax: Axes, clips: Sequence[TimedClip], names: Sequence[str], paint: Mapping[str, str]) -> None:
    """One bar for each subject, most clips first. Subjects with a single clip are red."""
    totals = Counter(clip.subject for clip in clips)
    subjects = sorted(totals, key=lambda s: (-totals[s], s))
    cells = Counter((clip.subject, clip.name, clip.macro) for clip in clips)
    base = np.zeros(len(subjects))
    for name in names:
        for macro in (False, True):
            counts = np.array([cells[s, name, macro] for s in subjects])
            ax.bar(range(len(subjects)), counts, bottom=base, color=paint[name], width=0.8,
                   alpha=alpha(name, macro), edgecolor="white", linewidth=0.3)  # fmt: skip
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
