"""The input ``apex_flow-<size>``: flow from onset to apex as three channels u, v and optical strain."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from mebench.errors import UserError
from mebench.inputs import store
from mebench.inputs.maker import Clip, Made, Maker, Unavailable
from mebench.inputs.strain import strain_magnitude


class Input(Maker):
    """u, v and strain of each clip, float32 (3, S, S), from the flow at full resolution (``--from``)."""

    CHANNELS = ("u", "v", "strain")

    @cached_property
    def base(self) -> store.Store:
        """The flow this input is made from."""
        if self.base_folder is None:
            raise UserError(f"{self.spec.name} is made from the input {self.spec.base}; give its folder with --from")
        return store.load(self.base_folder)

    def sources(self, clip: Clip) -> list[Any]:
        if clip["clip_id"] not in self.base.index:
            self.base.get(clip["clip_id"])  # says what is wrong
        row = self.base.index[clip["clip_id"]]
        return [row["status"], row["start"], row["shape"], self.base.meta["parts"][row["part"]]]

    def make(self, clip: Clip) -> Made:
        row = self.base.index[clip["clip_id"]]
        if row["status"] != "ok":
            raise Unavailable(row["status"], row["reason"])
        return Made(resize(self.base.get(clip["clip_id"]), self.spec.size), {})


def resize(flow: np.ndarray, size: int) -> np.ndarray:
    """u, v and strain at size x size from a flow (2, H, W) in pixels: float32 (3, S, S).

    Strain is taken at full resolution; then all three are averaged over areas. u and v stay in pixels of the
    full-size frame: a resize changes where the motion is sampled, not how far the face moved.
    """
    import cv2

    planes = np.stack([flow[0], flow[1], strain_magnitude(flow)]).astype(np.float32)
    shrink = size <= min(flow.shape[1:])
    method = cv2.INTER_AREA if shrink else cv2.INTER_LINEAR  # INTER_AREA enlarges by nearest neighbour
    return np.stack([cv2.resize(plane, (size, size), interpolation=method) for plane in planes])
