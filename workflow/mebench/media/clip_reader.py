"""The clip reader: which frames of a clip are on disk, where they lie, and their digests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from mebench.clips.clip import Clip
from mebench.errors import UserError
from mebench.media import decoding
from mebench.media.folders import list_frames


class ClipReader:
    """Finds the frames of clips below ``root``, the dataset's folder."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def frames(self, clip: Clip) -> dict[int, Path]:
        """The frames of the clip's folder by number; the folder may hold more than the clip."""
        return clip_frames(self.root / clip.frames, clip.clip_id)

    def labelled(self, clip: Clip, *names: str) -> list[Path]:
        """Paths of the frames called onset, apex or offset; a UserError where one is not on disk."""
        frames = self.frames(clip)
        for name in names:
            if clip.frame(name) not in frames:
                raise UserError(
                    f"{self.root / clip.frames} holds no {name} frame {clip.frame(name)} of the clip {clip.clip_id}; "
                    f"index the dataset again"
                )
        return [frames[clip.frame(name)] for name in names]

    def between(self, clip: Clip) -> dict[int, Path]:
        """The frames on disk from onset to offset, by number, in order."""
        first, last = clip.frame("onset"), clip.frame("offset")
        return {number: path for number, path in self.frames(clip).items() if first <= number <= last}


@lru_cache(maxsize=64)
def clip_frames(folder: Path, clip_id: str) -> dict[int, Path]:
    """Frames of a folder by number; several clips of a long video share one folder."""
    if not folder.is_dir():
        raise UserError(
            f"there is no folder {folder} of the clip {clip_id}; was the dataset moved since it was indexed?"
        )
    return list_frames(folder)


_noted: dict[Path, str] | None = None  # where frames are written down while somebody asks which were read


@contextmanager
def noted() -> Iterator[dict[Path, str]]:
    """The frames whose digests are taken while the block runs, with the SHA-256 of their bytes."""
    global _noted
    outer, _noted = _noted, {}
    try:
        yield _noted
    finally:
        _noted = outer


def frame_digest(path: Path) -> str:
    """SHA-256 of a frame, read once per process; a missing frame is a UserError. Where decoding takes a choice, the
    version of the decoder goes with it."""
    digest = _frame_digest(path)
    if _noted is not None:
        _noted[path] = digest[:64]
    return digest


@lru_cache(maxsize=4096)
def _frame_digest(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read the frame {path}: {error.strerror}") from error
    digest = hashlib.sha256(data).hexdigest()
    return digest if decoding.plain(data) else f"{digest}-{decoding.VERSION}"


def frames_below(root: Path, frames: Mapping[Path, str]) -> dict[str, str]:
    """Frames as parts keep them: the path below ``root``, or the whole path, and the first half of the SHA-256."""
    return {
        (path.relative_to(root) if path.is_relative_to(root) else path).as_posix(): sha256[:32]
        for path, sha256 in sorted(frames.items())
    }
