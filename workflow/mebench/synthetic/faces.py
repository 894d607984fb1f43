"""Faces of many made-up subjects: one public-domain photograph, bent, lit and coloured anew for each.

The photograph is ``skimage.data.astronaut()`` (Eileen Collins, NASA, public domain). A frame is a face
crop of 128 x 112 pixels, so faces fill it as in the cropped editions of the datasets, at reduced size.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np

HEIGHT, WIDTH = 128, 112
MARGIN = 16  # skin beyond the frame, so that a moving head brings in picture and no border
FINE = 4  # samples per pixel of a face's appearance: cv2.remap rounds positions to 1/32 sample, that is 1/128 px
_PHOTO_CENTRE, _PHOTO_SCALE = np.array([225.0, 122.5]), 121 / 128  # photograph pixels per frame pixel

# where things are in the photograph, (x, y); left and right as in the picture
_LANDMARKS = {
    "brow_inner_l": (211, 91),
    "brow_inner_r": (239, 92),
    "brow_outer_l": (192, 90),
    "brow_outer_r": (259, 93),
    "eye_l": (203, 101),
    "eye_r": (247, 103),
    "nose_l": (215, 122),
    "nose_r": (235, 122),
    "cheek_l": (197, 120),
    "cheek_r": (252, 121),
    "mouth_l": (204, 141),
    "mouth_r": (246, 141),
    "lip_upper": (225, 138),
    "lip_lower": (225, 154),
    "chin": (225, 170),
}


@dataclass(frozen=True)
class Face:
    """``appearance``: float32 RGB 0..255, neutral, FINE samples per pixel; ``landmarks`` (x, y) in pixels."""

    appearance: np.ndarray
    landmarks: dict[str, np.ndarray]

    def look_up(self, points: np.ndarray) -> np.ndarray:
        """Colours (H, W, 3) of the skin at ``points`` (2, H, W), x and y in pixels of the neutral face."""
        place = ((points + MARGIN) * FINE).astype(np.float32)
        return cv2.remap(self.appearance, place[0], place[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)


def make(rng: np.random.Generator) -> Face:
    """A new subject: geometry, skin and light drawn from ``rng``."""
    bend = _geometry(rng)
    ys = np.arange(-MARGIN, HEIGHT + MARGIN, 1 / FINE)
    xs = np.arange(-MARGIN, WIDTH + MARGIN, 1 / FINE)
    grid = np.stack(np.meshgrid(xs, ys)).astype(np.float64)
    place = bend(grid).astype(np.float32)
    skin = cv2.remap(_photo(), place[0], place[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    skin = skin + _pores(rng, skin.shape[:2])[..., None]
    skin = _complexion(rng, skin) * _light(rng, grid)[..., None]
    landmarks = {name: _where(bend, np.array(spot, dtype=float)) for name, spot in _LANDMARKS.items()}
    if rng.random() < 0.5:
        skin = skin[:, ::-1]
        landmarks = {_other_side(name): _mirror(spot) for name, spot in landmarks.items()}
    return Face(np.ascontiguousarray(np.clip(skin, 0, 255), dtype=np.float32), landmarks)


@functools.lru_cache(maxsize=1)
def _photo() -> np.ndarray:
    from skimage import data

    return data.astronaut().astype(np.float32)


def _geometry(rng: np.random.Generator):
    """A smooth map from frame to photograph: size, aspect, tilt, position, and slow waves for the features."""
    scale = _PHOTO_SCALE * rng.uniform(0.93, 1.1) * np.array([rng.uniform(0.92, 1.09), 1.0])
    tilt, shift = np.deg2rad(rng.normal(0, 2.5)), rng.normal(0, 2.5, size=2)
    turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    waves = rng.normal(0, 1, size=(6, 2)) * 1.1
    vectors = 2 * np.pi / rng.uniform(55, 130, size=6) * np.exp(1j * rng.uniform(0, np.pi, size=6))
    phases = rng.uniform(0, 2 * np.pi, size=6)

    def bend(points: np.ndarray) -> np.ndarray:
        x, y = points[0] - WIDTH / 2, points[1] - HEIGHT / 2
        u, v = turn[0, 0] * x + turn[0, 1] * y, turn[1, 0] * x + turn[1, 1] * y
        out = np.stack([_PHOTO_CENTRE[0] + shift[0] + scale[0] * u, _PHOTO_CENTRE[1] + shift[1] + scale[1] * v])
        for wave, vector, phase in zip(waves, vectors, phases, strict=True):
            swing = np.sin(vector.real * x + vector.imag * y + phase)
            out[0] += wave[0] * swing
            out[1] += wave[1] * swing
        return out

    return bend


def _where(bend, spot: np.ndarray) -> np.ndarray:
    """The frame position that ``bend`` takes to ``spot``, to a thousandth of a pixel."""
    point = np.array([WIDTH / 2, HEIGHT / 2])
    for _ in range(40):
        point = point - 0.9 * (bend(point) - spot) / _PHOTO_SCALE
    return point


def _pores(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Fine and coarse skin texture, fixed to the skin: it differs between people and carries the flow."""
    texture = np.zeros(shape, dtype=np.float32)
    for pixels, strength in ((1.0, 4.0), (2.5, 4.0), (12.0, 5.0)):
        small = (max(4, int(shape[1] / FINE / pixels)), max(4, int(shape[0] / FINE / pixels)))
        noise = rng.standard_normal(small[::-1], dtype=np.float32)
        texture += strength * cv2.resize(noise, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return texture


def _complexion(rng: np.random.Generator, skin: np.ndarray) -> np.ndarray:
    tint = rng.uniform(0.55, 1.05) * np.array([1.0, rng.uniform(0.85, 1.0), rng.uniform(0.75, 1.0)])
    contrast = rng.uniform(0.75, 1.1)
    return (skin - 140) * contrast + 140 * tint.astype(np.float32)


def _light(rng: np.random.Generator, grid: np.ndarray) -> np.ndarray:
    """A lamp from one side: brightness that changes slowly over the face."""
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.3)
    along = (np.cos(angle) * (grid[0] - WIDTH / 2) + np.sin(angle) * (grid[1] - HEIGHT / 2)) / (HEIGHT / 2)
    return (1 + strength * np.tanh(along)).astype(np.float32)


def _mirror(spot: np.ndarray) -> np.ndarray:
    # sample i of the appearance lies at i / FINE - MARGIN; reversed, i becomes last - i
    last = WIDTH + 2 * MARGIN - 1 / FINE
    return np.array([last - 2 * MARGIN - spot[0], spot[1]])


def _other_side(name: str) -> str:
    return name[:-2] + {"_l": "_r", "_r": "_l"}[name[-2:]] if name[-2:] in ("_l", "_r") else name
