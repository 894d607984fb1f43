"""Face regions of ME-TST: where brows, mouth, nose and eyelids are, and how each of them moves.

B. Zou et al., Synergistic Spotting and Recognition of Micro-Expression via Temporal State Transition, ICASSP 2025,
arXiv 2409.09707, as its released code does it; 18 regions as in that of its successor (ME-TST+). Landmarks are the 68
points of dlib, counted from 0. Left and right are those of the picture, y points down, boxes are half-open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

SIDE = 320  # pixels of the square that a face is brought to; all motion is measured in these
BRIDGE_SHARE = 0.7
FARNEBACK = {
    "pyr_scale": 0.5,
    "levels": 3,
    "winsize": 15,
    "iterations": 5,
    "poly_n": 7,
    "poly_sigma": 1.5,
    "flags": 0,
}

Box = tuple[int, int, int, int]  # top, bottom, left, right


@dataclass(frozen=True)
class Patch:
    """A named part of a region, its box counted from the region's corner; the ``share`` of its pixels that move most
    speaks for it."""

    name: str
    box: Box
    share: float


@dataclass(frozen=True)
class Region:
    """A part of the 320 x 320 face on which flow is computed, and what is read from that flow."""

    box: Box
    patches: tuple[Patch, ...]


class Unusable(Exception):
    """Landmarks that cannot be those of a whole face."""


# --- the face in a frame ----------------------------------------------------------------------------------------------


def face_box(landmarks: np.ndarray) -> Box:
    """The face in its frame, by the inner corners of the eyes (39, 42): with g half their distance, 3.5 g above and
    5.5 g below their middle, 4.5 g to each side. Right and bottom may lie beyond the frame."""
    (x, y), (x2, y2) = landmarks[[39, 42]].astype(int).tolist()
    half, column, row = int((x2 - x) / 2), (x + x2) // 2, (y + y2) // 2
    if half < 1:
        raise Unusable("the inner corners of the eyes lie on each other")
    top, left = max(0, row - int(3.5 * half)), max(0, column - int(4.5 * half))
    return top, row + int(5.5 * half), left, column + int(4.5 * half)


def cut_face(frame: np.ndarray, box: Box) -> np.ndarray:
    """``box`` of a grey frame (H, W), as far as it lies in it, at 320 x 320."""
    import cv2

    return cv2.resize(_part(frame, box), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)


def inside(landmarks: np.ndarray, box: Box, frame: tuple[int, ...]) -> np.ndarray:
    """Landmarks of a frame of shape ``frame`` in its 320 x 320 face, whole numbers."""
    return ((landmarks - [box[2], box[0]]) / unit(box, frame)).astype(int)


def unit(box: Box, frame: tuple[int, ...]) -> np.ndarray:
    """Width and height (2,) of a pixel of the 320 x 320 face, in pixels of a frame of shape ``frame``."""
    top, bottom, left, right = box
    return np.array([min(right, frame[1]) - left, min(bottom, frame[0]) - top]) / SIDE


def shifted(box: Box, motion: np.ndarray, frame: tuple[int, ...], scaled: bool) -> Box:
    """``box`` moved by ``motion`` (u, v), which is in pixels of the 320 x 320 face.

    The released code moves the box by as many pixels of the frame, which is too far where the face is smaller than 320
    pixels, and too little where it is larger; ``scaled`` converts them. Top and left stop at 0; bottom and right move
    on, so that the box shrinks there, as released.
    """
    top, bottom, left, right = box
    dx, dy = np.round(motion * (unit(box, frame) if scaled else 1)).astype(int).tolist()
    return max(0, top + dy), bottom + dy, max(0, left + dx), right + dx


def seen(box: Box, frame: tuple[int, ...]) -> bool:
    """Whether at least a pixel of ``box`` lies in a frame of shape ``frame``."""
    top, bottom, left, right = box
    return top < min(bottom, frame[0]) and left < min(right, frame[1])


# --- regions ----------------------------------------------------------------------------------------------------------


def bridge(points: np.ndarray) -> Region:
    """The tip of the nose bridge (landmarks 29, 30), which no expression moves: the head's motion."""
    box = _around(points, [29, 30], 13, 13, 13, 13)
    return _region(box, [("bridge", _inner(box, 15, 10, 5, 5), BRIDGE_SHARE)])


def regions(points: np.ndarray, count: int) -> list[Region]:
    """Regions of a 320 x 320 face with landmarks ``points`` (68, 2), whole numbers, for ``count`` = 10 or 36 channels.

    Raises :class:`Unusable` where a region or a part of it does not lie in the face.
    """
    more = count == 36
    always = [
        _brow(points, "left", range(17, 22), 5, (20, 19, 18) if more else ()),
        _brow(points, "right", range(22, 27), 0, (23, 24, 25) if more else ()),
        _mouth(points, (48, 54, 51, 57, 62) if more else ()),
        _nose(points),
    ]
    return always + ([_lid(points, "left", range(36, 42)), _lid(points, "right", range(42, 48))] if more else [])


def names(count: int) -> list[str]:
    """Names of the ``count`` channels, in order: u and v of each patch."""
    brows = (("brow_left", (20, 19, 18)), ("brow_right", (23, 24, 25)), ("mouth", (48, 54, 51, 57, 62)))
    patches = [name for whole, spots in brows for name in (whole, *(_point(s) for s in spots if count == 36))]
    patches += ["wing_left", "wing_right", *(["lid_left", "lid_right"] if count == 36 else [])]
    return [f"{patch}_{axis}" for patch in patches for axis in "uv"]


def _brow(points: np.ndarray, side: str, landmarks: range, outer: int, spots: tuple[int, ...]) -> Region:
    above = int(points[landmarks, 1].min()) - 15  # negative: the region stops at the face's upper border
    box = _around(points, landmarks, 15, 5, outer, 0)
    top = max(0, 10 + min(0, above))
    # the left brow alone gives up part of its lower margin where it is flat
    low = 4 if side == "left" and box[1] - box[0] - 3 < 10 + top else 10
    share = 0.2 if side == "left" else 0.3
    inner = [(f"brow_{side}", _inner(box, top, low, 10, 10), 0.3)]
    return _region(box, [*inner, *(_spot(points, box, spot, share) for spot in spots)])


def _mouth(points: np.ndarray, spots: tuple[int, ...]) -> Region:
    box = _around(points, range(48, 67), 15, 10, 20, 20)  # 67 is left out, as released
    sides = {48: (10, 20), 54: (20, 10)}
    inner = [("mouth", _inner(box, 10, 10, 10, 10), 0.3)]
    return _region(box, [*inner, *(_spot(points, box, spot, 0.2, *sides.get(spot, ())) for spot in spots)])


def _nose(points: np.ndarray) -> Region:
    box = _around(points, range(30, 36), 20, 5, 30, 30)
    wings = []
    for side, landmark, left, right in (("left", 31, 20, 10), ("right", 35, 10, 20)):
        x, y = points[landmark] - [box[2], box[0]]
        wings.append((f"wing_{side}", _within((y - 20, y + 5, x - left, x + right), box), 0.2))
    return _region(box, wings)


def _lid(points: np.ndarray, side: str, landmarks: range) -> Region:
    """The lower lid: as wide as the eye, from a quarter to three quarters of that width below the eye's middle."""
    low, high = points[landmarks].min(0), points[landmarks].max(0)
    width, middle = int(high[0] - low[0]), (int(low[1]) + int(high[1])) / 2
    box = _clipped((int(middle + width / 4), int(middle + 3 * width / 4), int(low[0]), int(high[0])))
    return _region(box, [(f"lid_{side}", _inner(box, 5, 5, 5, 5), 0.3)])


def _around(points: np.ndarray, landmarks, above: int, below: int, left: int, right: int) -> Box:
    low, high = points[landmarks].min(0), points[landmarks].max(0)
    return _clipped((int(low[1]) - above, int(high[1]) + below, int(low[0]) - left, int(high[0]) + right))


def _clipped(box: Box) -> Box:
    return max(0, box[0]), min(SIDE, box[1]), max(0, box[2]), min(SIDE, box[3])


def _spot(points: np.ndarray, box: Box, landmark: int, share: float, left: int = 10, right: int = 10):
    x, y = points[landmark] - [box[2], box[0]]
    return _point(landmark), _within((y - 10, y + 10, x - left, x + right), box), share


def _point(landmark: int) -> str:
    return f"point{landmark}"


def _within(patch: Box, region: Box) -> Box:
    """A patch counted from a region's corner, as far as it lies in it."""
    height, width = region[1] - region[0], region[3] - region[2]
    top, bottom, left, right = (int(edge) for edge in patch)
    return max(0, top), min(height, bottom), max(0, left), min(width, right)


def _inner(region: Box, above: int, below: int, left: int, right: int) -> Box:
    """A region without margins, counted from its corner."""
    return above, region[1] - region[0] - below, left, region[3] - region[2] - right


def _region(box: Box, patches: list[tuple[str, Box, float]]) -> Region:
    """A region with its patches; Unusable where one of them is empty."""
    for name, (top, bottom, left, right), _ in patches:
        if top >= bottom or left >= right:
            raise Unusable(f"{name} does not lie in the face")
    return Region(box, tuple(Patch(*patch) for patch in patches))


# --- motion -----------------------------------------------------------------------------------------------------------


def farneback(first: np.ndarray, second: np.ndarray, region: Region) -> np.ndarray:
    """Farnebäck's flow (h, w, 2) between two 320 x 320 faces, computed on a region alone: u right, v down."""
    import cv2

    one, two = (np.ascontiguousarray(_part(face, region.box)) for face in (first, second))
    return cv2.calcOpticalFlowFarneback(one, two, None, **FARNEBACK)  # type: ignore[call-overload]  # the stubs know no None


def descriptor(flow: np.ndarray, share: float) -> np.ndarray:
    """Mean (u, v) of the fastest ``share`` of the pixels of a flow (h, w, 2): the slowest int(n (1 - share)) of n are
    left out. Pixels of one speed keep their order, and the sum begins with the slowest: only those that count are
    sorted, in a third of the time."""
    pixels = flow.reshape(-1, 2).astype(np.float64)
    squares = pixels * pixels
    speeds = squares[:, 0] + squares[:, 1]
    left_out = int(len(pixels) * (1 - share))
    slowest = np.partition(speeds, left_out)[left_out]
    as_slow, faster = np.flatnonzero(speeds == slowest), np.flatnonzero(speeds > slowest)
    faster = faster[np.argsort(speeds[faster], kind="stable")]
    first = len(as_slow) + len(faster) - (len(pixels) - left_out)
    return pixels[np.concatenate([as_slow[first:], faster])].mean(0)


def motions(first: np.ndarray, second: np.ndarray, region: Region) -> Iterator[np.ndarray]:
    """(u, v) of each patch of a region between two 320 x 320 faces."""
    flow = farneback(first, second, region)
    for patch in region.patches:
        yield descriptor(_part(flow, patch.box), patch.share)


def _part(array: np.ndarray, box: Box) -> np.ndarray:
    top, bottom, left, right = box
    return array[top:bottom, left:right]
