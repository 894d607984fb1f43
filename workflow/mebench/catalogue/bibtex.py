"""The papers behind the models as a BibTeX file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

SPECIAL = {character: f"\\{character}" for character in "&%$#_"}


def render(cards: Sequence[dict[str, Any]]) -> str:
    """One entry per paper, in the order of the cards; a paper of several models stands once, under the first."""
    papers: dict[str, tuple[str, dict[str, Any]]] = {}
    for card in cards:
        if card.get("paper"):
            papers.setdefault(card["paper"]["title"], (card["name"], card["paper"]))
    return "\n".join(_entry(name, paper) for name, paper in papers.values())


def _entry(model: str, paper: dict[str, Any]) -> str:
    authors = [name.strip() for name in paper["authors"].replace(" et al.", ", others").split(",")]
    fields = {"title": f"{{{_text(paper['title'])}}}", "author": " and ".join(map(_text, authors))}
    kind, place = _place(paper["venue"])
    fields |= {key: _text(value) for key, value in place.items()} | {"year": str(paper["year"])}
    if paper.get("doi"):
        fields["doi"] = paper["doi"]
    if paper.get("arxiv"):
        fields |= {"eprint": paper["arxiv"], "archiveprefix": "arXiv"}
    lines = "".join(f"  {key} = {{{value}}},\n" for key, value in fields.items())
    return f"@{kind}{{{_ascii(authors[0])}{paper['year']}{model},\n{lines}}}\n"


def _place(venue: str) -> tuple[str, dict[str, str]]:
    """A volume, or the word Transactions or Journal, tells a journal from a conference."""
    journal = re.fullmatch(r"(.+?),? (\d+)(?:\((\d+)\))?", venue)
    if journal:
        number = {"number": journal[3]} if journal[3] else {}
        return "article", {"journal": journal[1], "volume": journal[2], **number}
    if venue == "arXiv":
        return "misc", {"howpublished": venue}
    if re.search(r"\b(Transactions|Journal)\b", venue):
        return "article", {"journal": venue}
    return "inproceedings", {"booktitle": venue}


def _text(value: str) -> str:
    return "".join(SPECIAL.get(character, character) for character in value)


def _ascii(name: str) -> str:
    surname = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]", "", surname.lower())
