"""A card's value as a person writes it."""

from __future__ import annotations

from collections.abc import Mapping


def plain(value: object) -> str:
    """Lists without brackets, large numbers grouped."""
    if isinstance(value, list | tuple):
        return ", ".join(map(plain, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {plain(item)}" for key, item in value.items())
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)
