"""Samples of ``mdmd_feature``: the curve of a recording around a label."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mebench.plots import style
from mebench.plots.samples import rows
from mebench.plots.samples.choose import Sample, ShownSamples
from mebench.plots.samples.roi_flow import mark_times, position

NOTE = "high where the face has moved and comes back; frames near both ends have no number"
AROUND = 3.0  # lengths of the label that are shown on both sides of it


def weight(sample: Sample) -> float:
    """The largest number of the part that is shown; 0 where it has none."""
    first, last = part(sample)
    shown = sample.x[first : last + 1, 0]
    known = shown[np.isfinite(shown)]
    return float(known.max()) if len(known) else 0.0


def draw(shown: ShownSamples) -> Figure:
    """One curve for each class and dataset."""
    return rows.draw(shown, _show, [7.5], 1.75, NOTE)


def part(sample: Sample) -> tuple[int, int]:
    """The first and the last position that are shown: the label and what is around it, or all of a recording without
    one."""
    onset, offset, last = position(sample, "onset"), position(sample, "offset"), len(sample.x) - 1
    if onset is None or offset is None:
        return 0, last
    reach = AROUND * max(1.0, offset - onset)
    first = min(max(0, int(onset - reach)), last)
    return first, max(first, min(last, int(offset + reach)))


def _show(axes: list[Axes], sample: Sample) -> None:
    (ax,), (first, last) = axes, part(sample)
    ax.plot(np.arange(first, last + 1), sample.x[first : last + 1, 0], lw=0.9, color=style.BLUE)
    ax.set_xlim(first, max(last, first + 1))
    ax.tick_params(labelsize=6.5)
    ax.set_ylabel("px of the face", fontsize=7)
    mark_times(ax, sample, first, last)
    rows.write_name(ax, sample, f"  (positions {first} to {last} of {len(sample.x)})")
