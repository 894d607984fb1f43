"""Small stand-ins of the long videos: moving faces with known intervals, in the native layout of each dataset.

Micro- and macro-expressions are the motions of action units, as in the short clips; beside them the eyes blink, the
head drifts and nods. CAS(ME)^3's clips are cut from such videos. Beside the known flow of each expression, the truth
holds ``intervals.csv``: every event of every video with its frames, blinks and nods too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mebench import parallel
from mebench.files import write_csv
from mebench.synthetic import long_labels
from mebench.synthetic.cast import random_stream
from mebench.synthetic.long_cast import FPS, PIXELS, Event, Video, draw_videos

if TYPE_CHECKING:
    from mebench.synthetic.faces import Face
    from mebench.synthetic.motion import Drift, Motion

COLUMNS = ("clip_id", "subject", "video", "kind", "onset", "apex", "offset")
TAIL = 6  # frames after the offset in which the last of a motion fades


def write(dataset: str, data: Path, known: Path, *, subjects: int, clips: int, seed: int, jobs: int) -> None:
    """Generate ``dataset`` into the empty folder ``data``, and what is known of it into the empty folder ``known``."""
    videos = draw_videos(dataset, subjects, clips, seed)
    groups: dict[int, list[Video]] = {}
    for video in videos:
        groups.setdefault(video.subject, []).append(video)
    work = [(dataset, seed, group, data, known) for group in groups.values()]
    for _ in parallel.each(_write_subject, work, jobs, f"{dataset}, synthetic subjects"):
        pass
    long_labels.write(dataset, data, videos)
    write_csv(known / "intervals.csv", COLUMNS, list(_intervals(dataset, videos)))


def _intervals(dataset: str, videos: list[Video]) -> Iterator[dict[str, str | int]]:
    for video in videos:
        subject, name = long_labels.names(dataset, video)
        for event in video.events:
            seen = event.labelled and (dataset != "casme3" or event.kind == "micro")
            clip = f"{dataset}/{subject}/{long_labels.clip_name(dataset, video, event)}" if seen else ""
            yield {
                "clip_id": clip,
                "subject": f"{dataset}/{subject}",
                "video": name,
                "kind": event.kind,
                "onset": event.onset,
                "apex": event.apex if event.labelled else event.peak,
                "offset": event.offset,
            }


def announced(dataset: str, subjects: int, clips: int, seed: int) -> list[dict[str, str]]:
    """The clips that :func:`write` would generate, as a reader finds them: clip_id, dataset, subject, emotion,
    objective and expression."""
    rows = []
    for video in draw_videos(dataset, subjects, clips, seed):
        subject = f"{dataset}/{long_labels.names(dataset, video)[0]}"
        for event in video.events:
            if event.labelled and (dataset != "casme3" or event.kind == "micro"):
                rows.append({
                    "clip_id": f"{subject}/{long_labels.clip_name(dataset, video, event)}", "dataset": dataset,
                    "subject": subject, "emotion": long_labels.emotion(dataset, event),
                    "objective": long_labels.objective(dataset, event), "expression": event.kind,
                })  # fmt: skip
    return rows


def _write_subject(work: tuple[str, int, list[Video], Path, Path]) -> None:
    import cv2

    from mebench.synthetic import faces

    dataset, seed, videos, data, known = work
    cv2.setNumThreads(1)
    stream = random_stream(seed, dataset, str(videos[0].subject))
    face = faces.make(stream)
    for video in videos:
        scene = Scene(face, video, FPS[dataset], random_stream(seed, dataset, str(video.subject), video.name))
        _write_frames(dataset, scene, data)
        subject, _ = long_labels.names(dataset, video)
        for event in video.events:
            if event.labelled and (dataset != "casme3" or event.kind == "micro"):
                file = known / subject / f"{long_labels.clip_name(dataset, video, event)}.npz"
                file.parent.mkdir(parents=True, exist_ok=True)
                np.savez_compressed(file, flow=scene.flow(event), apex=np.int64(event.apex))


def _write_frames(dataset: str, scene: Scene, data: Path) -> None:
    from mebench.synthetic import writers

    events = scene.video.events
    lost = {number for event in events for number in event.lost}
    # of the clips that are delivered cut, only their frames are drawn
    parts = [(1, scene.video.last)]
    if dataset == "casme3":
        parts = [(event.onset, event.offset) for event in events if event.kind == "micro"]
    for first, last in parts:
        for number, picture in scene.pictures(first, last):
            path = data / long_labels.frame_path(dataset, scene.video, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            if number not in lost:
                writers.write_frame("samm" if dataset == "samm_long" else "casme2", path, picture)


class Scene:
    """A face in front of the camera: its picture at every frame of a video, and the known flow of its expressions."""

    def __init__(self, face: Face, video: Video, fps: int, rng: np.random.Generator) -> None:
        from mebench.synthetic import motion

        self.face, self.video, self.rng = face, video, rng
        self.motions = {}
        for event in video.events:
            if event.labelled:
                pixels = float(rng.uniform(*PIXELS[event.kind]))
                self.motions[event] = motion.from_units(parsed_units(event.units), face.landmarks, pixels)
        self.drifts = _head(rng, video, fps)

    def pictures(self, first: int, last: int) -> Iterator[tuple[int, np.ndarray]]:
        """(number, RGB float picture) of the frames from ``first`` to ``last``."""
        from mebench.synthetic import motion

        points = None
        for number in range(first, last + 1):
            points = motion.came_from(self._motion(number), 1.0, self.drifts[number], points)
            picture = self._with_lids(self.face.look_up(points), points, number)
            yield number, picture + self.rng.normal(0, 1.5, size=(*points.shape[1:], 1))

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

    def _with_lids(self, picture: np.ndarray, points: np.ndarray, number: int) -> np.ndarray:
        """The picture with the eyes closed as far as a blink has closed them: skin like that of the cheeks."""
        closed = max((amount(event, number) for event in self.video.events if event.kind == "blink"), default=0.0)
        if not closed:
            return picture
        marks = self.face.landmarks
        eyes = [np.exp(-(((points[0] - marks[e][0]) / 9) ** 4) - ((points[1] - marks[e][1]) / 4.5) ** 4)
                for e in ("eye_l", "eye_r")]  # fmt: skip
        cover = closed * np.clip(sum(eyes), 0, 1)[..., None]
        cheek = (marks["cheek_l"] + marks["cheek_r"]) / 2 + [0, -6]
        skin = self.face.look_up(np.asarray(cheek, dtype=float).reshape(2, 1, 1))[0, 0]
        return picture * (1 - cover) + skin * cover


def amount(event: Event, number: int) -> float:
    """How much of an event shows at a frame: 0 until its onset, 1 at its peak, 0.15 at its offset, then none."""

    def smooth(first: int, last: int) -> float:
        x = min(1.0, max(0.0, (number - first) / max(1, last - first)))
        return x * x * (3 - 2 * x)

    end = event.fades or event.offset
    tail = smooth(end, end + TAIL)
    return smooth(event.onset, event.peak) - 0.85 * smooth(event.peak, end) - 0.15 * tail


def parsed_units(text: str) -> list[tuple[str, int]]:
    """'L14+4' -> [('L', 14), ('', 4)]."""
    return [(word.rstrip("0123456789"), int(word.lstrip("LR"))) for word in text.split("+")]


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
        if event.kind == "head":
            shape = np.array([amount(event, number) for number in numbers.tolist()])
            for path, size in zip(paths, (np.deg2rad(2), 4, 4), strict=True):
                path += size * rng.uniform(-1, 1) * shape
    return [motion.Drift(*map(float, place)) for place in zip(*paths, strict=True)]
