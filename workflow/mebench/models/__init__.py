"""The models: one file for each, which is loaded by its name."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from mebench import cards
from mebench.errors import UserError, did_you_mean
from mebench.model_card import model_card

if TYPE_CHECKING:
    from torch import nn

    from mebench.config.spec import Option


def names() -> list[str]:
    """Names of all registered models and controls."""
    return cards.names("models")


def build(name: str, num_classes: int, **options: Option) -> nn.Module:
    """Build a model by its name (or by the path of its file).

    ``options`` are the card's options, for example ``variant="port"``. The module takes a float batch (N, C, H, W) of
    the card's inputs and returns logits (N, num_classes).

    >>> build("ststnet", num_classes=3)(torch.zeros(2, 3, 28, 28)).shape
    torch.Size([2, 3])
    """
    card = model_card(name)
    known = card.get("options", {})
    for key, value in options.items():
        if key not in known:
            raise UserError(f"the model '{card['name']}' has no option '{key}'{did_you_mean(key, known)}")
        cards.checked_option(f"the model '{card['name']}'", key, value, known[key])
    module = cards.load("models", name)
    if not hasattr(module, card["module"]):
        raise UserError(f"{module.__file__} defines no class {card['module']}, which its card names under 'module'")
    network = getattr(module, card["module"])
    try:
        inspect.signature(network).bind(num_classes=num_classes, **options)
    except TypeError as error:
        raise UserError(f"{module.__file__}: {card['module']} cannot be made as its card promises: {error}") from error
    return network(num_classes=num_classes, **options)
