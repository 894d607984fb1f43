"""What a person should look at: faces that are there but may be wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mebench.faces.detect import Detection
from mebench.faces.store import Face
from mebench.media import crops
from mebench.media.unavailable import Unavailable

# score of the detector: folds of clothes get up to 0.4, and so do faces that fill their frame; these are no doubt
WEAK, FILLS = 0.3, 0.5  # FILLS: side of the detection as a share of the frame's shorter side
OF_SUBJECT, OF_DATASET = 1.3, 1.7  # ratio of a crop's side to the median; people sit at different distances
FEW = 3  # clips of a subject that make a median
AWAY = 1.0  # distance of a face from the subject's median place, in sides of its crop
OUTSIDE = 0.05  # of the crop's side: the chin of a tight crop lies on its border
# degrees; the predictor follows a tilt of up to 25 and takes steeper faces for level ones, which the detector does not
TILT, LEVEL = 30, 15


def doubts(faces: Sequence[Face], points: np.ndarray, subjects: Sequence[str]) -> list[str]:
    """For each clip why a person should look at its face, or ''. ``faces[i]``, ``points[i]`` (68, 2) and
    ``subjects[i]`` go together; clips without a face have none."""
    there = np.array([face.status == "ok" for face in faces], dtype=bool)
    eyes = np.stack(
        [points[:, crops.LEFT_EYE].mean(1), points[:, crops.RIGHT_EYE].mean(1)], axis=1
    )  # clip, eye, x and y
    sides = np.linalg.norm(eyes[:, 1] - eyes[:, 0], axis=1) / crops.EYE_DISTANCE
    centres = eyes.mean(1)
    reasons = [_alone(face, one) if ok else [] for face, one, ok in zip(faces, points, there, strict=True)]
    for subject in sorted(set(subjects)):
        own = np.flatnonzero(there & (np.array(subjects) == subject))
        if len(own) >= FEW:
            _among(own, sides, centres, reasons)
    median = float(np.median(sides[there])) if there.any() else 0.0
    for i in np.flatnonzero(there):
        if not any(reason.startswith("side ") for reason in reasons[i]) and _far(sides[i], median, OF_DATASET):
            reasons[i].append(f"side {sides[i]:.0f}, the dataset's median is {median:.0f}")
    return ["; ".join(several) for several in reasons]


def _far(side: float, median: float, ratio: float) -> bool:
    return not median / ratio <= side <= median * ratio


def _alone(face: Face, points: np.ndarray) -> list[str]:
    """What one face shows by itself."""
    try:
        side = crops.eyes(points)[1]
    except Unavailable as reason:
        return [reason.reason]
    left, right = points[crops.LEFT_EYE].mean(0), points[crops.RIGHT_EYE].mean(0)
    across = right - left
    tilt = float(np.degrees(np.arctan2(across[1], across[0])))
    down = points[48:].mean(0) - (left + right) / 2  # eyes to mouth
    width, height = face.size
    beyond = np.maximum(-points, points - [width - 1, height - 1]).max(1) > OUTSIDE * side
    reasons = []
    if face.number > 1:
        reasons.append(f"{face.number} faces, the largest is taken")
    detection = face.detection
    if detection and detection.score < WEAK and _across(detection) < FILLS * min(width, height):
        reasons.append(f"weak detection ({detection.score:.2f})")
    if beyond.any():
        reasons.append(f"{int(beyond.sum())} of the landmarks outside the frame")
    if across[0] * down[1] - across[1] * down[0] <= 0:
        reasons.append("the mouth is above the eyes, is the order of the points dlib's?")
    elif abs(tilt) > TILT:
        reasons.append(f"tilted by {abs(tilt):.0f} degrees")
    elif detection and detection.view == "tilted" and abs(tilt) < LEVEL:
        reasons.append("a tilted face, but level landmarks")
    return reasons


def _across(detection: Detection) -> int:
    return detection.right - detection.left + 1


def _among(own: np.ndarray, sides: np.ndarray, centres: np.ndarray, reasons: list[list[str]]) -> None:
    """What shows by comparison with the subject's other clips."""
    median, place = float(np.median(sides[own])), np.median(centres[own], axis=0)
    for i in own:
        if _far(sides[i], median, OF_SUBJECT):
            reasons[i].append(f"side {sides[i]:.0f}, the subject's median is {median:.0f}")
        elif np.linalg.norm(centres[i] - place) > AWAY * median:
            reasons[i].append("not where the subject's other clips show the face")
