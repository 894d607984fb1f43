"""The input ``texture_motion-<size>``: how the face looks and how it moves, as six channels (MSMMT).

F. Wang et al., Multi-scale multi-modal micro-expression recognition algorithm based on transformer, arXiv 2301.02969.
Its abstract names the two modalities, texture and motion; everything else here is the benchmark's own completion.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mebench.clips.clip import Clip
from mebench.config.input_names import InputSpec
from mebench.inputs.flow import check, estimator, estimator_settings, grey_pair
from mebench.inputs.maker import Made, Maker
from mebench.media.clip_reader import frame_digest
from mebench.media.crops import EYE_DISTANCE, EYE_HEIGHT, PLACES
from mebench.media.flow_field import strain_magnitude
from mebench.media.pictures import pictures

TEXTURES = {
    "apex": ("texture_r", "texture_g", "texture_b"),
    "diff": ("texture_onset", "texture_apex", "texture_change"),
}
BRIDGE = slice(27, 31)  # landmarks of the nose bridge, between the eyes to the tip
MARGIN = 0.04  # of the side: how far the box reaches beyond them


class Input(Maker):
    """Texture and motion of each clip, float32 (6, S, S); u and v in pixels of the S x S crop, strain per pixel.

    Texture is the apex frame in RGB, with mean 0 and variance 1 over the whole picture. With the option ``diff`` it is
    onset, apex and apex - onset in grey, standardised by the two frames together. Deviations below one grey level count
    as one: there is nothing to see.

    Motion is the flow from onset to apex on the crops at S x S, with the median of the nose bridge subtracted: what the
    head does as a whole. The bridge is found by the clip's landmarks where the crop is by landmarks; where frames are
    delivered cropped, it is the box where the eye-aligned crop has it. Dividing by the 99th percentile of the training
    subjects belongs to training, not here.
    """

    @classmethod
    def channels(cls, spec: InputSpec) -> list[str]:
        return [*TEXTURES[spec.options["texture"]], "u", "v", "strain"]

    @classmethod
    def settings(cls, spec: InputSpec) -> Mapping[str, object]:
        return {"flow": dict(estimator_settings(spec.options["flow"], spec)), "bridge_margin": MARGIN}

    def made_from(self, clip: Clip) -> list[object]:
        return [*(frame_digest(path) for path in self.labelled(clip, "onset", "apex")), *self.crop_made_from(clip)]

    def make(self, clip: Clip) -> Made:
        onset, apex = self.labelled(clip, "onset", "apex")
        size = self.size
        first, second = (self.cut(clip, frame, size) for frame in grey_pair(onset, apex))
        if self.spec.options["texture"] == "apex":
            (colour,) = pictures([apex])
            texture = apex_texture(self.cut(clip, colour, size))
        else:
            texture = change_texture(first, second)
        flow = estimator(self.spec.options["flow"])(first, second)
        check(flow, clip.clip_id)
        return Made(np.concatenate([texture, motion(flow, self.bridge(clip))]), {})

    def bridge(self, clip: Clip) -> np.ndarray:
        """The nose bridge of a clip in its S x S crop: points (n, 2), x then y."""
        crop, size = self.spec.options["crop"], self.size
        if crop == "provided":
            return aligned_bridge(size)
        landmarks = self.faces.landmarks(clip.clip_id)
        matrix, side = PLACES[crop](landmarks)
        points = landmarks[BRIDGE] @ matrix[:, :2].T + matrix[:, 2]
        return (points + 0.5) * (size / side) - 0.5  # a pixel's position is that of its centre


def apex_texture(picture: np.ndarray) -> np.ndarray:
    """Texture float32 (3, S, S) of an RGB picture (S, S, 3): mean 0 and variance 1 over all its numbers."""
    x = picture.astype(np.float32)
    return np.ascontiguousarray(((x - x.mean()) / _deviation(x)).transpose(2, 0, 1))


def change_texture(onset: np.ndarray, apex: np.ndarray) -> np.ndarray:
    """Texture float32 (3, S, S) of two grey frames: both with their common mean 0 and variance 1, and the difference
    apex - onset of these, so that it keeps its magnitude."""
    pair = np.stack([onset, apex]).astype(np.float32)
    first, second = (pair - pair.mean()) / _deviation(pair)
    return np.stack([first, second, second - first])


def _deviation(x: np.ndarray) -> float:
    return max(float(x.std()), 1.0)


def motion(flow: np.ndarray, bridge: np.ndarray) -> np.ndarray:
    """u, v and strain, float32 (3, S, S), of a flow (2, S, S) in pixels; u and v without the median of the box around
    the points ``bridge`` (n, 2)."""
    top, bottom, left, right = box(bridge, flow.shape[1])
    whole = np.median(flow[:, top:bottom, left:right], axis=(1, 2))
    return np.stack([*(flow - whole[:, None, None]), strain_magnitude(flow)]).astype(np.float32)


def box(points: np.ndarray, size: int) -> tuple[int, int, int, int]:
    """Rows and columns [top, bottom), [left, right) around ``points``, 0.04 of the side wider on each side, within the
    picture; at least one pixel."""
    low, high = points.min(0) - MARGIN * size, points.max(0) + MARGIN * size
    left, top = np.clip(np.floor(low), 0, size - 1).astype(int).tolist()
    right, bottom = np.clip(np.ceil(high), 1, size).astype(int).tolist()
    return top, max(bottom, top + 1), left, max(right, left + 1)


def aligned_bridge(size: int) -> np.ndarray:
    """Both ends of the nose bridge where the eye-aligned crop has them, (2, 2): in the middle, from the height of the
    eyes down by half their distance."""
    return np.array([[0.5, EYE_HEIGHT], [0.5, EYE_HEIGHT + EYE_DISTANCE / 2]]) * size - 0.5
