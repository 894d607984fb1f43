"""The input ``pair_flow-<size>``: how the eyes and the mouth move within a tenth of a second, at each frame of a
recording (MEAN).

G.-B. Liong, J. See, C.-S. Chan: Spot-then-recognize, Signal Processing: Image Communication 110, 2023; what is done is
taken from a description of the authors' code.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mebench.clips.clip import Clip
from mebench.config.input_names import InputSpec
from mebench.errors import UserError
from mebench.faces.detect import Detection
from mebench.inputs import roi_flow
from mebench.inputs.flow import estimate_pairs
from mebench.inputs.maker import Made
from mebench.inputs.pairs import Box, Faces, PairInput, parts
from mebench.media.flow_field import strain_magnitude

SECONDS = 0.1  # from a frame to that which it is compared with
SIDE = 128  # of the face
MARGIN = 12  # pixels of it beside the landmarks of a band
TOGETHER = 32  # pairs whose flow is computed at once
EYES = ((17, 26), (19, 24), (41, 46))  # landmarks: its left and right end, its top, its bottom
MOUTH = ((60, 64), (50,), (57,))

Cut = tuple[Box, Box, Box]  # of the face in the frame; of eyes and mouth in the face


class Input(PairInput):
    """u, v and strain of each position, uint8 (positions, 3, S, S): the band of brows and eyes above that of the mouth,
    each S wide and S / 2 high.

    Position i is the flow from frame i to the frame 0.1 s later (3 at 30 fps, 10 at 100, 20 at 200), on the grey face
    at 128 x 128; the last 0.1 s of a recording has no position. Each channel is stretched over the whole face from its
    least to its largest number, then cut. As bytes it is off by a five-hundredth of that range at most, less than the
    flow itself is. The face is the detector's box in the first frame that shows one.
    """

    CHANNELS = ("u", "v", "strain")
    SCALE = "picture"

    @classmethod
    def settings(cls, spec: InputSpec) -> Mapping[str, object]:
        return {
            **super().settings(spec),
            "seconds": SECONDS,
            "side": SIDE,
            "margin": MARGIN,
            "eyes": EYES,
            "mouth": MOUTH,
        }

    def make(self, clip: Clip) -> Made:
        numbers, files = self.reel(clip)
        reel = roi_flow.Reel(files, 1)
        face, *bands = self.looked_for(clip, reel, cut)
        later = max(1, round(SECONDS * self.rate(clip)))
        faces, last = Faces(reel, face, SIDE, later + TOGETHER + 1), len(files) - 1
        count = max(1, len(files) - later)
        array = np.empty((count, 3, self.size, self.size), dtype=np.uint8)
        for part in parts(count, TOGETHER):
            firsts, seconds = ([faces[min(i + shift, last)] for i in part] for shift in (0, later))
            for i, flow in zip(part, estimate_pairs(self.spec.options["flow"], firsts, seconds), strict=True):
                if not np.isfinite(flow).all():
                    raise UserError(
                        f"the flow of {clip.clip_id} from frame {numbers[i]} is not finite; look at its frames or "
                        "leave the recording out"
                    )
                array[i] = banded(flow, bands, self.size)
        return Made(array, self.extras(clip, numbers, count))


def cut(shape: tuple[int, ...], detection: Detection, landmarks: np.ndarray) -> Cut | None:
    """The face in a frame of this ``shape``, and eyes and mouth in it; None where they are not whole."""
    corners = (detection.left, detection.top, detection.right, detection.bottom)
    face = Box.within(corners, shape)
    if face is None:
        return None
    points = face.points(landmarks, SIDE)
    eyes, mouth = (band(points, *ends) for ends in (EYES, MOUTH))
    return None if eyes is None or mouth is None else (face, eyes, mouth)


def band(
    points: np.ndarray, ends: tuple[int, int], top: tuple[int, ...], bottom: tuple[int, ...]
) -> Box | None:  # fmt: skip
    """The part of a face between landmarks ``points`` (68, 2), 12 pixels wider on each side, as far as it lies in the
    face; None where less than 16 x 16 pixels remain."""
    left, right = points[list(ends), 0] + (-MARGIN, MARGIN)
    above, below = points[list(top), 1].min() - MARGIN, points[list(bottom), 1].max() + MARGIN
    return Box.within((left, above, right, below), (SIDE, SIDE))


def banded(flow: np.ndarray, bands: list[Box], size: int) -> np.ndarray:
    """A flow (2, H, W) of a face as uint8 (3, S, S): u, v and strain, each stretched from its least to its largest
    number to 0..255, and cut. A channel that is the same everywhere is 0."""
    planes = np.stack([*flow, strain_magnitude(flow)]).astype(np.float32)
    low = planes.min(axis=(1, 2), keepdims=True)
    reach = np.ptp(planes, axis=(1, 2)).reshape(3, 1, 1)
    planes = (planes - low) / np.where(reach > 0, reach, 1)
    heights = (size // 2, size - size // 2)
    rows = [
        [_resized(plane[one.top : one.bottom, one.left : one.right], size, height) for plane in planes]
        for one, height in zip(bands, heights, strict=True)
    ]
    return np.rint(255 * np.concatenate(rows, axis=1)).astype(np.uint8)


def _resized(plane: np.ndarray, width: int, height: int) -> np.ndarray:
    """Averaged over areas where it shrinks, bilinear where it grows."""
    import cv2

    shrinks = height <= plane.shape[0] and width <= plane.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(plane), (width, height), interpolation=method)
