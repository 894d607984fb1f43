"""The input ``frames-<size>``: all frames of a clip from onset to offset, for models that sample them (HSTA).

H. Hao et al., Hierarchical Space-Time Attention for Micro-Expression Recognition, arXiv 2405.03202, as its released
code reads clips. Which frames a model sees is drawn when it is trained or tested (:func:`sample`, :func:`stack`); the
store holds all that may be drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from mebench.clips.clip import Clip
from mebench.inputs.maker import Made, Maker
from mebench.media.clip_reader import frame_digest
from mebench.media.pictures import pictures

LONGEST = 50  # frames from the onset to the last one that is read


class Input(Maker):
    """Frames of each clip, uint8 RGB (n, 3, S, S), resized without keeping their aspect ratio.

    Rows from ``onset_row`` on are the ``frames`` frames of the interval that are on disk, the first of them the onset;
    missing ones are skipped. ``apex_row`` is one of them, or row 0 where the apex lies beyond the interval's 51 frames:
    then it stands before the onset. Sizes are changed as in all inputs (``crops.fit``): averaged over areas where
    frames shrink; the released code resizes bilinearly, which skips pixels there.
    """

    CHANNELS = ("r", "g", "b")
    SCALE = "byte"
    EXTRAS = ("onset_row", "apex_row", "frames")
    SETTINGS: ClassVar[Mapping[str, object]] = {"longest": LONGEST}

    def made_from(self, clip: Clip) -> list[object]:
        paths, onset_row, apex_row = self.rows(clip)
        return [onset_row, apex_row, *(frame_digest(path) for path in paths), *self.crop_made_from(clip)]

    def make(self, clip: Clip) -> Made:
        paths, onset_row, apex_row = self.rows(clip)
        cropped = [self.cut(clip, picture, self.size).transpose(2, 0, 1) for picture in pictures(paths)]
        extras = {"onset_row": onset_row, "apex_row": apex_row, "frames": len(paths) - onset_row}
        return Made(np.stack(cropped), extras)

    def rows(self, clip: Clip) -> tuple[list[Path], int, int]:
        """Paths of the frames to store, and which of them are onset and apex; a UserError where either is missing."""
        onset, apex, offset = interval(*(clip.frame(name) for name in ("onset", "apex", "offset")))
        repaired = replace(clip, onset=onset, apex=apex, offset=offset)
        _, peak = self.labelled(repaired, "onset", "apex")
        inside = self.between(repaired)
        before = [] if apex in inside else [peak]
        return [*before, *inside.values()], len(before), 0 if before else list(inside).index(apex)


def interval(onset: int, apex: int, offset: int) -> tuple[int, int, int]:
    """Onset, apex and last frame as HSTA repairs them, in its order: an apex and an offset before the onset become the
    onset, an apex behind the offset the middle; then at most 51 frames are read. The apex may lie behind those."""
    apex, offset = max(apex, onset), max(offset, onset)
    if apex > offset:
        apex = (onset + offset) // 2
    return onset, apex, min(offset, onset + LONGEST)


def sample(count: int, wanted: int, rng: np.random.Generator | None = None) -> np.ndarray:
    """``wanted`` indices, ascending, into ``count`` frames: int64 (wanted,).

    With ``rng`` (training) distinct ones are drawn at random; without (testing) they are spread evenly from the first
    to the last, so that a test gives one answer; the released code draws at random there too. Of d missing frames,
    floor(d / 2) are copies of the first in front and the rest copies of the last at the end.
    """
    if count < 1 or wanted < 1:
        raise ValueError(f"cannot take {wanted} of {count} frames")
    if count < wanted:
        front = (wanted - count) // 2
        return np.clip(np.arange(wanted) - front, 0, count - 1)
    if rng is None:
        return np.round(np.linspace(0, count - 1, wanted)).astype(np.int64)
    return np.sort(rng.choice(count, wanted, replace=False)).astype(np.int64)


def stack(
    array: np.ndarray, onset_row: int, apex_row: int, wanted: int, rng: np.random.Generator | None = None
) -> np.ndarray:
    """What HSTA sees of a stored clip: ``wanted`` sampled frames of the interval, then onset and apex. Models of single
    pictures want 0 of the interval.

    ``array`` (n, 3, S, S) and the two rows are as stored; the result is a copy (wanted + 2, 3, S, S) of the same type.
    """
    rows = onset_row + sample(len(array) - onset_row, wanted, rng) if wanted else np.array([], dtype=np.int64)
    return np.asarray(array[np.concatenate([rows, [onset_row, apex_row]])])
