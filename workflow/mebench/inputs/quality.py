"""Endpoint error of computed flow against flow that is known, as generated datasets deliver it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from mebench import formats
from mebench.clips.clip import Clip
from mebench.errors import UserError

COLUMNS = formats.QUALITY.names


class Flows(Protocol):
    """Computed flows by clip_id, such as a store of the input."""

    def get(self, clip_id: str) -> np.ndarray: ...


def against_truth(flows: Flows, clips: Sequence[Clip], truth: Path) -> list[dict[str, str]]:
    """Endpoint errors in pixels of each clip's flow (2, H, W): mean, median, 95th percentile, and the mean true motion.

    ``truth/<subject>/<clip>.npz`` holds the known flow and the frame it leads to.
    """
    rows = []
    for clip in sorted(clips, key=lambda clip: clip.clip_id):
        _, subject, name = clip.clip_id.split("/", 2)
        known = _truth(truth / subject / f"{name}.npz", clip)
        error = np.sqrt(((flows.get(clip.clip_id) - known) ** 2).sum(0))
        values = (error.mean(), np.median(error), np.percentile(error, 95), np.sqrt((known**2).sum(0)).mean())
        row = dict(zip(COLUMNS[1:], (f"{float(value):.4f}" for value in values), strict=True))
        rows.append({"clip_id": clip.clip_id, **row})
    return rows


def _truth(path: Path, clip: Clip) -> np.ndarray:
    try:
        with np.load(path) as file:
            known, apex = file["flow"], int(file["apex"])
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"cannot read the known flow {path} of {clip.clip_id} ({error}); generate the dataset again"
        ) from error
    if apex != clip.frame("apex"):
        raise UserError(
            f"{path} knows the flow to frame {apex}, but the apex of {clip.clip_id} is {clip.apex}; "
            "index the dataset again"
        )
    return known
