"""The models as one table: for a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mebench.catalogue import facts

HEADER = ("name", "title", "kind", "input", "parameters", "GFLOP", "presets", "paper")
NUMBERS = ("parameters", "GFLOP")  # columns that are aligned to the right


def rows(cards: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """One line per card, in the columns of ``HEADER``."""
    return [
        (card["name"], card["title"], card["kind"], facts.shape(card["inputs"]), f"{card['parameters']:,}",
         facts.gflop(card), ", ".join(facts.preset_names(card)), cited(card.get("paper")))
        for card in cards
    ]  # fmt: skip


def cited(paper: dict[str, Any] | None) -> str:
    """``Liong et al., IEEE FG 2019``; empty for a model without a paper."""
    if not paper:
        return ""
    first, *others = [name.strip() for name in paper["authors"].removesuffix(" et al.").split(",")]
    many = len(others) > 1 or paper["authors"].endswith(" et al.")
    short = f"{first} et al." if many else " and ".join([first, *others])
    return f"{short}, {paper['venue']} {paper['year']}"


def plain_table(cards: Sequence[dict[str, Any]]) -> str:
    """Aligned columns."""
    lines = [HEADER, *rows(cards)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADER))]
    places = [str.rjust if name in NUMBERS else str.ljust for name in HEADER]
    return "\n".join(
        "  ".join(place(cell, width) for cell, width, place in zip(line, widths, places, strict=True)).rstrip()
        for line in lines
    )


def markdown_table(header: Sequence[str], lines: Sequence[Sequence[str]], right: Sequence[str] = ()) -> str:
    """A Markdown table; the columns named in ``right`` are aligned to the right."""
    ruler = ["---:" if name in right else "---" for name in header]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in (header, ruler, *lines))


def _cell(text: str) -> str:
    return text.replace("|", r"\|") or " "
