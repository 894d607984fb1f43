"""The frames of one video, from a file or a folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mebench.clips.clip import Clip
from mebench.errors import UserError
from mebench.media import folders, videos

OWN = "own"  # the dataset and the subject of footage


@dataclass(frozen=True)
class Frames:
    """The frames of a video as pictures in ``folder``, with their ``numbers`` in order. ``fps`` is None where nobody
    says it."""

    name: str
    folder: Path
    numbers: Sequence[int]
    fps: float | None

    @property
    def seconds(self) -> float | None:
        """From the first frame to the last."""
        return (self.numbers[-1] - self.numbers[0] + 1) / self.fps if self.fps else None

    def clip(self, onset: int | None = None, apex: int | None = None, offset: int | None = None) -> Clip:
        """A part of them as a clip, by default all; its frames lie below the parent of ``folder``."""
        return Clip(
            clip_id=f"{OWN}/{OWN}/{self.name}", dataset=OWN, subject=f"{OWN}/{OWN}", video=self.name,
            onset=self.numbers[0] if onset is None else onset, apex=apex,
            offset=self.numbers[-1] if offset is None else offset, fps=self.fps, frames=self.folder.name,
        )  # fmt: skip


def read(path: Path, fps: float | None, scratch: Path) -> Frames:
    """The frames of a video file, which are unpacked into ``scratch``, or of a folder of pictures. ``fps`` is what a
    person says of it, before what a file says of itself."""
    if fps is not None and not 0 < fps < float("inf"):
        raise UserError(f"--fps is {fps:g}; write the frames per second of the recording, such as 200")
    if path.is_dir():
        folder = folders.inner(path)
        names = folders.frame_names(folder)
        if not names:
            why = f"; {names.unread}" if names.unread else ""
            raise UserError(f"the folder {path} holds no frames: pictures whose names end in their numbers{why}")
        return Frames(path.resolve().name, folder.resolve(), list(names), fps)
    if not path.is_file():
        raise UserError(f"there is no video and no folder {path}")
    unpacked = videos.unpack(path, scratch / "frames")
    return Frames(path.stem, scratch / "frames", range(1, unpacked.frames + 1), fps or unpacked.fps)


@contextmanager
def scratch_in(out: Path) -> Iterator[Path]:
    """A folder in the folder ``out``, which is made, for what is needed while a command runs."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(dir=out, prefix=".work-")
    except OSError as error:
        raise UserError(f"--out {out} cannot be written ({error.strerror}); name another folder") from error
    with scratch as folder:
        yield Path(folder).resolve()
