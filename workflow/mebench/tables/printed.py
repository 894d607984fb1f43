"""Figures as papers print them: ``"0.7353"``, ``"~0.81"`` (derived from rounded ones) or ``"63.41%"``."""

from __future__ import annotations

from decimal import Decimal

DERIVED = "~"


def as_fraction(text: str) -> str:
    """The figure as tables show it: the printed digits, per cent moved to 0..1."""
    if not text.endswith("%"):
        return text
    sign, digits = (DERIVED, text[1:-1]) if text.startswith(DERIVED) else ("", text[:-1])
    return f"{sign}{Decimal(digits).scaleb(-2)}"


def number(text: str) -> float:
    """The figure as a number in 0..1."""
    return float(as_fraction(text).lstrip(DERIVED))
