"""The words of a recipe's ``augment``: how they are written, and which inputs each of them can change. Light: reads no
array, imports no torch, so that a plan can check them; what they do is in ``augment.py``.

A recipe names them with their arguments, to be done in their order: ``flip shift:4 rotate:5 scale:0.8:1.5 light:0.1``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

from mebench.errors import UserError, did_you_mean

# names of channels; those of roi_flow end in _u and _v, those of textures begin with texture_
MOTION = ("u", "v", "strain", "magnitude")
PHOTOGRAPH = ("r", "g", "b")
CODED = ("red", "green", "blue")  # flow as colours: hue for direction
TEXTURE = "texture_"
CHANGE = "texture_change"  # a difference of two pictures

SERIES = ("roi_flow",)
PICTURES = ("apex_flow", "long_flow", "texture_motion", "frames")


def parse(text: str) -> list[Word]:
    """The words of a recipe, none of them for ``none``; a UserError says which one is wrong."""
    words = text.split()
    if words == ["none"]:
        return []
    if not words or "none" in words:
        raise UserError(f"augment: '{text}' is no list of words; write none, or for example 'flip shift:4'")
    names = [word.split(":")[0] for word in words]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"augment: '{text}' has {name} twice; keep one of them")
    return [_word(word) for word in words]


def _word(text: str) -> Word:
    name, *arguments = text.split(":")
    if name not in WORDS:
        raise UserError(f"augment has the unknown word '{name}'{did_you_mean(name, WORDS)}")
    kind = WORDS[name]
    try:
        numbers = [float(argument) for argument in arguments]
    except ValueError:
        numbers = [math.nan]
    if len(numbers) == len(fields(kind)) and all(map(math.isfinite, numbers)) and kind(*numbers).sensible():  # type: ignore[arg-type]
        return kind(*numbers)
    raise UserError(f"augment has '{text}', but {name} takes {kind.TAKES}; write for example '{kind.EXAMPLE}'")


def check(words: Sequence[Word], channels: Sequence[str], scale: str, kind: str) -> None:
    """A UserError where a word makes no sense for inputs of that ``kind`` with these channels and range."""
    numbers = Numbers(tuple(channels), scale)
    for word in words:
        problem = _kind_problem(kind, word, numbers) or word.problem(numbers)
        if problem:
            inputs = f"{kind} ({', '.join(channels)}) in the range {scale}"
            raise UserError(f"augment: {word.name} does not go with {inputs}: {problem}")


def _kind_problem(kind: str, word: Word, numbers: Numbers) -> str:
    """Why inputs of this kind cannot be changed by the word, whatever its own reasons are; empty if they can."""
    if kind not in PICTURES + SERIES:
        return "only pictures and series of motion can be augmented; set augment: none"
    if kind in SERIES:
        return "" if isinstance(word, Scale) else "these are series of regions, not pictures; only scale changes them"
    unknown = [c for c in numbers.channels if c not in MOTION + PHOTOGRAPH + CODED and not c.startswith(TEXTURE)]
    return f"what it would do to the channel {unknown[0]} is not known; set augment: none" if unknown else ""


@dataclass(frozen=True)
class Numbers:
    """What the numbers of a batch are: names of its channels, and ``scale``, their range.

    ``pixels`` and ``any`` are numbers as computed: flow in pixels, textures standardised, photographs 0..255. In
    ``byte`` (0..255), ``unit`` (0..1) and ``imagenet`` each channel of each flow picture was stretched from its own
    least to its own largest number.
    """

    channels: tuple[str, ...]
    scale: str

    def at(self, *names: str) -> list[int]:
        """Where channels of these names are; a model may read one more than once."""
        return [i for i, channel in enumerate(self.channels) if channel in names]

    @property
    def computed(self) -> bool:
        return self.scale in ("pixels", "any")

    @property
    def white(self) -> float:
        """The largest number of a photograph or of a stretched channel."""
        return 1.0 if self.scale == "unit" else 255.0

    @property
    def motion(self) -> list[int]:
        return [i for i, c in enumerate(self.channels) if c in MOTION or c.endswith(("_u", "_v"))]

    @property
    def textures(self) -> list[int]:
        return [i for i, c in enumerate(self.channels) if c.startswith(TEXTURE)]


# --- the words -------------------------------------------------------------------------------------------------------


class Word:
    """A change with its arguments as fields."""

    EXAMPLE: ClassVar[str]  # how it is written
    TAKES: ClassVar[str]  # its arguments in words

    @property
    def name(self) -> str:
        """The word without its arguments."""
        return self.EXAMPLE.split(":")[0]

    def sensible(self) -> bool:
        """Whether its arguments are."""
        return True

    def problem(self, numbers: Numbers) -> str:
        """Why it cannot change such channels; empty if it can."""
        return ""


@dataclass(frozen=True)
class Flip(Word):
    """Each clip with probability 0.5: left and right change places, and motion to the right is motion to the left.

    u changes its sign. Stretched to 0..255 the negative of u is 255 - u, unless nothing moves, which is 0 for both.
    """

    EXAMPLE = "flip"
    TAKES = "no argument"

    def problem(self, numbers: Numbers) -> str:
        coded = numbers.at(*CODED)
        return "flow coded as colours cannot be flipped by mirroring alone, for its hue is a direction" if coded else ""


@dataclass(frozen=True)
class Shift(Word):
    """Each clip moved by whole pixels from -n to n, in x and in y; the pixels of the edge are repeated."""

    pixels: float
    EXAMPLE = "shift:4"
    TAKES = "a whole number of pixels above 0"

    def sensible(self) -> bool:
        return self.pixels >= 1 and self.pixels == int(self.pixels)


@dataclass(frozen=True)
class Rotate(Word):
    """Each clip turned about its centre by up to so many degrees, and its vectors (u, v) with it; from x towards y, so
    clockwise as seen, where positive. Bilinear; the pixels of the edge are repeated."""

    degrees: float
    EXAMPLE = "rotate:5"
    TAKES = "an angle in degrees, above 0 and up to 180"

    def sensible(self) -> bool:
        return 0 < self.degrees <= 180

    def problem(self, numbers: Numbers) -> str:
        u, v = numbers.at("u"), numbers.at("v")
        if numbers.at(*CODED):
            return "flow coded as colours cannot be turned, for its hue is a direction"
        if len(u) != len(v):
            return "vectors are turned by u and v together, and this model does not read both"
        if u and not numbers.computed:
            return "vectors cannot be turned where u and v are stretched each by its own scale; use the range pixels"
        return ""


@dataclass(frozen=True)
class Scale(Word):
    """All motion of a clip made larger or smaller by one factor between two bounds."""

    low: float
    high: float
    EXAMPLE = "scale:0.8:1.5"
    TAKES = "two factors above 0, the smaller one first"

    def sensible(self) -> bool:
        return 0 < self.low < self.high

    def problem(self, numbers: Numbers) -> str:
        if not numbers.motion:
            return "none of its channels is motion"
        return "" if numbers.computed else "motion that is stretched to one range has no length; use the range pixels"


@dataclass(frozen=True)
class Light(Word):
    """Contrast times 1 - a to 1 + a about the clip's mean, and brightness plus up to a of the way from black to white;
    for standardised textures, whose black and white are not known, up to a of their deviation.

    All photographs, or all textures, of a clip are changed alike; of the difference of two pictures only its contrast.
    """

    amount: float
    EXAMPLE = "light:0.1"
    TAKES = "a share above 0 and below 1"

    def sensible(self) -> bool:
        return 0 < self.amount < 1

    def problem(self, numbers: Numbers) -> str:
        if not numbers.at(*PHOTOGRAPH) + numbers.textures:
            return "none of its channels is a photograph or a texture"
        if numbers.textures and not numbers.computed:
            return "a texture that is stretched to one range has neither brightness nor contrast; use the range any"
        return ""


WORDS: dict[str, type[Word]] = {word.EXAMPLE.split(":")[0]: word for word in (Flip, Shift, Rotate, Scale, Light)}
