"""Cutting the face out of a frame: aligned by the eyes, or SLSTT's square around the nose; once per clip.

The landmarks are those of the onset frame, and every frame of the clip is cut in the same way: a crop of its own for
each frame would add the detector's jitter to the motion.
"""

from __future__ import annotations

import numpy as np

from mebench.media.unavailable import Unavailable

EYE_DISTANCE, EYE_HEIGHT = 0.42, 0.36  # of the side of the crop: distance of the eyes' centres, and of them to the top
LEFT_EYE, RIGHT_EYE = slice(36, 42), slice(42, 48)  # left and right as in the picture
LEAST = 16  # pixels: a smaller crop holds no face


def eyes(landmarks: np.ndarray) -> tuple[np.ndarray, int]:
    """Similarity (2, 3) from frame to crop, and the crop's side: both eyes level, their distance 0.42 of the side,
    0.36 of it below the top; the face keeps its size in pixels."""
    left, right = (landmarks[eye].mean(0, dtype=float) for eye in (LEFT_EYE, RIGHT_EYE))
    x, y = right - left
    distance = float(np.hypot(x, y))
    side = checked(distance / EYE_DISTANCE)
    cos, sin = x / distance, y / distance
    turn = np.array([[cos, sin], [-sin, cos]])
    # a pixel's position is that of its centre: half a pixel less than its distance from the border
    middle = np.array([0.5 * side, EYE_HEIGHT * side]) - 0.5 - turn @ ((left + right) / 2)
    return np.column_stack([turn, middle]), side


def nose(landmarks: np.ndarray) -> tuple[np.ndarray, int]:
    """Shift (2, 3) from frame to crop, and the side of SLSTT's square: centred on the nose tip (point 30), side = chin
    to brow (8, 19) plus chin to lower lip (8, 57). The released code clips the square at the border; here it is
    completed, so that it stays a square."""
    chin, brow, lip, tip = (landmarks[i] for i in (8, 19, 57, 30))
    side = checked(float((chin[1] - brow[1]) + (chin[1] - lip[1])))
    corner = np.floor(tip - side / 2)
    return np.array([[1.0, 0.0, -corner[0]], [0.0, 1.0, -corner[1]]]), side


PLACES = {"eyes": eyes, "nose": nose}


def checked(side: float) -> int:
    """The side in whole pixels; Unavailable where the landmarks cannot be those of a face."""
    if not np.isfinite(side) or side < LEAST:
        raise Unavailable("bad_landmarks", f"the landmarks give a crop of {side:.0f} pixels; correct them")
    return round(side)


def refuse_beyond(picture: np.ndarray, matrix: np.ndarray, side: int) -> None:
    """Unavailable where a crop's middle lies outside ``picture``, or the crop is more than twice as large: it would
    hold more repeated border than face."""
    height, width = picture.shape[:2]
    turn, shift = matrix[:, :2], matrix[:, 2]
    x, y = turn.T @ ((side - 1) / 2 - shift)  # the turn is a rotation, so its transpose undoes it
    if side > 2 * max(height, width) or not (0 <= x <= width - 1 and 0 <= y <= height - 1):
        raise Unavailable(
            "bad_landmarks", f"the landmarks give a crop of {side} pixels around ({x:.0f}, {y:.0f}) in a frame of "
            f"{width} x {height}; correct them"
        )  # fmt: skip


def warp(picture: np.ndarray, matrix: np.ndarray, side: int) -> np.ndarray:
    """The crop (side, side); where it reaches beyond the frame, the frame's border is repeated."""
    import cv2

    return cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def fit(picture: np.ndarray, size: int) -> np.ndarray:
    """``picture`` at size x size: averaged over areas where it shrinks, bilinear where it grows."""
    import cv2

    if picture.shape[:2] == (size, size):
        return picture
    shrink = size <= min(picture.shape[:2])
    return cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_LINEAR)
