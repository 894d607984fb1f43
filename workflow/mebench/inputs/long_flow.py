"""The input ``long_flow-<size>``: SLSTT's long-term flow, from the onset to each of N frames around the apex.

L. Zhang, X. Hong, O. Arandjelović, G. Zhao: Short and Long Range Relation Based Spatio-Temporal Transformer for
Micro-Expression Recognition, IEEE TAFFC 2022; which frames, which flow and which colours is taken from the authors'
code. What differs, SLSTT's card lists: above all, frames that a clip lacks are blended from their neighbours, where the
authors let a network (RIFE) invent them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from einops import rearrange

from mebench.clips.clip import Clip
from mebench.config.input_names import InputSpec
from mebench.errors import UserError
from mebench.inputs.flow import check, check_pair, estimate_many, estimator_settings
from mebench.inputs.maker import Made, Maker
from mebench.media.clip_reader import frame_digest
from mebench.media.crops import fit
from mebench.media.pictures import decode
from mebench.media.unavailable import Unavailable


class Input(Maker):
    """``hsv``: uint8 (N, 3, S, S), RGB pictures, hue for direction and brightness for length, stretched to 0..255 in
    each frame, or under ``stretch: clip`` over all of them, so that the rise and fall of motion is kept. ``uv``:
    float16 (N, 2, S, S), u right and v down, in pixels of the crop.

    Flow is computed at the crop's own resolution, then coded, then resized. The extra column ``blended`` counts the
    frames of the N that are not on disk.
    """

    EXTRAS = ("blended",)

    @classmethod
    def channels(cls, spec: InputSpec) -> list[str]:
        return ["red", "green", "blue"] if spec.options["coding"] == "hsv" else ["u", "v"]

    @classmethod
    def scale(cls, spec: InputSpec) -> str:
        return "picture" if spec.options["coding"] == "hsv" else "pixels"

    @classmethod
    def settings(cls, spec: InputSpec) -> Mapping[str, object]:
        return estimator_settings(spec.options["flow"], spec)

    def made_from(self, clip: Clip) -> list[object]:
        wanted, frames = self.places(clip), self.between(clip)
        used = {number for mix in mixes(wanted, frames) for number in mix}
        onset = self.labelled(clip, "onset")[0]
        return [
            wanted,
            frame_digest(onset),
            *(frame_digest(frames[n]) for n in sorted(used)),
            *self.crop_made_from(clip),
        ]

    def make(self, clip: Clip) -> Made:
        wanted, frames = self.places(clip), self.between(clip)
        onset, *crops = self._crops(clip, mixes(wanted, frames))
        flows = estimate_many(self.spec.options["flow"], onset, crops)
        check(flows.swapaxes(0, 1), clip.clip_id)
        if self.spec.options["coding"] == "hsv":
            array = as_pictures(flows, self.size, self.spec.options["stretch"])
        else:
            array = np.stack([as_pixels(flow, self.size) for flow in flows])
        return Made(array, {"blended": len(wanted) - len(frames.keys() & set(wanted))})

    def places(self, clip: Clip) -> list[float]:
        """The N frame numbers of a clip; those with fractions are between frames."""
        onset, apex, offset = (clip.frame(name) for name in ("onset", "apex", "offset"))
        if apex <= onset:
            raise Unavailable("no_motion", f"its apex, frame {apex}, is not after its onset, frame {onset}")
        if apex > offset:
            raise UserError(f"the apex {apex} of {clip.clip_id} is after its offset {offset}; index the dataset again")
        count = int(self.spec.options["length"].removeprefix("t"))
        return fill(window(onset, apex, offset, count), count)

    def _crops(self, clip: Clip, blends: Sequence[Mapping[int, float]]) -> list[np.ndarray]:
        """Grey uint8 crops: the onset, then one for each of ``blends`` (frame number -> its share)."""
        frames, first = self.between(clip), clip.frame("onset")
        pictures = {first: decode(self.labelled(clip, "onset")[0], grey=True)}
        for number in sorted({number for blend in blends for number in blend} - {first}):
            pictures[number] = decode(frames[number], grey=True)
            check_pair(pictures[first], frames[first], pictures[number], frames[number])
        crops = {number: self.cut(clip, picture) for number, picture in pictures.items()}
        mixed = (sum(share * crops[number].astype(np.float32) for number, share in blend.items()) for blend in blends)
        return [crops[first], *(np.rint(picture).astype(np.uint8) for picture in mixed)]


# --- which frames ----------------------------------------------------------------------------------------------------


def window(onset: int, apex: int, offset: int, count: int) -> range:
    """At most ``count`` neighbouring frames from count // 2 before the apex, after the onset and up to the offset."""
    start = max(apex - count // 2, onset + 1)
    return range(start, min(start + count - 1, offset) + 1)


def fill(numbers: Sequence[int], count: int) -> list[float]:
    """``count`` places in order: all ``numbers``, and between them as many more as are missing.

    Every gap gets as many as every other; what is left over goes, one each, to gaps in the middle. Inside a gap the
    places are found by halving until there are enough, and the central ones stay. A single number is repeated.
    """
    if len(numbers) == 1:
        return [float(numbers[0])] * count
    gaps = len(numbers) - 1
    each, more = divmod(count - len(numbers), gaps)
    middle = len(numbers) // 2 - more // 2
    places: list[float] = []
    for gap, number in enumerate(numbers[:-1]):
        fractions = halvings(each + (middle <= gap < middle + more))
        places += [float(number), *(number + fraction for fraction in fractions)]
    return [*places, float(numbers[-1])]


def halvings(count: int) -> list[float]:
    """``count`` places between 0 and 1: the central ones of 1/2; 1/4, 2/4, 3/4; 1/8 ... with at least ``count``."""
    parts = 2
    while parts - 1 < count:
        parts *= 2
    first = 1 + (parts - 1 - count) // 2
    return [i / parts for i in range(first, first + count)]


def mixes(places: Iterable[float], numbers: Iterable[int]) -> list[dict[int, float]]:
    """Frames on disk, by ``numbers``, and their shares for each place: the frame itself or its two neighbours."""
    known = sorted(numbers)
    result = []
    for place in places:
        before = known[max(bisect_right(known, place) - 1, 0)]
        after = known[min(bisect_left(known, place), len(known) - 1)]
        share = (place - before) / (after - before) if before < after else 0.0
        result.append({before: 1.0} if share == 0 else {before: 1 - share, after: share})
    return result


# --- how flow is stored ----------------------------------------------------------------------------------------------


def as_pictures(flows: np.ndarray, size: int, stretch: str = "frame") -> np.ndarray:
    """Flows (N, 2, H, W) -> uint8 (N, 3, S, S), RGB: hue = direction in degrees / 2 as OpenCV has it (right 0, down
    90), saturation 255, value = length stretched from least to largest of the ``frame``, or of the whole ``clip``, to
    0..255. Fractions are cut off; still is black."""
    import cv2

    polar = [_polar(flow) for flow in flows]
    lengths = np.stack([length for length, _ in polar])
    parts = lengths if stretch == "frame" else rearrange(lengths, "n h w -> 1 (n h) w")
    values = np.stack([_stretched(part) for part in parts]).reshape(lengths.shape)
    pictures = []
    for (_, angle), value in zip(polar, values, strict=True):
        hsv = np.stack([angle / 2, np.full_like(angle, 255), value], axis=-1).astype(np.uint8)
        pictures.append(fit(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), size).transpose(2, 0, 1))
    return np.stack(pictures)


def _polar(flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Length and direction in degrees, (H, W) each, of a flow (2, H, W)."""
    import cv2

    u, v = np.ascontiguousarray(flow, dtype=np.float32)
    length, angle = cv2.cartToPolar(u, v, angleInDegrees=True)
    return np.asarray(length), np.asarray(angle)


def _stretched(length: np.ndarray) -> np.ndarray:
    """``length`` from its least to its largest to 0..255."""
    import cv2

    return cv2.normalize(length, None, 0, 255, cv2.NORM_MINMAX)  # type: ignore[call-overload]  # the stubs know no None


def as_pixels(flow: np.ndarray, size: int) -> np.ndarray:
    """Flow (2, H, W) -> float16 (2, S, S); a resize changes where it is sampled, not its unit."""
    return np.stack([fit(np.ascontiguousarray(plane), size) for plane in flow]).astype(np.float16)
