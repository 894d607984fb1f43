"""What a kind of input is: a class that turns one clip into one array, and says what that array depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np

from mebench.clips.clip import Clip
from mebench.config.input_names import InputSpec
from mebench.errors import UserError
from mebench.faces import store
from mebench.media import crops
from mebench.media.clip_reader import ClipReader
from mebench.media.unavailable import Unavailable


def side(spec: InputSpec) -> int:
    """The size of an input whose kind has sizes."""
    if spec.size is None:
        raise ValueError(f"the input {spec.name} has no size")
    return spec.size


@dataclass(frozen=True)
class Made:
    """The array of one clip, any shape, and whole numbers that go with it (columns of the index)."""

    array: np.ndarray
    extras: dict[str, int]


class Maker(ClipReader):
    """Base of every ``Input``, a clip reader: subclasses give ``make`` and the class variables below.

    ``VERSION`` is raised whenever the code would give other numbers for the same frames and options.
    """

    VERSION: ClassVar[int] = 1
    PART: ClassVar[int] = 4  # clips made together at most: what one process does at a time, and what a kill can cost
    PER: ClassVar[str] = "clip"  # or video: one array per long video, see build.recordings
    CHANNELS: ClassVar[tuple[str, ...]] = ()  # of the axis that a model selects from
    # pixels: flow as computed. picture: stretched to 0..255. byte: as photographed. share: of a histogram
    SCALE: ClassVar[str] = "pixels"
    EXTRAS: ClassVar[tuple[str, ...]] = ()  # names of the extra columns of the index
    SETTINGS: ClassVar[Mapping[str, object]] = {}  # of the algorithm, recorded and part of every fingerprint

    def __init__(self, spec: InputSpec, root: Path, faces: Path | None = None, base: Path | None = None) -> None:
        super().__init__(root)
        self.spec, self.base_folder, self.faces_folder = spec, base, faces

    @property
    def size(self) -> int:
        """The size of the input."""
        return side(self.spec)

    @classmethod
    def channels(cls, spec: InputSpec) -> list[str]:
        """Names of the channels of an input of this kind."""
        return list(cls.CHANNELS)

    @classmethod
    def settings(cls, spec: InputSpec) -> Mapping[str, object]:
        """Settings of the algorithm, for the record and the fingerprints."""
        return cls.SETTINGS

    @classmethod
    def scale(cls, spec: InputSpec) -> str:
        """``pixels``, ``picture``, ``byte`` or ``share``: what the numbers are."""
        return cls.SCALE

    def made_from(self, clip: Clip) -> list[object]:
        """All that the array of ``clip`` depends on besides spec and settings, JSON-able: digests of frames, ..."""
        raise NotImplementedError

    def make(self, clip: Clip) -> Made:
        """The array of one clip. Raises :class:`Unavailable`, or UserError where the data must be mended."""
        raise NotImplementedError

    def make_all(self, clips: Sequence[Clip]) -> Iterator[tuple[str, Made | Unavailable]]:
        """(clip_id, array) of all ``clips``; a kind that works on many clips at once overrides this."""
        for clip in clips:
            try:
                yield clip.clip_id, self.make(clip)
            except Unavailable as reason:
                yield clip.clip_id, reason

    # --- what makers share ------------------------------------------------------------------------

    @cached_property
    def faces(self) -> store.Faces:
        """The dataset's faces (``mebench faces``)."""
        if self.faces_folder is None:
            raise UserError(f"{self.spec.name} needs the faces of the dataset; give their folder with --faces")
        return store.load(self.faces_folder)

    def cut(self, clip: Clip, picture: np.ndarray, size: int | None = None) -> np.ndarray:
        """``picture`` (H, W) or (H, W, 3) cropped as the input asks, at its own resolution or size x size."""
        crop = self.spec.options.get("crop", "provided")
        if crop != "provided":
            matrix, side = crops.PLACES[crop](self.faces.landmarks(clip.clip_id))
            crops.refuse_beyond(picture, matrix, side)
            picture = crops.warp(picture, matrix, side)
        return picture if size is None else crops.fit(picture, size)

    def crop_made_from(self, clip: Clip) -> list[object]:
        """What the crop of a clip depends on."""
        return [self.faces.digest(clip.clip_id)] if self.spec.needs_faces else []
