"""Augmentation of training clips: pictures, motion and series are changed, and motion stays right.
``config/augmentations.py`` has the words of recipes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from einops import rearrange

from mebench.config import augmentations
from mebench.config.augmentations import CHANGE, PHOTOGRAPH, Flip, Light, Numbers, Rotate, Scale, Shift, Word
from mebench.training.reading import IMAGENET_MEAN, IMAGENET_STD


def parse(text: str) -> Augmentation | None:
    """The augmentation of a recipe, or None for ``none``. A UserError names a wrong word."""
    named = augmentations.parse(text)
    return Augmentation(named) if named else None


class Augmentation:
    """The augmentations of a recipe, ready to be applied. Each clip of each batch is changed anew."""

    def __init__(self, named: Sequence[Word]):
        self.words = list(named)

    def check(self, channels: Sequence[str], scale: str, kind: str) -> None:
        """A UserError where an augmentation makes no sense for inputs of that ``kind`` with these channels and
        range."""
        augmentations.check(self.words, channels, scale, kind)

    def __call__(
        self, x: torch.Tensor, channels: Sequence[str], scale: str, generator: torch.Generator
    ) -> torch.Tensor:
        """Change clips (N, C, H, W), (N, T, C, H, W) or series (N, C, k); gives the same shape and leaves ``x`` as it
        is.

        All T pictures of a clip are changed alike. ``channels`` are their names and ``scale`` is the range of their
        numbers, before centring, both as :meth:`check` has seen them. Random numbers come from ``generator``, which is
        one of the CPU, whatever the device of ``x``.
        """
        if scale == "imagenet":
            mean, std = (x.new_tensor(values)[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))
            return (self(x * std + mean, channels, "unit", generator) - mean) / std
        shape, numbers = x.shape, Numbers(tuple(channels), scale)
        x = rearrange(x, {3: "n c k -> n 1 c 1 k", 4: "n c h w -> n 1 c h w", 5: "n t c h w -> n t c h w"}[x.dim()])
        for word in self.words:
            x = CHANGES[type(word)](word, x, numbers, generator)
        return x.reshape(shape)


# --- what each word does to clips (N, T, C, H, W) --------------------------------------------------------------------


def flip(word: Flip, x: torch.Tensor, numbers: Numbers, generator: torch.Generator) -> torch.Tensor:
    """As :class:`mebench.config.augmentations.Flip` says."""
    chosen, mirrored, u = _uniform(x, 0, 1, generator) < 0.5, x.flip(-1), numbers.at("u")
    if numbers.computed:
        mirrored[:, :, u] *= -1
    else:
        moving = mirrored[:, :, u]
        still = moving.amin(dim=(-2, -1), keepdim=True) == moving.amax(dim=(-2, -1), keepdim=True)
        mirrored[:, :, u] = torch.where(still, moving, numbers.white - moving)
    return torch.where(chosen.to(x.device), mirrored, x)


def shift(word: Shift, x: torch.Tensor, numbers: Numbers, generator: torch.Generator) -> torch.Tensor:
    """As :class:`mebench.config.augmentations.Shift` says."""
    most, (height, width) = int(word.pixels), x.shape[-2:]
    right, down = torch.randint(-most, most + 1, (2, len(x), 1), generator=generator)
    columns = (torch.arange(width) - right).clamp(0, width - 1).to(x.device)  # n w: where each comes from
    rows = (torch.arange(height) - down).clamp(0, height - 1).to(x.device)  # n h
    clip = torch.arange(len(x), device=x.device)[:, None, None]
    moved = rearrange(x, "n t c h w -> n h w t c")[clip, rows[:, :, None], columns[:, None, :]]
    return rearrange(moved, "n h w t c -> n t c h w")


def rotate(word: Rotate, x: torch.Tensor, numbers: Numbers, generator: torch.Generator) -> torch.Tensor:
    """As :class:`mebench.config.augmentations.Rotate` says."""
    angle = _uniform(x, -word.degrees, word.degrees, generator).deg2rad()
    cos, sin = angle.cos(), angle.sin()
    x = _turned(x, cos, sin)
    u, v = numbers.at("u"), numbers.at("v")
    if u:
        right, down, cos, sin = x[:, :, u], x[:, :, v], cos.to(x.device), sin.to(x.device)
        x[:, :, u], x[:, :, v] = cos * right - sin * down, sin * right + cos * down
    return x


def scale(word: Scale, x: torch.Tensor, numbers: Numbers, generator: torch.Generator) -> torch.Tensor:
    """As :class:`mebench.config.augmentations.Scale` says."""
    x = x.clone()
    x[:, :, numbers.motion] *= _uniform(x, word.low, word.high, generator).to(x.device)
    return x


def light(word: Light, x: torch.Tensor, numbers: Numbers, generator: torch.Generator) -> torch.Tensor:
    """As :class:`mebench.config.augmentations.Light` says."""
    gain, bias = (_uniform(x, -word.amount, word.amount, generator).to(x.device) for _ in range(2))
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


CHANGES: dict[type[Word], Callable[..., torch.Tensor]] = {
    Flip: flip, Shift: shift, Rotate: rotate, Scale: scale, Light: light
}  # fmt: skip


def _uniform(x: torch.Tensor, low: float, high: float, generator: torch.Generator) -> torch.Tensor:
    """A random number for each clip of ``x``, (N, 1, 1, 1, 1), on the CPU."""
    return (low + (high - low) * torch.rand(len(x), 1, 1, 1, 1, generator=generator)).to(x.dtype)


def _turned(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Pictures (N, T, C, H, W) turned about their centre. The pixel at p is taken from p turned back."""
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
