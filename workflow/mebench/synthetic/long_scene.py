"""How long videos are drawn: fast, because small ones have ten thousands of frames.

Local motions are fields on a grid of pixels, looked up between its points; most frames have none and only follow the
head. A camera of 200 fps is drawn at every seventh frame and one of 100 fps at every third, those that are read of
recordings; a picture holds until the next one. Pictures are enlarged twice, because ``roi_flow`` as released follows a
head well only where its face has about 320 pixels, and not at all below 160.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from mebench.synthetic import motion
from mebench.synthetic.faces import FINE, HEIGHT, MARGIN, WIDTH, Face
from mebench.synthetic.long_cast import FPS, Event, Video

ENLARGED = 2  # times, after drawing
RATE = 30  # frames drawn in a second, or a little less or more
PIXELS = {"micro": (0.9, 1.9), "talk": (1.2, 3.5), "blink": (0.4, 1.2)}  # of largest motion
NOD = (np.deg2rad(1.5), 1.5, 5.0)  # radians and pixels x, y, at most
SWAY = (np.deg2rad(0.3), 0.6, 0.6)  # likewise of the head that is never still
DRIFT, CHANGE = 0.06, 0.12  # share of the light that drifts through a video, and that an event changes
GREY = (0.299, 0.587, 0.114)
ROUNDS = 5  # of the fixed-point iteration; each cuts the error to less than a half
NOISES, NOISE = 16, 1.5  # pictures of the camera's noise, and its standard deviation


def held(dataset: str) -> int:
    """For how many frames of a dataset a drawn picture holds."""
    return max(1, round(FPS[dataset] / RATE))


@dataclass(frozen=True)
class Local:
    """A motion of a part of the face: a field (H, W, 2) around and in the frame, pixels at the whole ``curve`` 1; the
    curve has an amount for each frame from the event's onset on."""

    event: Event
    motion: motion.Motion
    field: np.ndarray
    curve: np.ndarray

    def amount(self, number: int) -> float:
        at = number - self.event.onset
        return float(self.curve[at]) if 0 <= at < len(self.curve) else 0.0


class Scene:
    """A face in front of the camera: pictures of a video, and the known flow of its expressions."""

    # parameters: what is drawn, its chance, and how it moves
    def __init__(
        self, face: Face, video: Video, dataset: str, rng: np.random.Generator, tail: int, moves: motion.Moves
    ) -> None:
        """``tail`` is the number of frames after its offset in which the last of an expression fades."""
        self.face, self.video, self.rng, self.tail, self.moves = face, video, rng, tail, moves
        self.fps, self.hold = FPS[dataset], held(dataset)
        grey = face.appearance @ np.array(GREY, dtype=np.float32)
        self.skin = grey if dataset == "samm_long" else np.ascontiguousarray(face.appearance[:, :, ::-1])
        self.channels = 1 if dataset == "samm_long" else 3
        self.locals = [self._local(event) for event in video.events if event.kind in (*PIXELS, "macro")]
        self.head = self._head()
        self.lamp = self._lamp()
        size = (NOISES, HEIGHT + MARGIN, WIDTH + MARGIN)
        self.noise = NOISE * rng.standard_normal(size, dtype=np.float32)
        x, y = motion.grid().astype(np.float32)
        self.x, self.y = x - WIDTH / 2, y - HEIGHT / 2

    def pictures(self) -> Iterator[tuple[range, np.ndarray]]:
        """(numbers of the frames, their picture): uint8 (2 H, 2 W, 3) BGR, or (2 H, 2 W) grey."""
        points = None
        for first in range(1, self.video.last + 1, self.hold):
            points = self._came_from(first, points)
            picture = self._with_lids(self._look_up(self.skin, points), points, first)
            lit = cv2.multiply(picture, self._in_channels(self._light(first)))
            numbers = range(first, min(first + self.hold, self.video.last + 1))
            pixels = cv2.add(lit, self._in_channels(self._grain()), dtype=cv2.CV_8U)
            yield numbers, cv2.resize(pixels, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)

    def flow(self, event: Event) -> np.ndarray:
        """Flow (2, 2 H, 2 W) from the picture of the event's onset to that of its apex, in its pixels."""
        wide, high = np.arange(ENLARGED * WIDTH), np.arange(ENLARGED * HEIGHT)
        grid = (np.stack(np.meshgrid(wide, high)) + 0.5) / ENLARGED - 0.5  # as pictures are enlarged: by areas
        local = next(one for one in self.locals if one.event is event)
        onset, apex = (1 + (number - 1) // self.hold * self.hold for number in (event.onset, event.apex))
        skin = self._drift(onset).inverse(grid)  # nothing else moves the face at an onset
        there = skin + local.amount(apex) * local.motion(skin)
        return (ENLARGED * (self._drift(apex)(there) - grid)).astype(np.float32)

    # --- motion of parts of the face ----------------------------------------------------------------------------------

    def _local(self, event: Event) -> Local:
        units = {"talk": "25", "blink": self.moves.blink}.get(event.kind, event.units)
        span = self.moves.pixels if event.kind == "macro" else PIXELS[event.kind]
        pixels = float(self.rng.uniform(*span)) * (self.moves.further if event.kind == "micro" else 1.0)
        moved = motion.from_units(
            motion.parsed_units(units), self.face.landmarks, pixels, self.moves.beside, self._sides(event)
        )
        around = np.stack(np.meshgrid(np.arange(-MARGIN, WIDTH + MARGIN), np.arange(-MARGIN, HEIGHT + MARGIN)))
        field = moved(around.astype(np.float32)).transpose(1, 2, 0)
        curve = self._syllables(event) if event.kind == "talk" else self._rise_and_fall(event)
        return Local(event, moved, np.ascontiguousarray(field, dtype=np.float32), curve)

    def _sides(self, event: Event) -> tuple[float, float]:
        """What the left and the right half of the picture have of an expression's motion."""
        if self.moves.weaker == 1 or event.kind not in ("micro", "macro"):
            return 1.0, 1.0
        weaker = float(self.rng.uniform(self.moves.weaker, 1))
        return (weaker, 1.0) if self.rng.random() < 0.5 else (1.0, weaker)

    def _rise_and_fall(self, event: Event) -> np.ndarray:
        """0 at the onset, 1 at the peak, 0.15 at the end, then none. A macro-expression stays for a while."""
        numbers = np.arange(event.onset, event.last + self.tail + 1)
        falls = event.peak + (event.last - event.peak) * (0.5 if event.kind == "macro" else 0.0)

        def smooth(first: float, last: float) -> np.ndarray:
            x = np.clip((numbers - first) / max(1.0, last - first), 0, 1)
            return x * x * (3 - 2 * x)

        fades = 0.85 * smooth(falls, event.last) + 0.15 * smooth(event.last, event.last + self.tail)
        return smooth(event.onset, event.peak) - fades

    def _syllables(self, event: Event) -> np.ndarray:
        """The mouth opens and closes three to five times a second, now more and now less."""
        length = event.last - event.onset + 1
        count = max(2, round(length / self.fps * float(self.rng.uniform(3, 5))))
        ends = np.cumsum(self.rng.uniform(0.6, 1.4, size=count))
        heights = self.rng.uniform(0.35, 1, size=count)
        ends *= length / ends[-1]
        curve, first = np.zeros(length), 0.0
        for last, height in zip(ends.tolist(), heights.tolist(), strict=True):
            x = np.clip((np.arange(length) - first) / (last - first), 0, 1)
            curve += height * np.sin(np.pi * x) ** 2
            first = last
        return curve

    def _came_from(self, number: int, points: np.ndarray | None) -> np.ndarray:
        """Where on the neutral face the skin was that is now at each pixel: float32 (2, H, W)."""
        angle, x, y = self.head[:, number].tolist()
        cos, sin = np.cos(-angle), np.sin(-angle)
        dx, dy = self.x - np.float32(x), self.y - np.float32(y)
        target = np.stack([np.float32(cos) * dx - np.float32(sin) * dy + np.float32(WIDTH / 2),
                           np.float32(sin) * dx + np.float32(cos) * dy + np.float32(HEIGHT / 2)])  # fmt: skip
        shown = [(amount, local) for local in self.locals if (amount := local.amount(number))]
        if not shown:
            return target
        field = sum((np.float32(amount) * local.field for amount, local in shown[1:]),
                    np.float32(shown[0][0]) * shown[0][1].field)  # fmt: skip
        points = target if points is None else points
        for _ in range(ROUNDS):
            place = points + np.float32(MARGIN)
            points = target - cv2.remap(field, place[0], place[1], cv2.INTER_LINEAR).transpose(2, 0, 1)
        return points

    def _with_lids(self, picture: np.ndarray, points: np.ndarray, number: int) -> np.ndarray:
        """The picture with the eyes closed as far as a blink has closed them: skin like that of the cheeks."""
        closed = max((local.amount(number) for local in self.locals if local.event.kind == "blink"), default=0.0)
        if not closed:
            return picture
        marks = self.face.landmarks
        half = np.array([9, 4.5], dtype=np.float32).reshape(2, 1, 1)  # an eye's width and height
        eyes = np.zeros((HEIGHT, WIDTH), dtype=np.float32)
        for eye in ("eye_l", "eye_r"):
            away = ((points - marks[eye].astype(np.float32).reshape(2, 1, 1)) / half) ** 2
            eyes += np.exp(-(away * away).sum(axis=0))
        cover = self._in_channels(np.float32(closed) * np.clip(eyes, 0, 1))
        cheek = (marks["cheek_l"] + marks["cheek_r"]) / 2 + [0, -6]
        return picture * (1 - cover) + self._look_up(self.skin, np.reshape(cheek, (2, 1, 1)))[0, 0] * cover

    @staticmethod
    def _look_up(skin: np.ndarray, points: np.ndarray) -> np.ndarray:
        place = ((points + MARGIN) * FINE).astype(np.float32)
        return cv2.remap(skin, place[0], place[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)

    # --- head, light, camera ------------------------------------------------------------------------------------------

    def _head(self) -> np.ndarray:
        """Angle, x and y of the head at every frame by number, (3, n): never still, it nods or turns at events."""
        numbers = np.arange(self.video.last + 1)
        places = np.zeros((3, len(numbers)))
        for place, size in zip(places, SWAY, strict=True):
            for _ in range(3):
                period, phase = self.fps * self.rng.uniform(2, 6), self.rng.uniform(0, 2 * np.pi)
                place += self.moves.rest * size * self.rng.normal() * np.sin(2 * np.pi * numbers / period + phase)
        for event in self.video.events:
            if event.kind == "nod":
                times = int(self.rng.integers(1, 3))
                x = np.clip((numbers - event.onset) / (event.last - event.onset), 0, 1)
                shape = np.sin(np.pi * times * x) * np.sin(np.pi * x)
                share = self.rng.uniform(0.5, 1, size=3) * self.rng.choice([-1, 1], size=3)
                places += np.reshape(share * NOD, (3, 1)) * shape
        return places

    def _drift(self, number: int) -> motion.Drift:
        return motion.Drift(*self.head[:, number].tolist())

    def _lamp(self) -> np.ndarray:
        """Brightness, and its slopes from left to right and from top to bottom, at every frame by number, (3, n)."""
        numbers = np.arange(self.video.last + 1)
        lamp = np.zeros((3, len(numbers)))
        for part in lamp:
            period, phase = self.fps * self.rng.uniform(12, 30), self.rng.uniform(0, 2 * np.pi)
            part += self.moves.rest * DRIFT * self.rng.normal() * np.sin(2 * np.pi * numbers / period + phase)
        for event in self.video.events:
            if event.kind == "light":
                x = np.clip((numbers - event.onset) / (event.last - event.onset), 0, 1)
                lamp += CHANGE * np.reshape(self.rng.uniform(-1, 1, size=3), (3, 1)) * np.sin(np.pi * x) ** 2
        lamp[0] += 1 + self.rng.normal(0, 0.004, size=len(numbers))
        return lamp.astype(np.float32)

    def _light(self, number: int) -> np.ndarray:
        gain, along, down = self.lamp[:, number]
        return gain + (along / WIDTH) * self.x + (down / HEIGHT) * self.y

    def _grain(self) -> np.ndarray:
        which, top, left = self.rng.integers(0, (NOISES, MARGIN, MARGIN)).tolist()
        return self.noise[which, top : top + HEIGHT, left : left + WIDTH]

    def _in_channels(self, plane: np.ndarray) -> np.ndarray:
        """The same number (H, W) for each channel of a picture."""
        return plane if self.channels == 1 else cv2.merge([plane] * self.channels)
