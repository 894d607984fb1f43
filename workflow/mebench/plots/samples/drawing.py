"""The sample picture of any input: the module of its kind draws the typical clips."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from mebench.config.input_names import FLOWS
from mebench.errors import UserError
from mebench.inputs import store
from mebench.plots import style
from mebench.plots.samples import (
    TITLES,
    choose,
    flow,
    frames,
    lbp_top,
    long_flow,
    mdmd_feature,
    pair_flow,
    roi_flow,
    texture_motion,
)

# kind of input -> module with ``weight(sample)``, by which the typical clip is chosen, and ``draw(shown)``
DRAWERS = {
    "apex_flow": flow,
    **dict.fromkeys(FLOWS, flow),
    "long_flow": long_flow,
    "frames": frames,
    "texture_motion": texture_motion,
    "lbp_top": lbp_top,
    "roi_flow": roi_flow,
    "pair_flow": pair_flow,
    "mdmd_feature": mdmd_feature,
}


Places = Sequence[str | os.PathLike[str]]


def draw(inputs: Places, clips: Places, task: str | None = None) -> Figure:
    """A typical clip for each class and dataset.

    ``inputs`` are stores of one kind, ``clips`` the clips.csv of the same datasets. With ``task`` the rows are its
    classes, otherwise the emotions of the datasets. Where no clip has an array, the figure says so.
    """
    stores = [store.load(Path(folder)) for folder in inputs]
    kinds = sorted({kept.meta["kind"] for kept in stores})
    if len(kinds) > 1:
        raise UserError(f"the plot input shows one kind of input, but --inputs names {', '.join(kinds)}")
    if kinds[0] not in DRAWERS:
        raise UserError(f"there is no sample picture of the input {kinds[0]}; known are {', '.join(DRAWERS)}")
    drawer = DRAWERS[kinds[0]]
    shown = choose.choose(TITLES[kinds[0]][0], stores, clips, task, drawer.weight)
    if not any(shown.chosen.values()):
        return style.message(f"No clip of {shown.title} has this input{_why(stores)}.")
    return drawer.draw(shown)


def _why(stores: Sequence[store.Store]) -> str:
    """The first reason in a store for a missing array."""
    reasons = [reason for kept in stores for reason in kept.without.values()]
    return f" ({reasons[0]})" if reasons else ""
