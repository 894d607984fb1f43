"""The face in a frame and its 68 landmarks, by dlib; packages that carry their weights, so nothing is downloaded.

Detector: dlib's frontal faces (N. Dalal, B. Triggs: Histograms of Oriented Gradients for Human Detection, CVPR 2005;
D. King: Max-Margin Object Detection, arXiv 1502.00046). Landmarks: V. Kazemi, J. Sullivan: One Millisecond Face
Alignment with an Ensemble of Regression Trees, CVPR 2014, as trained by D. King on iBUG 300-W, whose licence excludes
commercial use.

The rule: the detector sees the grey frame as it is; where it finds nothing, the frame at twice and then at four times
its size, as long as that has at most ``most_pixels``. It was made for faces of at least 80 pixels. Of several answers
those below 0.6 of the best score are no faces: at such scores the detector takes folds of clothes for faces. Of the
faces that remain the largest is taken. Frames are never reduced: one of 2040 x 1088 takes a tenth of a second.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypedDict

import numpy as np

from mebench.errors import UserError


class Settings(TypedDict):
    """What decides which faces are found."""

    detector: str
    threshold: float
    doublings: tuple[int, ...]
    most_pixels: int
    face: float
    predictor: str


SETTINGS: Settings = {
    "detector": "dlib frontal faces",
    "threshold": 0.0,  # of the score; dlib's default
    "doublings": (0, 1, 2),  # of the frame's size, one after the other until a face is found
    "most_pixels": 40_000_000,  # of an enlarged frame; the detector needs 20 bytes and more for each
    "face": 0.6,  # share of the best score that another answer needs to be a face
    "predictor": "shape_predictor_68_face_landmarks",
}
VIEWS = ("front", "left", "right", "tilted", "tilted")  # of the detector, by number
ADVICE = "install dlib-bin and face_recognition_models, or give the landmarks of all clips with --landmarks"


@dataclass(frozen=True)
class Detection:
    """The face that was taken: its box in pixels of the frame (right and bottom inside it), the detector's score and
    which of its views answered (``VIEWS``), how many faces there were, and how many times the frame was enlarged."""

    left: int
    top: int
    right: int
    bottom: int
    score: float
    view: str
    faces: int
    enlarged: int


def find(grey: np.ndarray, tries: Sequence[int] = SETTINGS["doublings"]) -> Detection | None:
    """The face in a grey frame, uint8 (H, W), or None; ``tries`` are the doublings of its size, one after the other."""
    for doublings in tries:
        if doublings and grey.size * 4**doublings > SETTINGS["most_pixels"]:
            return None
        boxes, scores, views = detector().run(grey, doublings, SETTINGS["threshold"])
        answers = [
            (box.area(), score, VIEWS[view], box.left(), box.top(), box.right(), box.bottom())
            for box, score, view in zip(boxes, scores, views, strict=True)
        ]
        faces = [answer for answer in answers if answer[1] >= SETTINGS["face"] * max(scores)]
        if faces:
            _, score, view, left, top, right, bottom = max(faces)
            return Detection(left, top, right, bottom, round(score, 3), view, len(faces), 2**doublings)
    return None


def landmarks(grey: np.ndarray, face: Detection) -> np.ndarray:
    """The landmarks of a face in a grey frame: (68, 2), x then y, whole pixels; some may lie outside the frame."""
    box = _dlib().rectangle(face.left, face.top, face.right, face.bottom)
    return np.array([(point.x, point.y) for point in predictor()(grey, box).parts()], dtype=np.float32)


@functools.lru_cache(maxsize=1)
def detector() -> Any:  # any: dlib says nothing about its types
    """dlib's detector of frontal faces; it lies in the library itself."""
    return _dlib().get_frontal_face_detector()


@functools.lru_cache(maxsize=1)
def predictor() -> Callable[..., Any]:  # any: dlib says nothing about its types
    """dlib's predictor of 68 landmarks; reading its 95 MiB takes a second."""
    return _dlib().shape_predictor(str(predictor_file()))


def predictor_file() -> Path:
    """Where the predictor lies. The package around it is looked up but not imported: its code needs pkg_resources,
    which newer setuptools no longer have."""
    spec = importlib.util.find_spec("face_recognition_models")
    folders = spec.submodule_search_locations if spec else None
    path = Path(folders[0]) / "models" / f"{SETTINGS['predictor']}.dat" if folders else None
    if path is None or not path.is_file():
        raise UserError(f"the 68-point predictor of face_recognition_models is not installed; {ADVICE}")
    return path


def version() -> str:
    """dlib's version; UserError where it is not installed."""
    return _dlib().__version__


def _dlib() -> ModuleType:
    try:
        import dlib
    except ImportError as error:
        raise UserError(f"dlib cannot be imported ({error}); {ADVICE}") from error
    return dlib
