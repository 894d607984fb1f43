"""Frames whose depth says that they are not what a viewer would show of them: of 1 bit, or perhaps of 12."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from mebench.errors import UserError
from mebench.media.decoding import Decoded, header_bits, read

TWELVE_BITS = 4096  # values of 12 bits stay below it


def file_fault(paths: Sequence[Path]) -> str:
    """The fault of a set of frames, a clause; empty where there is none. Only a header is read where they
    have 8 bits. A damaged frame is no fault of depth."""
    first = header_bits(paths[0])
    if first == 1:
        return ONE_BIT
    try:
        return picture_fault(read(path) for path in paths) if first == 16 else ""
    except UserError:
        return ""  # what is damaged is told of where it is needed


def picture_fault(frames: Iterable[Decoded]) -> str:
    """The same of decoded frames."""
    brightest = []
    for frame in frames:
        if frame.bits == 1:
            return ONE_BIT
        brightest.append(frame.brightest)
    values = [value for value in brightest if value is not None]
    if not values or len(values) < len(brightest) or max(values) >= TWELVE_BITS:
        return ""
    return (
        f"its frames are of 16 bits, but none is brighter than {max(values):,} of 65,535: they may hold 12 bits, and "
        "are nearly black as they are"
    )


ONE_BIT = "its frames are of 1 bit, black and white without any grey, in which no motion can be measured"
