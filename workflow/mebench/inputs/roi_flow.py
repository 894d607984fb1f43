"""The inputs ``roi_flow-10`` and ``roi_flow-36``: how regions of the face move through a whole recording (ME-TST).

B. Zou et al., Synergistic Spotting and Recognition of Micro-Expression via Temporal State Transition, ICASSP 2025,
arXiv 2409.09707. A recording is brought to about 30 fps and read in windows that overlap by half. In each, the face is
looked for once, on the first frame; all flow of the window starts there (see ``roi_regions.py``).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path

import numpy as np

from mebench.clips.clip import Clip
from mebench.config.input_names import InputSpec
from mebench.errors import UserError
from mebench.faces import detect
from mebench.inputs import roi_regions as roi
from mebench.inputs.maker import Made, Maker, side
from mebench.media.clip_reader import frame_digest
from mebench.media.pictures import decode
from mebench.media.unavailable import Unavailable

RATE = 30  # fps that recordings are brought near to
STEP_TO_A_FACE = 3  # positions between the frames tried where a window's first frame shows no face
TRIES = 3  # times a box is moved after the head in one frame

Look = Callable[[int], "Face | None"]


class Input(Maker):
    """Series of each recording, float32 (n_windows, channels, k), in pixels of a face of 320 x 320.

    A recording is a long video, of frames ``first`` to ``last`` of videos.csv, or a clip of a dataset of clips, from
    onset to offset. Window i holds positions i k/2 to i k/2 + k - 1; position p is frame ``first`` + p ``step``, or the
    next one on disk. Channels are u and v of each region relative to the head, from the window's first frame to each
    frame; the window's first column is 0. Under the option ``reference: recording`` all flow starts at the recording's
    first frame, and windows are cut from one series. The option ``shift`` says how the box follows the head: as in the
    released code, or ``scaled`` to the size of the face (:func:`roi_regions.shifted`).

    Differences from the released code: a recording shorter than k becomes one window, its last column repeated;
    position 0 is the first frame on disk rather than frame 1 (a file numbered 0 is left out, as there); a face that is
    not found is looked for in the enlarged frame too (``faces/detect.py``), and one whose regions reach out of its
    320 x 320 pixels counts as not found.
    """

    PER = "video"
    PART = 1
    EXTRAS = ("windows", "step", "first")

    @classmethod
    def channels(cls, spec: InputSpec) -> list[str]:
        return roi.names(side(spec))

    @classmethod
    def settings(cls, spec: InputSpec) -> Mapping[str, object]:
        faces = {**detect.SETTINGS, "dlib": detect.version()}
        return {"farneback": roi.FARNEBACK, "rate": RATE, "side": roi.SIDE, "faces": faces}

    def made_from(self, clip: Clip) -> list[object]:
        timing = pace(clip)
        numbers, files = self.reel(clip, timing.step)
        return [timing.step, timing.length, numbers, *(frame_digest(path) for path in files)]

    def make(self, clip: Clip) -> Made:
        timing = pace(clip)
        numbers, files = self.reel(clip, timing.step)
        reel = Reel(files, timing.length)
        look = cache(partial(self.look, reel))
        parts = []
        for start, last, members in self.referred(len(files), timing.length):
            face = nearest_face(look, members.start, len(files))
            if face is None:
                raise Unavailable("no_face", f"no face is found in {len(files)} frames of {clip.clip_id}")
            columns = padded(series(face, map(reel, members), self.scaled), timing.length)
            parts += [columns[:, at : at + timing.length] for at in range(start, last + 1, timing.length // 2)]
        extras = {"windows": len(parts), "step": timing.step, "first": numbers[0]}
        return Made(np.stack(parts).astype(np.float32), extras)

    def referred(self, count: int, length: int) -> list[tuple[int, int, range]]:
        """The positions whose flow starts at one frame, and in them the first and the last start of a window."""
        starts = windows(count, length)
        if self.spec.options["reference"] == "recording":
            return [(0, starts[-1], range(count))]
        return [(0, 0, range(start, min(start + length, count))) for start in starts]

    @property
    def scaled(self) -> bool:
        """Whether boxes follow the head by pixels of the frame."""
        return self.spec.options["shift"] == "scaled"

    def reel(self, clip: Clip, step: int) -> tuple[list[int], list[Path]]:
        """Every ``step``-th frame of a recording: numbers and files, one for each position."""
        on_disk = {number: path for number, path in self.between(clip).items() if number > 0}
        if not on_disk:
            raise UserError(
                f"{self.root / clip.frames} holds none of the frames {clip.onset} to {clip.offset} of "
                f"{clip.clip_id}; index the dataset again"
            )
        numbers = positions(list(on_disk), step)
        return numbers, [on_disk[number] for number in numbers]

    def look(self, reel: Reel, position: int) -> Face | None:
        """The face at a position of the reel, or None where none is found or it is not whole."""
        landmarks = face_landmarks(reel(position))
        try:
            return None if landmarks is None else find(reel(position), landmarks, self.size)
        except roi.Unusable:
            return None


# --- time -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pace:
    """``step`` frames from one position to the next, and windows of ``length`` positions."""

    step: int
    length: int


def pace(clip: Clip) -> Pace:
    """How a recording is read, by its fps: the whole step that comes nearest to 30 fps, 1 for 30 fps and 7 for 200 as
    released, 3 for 100. Windows are of 50 frames where all are read and of 30 else, as released."""
    if not clip.fps:
        raise UserError(f"{clip.clip_id} has no fps; a number is needed")
    step = max(1, round(clip.fps / RATE))
    return Pace(step, 50 if step == 1 else 30)


def positions(numbers: Sequence[int], step: int) -> list[int]:
    """Every ``step``-th number from the first to the last of ``numbers`` (ascending); one that is missing is filled
    with the next that is there."""
    return [numbers[bisect_left(numbers, wanted)] for wanted in range(numbers[0], numbers[-1] + 1, step)]


def windows(count: int, length: int) -> range:
    """First positions of the windows of ``count`` frames: count // (k/2) - 1 of them, k/2 apart, at least one. Up to
    k/2 - 1 frames at the end are in none, as released."""
    half = length // 2
    return range(0, max(1, count // half - 1) * half, half)


def padded(columns: np.ndarray, length: int) -> np.ndarray:
    """``columns`` (channels, n) with the last one repeated up to at least ``length``."""
    return np.pad(columns, ((0, 0), (0, max(0, length - columns.shape[1]))), mode="edge")


class Reel:
    """Grey frames (H, W) of a recording by position; those of the last two windows are kept."""

    def __init__(self, files: Sequence[Path], length: int) -> None:
        self.files = files
        self.shape: tuple[int, ...] | None = None
        self.read = lru_cache(maxsize=length + length // 2)(partial(decode, grey=True))

    def __call__(self, position: int) -> np.ndarray:
        """A frame; one of another size than the first that was read is a UserError."""
        picture = self.read(self.files[position])
        self.shape = self.shape or picture.shape
        if picture.shape != self.shape:
            (height, width), (high, wide) = picture.shape, self.shape
            raise UserError(
                f"{self.files[position]} is {width} x {height} pixels, but other frames of the recording are "
                f"{wide} x {high}; frames of a recording must be alike"
            )
        return picture


# --- the face of a window ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Face:
    """Where a window's flow starts: the face at 320 x 320, its box in the frame, and its regions."""

    picture: np.ndarray
    box: roi.Box
    bridge: roi.Region
    regions: list[roi.Region]


def find(frame: np.ndarray, landmarks: np.ndarray, count: int) -> Face:
    """The face of a grey frame with ``landmarks`` (68, 2); they are looked for again in the face at 320 x 320, and
    carried over where nothing is found there. Raises ``roi.Unusable``."""
    box = roi.face_box(landmarks)
    if not roi.seen(box, frame.shape):
        raise roi.Unusable("the face lies outside of the frame")
    picture = roi.cut_face(frame, box)
    again = face_landmarks(picture, tries=(0,))
    points = roi.inside(landmarks, box, frame.shape) if again is None else again.astype(int)
    return Face(picture, box, roi.bridge(points), roi.regions(points, count))


def face_landmarks(grey: np.ndarray, tries: Sequence[int] = detect.SETTINGS["doublings"]) -> np.ndarray | None:
    """Landmarks (68, 2) of the face in a grey picture, or None; small pictures are enlarged ``tries`` times."""
    detection = detect.find(grey, tries)
    return None if detection is None else detect.landmarks(grey, detection)


def nearest_face(look: Look, start: int, count: int) -> Face | None:
    """The face at ``start``, else at the nearest position before it in steps of 3, else after it; None without any."""
    tries = [*range(start, -1, -STEP_TO_A_FACE), *range(start + STEP_TO_A_FACE, count, STEP_TO_A_FACE)]
    return next((face for position in tries if (face := look(position)) is not None), None)


def series(face: Face, frames, scaled: bool) -> np.ndarray:
    """Motions of all regions relative to the head, float64 (channels, n), from ``face`` to each of n ``frames`` (grey,
    as delivered); column 0 is 0."""
    columns, box = [], face.box
    for number, frame in enumerate(frames):
        if number == 0:
            columns.append(np.zeros(2 * sum(len(region.patches) for region in face.regions)))
            continue
        picture, box, head = follow(face, frame, box, scaled)
        local = [move - head for region in face.regions for move in roi.motions(face.picture, picture, region)]
        columns.append(np.concatenate(local))
    return np.stack(columns, axis=1)


def follow(face: Face, frame: np.ndarray, box: roi.Box, scaled: bool) -> tuple[np.ndarray, roi.Box, np.ndarray]:
    """The face of ``frame`` at 320 x 320, its box, and the head's motion (u, v) that remains.

    The box moves after the head, at most three times, until less than a pixel remains; it stays where it was before a
    move out of the frame, at which the released code would stop.
    """
    picture = roi.cut_face(frame, box)
    (head,) = roi.motions(face.picture, picture, face.bridge)
    for _ in range(TRIES):
        moved = roi.shifted(box, head, frame.shape, scaled)
        if head @ head <= 1 or moved == box or not roi.seen(moved, frame.shape):
            break
        box, picture = moved, roi.cut_face(frame, moved)
        (head,) = roi.motions(face.picture, picture, face.bridge)
    return picture, box, head
