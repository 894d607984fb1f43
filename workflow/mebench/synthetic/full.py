"""Stand-ins of full size: as many clips as the real dataset, every known quirk planted, frames of one colour; those of
long videos show a face that never moves.

They are for reading, not for learning. ``full_<dataset>.py`` holds ``write(root, frames, seed)``, which writes the
frames with ``frames.write`` and the workbooks by itself; more keywords of it are options of :func:`write`.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mebench.errors import UserError, did_you_mean

if TYPE_CHECKING:
    import numpy as np

    from mebench.synthetic.shown import Take

SIDE = 8  # pixels


def names() -> list[str]:
    """The datasets that can be written at full size."""
    return sorted(path.stem.removeprefix("full_") for path in Path(__file__).parent.glob("full_*.py"))


def write(dataset: str, root: Path, seed: int, **options: int | None) -> None:
    """Write the full-size stand-in of ``dataset`` into the folder ``root``, which exists and is empty.

    ``options`` go to the dataset's own writer; the long videos take ``length``, their mean number of frames (None: the
    videos end shortly after their last label).
    """
    write_frames(dataset, Frames(root), seed, **options)


def write_frames(dataset: str, frames: Frames, seed: int, **options: int | None) -> None:
    """Write the copy of ``dataset`` below the root of ``frames``, which draws what is on them."""
    if dataset not in names():
        raise UserError(f"{dataset} cannot be generated at full size{did_you_mean(dataset, names())}")
    module = importlib.import_module(f"mebench.synthetic.full_{dataset}")
    module.write(frames.root, frames, seed, **options)


class Frames:
    """Writer of frames of one colour, or of a face, fast: the frames of a folder are names of one and the same file.

    A frame that is to be damaged or changed must therefore be deleted first, or all frames of its folder change.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def write(
        self, folder: str | Path, names: Iterable[str], *, grey: bool = False, face: bool = False,
        take: Take | None = None,
    ) -> None:  # fmt: skip
        """Write a frame of SIDE x SIDE pixels for each of ``names`` into ``folder`` (below the root), or one of a
        ``face``.

        The format is that of a name's suffix: .jpg, .png or .bmp. The shade depends on the folder's path. What moves in
        the ``take`` is for the frames of a rehearsal; here nothing does.
        """
        place = self.root / folder
        place.mkdir(parents=True, exist_ok=True)
        shade = hashlib.sha256(Path(folder).as_posix().encode()).digest()[0]
        at = f"{place}{os.sep}"
        first: dict[str, str] = {}
        for name in names:
            suffix = name[name.rindex(".") :]
            if suffix in first and linked(first[suffix], at + name):
                continue
            first[suffix] = at + name  # anew where a file system allows few names per file, or none
            with open(at + name, "wb") as file:
                file.write(_face(suffix.lower(), grey) if face else _picture(suffix.lower(), shade, grey))


def linked(first: str, name: str) -> bool:
    """Give the file ``first`` another name; False where the file system allows that no more, or never."""
    try:
        os.link(first, name)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True


@functools.lru_cache(maxsize=1024)
def _picture(suffix: str, shade: int, grey: bool) -> bytes:
    """The bytes of a picture file of one colour."""
    import numpy as np

    shape = (SIDE, SIDE) if grey else (SIDE, SIDE, 3)
    return _encoded(suffix, np.full(shape, shade, dtype=np.uint8))


@functools.lru_cache(maxsize=1024)
def _face(suffix: str, grey: bool) -> bytes:
    """The bytes of a picture file of a generated face."""
    import cv2
    import numpy as np

    from mebench.synthetic import faces, motion

    colours = faces.make(np.random.default_rng(0)).look_up(motion.grid())
    pixels = cv2.resize(np.clip(np.rint(colours), 0, 255).astype(np.uint8), None, fx=2, fy=2)
    return _encoded(suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY if grey else cv2.COLOR_RGB2BGR))


def _encoded(suffix: str, pixels: np.ndarray) -> bytes:
    import cv2

    done, data = cv2.imencode(suffix, pixels)
    if not done:
        raise ValueError(f"no picture of the format {suffix} can be written")
    return data.tobytes()
