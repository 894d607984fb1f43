"""What a kind of input is: a class that turns one clip into one array, and says what that array depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from mebench.datasets._folders import list_frames
from mebench.errors import UserError
from mebench.files import file_digest
from mebench.inputs import Spec

Clip = Mapping[str, str]


class Unavailable(Exception):
    """Why a clip has no array of an input; recorded in the index as (status, reason), never a crash."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass(frozen=True)
class Made:
    """The array of one clip, any shape, and whole numbers that go with it (columns of the index)."""

    array: np.ndarray
    extras: dict[str, int]


class Maker:
    """Base of every ``Input``: subclasses give ``make`` and the class variables below.

    ``VERSION`` is raised whenever the code would give other numbers for the same frames and options.
    """

    VERSION: ClassVar[int] = 1
    PART: ClassVar[int] = 4  # clips made together at most: what one process does at a time, and what a kill can cost
    PER: ClassVar[str] = "clip"  # or video: one array per long video, see engine.recordings
    CHANNELS: ClassVar[tuple[str, ...]] = ()  # of the axis that a model selects from
    # pixels: flow as computed. picture: stretched to 0..255. byte: as photographed. share: of a histogram
    SCALE: ClassVar[str] = "pixels"
    EXTRAS: ClassVar[tuple[str, ...]] = ()  # names of the extra columns of the index
    SETTINGS: ClassVar[Mapping[str, Any]] = {}  # of the algorithm, recorded and part of every fingerprint

    def __init__(self, spec: Spec, root: Path, faces: Path | None = None, base: Path | None = None) -> None:
        self.spec, self.root, self.base_folder, self.faces_folder = spec, Path(root), base, faces

    @classmethod
    def channels(cls, spec: Spec) -> list[str]:
        """Names of the channels of an input of this kind."""
        return list(cls.CHANNELS)

    @classmethod
    def settings(cls, spec: Spec) -> Mapping[str, Any]:
        """Settings of the algorithm, for the record and the fingerprints."""
        return cls.SETTINGS

    @classmethod
    def scale(cls, spec: Spec) -> str:
        """``pixels``, ``picture``, ``byte`` or ``share``: what the numbers are."""
        return cls.SCALE

    def sources(self, clip: Clip) -> list[Any]:
        """All that the array of ``clip`` depends on besides spec and settings, JSON-able: digests of frames, ..."""
        raise NotImplementedError

    def make(self, clip: Clip) -> Made:
        """The array of one clip. Raises :class:`Unavailable`, or UserError where the data must be mended."""
        raise NotImplementedError

    def make_all(self, clips: Sequence[Clip]) -> Iterator[tuple[str, Made | Unavailable]]:
        """(clip_id, array) of all ``clips``; a kind that works on many clips at once overrides this."""
        for clip in clips:
            try:
                yield clip["clip_id"], self.make(clip)
            except Unavailable as reason:
                yield clip["clip_id"], reason

    # --- what makers share ------------------------------------------------------------------------

    @cached_property
    def faces(self):
        """The dataset's faces (``mebench faces``)."""
        from mebench.faces import store

        if self.faces_folder is None:
            raise UserError(f"{self.spec.name} needs the faces of the dataset; give their folder with --faces")
        return store.load(self.faces_folder)

    def frames(self, clip: Clip) -> dict[int, Path]:
        """The frames of the clip's folder by number; the folder may hold more than the clip."""
        return frames_of(self.root / clip["frames"], clip["clip_id"])

    def labelled(self, clip: Clip, *names: str) -> list[Path]:
        """Paths of the frames called onset, apex or offset; a UserError where one is not on disk."""
        frames = self.frames(clip)
        for name in names:
            if int(clip[name]) not in frames:
                raise UserError(
                    f"{self.root / clip['frames']} holds no {name} frame {clip[name]} of the clip "
                    f"{clip['clip_id']}; index the dataset again"
                )
        return [frames[int(clip[name])] for name in names]

    def between(self, clip: Clip) -> dict[int, Path]:
        """The frames on disk from onset to offset, by number, in order."""
        first, last = int(clip["onset"]), int(clip["offset"])
        return {number: path for number, path in self.frames(clip).items() if first <= number <= last}

    def crop_sources(self, clip: Clip) -> list[Any]:
        """What the crop of a clip depends on."""
        return [self.faces.mark(clip["clip_id"])] if self.spec.needs_faces else []


@lru_cache(maxsize=64)
def frames_of(folder: Path, clip_id: str) -> dict[int, Path]:
    """Frames of a folder by number; several clips of a long video share one folder."""
    if not folder.is_dir():
        raise UserError(
            f"there is no folder {folder} of the clip {clip_id}; was the dataset moved since it was indexed?"
        )
    return list_frames(folder)


@lru_cache(maxsize=4096)
def digest_of(path: Path) -> str:
    """SHA-256 of a frame, read once per process; a missing frame is a UserError."""
    try:
        return file_digest(path)
    except OSError as error:
        raise UserError(f"cannot read the frame {path}: {error.strerror}") from error
