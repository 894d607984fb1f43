"""A card's values as a person writes them."""

from __future__ import annotations

from typing import Any


def plain(value: Any) -> str:
    """A card's value as a person writes it: lists without brackets, large numbers grouped."""
    if isinstance(value, list | tuple):
        return ", ".join(map(plain, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(item)}" for key, item in value.items())
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)
