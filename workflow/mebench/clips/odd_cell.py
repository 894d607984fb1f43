"""A cell of a workbook that holds neither text nor a number."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OddCell:
    """``kind`` says what the cell holds (a date, a truth value, an error, ...), ``text`` how a spreadsheet program
    shows it. Nobody may take it for text or for a number."""

    kind: str
    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def told(self) -> str:
        """``the date '2026-04-12'``."""
        return f"{self.kind} '{self.text}'"
