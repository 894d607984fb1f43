"""How the clips of CAS(ME)^3 are drawn, which are cut from videos: each motion where its formula says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from mebench.synthetic.long_cast import PIXELS, TAIL, Event, Video

if TYPE_CHECKING:
    from mebench.synthetic.faces import Face
    from mebench.synthetic.motion import Drift, Motion


class Scene:
    """A face in front of the camera: its picture at every frame of a clip, and the known flow of its expressions."""

    def __init__(self, face: Face, video: Video, fps: int, rng: np.random.Generator) -> None:
        from mebench.synthetic import motion

        self.face, self.video, self.rng = face, video, rng
        self.motions = {}
        for event in video.events:
            if event.units:
                pixels = float(rng.uniform(*PIXELS[event.kind]))
                self.motions[event] = motion.from_units(motion.parsed_units(event.units), face.landmarks, pixels)
        self.drifts = _head(rng, video, fps)

    def pictures(self, first: int, last: int) -> Iterator[tuple[int, np.ndarray]]:
        """(number, RGB float picture) of the frames from ``first`` to ``last``."""
        from mebench.synthetic import motion

        points = None
        for number in range(first, last + 1):
            points = motion.came_from(self._motion(number), 1.0, self.drifts[number], points)
            yield number, self.face.look_up(points) + self.rng.normal(0, 1.5, size=(*points.shape[1:], 1))

    def flow(self, event: Event) -> np.ndarray:
        """Flow (2, H, W) from the event's onset to its apex: where each pixel went, minus where it was, in pixels."""
        from mebench.synthetic import motion

        grid = motion.grid()
        skin = self.drifts[event.onset].inverse(grid)  # nothing else moves the face at an onset
        there = skin + amount(event, event.apex) * self.motions[event](skin)
        return (self.drifts[event.apex](there) - grid).astype(np.float32)

    def _motion(self, number: int) -> Motion:
        """All expressions at one frame, as one motion."""
        from mebench.synthetic import motion

        shown = [(m, amount(event, number)) for event, m in self.motions.items()]
        scaled = [m.bumps * [1, 1, 1, 1, share, share] for m, share in shown if share]
        return motion.Motion(np.concatenate(scaled) if scaled else np.zeros((0, 6)))


def amount(event: Event, number: int) -> float:
    """How much of an event shows at a frame: 0 until its onset, 1 at its peak, 0.15 at its offset, then none."""

    def smooth(first: int, last: int) -> float:
        x = min(1.0, max(0.0, (number - first) / max(1, last - first)))
        return x * x * (3 - 2 * x)

    end = event.fades or event.offset
    tail = smooth(end, end + TAIL)
    return smooth(event.onset, event.peak) - 0.85 * smooth(event.peak, end) - 0.15 * tail


def _head(rng: np.random.Generator, video: Video, fps: int) -> list[Drift]:
    """The head's place at every frame, by number: it sways slowly all the time, and nods or turns now and then."""
    from mebench.synthetic import motion

    numbers = np.arange(video.last + 1)
    paths = []
    for size in (np.deg2rad(0.4), 0.8, 0.8):  # angle, x, y
        waves = [size * rng.normal() * np.sin(2 * np.pi * numbers / (fps * rng.uniform(2, 6)) + rng.uniform(0, 6.28))
                 for _ in range(3)]  # fmt: skip
        paths.append(np.sum(waves, axis=0))
    for event in video.events:
        if event.kind == "nod":
            shape = np.array([amount(event, number) for number in numbers.tolist()])
            for path, size in zip(paths, (np.deg2rad(2), 4, 4), strict=True):
                path += size * rng.uniform(-1, 1) * shape
    return [motion.Drift(*map(float, place)) for place in zip(*paths, strict=True)]
