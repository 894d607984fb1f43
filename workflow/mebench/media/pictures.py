"""Decoding: one picture, or the frames of a clip in colour, all of one size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from mebench.errors import UserError
from mebench.media import decoding


def decode(path: Path, grey: bool = False) -> np.ndarray:
    """A picture file as uint8 grey (H, W) or RGB (H, W, 3), always grey with ``grey``, as a viewer shows it
    (``decoding.py``); UserError where it is missing, damaged or no single picture."""
    return decoding.read(path, grey).pixels


def pictures(paths: Iterable[Path]) -> Iterator[np.ndarray]:
    """RGB uint8 (H, W, 3) of the frames of one clip, one after the other; grey is replicated.

    A missing or damaged frame and one of another size than the first is a UserError that names it.
    """
    first: tuple[Path, np.ndarray] | None = None
    for path in paths:
        picture = decode(path)
        picture = np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture
        first = first or (path, picture)
        if picture.shape != first[1].shape:
            raise UserError(
                f"the frames {first[0]} and {path} differ in size ({_size(first[1])} and {_size(picture)}); "
                "frames of a clip must be cropped alike"
            )
        yield picture


def _size(picture: np.ndarray) -> str:
    return f"{picture.shape[1]} x {picture.shape[0]}"
