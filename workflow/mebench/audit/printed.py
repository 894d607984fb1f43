"""Figures as a paper prints them, and all values that are printed so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from mebench.errors import UserError, did_you_mean

WRITTEN = re.compile(r"(\d*)\.?(\d*)(%?)")
NAMES = ("uf1", "uar", "accuracy", "weighted_f1", "macro_precision")


@dataclass(frozen=True)
class PrintedFigure:
    """A figure called ``name``: every value from ``low`` to ``high`` is printed as ``text``."""

    name: str
    text: str
    low: Fraction
    high: Fraction

    def gives(self, value: Fraction) -> bool:
        """Whether a value is printed like this figure."""
        return self.low <= value <= self.high


def figure(name: str, text: str, cut: bool = False) -> PrintedFigure:
    """``.2000`` -> 0.19995 to 0.20005, both with it: a tie may be rounded either way. With ``cut``, further digits were
    cut off, not rounded. A figure in per cent ends with ``%``."""
    if name not in NAMES:
        raise UserError(f"there is no figure '{name}'{did_you_mean(name, NAMES)}")
    match = WRITTEN.fullmatch(text.strip())
    if not match or not (match[1] or match[2]):
        raise UserError(f"{name} is '{text}'; write it with the digits that are printed, as .5280 or 52.80%")
    digits = len(match[2]) + (2 if match[3] else 0)
    unit = Fraction(1, 10**digits)
    value = int(match[1] + match[2]) * unit
    if not 0 <= value <= 1:
        raise UserError(f"{name} is '{text}', but it lies between 0 and 1; write per cents with a % behind them")
    return PrintedFigure(name, text, value if cut else value - unit / 2, value + (unit if cut else unit / 2))
