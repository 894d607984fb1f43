"""The models as one table: for a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from mebench.catalogue import facts
from mebench.model_card import ModelCard
from mebench.papers import paper

HEADER = ("name", "title", "kind", "input", "parameters", "GFLOP", "presets", "paper")
NUMBERS = ("parameters", "GFLOP")  # columns that are aligned to the right


def rows(cards: Sequence[ModelCard]) -> list[tuple[str, ...]]:
    """One row for each card, in the columns of ``HEADER``."""
    return [
        (card["name"], card["title"], card["kind"], facts.shape(card["inputs"]), f"{card['parameters']:,}",
         facts.gflop(card), ", ".join(facts.preset_names(card)), _cited(card))
        for card in cards
    ]  # fmt: skip


def _cited(card: ModelCard) -> str:
    """The authors, venue and year of the paper; empty for a model without one."""
    cited = paper(card.get("paper"))
    return cited.short if cited else ""


def plain_table(cards: Sequence[ModelCard]) -> str:
    """The models as a text with aligned columns."""
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
