"""Samples of ``roi_flow``: motions of the face's regions in the window of a recording with the apex."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mebench.plots import style
from mebench.plots.samples import rows
from mebench.plots.samples.choose import TIMES, Sample, ShownSamples

NOTE = "u: right is positive; v: down is positive; relative to the head, against the window's first frame"
COLOURS = {"brow": style.BLUE, "mouth": style.VERMILLION, "wing": style.GREEN, "lid": style.PURPLE, "point": style.GREY}
PARTS = {"brow": "brows", "mouth": "mouth", "wing": "wings of the nose", "lid": "eyelids",
         "point": "landmarks"}  # fmt: skip


def weight(sample: Sample) -> float:
    """Mean size of the motions in the window that is shown, in pixels of a face of 320 x 320."""
    return float(abs(sample.x[window(sample)]).mean(dtype=np.float64))


def draw(shown: ShownSamples) -> Figure:
    """Curves of u and of v for each class and dataset."""
    return rows.draw(shown, _show, [4.2, 4.2], 1.75, NOTE)


def position(sample: Sample, name: str) -> float | None:
    """The position of onset, apex or offset in the series of a recording; None where it is not labelled."""
    number, first = sample.time(name), sample.row.get("first") or "0"
    return None if number is None else (number - int(first)) / max(1, int(sample.row.get("step") or 1))


def part(channel: str) -> str:
    """The part of the face of a channel: brow of brow_left_u, point of point20_v."""
    return channel.split("_")[0].rstrip("0123456789")


def window(sample: Sample) -> int:
    """The window with the apex nearest to its middle; the first window where no apex is labelled."""
    apex, (count, _, length) = position(sample, "apex"), sample.x.shape
    if apex is None:
        return 0
    return min(range(count), key=lambda i: abs(i * (length // 2) + length / 2 - apex))


def _show(axes: list[Axes], sample: Sample) -> None:
    at = window(sample)
    series, start = np.asarray(sample.x[at], dtype=np.float64), at * (sample.x.shape[2] // 2)
    names = sample.meta.get("channels") or [f"{i}_{'uv'[i % 2]}" for i in range(len(series))]
    reach = max(float(abs(series).max()), 0.1)
    for ax, axis in zip(axes, "uv", strict=True):
        for name, curve in zip(names, series, strict=True):
            if name.endswith(f"_{axis}"):
                ax.plot(start + np.arange(len(curve)), curve, lw=0.5 if part(name) == "point" else 0.9,
                        color=COLOURS.get(part(name), style.INK))  # fmt: skip
        ax.set_ylim(-1.08 * reach, 1.08 * reach)
        ax.set_xlim(start, start + series.shape[1] - 1)
        ax.tick_params(labelsize=6.5)
        ax.set_ylabel(f"{axis} (px)", fontsize=7)
        mark_times(ax, sample, start, start + series.shape[1] - 1)
    rows.write_name(axes[0], sample, f"  (window {at + 1} of {len(sample.x)})")
    _key(axes[1], names)


def mark_times(ax: Axes, sample: Sample, first: float, last: float) -> None:
    """Vertical lines at onset, apex and offset, where they lie between two positions of the recording."""
    for name in TIMES:
        at = position(sample, name)
        if at is not None and first <= at <= last:
            ax.axvline(at, color=style.GREY, lw=0.8, ls="-" if name == "apex" else ":")
            label = {"onset": "on", "offset": "off"}.get(name, name)
            side = {"onset": "right", "offset": "left"}.get(name, "center")  # the three may be close together
            ax.text(at, 1.0, label, transform=ax.get_xaxis_transform(), ha=side, va="bottom", fontsize=6.5,
                    color=style.GREY)  # fmt: skip


def _key(ax: Axes, names: Sequence[str]) -> None:
    """The colour of each part of the face, below the panel."""
    there = {part(name) for name in names}
    shown = [key for key in COLOURS if key in there]
    lines = [ax.plot([], [], color=COLOURS[key], lw=1.5, label=PARTS[key])[0] for key in shown]
    ax.legend(handles=lines, loc="upper left", bbox_to_anchor=(0, -0.16), ncols=len(shown), fontsize=6.5,
              handlelength=1, columnspacing=1.2, borderpad=0, borderaxespad=0)  # fmt: skip
