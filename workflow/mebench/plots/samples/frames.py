"""Samples of ``frames``: the onset, then frames in order, with a mark at the apex."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mebench.inputs.frames import sample as spread
from mebench.plots.samples import rows, strip
from mebench.plots.samples.choose import Sample, ShownSamples

SHOWN = 8  # frames of a clip besides the apex, at most
NOTE = "frames spread evenly from onset to last, the apex framed"


def weight(sample: Sample) -> float:
    """Mean change from onset to apex in grey levels."""
    onset, apex = (sample.x[int(sample.row[name])].astype(np.float64) for name in ("onset_row", "apex_row"))
    return float(abs(apex - onset).mean())


def draw(shown: ShownSamples) -> Figure:
    """One strip of frames for each class and dataset."""
    most = max(len(chosen_rows(sample)) for sample in shown.samples)
    return rows.draw(shown, _show, [0.95 * most], 1.35, NOTE)


def chosen_rows(sample: Sample) -> list[int]:
    """Rows of the array to show, in order: up to eight of the interval, and the apex. An apex after the interval is the
    last."""
    onset, apex = int(sample.row["onset_row"]), int(sample.row["apex_row"])
    count = len(sample.x) - onset
    inside = {onset + int(i) for i in spread(count, min(count, SHOWN))}
    return [*sorted(inside), apex] if apex < onset else sorted(inside | {apex})


def _show(axes: list[Axes], sample: Sample) -> None:
    (ax,) = axes
    onset, apex = int(sample.row["onset_row"]), int(sample.row["apex_row"])
    order = chosen_rows(sample)
    captions = ["apex" if i == apex else "onset" if i == onset else f"+{i - onset}" for i in order]
    if apex == onset:
        captions[order.index(onset)] = "onset = apex"
    strip.show(ax, np.moveaxis(sample.x[order], 1, -1) / 255, captions, [order.index(apex)])
    rows.write_name(ax, sample, f"  ({len(sample.x) - onset} frames)")
