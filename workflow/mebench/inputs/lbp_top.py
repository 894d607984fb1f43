"""The input ``lbp_top-<size>``: local binary patterns on three orthogonal planes of a clip, one vector.

G. Zhao, M. Pietikäinen, Dynamic Texture Recognition Using Local Binary Patterns with an Application to Facial
Expressions, IEEE TPAMI 2007, with the settings of the official baseline of MEGC2019: ten frames, four neighbours,
5 x 5 blocks that do not overlap, and radii printed as {1, 1, 4} of the planes XY, XT and YT, which can only be read as
R_X = R_Y = 1 and R_T = 4. Its guideline says nothing about codes, normalisation and
crop; they are the benchmark's choice, and the first is an option.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from mebench.clips.clip import Clip
from mebench.inputs import tim
from mebench.inputs.flow import check_pair
from mebench.inputs.maker import Made, Maker
from mebench.media.clip_reader import frame_digest
from mebench.media.pictures import decode
from mebench.media.unavailable import Unavailable

FRAMES = 10  # that TIM makes of each clip
RADIUS, RADIUS_T = 1, 4  # pixels across and down, frames in time
NEIGHBOURS = 4
BLOCKS = 5  # across and down


class Input(Maker):
    """Histograms of each clip, float32 (1125,): 25 blocks x planes XY, XT, YT x 15 uniform codes; each sums to 1.

    With the option ``raw`` there are 16 codes and 1,200 values. The grey frames on disk from onset to offset are
    cropped to S x S and brought to ten by TIM (``tim.py``), in whole grey levels. Blocks share the (S - 2)^2 pixels
    that have all neighbours; they are equal where 5 divides S - 2, else they differ by a row or column. Of the ten
    frames only the fifth and the sixth have neighbours four frames before and after.

    A clip of two frames or more has a vector, whether or not its frames are linearly independent (``tim.py``). One
    that shows no motion, all its frames being the same picture, has none: status ``no_motion``. The extra columns count
    the ``frames`` that were read and how many of them are ``repeated``, the same as an earlier one.

    scikit-image's ``local_binary_pattern`` knows one plane and one radius, not the ellipse of XT and YT.
    """

    CHANNELS = ("lbp_top",)
    SCALE = "share"  # of the pixels of a block
    EXTRAS = ("frames", "repeated")
    SETTINGS: ClassVar[Mapping[str, object]] = {
        "frames": FRAMES,
        "radii": [RADIUS, RADIUS, RADIUS_T],
        "neighbours": NEIGHBOURS,
        "blocks": [BLOCKS, BLOCKS],
    }

    def made_from(self, clip: Clip) -> list[object]:
        return [*(frame_digest(path) for path in self.paths(clip)), *self.crop_made_from(clip)]

    def make(self, clip: Clip) -> Made:
        crops = np.stack(self.crops(clip))
        different = len({crop.tobytes() for crop in crops})
        if different < 2:
            raise Unavailable("no_motion", f"all {len(crops)} of its frames are the same picture")
        volume = tim.grey_levels(tim.interpolate(crops, FRAMES))
        bins = BINS[self.spec.options["codes"]]
        extras = {"frames": len(crops), "repeated": len(crops) - different}
        return Made(histograms(bins[patterns(volume)], bins.max() + 1), extras)

    def paths(self, clip: Clip) -> list[Path]:
        """The frames from onset to offset, in order; a UserError where either is missing."""
        self.labelled(clip, "onset", "offset")
        return list(self.between(clip).values())

    def crops(self, clip: Clip) -> list[np.ndarray]:
        """All frames as grey uint8 (S, S); frames that differ in size are a UserError."""
        paths = self.paths(clip)
        pictures = [decode(path, grey=True) for path in paths]
        for path, picture in zip(paths, pictures, strict=True):
            check_pair(pictures[0], paths[0], picture, path)
        return [self.cut(clip, picture, self.size) for picture in pictures]


def patterns(volume: np.ndarray) -> np.ndarray:
    """Codes uint8 (3, T - 8, H - 2, W - 2), 0..15, of the planes XY, XT, YT of a ``volume`` (T, H, W).

    Bit p is set where the neighbour at the angle 2 pi p / 4 is at least as bright as the centre. With four neighbours
    and whole radii these lie on pixels: in XY right, up, left, down; in XT right, before, left, after; in YT up,
    before, down, after.
    """
    frames, height, width = volume.shape

    def moved(t: int = 0, y: int = 0, x: int = 0) -> np.ndarray:
        starts = RADIUS_T + t, RADIUS + y, RADIUS + x
        sizes = frames - 2 * RADIUS_T, height - 2 * RADIUS, width - 2 * RADIUS
        return volume[tuple(slice(start, start + size) for start, size in zip(starts, sizes, strict=True))]

    places = {
        "right": {"x": RADIUS}, "left": {"x": -RADIUS}, "up": {"y": -RADIUS}, "down": {"y": RADIUS},
        "before": {"t": -RADIUS_T}, "after": {"t": RADIUS_T},
    }  # fmt: skip
    bright = {name: (moved(**place) >= moved()).view(np.uint8) for name, place in places.items()}
    planes = ("right", "up", "left", "down"), ("right", "before", "left", "after"), ("up", "before", "down", "after")
    return np.stack([sum(bright[name] << p for p, name in enumerate(plane)) for plane in planes])


def uniform_bins() -> np.ndarray:
    """Bin of each of the 16 codes: those with at most two changes around the circle in order, all others in the
    last, so P (P - 1) + 3 = 15 bins."""
    codes = np.arange(2**NEIGHBOURS)
    turned = codes >> 1 | (codes & 1) << (NEIGHBOURS - 1)
    uniform = np.array([int(code).bit_count() <= 2 for code in codes ^ turned])
    return np.where(uniform, np.cumsum(uniform) - 1, uniform.sum())


BINS = {"uniform": uniform_bins(), "raw": np.arange(2**NEIGHBOURS)}


def histograms(binned: np.ndarray, bins: int) -> np.ndarray:
    """float32 (25 * 3 * bins,) of ``binned`` codes (3, T, H, W): block by block in rows, in each XY, XT, YT; each of
    the 75 histograms divided by its sum."""
    planes, _, height, width = binned.shape
    rows, columns = (np.arange(side) * BLOCKS // side for side in (height, width))
    block = BLOCKS * rows[:, None] + columns
    cell = (planes * block + np.arange(planes)[:, None, None, None]) * bins + binned
    counts = np.bincount(cell.ravel(), minlength=BLOCKS**2 * planes * bins).reshape(-1, bins)
    return (counts / counts.sum(axis=1, keepdims=True)).astype(np.float32).ravel()
