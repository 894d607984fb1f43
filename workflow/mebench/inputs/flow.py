"""Optical flow from onset to apex at the frames' own resolution: what the kinds tvl1, farneback, dis share.

An estimator is a file of this folder with ``flow(first, second) -> (2, H, W)`` on grey frames of 8 bit and its
``SETTINGS``; it becomes an input by subclassing :class:`FlowInput`. One that is faster with many pairs at once also has
``flow_batch`` on (B, H, W).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from mebench.clips.clip import Clip
from mebench.config.input_names import InputSpec
from mebench.errors import UserError
from mebench.inputs.maker import Made, Maker
from mebench.media.clip_reader import frame_digest
from mebench.media.pictures import decode

Estimator = Callable[[np.ndarray, np.ndarray], np.ndarray]
STILL = 1e-3  # pixels: what rounding makes of no motion is a tenth of it


def estimator(name: str) -> Estimator:
    """The function behind one of ``input_names.FLOWS``: two grey uint8 frames (H, W) -> float32 (2, H, W), u right
    and v down, in pixels."""
    return importlib.import_module(f"mebench.inputs.{name}").flow


def estimate_many(name: str, first: np.ndarray, seconds: Sequence[np.ndarray]) -> np.ndarray:
    """Flows float32 (T, 2, H, W) from one grey frame to each of several."""
    return estimate_pairs(name, [first] * len(seconds), seconds)


def estimate_pairs(name: str, firsts: Sequence[np.ndarray], seconds: Sequence[np.ndarray]) -> np.ndarray:
    """Flows float32 (T, 2, H, W) from each of T grey frames to another; at once where the estimator can do that."""
    module = importlib.import_module(f"mebench.inputs.{name}")
    if hasattr(module, "flow_batch"):
        return module.flow_batch(np.stack(firsts), np.stack(seconds))
    return np.stack([module.flow(first, second) for first, second in zip(firsts, seconds, strict=True)])


def estimator_settings(name: str, spec: InputSpec) -> Mapping[str, object]:
    """The settings of an estimator and the version of its code, for inputs that are made with it."""
    kind = importlib.import_module(f"mebench.inputs.{name}").Input
    return {**kind.settings(spec), "version": kind.VERSION}


class FlowInput(Maker):
    """Flow of each clip as float32 (2, H, W), u right and v down, in pixels of the delivered frames."""

    CHANNELS = ("u", "v")

    def made_from(self, clip: Clip) -> list[object]:
        return [*(frame_digest(path) for path in self.labelled(clip, "onset", "apex")), *self.crop_made_from(clip)]

    def make(self, clip: Clip) -> Made:
        first, second = self.pair(clip)
        result = estimator(self.spec.kind)(first, second)
        check(result, clip.clip_id)
        return Made(result, {})

    def pair(self, clip: Clip) -> tuple[np.ndarray, np.ndarray]:
        """The grey onset and apex frame, cropped alike."""
        onset, apex = self.labelled(clip, "onset", "apex")
        first, second = grey_pair(onset, apex)
        if np.array_equal(first, second):
            raise UserError(
                f"the flow of {clip.clip_id} from onset to apex is constant: both frames are the same picture; "
                "correct its onset and apex or leave the clip out"
            )
        return self.cut(clip, first), self.cut(clip, second)


def grey_pair(onset: Path, apex: Path) -> tuple[np.ndarray, np.ndarray]:
    """Two frames of a clip as grey uint8 (H, W); frames of different or tiny size are a UserError."""
    first, second = decode(onset, grey=True), decode(apex, grey=True)
    check_pair(first, onset, second, apex)
    return first, second


def check_pair(first: np.ndarray, first_path: Path, second: np.ndarray, second_path: Path) -> None:
    """Refuse frames of a clip that differ in size, or are too small for flow."""
    if first.shape != second.shape:
        raise UserError(
            f"the frames {first_path} and {second_path} differ in size ({_size(first)} and {_size(second)}); "
            "frames of a clip must be cropped alike"
        )
    if min(first.shape) < 16:
        raise UserError(f"the frame {first_path} is only {_size(first)} pixels; flow needs at least 16 x 16")


def check(result: np.ndarray, clip_id: str) -> None:
    """Refuse a flow that is not finite, or the same everywhere, as where no frame shows anything."""
    if not np.isfinite(result).all():
        raise UserError(f"the flow of {clip_id} is not finite; look at its frames or leave the clip out")
    if all(float(np.ptp(channel)) < STILL for channel in result):
        raise UserError(
            f"the flow of {clip_id} from onset to apex is constant: the frames show no motion; correct its "
            "onset and apex or leave the clip out"
        )


def _size(picture: np.ndarray) -> str:
    return f"{picture.shape[1]} x {picture.shape[0]}"
