"""Batches of the shape and range that a model's card asks for."""

from __future__ import annotations

from typing import Any

import torch

from mebench import cards
from mebench.config import recipes


def inputs_of(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """The inputs of a model with these options."""
    card = cards.card("models", name)
    return card["inputs"] | recipes.changed(card, options, "inputs")


def shape(inputs: dict[str, Any]) -> tuple[int, ...]:
    """The shape of one clip of a kind of input."""
    channels, size = len(inputs["channels"]), inputs.get("size")
    return {
        "long_flow": (11, channels, size, size),
        "frames": (inputs.get("frames", 0) + 2, 3, size, size),
        "roi_flow": (channels, 30),
        "mdmd_feature": (channels,),
        "lbp_top": (1200 if inputs.get("options", {}).get("codes") == "raw" else 1125,),
    }.get(inputs["kind"], (channels, size, size))


def picture(name: str, options: dict[str, Any], n: int = 4, seed: int = 0) -> torch.Tensor:
    """``n`` clips of random numbers."""
    inputs = inputs_of(name, options)
    x = torch.rand(n, *shape(inputs), generator=torch.Generator().manual_seed(seed))
    return {"byte": 255 * x, "imagenet": (x - 0.45) / 0.225}.get(inputs["range"], x)
