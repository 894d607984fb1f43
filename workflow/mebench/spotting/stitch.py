"""From windows that overlap to one row for each frame of a recording."""

from __future__ import annotations

import numpy as np

STITCHING = ("correct", "released")


def stitched(windows: np.ndarray, stitching: str = "correct", starts_batch: frozenset[int] = frozenset()) -> np.ndarray:
    """Windows (W, k, C), each half a window after the one before, as rows (P, C); P = k + (W - 1) half a window.

    ``correct``: the first window gives all its rows, each later one its second half, so that a row lies at least half a
    window after the frame that its motion is measured from. ``released`` is what ME-TST's code does: whole windows are
    those that begin a batch (their numbers are ``starts_batch``), not those that begin a recording; the rows before the
    first of them stay 0, and one in the middle writes over the half before it. Windows of one row follow one another.
    """
    count, length, columns = windows.shape
    if length == 1:
        return windows[:, 0]
    half = length // 2
    rows = np.zeros((length + (count - 1) * half, columns), dtype=windows.dtype)
    for number, window in enumerate(windows):
        whole = number == 0 if stitching == "correct" else number in starts_batch
        start = number * half
        if whole:
            rows[start : start + length] = window
        else:
            rows[start + half : start + length] = window[half:]
    return rows
