"""Video files, decoded by OpenCV into numbered pictures, so that whatever reads frames reads them too."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mebench.errors import UserError
from mebench.log import log
from mebench.media.folders import ALL_PICTURES

if TYPE_CHECKING:
    import cv2


@dataclass(frozen=True)
class Unpacked:
    """The frames of a video file: how many there are, numbered from 1, and frames per second as the file says it, None
    where it does not."""

    frames: int
    fps: float | None


def unpack(path: Path, folder: Path) -> Unpacked:
    """Write the frames of a video file to ``folder`` as 000001.png and so on, without a loss, turned as the file says.
    A file that is no video, or holds no frame that can be read, is a UserError."""
    import cv2

    capture = _opened(path)
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    try:
        fps, announced = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
        while True:
            there, picture = capture.read()
            if not there:
                break
            number += 1
            file = folder / f"{number:06}.png"
            if not cv2.imwrite(str(file), picture, [cv2.IMWRITE_PNG_COMPRESSION, 1]):
                raise UserError(f"frame {number} of {path} cannot be written to {folder}; is the disk full?")
    finally:
        capture.release()
    if not number:
        raise UserError(f"no frame of {path} can be read; it is damaged, or in a format that OpenCV does not know")
    if announced > number + 1:  # some containers count one too many
        log.warning(f"{path} announces {announced:.0f} frames, of which {number} can be read; it may be cut off")
    return Unpacked(number, fps if math.isfinite(fps) and fps > 0 else None)


def _opened(path: Path) -> cv2.VideoCapture:
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # what is wrong is said below, in one sentence
    import cv2

    if path.suffix.lower() in ALL_PICTURES:
        raise UserError(f"{path} is one picture; give a video file, or a folder of frames")
    capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        raise UserError(f"{path} cannot be read as a video; it is damaged, or in a format that OpenCV does not know: "
                        "give a folder of its frames")  # fmt: skip
    return capture
