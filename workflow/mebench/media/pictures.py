"""Decoding: one picture, or the frames of a clip in colour, all of one size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from mebench.errors import UserError


def decode(path: Path, grey: bool = False) -> np.ndarray:
    """A picture file as uint8 RGB (H, W, 3), or grey (H, W); UserError where it is missing or damaged."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            mode = "L" if grey else "RGB" if picture.mode in ("RGB", "RGBA", "P") else picture.mode
            return np.asarray(picture.convert(mode))
    except FileNotFoundError as error:
        raise UserError(f"there is no picture {path}; was the dataset moved since it was indexed?") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        # PIL raises SyntaxError for broken PNG chunks; truncated files are an OSError, not half a picture
        raise UserError(
            f"the picture {path} cannot be read ({error}); it is damaged or no picture, get a fresh copy"
        ) from error


def pictures(paths: Iterable[Path]) -> Iterator[np.ndarray]:
    """RGB uint8 (H, W, 3) of the frames of one clip, one after the other; grey is replicated.

    A missing or damaged frame, one of another size than the first and one that is not of 8 bits in grey or RGB is a
    UserError that names it.
    """
    first: tuple[Path, np.ndarray] | None = None
    for path in paths:
        picture = _rgb(path)
        first = first or (path, picture)
        if picture.shape != first[1].shape:
            raise UserError(
                f"the frames {first[0]} and {path} differ in size ({_size(first[1])} and {_size(picture)}); "
                "frames of a clip must be cropped alike"
            )
        yield picture


def _rgb(path: Path) -> np.ndarray:
    picture = decode(path)
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    if picture.dtype != np.uint8 or picture.shape[2] != 3:
        raise UserError(f"the frame {path} is neither grey nor RGB of 8 bits per channel; convert it")
    return picture


def _size(picture: np.ndarray) -> str:
    return f"{picture.shape[1]} x {picture.shape[0]}"
