"""Augmentation of training clips: pictures, motion and series changed so that motion stays what it is.

A recipe names it in words with arguments, done in their order: ``flip shift:4 rotate:5 scale:0.8:1.5 light:0.1``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

import torch
import torch.nn.functional as F
from einops import rearrange

from mebench.errors import UserError, did_you_mean
from mebench.training.data import IMAGENET_MEAN, IMAGENET_STD

# names of channels; those of roi_flow end in _u and _v, those of textures begin with texture_
MOTION = ("u", "v", "strain", "magnitude")
PHOTOGRAPH = ("r", "g", "b")
CODED = ("red", "green", "blue")  # flow as colours: hue for direction
TEXTURE = "texture_"
CHANGE = "texture_change"  # a difference of two pictures

SERIES = ("roi_flow",)
PICTURES = ("apex_flow", "long_flow", "texture_motion", "frames")


def parse(text: str) -> Augmentation | None:
    """The augmentation that a recipe names, or None for ``none``; a UserError says which word is wrong."""
    words = text.split()
    if words == ["none"]:
        return None
    if not words or "none" in words:
        raise UserError(f"augment: '{text}' is no list of words; write none, or for example 'flip shift:4'")
    steps = [_word(word) for word in words]
    names = [word.split(":")[0] for word in words]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"augment: '{text}' has {name} twice; keep one of them")
    return Augmentation(steps)


def _word(text: str) -> Word:
    name, *arguments = text.split(":")
    if name not in WORDS:
        raise UserError(f"augment has the unknown word '{name}'{did_you_mean(name, WORDS)}")
    kind = WORDS[name]
    try:
        numbers = [float(argument) for argument in arguments]
    except ValueError:
        numbers = [math.nan]
    if len(numbers) == len(fields(kind)) and all(map(math.isfinite, numbers)) and kind(*numbers).sensible():
        return kind(*numbers)
    raise UserError(f"augment has '{text}', but {name} takes {kind.TAKES}; write for example '{kind.EXAMPLE}'")


class Augmentation:
    """Words of a recipe, ready to be applied; every clip of every batch is changed anew."""

    def __init__(self, words: Sequence[Word]):
        self.words = list(words)

    def check(self, channels: Sequence[str], scale: str, kind: str) -> None:
        """A UserError where a word makes no sense for inputs of that ``kind`` with these channels and range."""
        numbers = Numbers(tuple(channels), scale)
        for word in self.words:
            problem = _problem_of(kind, word, numbers) or word.problem(numbers)
            if problem:
                inputs = f"{kind} ({', '.join(channels)}) in the range {scale}"
                raise UserError(f"augment: {word.name} does not go with {inputs}: {problem}")

    def __call__(
        self, x: torch.Tensor, channels: Sequence[str], scale: str, generator: torch.Generator
    ) -> torch.Tensor:
        """Clips (N, C, H, W), (N, T, C, H, W) or series (N, C, k), changed; the same shape, ``x`` stays as it is.

        All T pictures of a clip are changed alike. ``channels`` are their names and ``scale`` is the range of their
        numbers, both as :meth:`check` has seen them, before anything is subtracted or divided by. Chance comes from
        ``generator``, one of the CPU, wherever ``x`` is.
        """
        if scale == "imagenet":
            mean, std = (x.new_tensor(values)[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))
            return (self(x * std + mean, channels, "unit", generator) - mean) / std
        shape, numbers = x.shape, Numbers(tuple(channels), scale)
        x = rearrange(x, {3: "n c k -> n 1 c 1 k", 4: "n c h w -> n 1 c h w", 5: "n t c h w -> n t c h w"}[x.dim()])
        for word in self.words:
            x = word(x, numbers, generator)
        return x.reshape(shape)


def _problem_of(kind: str, word: Word, numbers: Numbers) -> str:
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


# --- words: each changes clips (N, T, C, H, W) -----------------------------------------------------------------------


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

    def __call__(self, x: torch.Tensor, numbers: Numbers, generator: torch.Generator) -> torch.Tensor:
        raise NotImplementedError


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

    def __call__(self, x: torch.Tensor, numbers: Numbers, generator: torch.Generator) -> torch.Tensor:
        chosen, mirrored, u = _uniform(x, 0, 1, generator) < 0.5, x.flip(-1), numbers.at("u")
        if numbers.computed:
            mirrored[:, :, u] *= -1
        else:
            moving = mirrored[:, :, u]
            still = moving.amin(dim=(-2, -1), keepdim=True) == moving.amax(dim=(-2, -1), keepdim=True)
            mirrored[:, :, u] = torch.where(still, moving, numbers.white - moving)
        return torch.where(chosen.to(x.device), mirrored, x)


@dataclass(frozen=True)
class Shift(Word):
    """Each clip moved by whole pixels from -n to n, in x and in y; the pixels of the edge are repeated."""

    pixels: float
    EXAMPLE = "shift:4"
    TAKES = "a whole number of pixels above 0"

    def sensible(self) -> bool:
        return self.pixels >= 1 and self.pixels == int(self.pixels)

    def __call__(self, x: torch.Tensor, numbers: Numbers, generator: torch.Generator) -> torch.Tensor:
        most, (height, width) = int(self.pixels), x.shape[-2:]
        right, down = torch.randint(-most, most + 1, (2, len(x), 1), generator=generator)
        columns = (torch.arange(width) - right).clamp(0, width - 1).to(x.device)  # n w: where each comes from
        rows = (torch.arange(height) - down).clamp(0, height - 1).to(x.device)  # n h
        clip = torch.arange(len(x), device=x.device)[:, None, None]
        moved = rearrange(x, "n t c h w -> n h w t c")[clip, rows[:, :, None], columns[:, None, :]]
        return rearrange(moved, "n h w t c -> n t c h w")


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

    def __call__(self, x: torch.Tensor, numbers: Numbers, generator: torch.Generator) -> torch.Tensor:
        angle = _uniform(x, -self.degrees, self.degrees, generator).deg2rad()
        cos, sin = angle.cos(), angle.sin()
        x = _turned(x, cos, sin)
        u, v = numbers.at("u"), numbers.at("v")
        if u:
            right, down, cos, sin = x[:, :, u], x[:, :, v], cos.to(x.device), sin.to(x.device)
            x[:, :, u], x[:, :, v] = cos * right - sin * down, sin * right + cos * down
        return x


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

    def __call__(self, x: torch.Tensor, numbers: Numbers, generator: torch.Generator) -> torch.Tensor:
        x = x.clone()
        x[:, :, numbers.motion] *= _uniform(x, self.low, self.high, generator).to(x.device)
        return x


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

    def __call__(self, x: torch.Tensor, numbers: Numbers, generator: torch.Generator) -> torch.Tensor:
        gain, bias = (_uniform(x, -self.amount, self.amount, generator).to(x.device) for _ in range(2))
        x = x.clone()
        x[:, :, numbers.at(CHANGE)] *= 1 + gain
        photographs = numbers.at(*PHOTOGRAPH)
        if photographs:
            lit = _lit(x[:, :, photographs], gain, bias * numbers.white)
            x[:, :, photographs] = lit.clamp(0, numbers.white)
        textures = [i for i in numbers.textures if numbers.channels[i] != CHANGE]
        if textures:
            x[:, :, textures] = _lit(x[:, :, textures], gain, bias)
        return x


WORDS: dict[str, type[Word]] = {word.EXAMPLE.split(":")[0]: word for word in (Flip, Shift, Rotate, Scale, Light)}


def _uniform(x: torch.Tensor, low: float, high: float, generator: torch.Generator) -> torch.Tensor:
    """A number for each clip of ``x``, (N, 1, 1, 1, 1), on the CPU."""
    return (low + (high - low) * torch.rand(len(x), 1, 1, 1, 1, generator=generator)).to(x.dtype)


def _turned(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Pictures (N, T, C, H, W) turned about their centre; what lands at p comes from p turned back."""
    n, frames, _, height, width = x.shape
    cos, sin = cos.flatten(), sin.flatten()
    back = torch.stack([cos, sin * height / width, 0 * cos, -sin * width / height, cos, 0 * cos], dim=1)
    # made on the CPU: on a GPU this is a product of matrices, which may be set to a precision of tenths of pixels
    grid = F.affine_grid(rearrange(back, "n (i j) -> n i j", i=2), [n, 1, height, width], align_corners=False)
    flat = rearrange(x, "n t c h w -> n (t c) h w")
    turned = F.grid_sample(flat, grid.to(x.device), mode="bilinear", padding_mode="border", align_corners=False)
    return rearrange(turned, "n (t c) h w -> n t c h w", t=frames)


def _lit(x: torch.Tensor, gain: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
    centre = x.mean(dim=(1, 2, 3, 4), keepdim=True)
    return centre + (1 + gain) * (x - centre) + offset
