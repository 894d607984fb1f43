"""How the frames of a rehearsal are drawn: few pictures of small faces that move, each held until the next one.

A picture is drawn at the onset and at the apex of each expression, and a few times in a second besides. The flow from
an onset to its apex is known in closed form, as in the small stand-ins: each point of the skin is moved by all
expressions at a time, then by the head.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from mebench.synthetic import motion
from mebench.synthetic.cast import WAYS
from mebench.synthetic.faces import FINE, HEIGHT, MARGIN, WIDTH, Face
from mebench.synthetic.shown import Expression, Take

PICTURES = 6  # of a short clip, besides those of onset and apex
RATE = 8  # pictures of a long video in a second, besides these
PIXELS = {"micro": (0.9, 2.6), "macro": (2.6, 4.0)}  # of largest motion
SWAY = (np.deg2rad(0.3), 0.6, 0.6)  # of the head that is never still: radians and pixels x, y
LAMP, NOISE = 0.01, 1.5  # standard deviations of the light's share that changes, and of the camera's noise
NOISES = 4  # pictures of noise
ROUNDS = 6  # of the fixed-point iteration; each cuts the error to less than a half
ALIASES = {"happy": "happiness", "sad": "sadness", "other": "others"}
GREY = np.array((0.299, 0.587, 0.114), dtype=np.float32)


def stride(frames: int, fps: int | None) -> int:
    """For how many frames a picture holds; ``fps`` is that of a long video, None of a short clip."""
    return max(1, -(-frames // PICTURES)) if fps is None else max(1, round(fps / RATE))


class Local:
    """One expression as a motion of parts of the face: ``field`` (H, W, 2) around and in the frame, in pixels."""

    def __init__(self, expression: Expression, face: Face, rng: np.random.Generator) -> None:
        self.shown = expression
        emotion = expression.emotion.lower()
        ways = WAYS.get(ALIASES.get(emotion, emotion)) or [way for each in WAYS.values() for way in each]
        units, pixels = str(rng.choice(ways)), float(rng.uniform(*PIXELS[expression.kind]))
        self.motion = motion.from_units(motion.parsed_units(units), face.landmarks, pixels)
        around = np.meshgrid(np.arange(-MARGIN, WIDTH + MARGIN), np.arange(-MARGIN, HEIGHT + MARGIN))
        self.field = np.ascontiguousarray(self.motion(np.stack(around).astype(np.float32)).transpose(1, 2, 0))

    def amount(self, number: int) -> float:
        """0 until the onset, 1 at the apex, none after the offset."""
        onset, apex, offset = self.shown.onset, self.shown.apex, self.shown.offset
        if not onset <= number <= offset:
            return 0.0
        x = (number - onset) / (apex - onset) if number <= apex else (offset - number) / (offset - apex)
        return x * x * (3 - 2 * x)


class Scene:
    """A face in front of the camera while a take lasts; ``numbers`` are those of its frames, rising."""

    def __init__(
        self, face: Face, take: Take, numbers: Sequence[int], fps: int | None, rng: np.random.Generator
    ) -> None:  # fmt: skip
        self.face, self.numbers, self.rng = face, numbers, rng
        self.locals = [Local(shown, face, rng) for shown in take.expressions]
        self.first, self.hold = numbers[0], stride(len(numbers), fps)
        self.seconds = 1 / (fps or 10 * self.hold)  # a short clip lasts about half a second
        self.waves = [(size * rng.normal(), rng.uniform(0.5, 2), rng.uniform(0, 2 * np.pi)) for size in SWAY]
        self.noise = rng.normal(0, NOISE, size=(NOISES, HEIGHT, WIDTH)).astype(np.float32)

    def pictures(self, grey: bool) -> Iterator[tuple[list[int], np.ndarray]]:
        """(places among the numbers, their picture): uint8 (H, W, 3) BGR, or (H, W) ``grey``."""
        skin = self.face.appearance @ GREY if grey else np.ascontiguousarray(self.face.appearance[:, :, ::-1])
        starts = self._starts()
        for start, end in zip(starts, [*starts[1:], len(self.numbers)], strict=True):
            place = ((self._came_from(self.numbers[start]) + MARGIN) * FINE).astype(np.float32)
            colours = cv2.remap(skin, place[0], place[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
            noise = self.noise[int(self.rng.integers(NOISES))]
            lit = colours * (1 + LAMP * self.rng.normal()) + (noise if grey else noise[..., None])
            yield list(range(start, end)), np.clip(np.rint(lit), 0, 255).astype(np.uint8)

    def flow(self, shown: Expression) -> np.ndarray:
        """Flow float32 (2, H, W) from an expression's onset to its apex, rounded to a thousandth of a pixel, so that it
        takes little room."""
        grid = motion.grid()
        target = self._drift(shown.onset).inverse(grid)
        skin = target
        for _ in range(ROUNDS if any(local.amount(shown.onset) for local in self.locals) else 0):
            skin = target - self._moved(skin, shown.onset)
        there = skin + self._moved(skin, shown.apex)
        return np.round(self._drift(shown.apex)(there) - grid, 3).astype(np.float32)

    def _starts(self) -> list[int]:
        """The places of the frames at which a picture is drawn."""
        wanted = {number for local in self.locals for number in (local.shown.onset, local.shown.apex)}
        places = {bisect_right(self.numbers, number) - 1 for number in wanted}
        return sorted({*range(0, len(self.numbers), self.hold), *places})

    def _drift(self, number: int) -> motion.Drift:
        time = (number - self.first) * self.seconds
        return motion.Drift(*(float(size * (np.sin(pace * time + phase) - np.sin(phase)))
                              for size, pace, phase in self.waves))  # fmt: skip

    def _moved(self, points: np.ndarray, number: int) -> np.ndarray:
        """How far all expressions move ``points`` of the neutral face at a frame."""
        return np.sum([local.amount(number) * local.motion(points) for local in self.locals], axis=0)

    def _came_from(self, number: int) -> np.ndarray:
        """Where on the neutral face the skin was that is now at each pixel: float32 (2, H, W)."""
        target = self._drift(number).inverse(GRID).astype(np.float32)
        fields = [np.float32(amount) * local.field for local in self.locals if (amount := local.amount(number))]
        points = target
        for _ in range(ROUNDS if fields else 0):
            place = points + np.float32(MARGIN)
            moved = sum(fields[1:], fields[0])
            points = target - cv2.remap(moved, place[0], place[1], cv2.INTER_LINEAR).transpose(2, 0, 1)
        return points


GRID = motion.grid().astype(np.float32)
