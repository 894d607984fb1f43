"""TV-L1 optical flow in torch, as an input and for other inputs; :mod:`mebench.inputs.tvl1_solver` computes it.

torch is imported by the processes that compute, not by the one that hands out their work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from mebench.clips.clip import Clip
from mebench.config.input_names import InputSpec
from mebench.inputs.flow import FlowInput, check
from mebench.inputs.maker import Made
from mebench.media.unavailable import Unavailable


def flow(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Flow float32 (2, H, W) between two grey frames (uint8, H x W), u right and v down, in pixels."""
    return flow_batch(first[None], second[None])[0]


def flow_batch(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Flows float32 (B, 2, H, W) between grey frames (uint8, B x H x W); as many at once as the device takes."""
    from mebench.inputs import tvl1_solver

    return tvl1_solver.flow_batch(first, second)


def settings() -> Mapping[str, object]:
    """The settings of the solver, and what computes."""
    from mebench.inputs import tvl1_solver

    return tvl1_solver.settings()


class Input(FlowInput):
    """``tvl1_torch``: the flow of each clip from onset to apex, clips of equal size together."""

    PART = 32  # so that a GPU has something to do at once

    @classmethod
    def settings(cls, spec: InputSpec) -> Mapping[str, object]:
        return settings()

    def make_all(self, clips: Sequence[Clip]) -> Iterator[tuple[str, Made | Unavailable]]:
        made: dict[str, Made | Unavailable] = {}
        alike: dict[tuple[int, ...], dict[str, tuple[np.ndarray, np.ndarray]]] = {}
        for clip in clips:
            try:
                pair = self.pair(clip)
                alike.setdefault(pair[0].shape, {})[clip.clip_id] = pair
            except Unavailable as reason:
                made[clip.clip_id] = reason
        for pairs in alike.values():
            flows = flow_batch(*(np.stack(frames) for frames in zip(*pairs.values(), strict=True)))
            for clip_id, result in zip(pairs, flows, strict=True):
                check(result, clip_id)
                made[clip_id] = Made(result, {})
        for clip in clips:
            yield clip.clip_id, made.pop(clip.clip_id)
