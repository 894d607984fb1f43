"""Motions of a face that are known exactly: action units, and the head's drift.

A point of the neutral (onset) face at p is, at time t, at ``R_t(p + a_t m(p))``: ``m`` is the local motion of
the action units, a sum of Gaussian bumps at landmarks, ``a_t`` rises from 0 at the onset to 1 at the peak and
falls, and ``R_t`` is the head's rigid motion since the onset. The flow from the onset to t is therefore known
in closed form. A frame is drawn backwards: for each of its pixels the point p that got there is found by
fixed-point iteration.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mebench.synthetic.faces import HEIGHT, WIDTH

# action unit -> (landmark, width x, width y, dx, dy); widths and directions in pixels, x outwards from the
# middle of the face, y down. A landmark without a side lies on the middle line; others move on both sides.
UNITS: dict[int, list[tuple[str, float, float, float, float]]] = {
    1: [("brow_inner", 9, 8, 0.0, -1.0)],
    2: [("brow_outer", 10, 8, 0.1, -1.0)],
    4: [("brow_inner", 9, 8, -0.5, 0.9), ("brow_outer", 8, 7, 0.0, 0.3)],
    5: [("eye", 7, 6, 0.0, -0.4)],
    6: [("cheek", 10, 8, 0.0, -0.6)],
    7: [("eye", 8, 6, 0.0, 0.4)],
    9: [("nose", 8, 9, 0.0, -0.8), ("lip_upper", 9, 7, 0.0, -0.4)],
    10: [("lip_upper", 12, 7, 0.0, -0.9)],
    12: [("mouth", 9, 8, 0.7, -0.8), ("cheek", 9, 8, 0.0, -0.25)],
    14: [("mouth", 8, 8, 0.9, 0.0)],
    15: [("mouth", 9, 8, 0.2, 0.9)],
    17: [("chin", 14, 9, 0.0, -0.9), ("lip_lower", 11, 7, 0.0, -0.5)],
    20: [("mouth", 9, 8, 1.0, 0.2)],
    24: [("lip_upper", 11, 6, 0.0, 0.4), ("lip_lower", 11, 6, 0.0, -0.5)],
    25: [("lip_lower", 12, 7, 0.0, 0.7), ("chin", 13, 9, 0.0, 0.6)],
}


# action unit -> what else it moves, as above: skin is one sheet, so that a muscle draws more of it than the part that
# gives a unit its name. The amounts are our guesses, after what FACS says of the look of each unit: 6 and 7 raise the
# lower lid, 6 lowers the outer brow, 9 lowers the inner brow and raises the wings of the nose, 10 raises and widens the
# wings, 12 raises the cheeks and widens the wings, 24 and 17 push the chin up, 20 and 14 draw the cheeks.
BESIDE: dict[int, list[tuple[str, float, float, float, float]]] = {
    1: [("brow_outer", 9, 8, 0.0, -0.25)],
    2: [("brow_inner", 9, 8, 0.0, -0.25)],
    4: [("eye", 8, 6, -0.1, 0.3)],
    5: [("brow_outer", 9, 7, 0.0, -0.15)],
    6: [("brow_outer", 8, 7, -0.1, 0.3), ("eye", 8, 6, 0.0, -0.25)],
    7: [("cheek", 9, 7, 0.0, -0.2), ("brow_outer", 8, 7, 0.0, 0.15)],
    9: [("brow_inner", 8, 8, -0.1, 0.4), ("cheek", 9, 8, 0.0, -0.3)],
    10: [("nose", 7, 7, 0.25, -0.5), ("cheek", 9, 8, 0.0, -0.25)],
    12: [("nose", 7, 7, 0.3, -0.25), ("cheek", 9, 8, 0.1, -0.25)],
    14: [("cheek", 8, 8, 0.15, 0.0), ("nose", 6, 6, 0.1, 0.0)],
    15: [("chin", 12, 8, 0.0, 0.25)],
    17: [("mouth", 8, 7, 0.0, 0.2)],
    20: [("cheek", 9, 8, 0.3, 0.0), ("chin", 12, 8, 0.0, 0.15)],
    24: [("chin", 12, 8, 0.0, -0.3), ("mouth", 8, 7, -0.3, 0.0)],
    25: [("lip_upper", 10, 6, 0.0, -0.15)],
}

# action unit -> (landmark, its place beside it x and y, width x, width y, share of the light that it takes): wrinkles,
# bulges and open lips that come and go with the motion. x is outwards from the middle of the face.
FURROWS: dict[int, list[tuple[str, float, float, float, float, float]]] = {
    1: [("brow_inner", 0, -9, 9, 3, 0.8)],
    2: [("brow_outer", 0, -9, 9, 3, 0.8)],
    4: [("brow_inner", -5, 0, 4, 8, 1.0)],
    5: [("eye", 0, -3, 7, 2.5, -0.8)],
    6: [("eye", 10, 4, 5, 4, 0.7)],
    7: [("eye", 0, 4, 8, 2.5, 0.7)],
    9: [("nose", 0, -8, 5, 6, 0.9)],
    10: [("nose", 4, 6, 5, 6, 0.9)],
    12: [("mouth", 5, -4, 4, 7, 1.0)],
    14: [("mouth", 5, 0, 4, 4, 1.0)],
    15: [("mouth", 2, 6, 5, 4, 1.0)],
    17: [("chin", 0, -5, 10, 4, 0.9)],
    20: [("mouth", 6, 1, 5, 4, 0.8)],
    24: [("lip_upper", 0, 2, 12, 3, 0.8)],
    25: [("lip_lower", 0, -6, 9, 3.5, 1.0)],
}


@dataclass(frozen=True)
class Moves:
    """``further``: by how much expressions move further than usual; ``rest``: the share that is left of the motion of
    heads and light that is no event; ``blink``: the action units of a blink; ``furrow``: the share of the light that
    the deepest furrow of an expression takes; ``weaker``: what the weaker side of a face has of the other's motion, at
    least; ``beside``: whether skin beside the units moves too; ``pixels``: the largest motion of a macro-expression,
    least and most."""

    further: float
    rest: float
    blink: str = "4+7"
    furrow: float = 0.0
    weaker: float = 1.0
    beside: bool = False
    pixels: tuple[float, float] = (1.4, 5.0)


AS_FILMED, CLEAR = Moves(1.0, 1.0), Moves(2.0, 0.1, furrow=0.25)
CLEAR_LONG = Moves(3.0, 0.1, "7")  # of long videos; only their micro-expressions move further
# Of long videos too. Expressions are seldom alike on both sides, micro-expressions least of all (labels of CASME II and
# SAMM name left and right units). A blink closes the lids and leaves the brows alone.
FILMED_LONG = Moves(1.0, 1.0, "7", weaker=0.4, beside=True, pixels=(2.0, 6.0))


@dataclass(frozen=True)
class Motion:
    """Bumps: rows of ``bumps`` are (x, y, width x, width y, dx, dy), all in pixels."""

    bumps: np.ndarray

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Displacement (2, ...) of ``points`` (2, ...)."""
        out = np.zeros_like(points)
        for x, y, wide, high, dx, dy in self.bumps.tolist():  # plain floats keep single precision single
            weight = np.exp(-0.5 * (((points[0] - x) / wide) ** 2 + ((points[1] - y) / high) ** 2))
            out[0] += dx * weight
            out[1] += dy * weight
        return out


def parsed_units(text: str) -> list[tuple[str, int]]:
    """'L14+4' -> [('L', 14), ('', 4)]."""
    return [(word.rstrip("0123456789"), int(word.lstrip("LR"))) for word in text.split("+")]


def from_units(
    units: Iterable[tuple[str, int]], landmarks: dict[str, np.ndarray], pixels: float, beside: bool = False,
    sides: tuple[float, float] = (1.0, 1.0),
) -> Motion:  # fmt: skip
    """The motion of action units, given as (side, number) with side 'L', 'R' or '' for both.

    ``pixels`` is the largest displacement of the whole, found on the pixels of the frame. ``beside``: skin beside the
    units moves too. ``sides``: shares of the motion that the picture's left and right half have.
    """
    bumps = []
    for side, number in units:
        for landmark, wide, high, dx, dy in [*UNITS[number], *(BESIDE[number] if beside else ())]:
            places = _places(landmark, side, landmarks)
            # a landmark on the middle line moves as both halves do on average
            shares = [sides[outward > 0] for _, _, outward in places] if len(places) > 1 else [
                sum(sides) / 2 if landmark in landmarks else 1.0] * len(places)  # fmt: skip
            bumps += [(x, y, wide, high, share * outward * dx, share * dy)
                      for (x, y, outward), share in zip(places, shares, strict=True)]  # fmt: skip
    rows = np.array(bumps)
    largest = np.sqrt((Motion(rows)(grid()) ** 2).sum(0)).max()
    rows[:, 4:] *= pixels / largest
    return Motion(rows)


def _places(landmark: str, side: str, landmarks: dict[str, np.ndarray]) -> list[tuple[float, float, int]]:
    """(x, y, the direction of x outwards) of a landmark, on each side that moves."""
    if landmark in landmarks:
        return [(*landmarks[landmark].tolist(), 1)]
    # the subject's left is on the picture's right
    return [(*landmarks[landmark + suffix].tolist(), outward)
            for suffix, outward, wanted in (("_l", -1, "R"), ("_r", 1, "L")) if side in ("", wanted)]  # fmt: skip


@dataclass(frozen=True)
class Furrows:
    """Where expressions darken the skin; rows of ``spots`` are (x, y, width x, width y, share of the light)."""

    spots: np.ndarray

    def __call__(self, points: np.ndarray, amount: float) -> np.ndarray:
        """The share of light (H, W, 1) that is left at ``points`` (2, H, W) of the neutral face."""
        left = np.ones_like(points[0])
        for x, y, wide, high, share in self.spots.tolist():
            left -= amount * share * np.exp(-0.5 * (((points[0] - x) / wide) ** 2 + ((points[1] - y) / high) ** 2))
        return left[..., None]


def furrows(units: Iterable[tuple[str, int]], landmarks: dict[str, np.ndarray], depth: float) -> Furrows:
    """The furrows of action units; the deepest takes ``depth`` of the light."""
    spots = [(x + outward * dx, y + dy, wide, high, depth * share)
             for side, number in units for landmark, dx, dy, wide, high, share in FURROWS[number]
             for x, y, outward in _places(landmark, side, landmarks)]  # fmt: skip
    return Furrows(np.array(spots))


@dataclass(frozen=True)
class Drift:
    """A rigid motion of the head: turned by ``angle`` (radians) about the frame's centre, then shifted."""

    angle: float
    x: float
    y: float

    def __call__(self, points: np.ndarray) -> np.ndarray:
        return self._turn(points, self.angle) + self._shift(points)

    def inverse(self, points: np.ndarray) -> np.ndarray:
        return self._turn(points - self._shift(points), -self.angle)

    def _shift(self, points: np.ndarray) -> np.ndarray:
        return np.array([self.x, self.y]).reshape(2, *[1] * (points.ndim - 1))

    @staticmethod
    def _turn(points: np.ndarray, angle: float) -> np.ndarray:
        x, y = points[0] - WIDTH / 2, points[1] - HEIGHT / 2
        return np.stack([WIDTH / 2 + np.cos(angle) * x - np.sin(angle) * y,
                         HEIGHT / 2 + np.sin(angle) * x + np.cos(angle) * y])  # fmt: skip


def grid() -> np.ndarray:
    """Positions (2, H, W) of the pixels of a frame, x then y."""
    return np.stack(np.meshgrid(np.arange(WIDTH, dtype=float), np.arange(HEIGHT, dtype=float)))


def flow(motion: Motion, amount: float, drift: Drift) -> np.ndarray:
    """Flow (2, H, W) of the onset frame's pixels, u right and v down: closed form."""
    points = grid()
    return drift(points + amount * motion(points)) - points


def came_from(motion: Motion, amount: float, drift: Drift, start: np.ndarray | None = None) -> np.ndarray:
    """Where on the onset face the skin was that is now at each pixel: (2, H, W), within 0.002 px.

    ``start`` is a first guess, for example the answer for the frame before. The motions here change by
    less than a third of a pixel per pixel, so each iteration cuts the error to a third or less.
    """
    target = drift.inverse(grid()).astype(np.float32)
    points = target if start is None else start
    for _ in range(8 if start is None else 6):
        points = target - amount * motion(points)
    return points


def rise_and_fall(numbers: np.ndarray, onset: int, peak: int, offset: int) -> np.ndarray:
    """Amount of motion at frame ``numbers``: 0 at the onset, 1 at the peak, 0.15 at the offset, smooth."""
    up = np.clip((numbers - onset) / (peak - onset), 0, 1)
    down = np.clip((numbers - peak) / (offset - peak), 0, 1)

    def smooth(x: np.ndarray) -> np.ndarray:
        return x * x * (3 - 2 * x)

    return smooth(up) - 0.85 * smooth(down)


def drifts(rng: np.random.Generator, count: int, share: float = 1.0) -> list[Drift]:
    """A head that moves a little through ``count`` frames: smoothly, from rest to about a pixel; or a ``share`` of
    that."""
    steps = np.linspace(0, 1, count)
    paths = []
    for sd in (share * np.deg2rad(0.5), share * 0.9, share * 0.9):  # angle, x, y
        way, sway, phase = rng.normal(0, sd), rng.normal(0, sd / 3), rng.uniform(0, 2 * np.pi)
        paths.append(way * 1.5 * steps + sway * (np.sin(2 * np.pi * steps + phase) - np.sin(phase)))
    return [Drift(*map(float, path)) for path in zip(*paths, strict=True)]
