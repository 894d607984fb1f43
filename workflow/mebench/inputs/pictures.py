"""Pictures: decoding any frame, and flow pictures as published (u, v and strain are red, green and blue)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mebench.clips.clip import Clip
from mebench.errors import UserError
from mebench.inputs.maker import Made, Maker
from mebench.media.clip_reader import frame_digest
from mebench.media.pictures import decode

CHANNELS = ("u", "v", "strain")


class Input(Maker):
    """``apex_flow-<size>`` of published pictures: uint8 (3, S, S), values as published (0..255 per channel)."""

    CHANNELS = CHANNELS
    SCALE = "picture"

    def made_from(self, clip: Clip) -> list[object]:
        return [frame_digest(self.root / clip.frames)]

    def make(self, clip: Clip) -> Made:
        return Made(read_picture(self.root / clip.frames, self.size), {})


def read_picture(path: Path, size: int) -> np.ndarray:
    """One flow picture as uint8 (3, S, S), channels u, v, strain.

    A file that is missing, unreadable or truncated, of another size, without colour or with a constant
    channel (no flow at all) is a UserError naming the file.
    """
    picture = decode(path)
    if picture.ndim != 3 or picture.shape[2] != 3:
        raise UserError(f"the flow picture {path} has no three channels (u, v, strain); store it as RGB")
    height, width = picture.shape[:2]
    if (height, width) != (size, size):
        raise UserError(f"the flow picture {path} is {width} x {height} pixels, expected {size} x {size}; "
                        "resize it or ask for an input of its size")  # fmt: skip
    for name, channel in zip(CHANNELS, np.moveaxis(picture, 2, 0), strict=True):
        if channel.min() == channel.max():
            raise UserError(f"the flow picture {path} is constant in its channel {name}: it holds no motion; "
                            "make it again or remove the clip")  # fmt: skip
    return np.ascontiguousarray(picture.transpose(2, 0, 1))
