"""Samples of ``long_flow``: the strip of flows from the onset to each of N frames."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mebench.plots.samples import rows, strip
from mebench.plots.samples.choose import Sample, ShownSamples
from mebench.plots.samples.flow import wheel_picture

NOTE = {
    True: "red is motion to the right, green down, cyan to the left, violet up; black is still",
    False: "red is motion to the right, violet down, cyan to the left, green up; white is still",
}


def weight(sample: Sample) -> float:
    """Mean brightness of hsv pictures, or mean length of flow in pixels, over every fourth pixel."""
    x = sample.x[..., ::4, ::4].astype(np.float64)
    return float((x.max(axis=1) if _coded(sample) else np.hypot(x[:, 0], x[:, 1])).mean())


def draw(shown: ShownSamples) -> Figure:
    """One strip of N pictures for each class and dataset."""
    most = max(len(sample.x) for sample in shown.samples)
    side = max(0.62, min(1.0, 9.0 / most))
    return rows.draw(shown, _show, [side * most], side + 0.42, NOTE[_coded(shown.samples[0])])


def pictures(sample: Sample) -> np.ndarray:
    """RGB (N, S, S, 3) in 0..1: hsv pictures as stored, or uv as colours of the wheel with one scale for the strip."""
    if _coded(sample):
        return np.moveaxis(sample.x, 1, -1) / 255
    u, v = np.moveaxis(sample.x.astype(np.float64), 1, 0)
    return np.moveaxis(wheel_picture(np.hstack(u), np.hstack(v)).reshape(u.shape[1], len(u), u.shape[2], 3), 1, 0)


def _coded(sample: Sample) -> bool:
    return sample.x.shape[1] == 3


def _show(axes: list[Axes], sample: Sample) -> None:
    (ax,) = axes
    strip.show(ax, pictures(sample), [str(i + 1) for i in range(len(sample.x))])
    blended = int(sample.row.get("blended") or 0)
    rows.write_name(ax, sample, f"  ({blended} of {len(sample.x)} blended from their neighbours)" if blended else "")
