"""What inputs of pairs of frames of a recording share: which frames they see, and the face that is cut out of them.

The face is looked for once for each recording, and all its frames are cut alike: a box of its own for every frame would
add the detector's jitter to the motion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np

from mebench.clips.clip import Clip
from mebench.config.input_names import InputSpec
from mebench.errors import UserError
from mebench.faces import detect
from mebench.faces.detect import Detection
from mebench.inputs import roi_flow
from mebench.inputs.flow import estimator_settings
from mebench.inputs.maker import Maker
from mebench.media import crops
from mebench.media.clip_reader import frame_digest
from mebench.media.unavailable import Unavailable

Found = TypeVar("Found")


@dataclass(frozen=True)
class Box:
    """A part of a frame: rows ``top`` to ``bottom`` and columns ``left`` to ``right``, the ends excluded."""

    top: int
    bottom: int
    left: int
    right: int

    @classmethod
    def within(cls, corners: tuple[float, float, float, float], shape: tuple[int, ...]) -> Box | None:
        """The whole pixels from (left, top) to (right, bottom), all included, that lie in a frame of this ``shape``;
        None where fewer than 16 x 16 remain."""
        left, top, right, bottom = (int(np.floor(value)) for value in corners)
        box = cls(max(0, top), min(shape[0], bottom + 1), max(0, left), min(shape[1], right + 1))
        return box if min(box.bottom - box.top, box.right - box.left) >= crops.LEAST else None

    def cut(self, frame: np.ndarray, side: int) -> np.ndarray:
        """This part of a grey frame at side x side."""
        return crops.fit(np.ascontiguousarray(frame[self.top : self.bottom, self.left : self.right]), side)

    def points(self, points: np.ndarray, side: int) -> np.ndarray:
        """Points (n, 2) of the frame as those of the part at side x side."""
        scale = side / np.array([self.right - self.left, self.bottom - self.top])
        return (points - [self.left, self.top] + 0.5) * scale - 0.5  # a pixel's position is that of its centre


class Faces:
    """Grey faces, uint8 (side, side), of the frames of a recording, all cut by one ``box``. They are read when they are
    asked for, and the ``kept`` latest are remembered."""

    def __init__(self, reel: roi_flow.Reel, box: Box, side: int, kept: int) -> None:
        self.reel, self.box, self.side = reel, box, side
        self.face = lru_cache(maxsize=kept)(self._face)

    def _face(self, position: int) -> np.ndarray:
        return self.box.cut(self.reel(position), self.side)

    def __len__(self) -> int:
        return len(self.reel.files)

    def __getitem__(self, position: int) -> np.ndarray:
        return self.face(position)


class PairInput(Maker):
    """Base of inputs with an array (positions, ...) for each recording, of which a window is one position.

    The option ``pace`` says which frames are seen: ``full``, all of them, or ``fps30``, every step-th as of roi_flow,
    about 30 in a second. A missing frame is the next one on disk; frame 0 is left out, as there.
    """

    PER = "video"
    PART = 1
    EXTRAS = ("windows", "step", "first", "length")

    @classmethod
    def settings(cls, spec: InputSpec) -> Mapping[str, object]:
        faces = {**detect.SETTINGS, "dlib": detect.version()}
        return {"flow": dict(estimator_settings(spec.options["flow"], spec)), "faces": faces}

    def step(self, clip: Clip) -> int:
        """Frames from one position to the next."""
        paced = roi_flow.pace(clip).step  # says that a recording without its fps cannot be read
        return paced if self.spec.options["pace"] == "fps30" else 1

    def rate(self, clip: Clip) -> float:
        """Positions in a second."""
        return (clip.fps or 0) / self.step(clip)

    def reel(self, clip: Clip) -> tuple[list[int], list[Path]]:
        """Numbers and files of the frames that are seen, one for each position."""
        on_disk = {number: path for number, path in self.between(clip).items() if number > 0}
        if not on_disk:
            raise UserError(
                f"{self.root / clip.frames} holds none of the frames {clip.onset} to {clip.offset} of "
                f"{clip.clip_id}; index the dataset again"
            )
        numbers = roi_flow.positions(list(on_disk), self.step(clip))
        return numbers, [on_disk[number] for number in numbers]

    def made_from(self, clip: Clip) -> list[object]:
        numbers, files = self.reel(clip)
        return [self.rate(clip), numbers, *(frame_digest(path) for path in files)]

    def extras(self, clip: Clip, numbers: Sequence[int], count: int) -> dict[str, int]:
        """The extra columns of the index, of a recording with ``count`` positions."""
        return {"windows": count, "step": self.step(clip), "first": numbers[0], "length": 1}

    def looked_for(
        self, clip: Clip, reel: roi_flow.Reel, use: Callable[[tuple[int, ...], Detection, np.ndarray], Found | None]
    ) -> Found:
        """What ``use(shape of the frame, detection, landmarks)`` makes of the first face in a recording that it can
        use. The first frame is tried, then one in each second; Unavailable where none will do."""
        for position in range(0, len(reel.files), max(1, round(self.rate(clip)))):
            frame = reel(position)
            detection = detect.find(frame)
            if detection is not None:
                found = use(frame.shape, detection, detect.landmarks(frame, detection))
                if found is not None:
                    return found
        raise Unavailable("no_face", f"no face is found in {len(reel.files)} frames of {clip.clip_id}")


def parts(count: int, size: int) -> Iterator[range]:
    """The numbers below ``count`` in runs of ``size``."""
    return (range(start, min(start + size, count)) for start in range(0, count, size))
