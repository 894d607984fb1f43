"""The long videos of a spotting set as lines, with the micro- and macro-expressions on them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.patches import Patch

from mebench.plots import style

NEEDED = ("video_id", "subject", "first", "last", "fps", "frames")
PAINT = {"macro": style.SKY, "micro": style.VERMILLION}  # the rarer and shorter ones on top


def height(videos: Sequence[Mapping[str, str]]) -> float:
    """Inches that the panel needs; 0 without videos."""
    return _rows(len(videos)) * _pitch(len(videos)) + 1.0 if videos else 0.0


def draw(
    fig: Figure, place: SubplotSpec, clips: Sequence[Mapping[str, str]], videos: Sequence[Mapping[str, str]]
) -> None:
    """A line for each video from its first frame, sorted by subject; on it the clips that have its frames."""
    ordered = sorted(videos, key=lambda video: (video["subject"], video["video_id"]))
    on: dict[str, list[Mapping[str, str]]] = {video["frames"]: [] for video in ordered}
    for clip in clips:
        if clip["frames"] in on and clip["onset"].strip() and clip["offset"].strip():
            on[clip["frames"]].append(clip)
    rows = _rows(len(ordered))
    columns = math.ceil(len(ordered) / rows)
    grid = place.subgridspec(1, columns)
    reach = max(_seconds(video, int(video["last"]) + 1) for video in ordered)
    panels = [fig.add_subplot(grid[i]) for i in range(columns)]
    for i, ax in enumerate(panels):
        _panel(ax, ordered[i * rows : (i + 1) * rows], on, rows)
        ax.set_xlim(0, 1.02 * reach)
        ax.set_xlabel("seconds")
    used = sum(1 for expressions in on.values() if expressions)
    panels[0].set_title(f"{len(ordered)} videos, {used} with an expression", loc="left")
    counts = {
        kind: sum(clip["expression"] == kind for expressions in on.values() for clip in expressions) for kind in PAINT
    }
    handles = [Patch(color=PAINT[kind], label=f"{kind}-expression ({counts[kind]})") for kind in ("micro", "macro")]
    legend = panels[-1].legend(
        handles=handles, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.2
    )
    legend.set_in_layout(False)  # it may be wider than its column


def _rows(count: int) -> int:
    """How many videos are below one another. Where there are too many to see, there are several columns."""
    return math.ceil(count / (1 if count <= 60 else 2 if count <= 300 else 4))


def _pitch(count: int) -> float:
    return 0.14 if _rows(count) <= 40 else 0.075 if _rows(count) <= 120 else 0.04


def _seconds(video: Mapping[str, str], frame: int) -> float:
    return (frame - int(video["first"])) / float(video["fps"])


def _panel(
    ax: Axes,
    videos: Sequence[Mapping[str, str]],
    on: Mapping[str, Sequence[Mapping[str, str]]],
    rows: int,
) -> None:
    lines = [[(0, y), (_seconds(video, int(video["last"]) + 1), y)] for y, video in enumerate(videos)]
    ax.add_collection(LineCollection(lines, colors=style.FAINT, linewidths=1.2, zorder=1), autolim=False)
    for level, (kind, colour) in enumerate(PAINT.items(), start=2):
        boxes = [
            _box(y, _seconds(video, int(clip["onset"])), _seconds(video, int(clip["offset"]) + 1))
            for y, video in enumerate(videos)
            for clip in on[video["frames"]]
            if clip["expression"] == kind
        ]
        # an edge of its own colour keeps half a second visible in a video of minutes
        drawn = PolyCollection(boxes, facecolors=colour, edgecolors=colour, linewidths=0.7, zorder=level)
        ax.add_collection(drawn, autolim=False)
    _subject_labels(ax, videos)
    ax.set_ylim(rows - 0.4, -0.6)
    ax.spines["left"].set_visible(False)


def _box(y: int, left: float, right: float) -> list[tuple[float, float]]:
    return [(left, y - 0.38), (right, y - 0.38), (right, y + 0.38), (left, y + 0.38)]


def _subject_labels(ax: Axes, videos: Sequence[Mapping[str, str]]) -> None:
    """A band and a name for each subject's videos."""
    places: dict[str, list[int]] = {}
    for y, video in enumerate(videos):
        places.setdefault(video["subject"], []).append(y)
    for i, own in enumerate(places.values()):
        if i % 2:
            ax.axhspan(own[0] - 0.5, own[-1] + 0.5, color="#f4f6f8", zorder=0, linewidth=0)
    centres = [(own[0] + own[-1]) / 2 for own in places.values()]
    ax.set_yticks(centres, [subject.split("/", 1)[-1] for subject in places], fontsize=6.5)
    ax.tick_params(axis="y", length=0)
