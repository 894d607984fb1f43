"""The papers that cards cite: by the key of an entry of references.bib, or written out on a user's own card."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mebench.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from bibtexparser.model import Entry

REFERENCES = Path(__file__).with_name("references.bib")
OTHERS = "et al."


@dataclass(frozen=True)
class Author:
    """``first``: first names or their initials, empty where they are not known."""

    last: str
    first: str = ""

    def __str__(self) -> str:
        return f"{self.first} {self.last}".strip()


@dataclass(frozen=True)
class Paper:
    """What a reader needs to find a paper. Everything but the title may be empty; an unknown year is 0. ``others``:
    the paper has more authors than these."""

    title: str
    authors: tuple[Author, ...] = ()
    others: bool = False
    venue: str = ""
    year: int = 0
    doi: str = ""
    arxiv: str = ""
    key: str = ""

    @property
    def byline(self) -> str:
        """``W.-J. Yan, X. Li et al.``"""
        return ", ".join(map(str, self.authors)) + (f" {OTHERS}" if self.others else "")

    @property
    def short(self) -> str:
        """``Liong et al., IEEE FG 2019``."""
        names = [author.last for author in self.authors]
        many = self.others or len(names) > 2
        return f"{f'{names[0]} {OTHERS}' if many else ' and '.join(names)}, {self.venue} {self.year}"

    @property
    def link(self) -> str:
        """The address of its DOI, else that of its arXiv page, else an empty text."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else ""

    def as_json(self) -> dict[str, str | int]:
        """What ``mebench models --json`` says of a paper; what is not known is left out."""
        known: dict[str, str | int] = {
            "key": self.key, "title": self.title, "authors": self.byline, "venue": self.venue, "year": self.year,
            "doi": self.doi, "arxiv": self.arxiv,
        }  # fmt: skip
        return {name: value for name, value in known.items() if value}


def paper(citation: str | Mapping[str, object] | None) -> Paper | None:
    """The paper under ``paper`` of a card; None where it has none. An unknown key is a UserError."""
    if not citation:
        return None
    if isinstance(citation, str):
        if citation not in _references():
            raise UserError(f"a card cites the paper '{citation}'{did_you_mean(citation, _references())}; the papers "
                            f"that can be cited are in {REFERENCES}")  # fmt: skip
        return _references()[citation]
    fields = {name: str(value) for name, value in citation.items()}
    if not fields.get("title"):
        raise UserError(f"a card cites a paper without a title: {fields}; write title, authors, venue and year")
    names = fields.get("authors", "").removesuffix(f" {OTHERS}")
    return Paper(
        title=fields["title"], authors=tuple(_author(name) for name in names.split(",") if name.strip()),
        others=fields.get("authors", "").endswith(f" {OTHERS}"),
        venue=fields.get("venue", ""), year=int(fields.get("year", 0)), doi=fields.get("doi", ""),
        arxiv=fields.get("arxiv", ""),
    )  # fmt: skip


def with_paper(card: Mapping[str, object]) -> dict[str, object]:
    """The card with its paper written out, for a reader that has no references.bib."""
    cited = paper(cast("str | Mapping[str, object] | None", card.get("paper")))
    return {**card, "paper": cited.as_json() if cited else None}


def known_keys() -> list[str]:
    """The keys of all entries of references.bib, in its order."""
    return list(_references())


def _author(name: str) -> Author:
    first, _, last = name.strip().rpartition(" ")
    return Author(last, first)


@functools.cache
def _references() -> dict[str, Paper]:
    # imported here, because many commands import this module and few show papers
    import bibtexparser
    from bibtexparser import middlewares

    library = bibtexparser.parse_file(
        str(REFERENCES),
        append_middleware=[
            middlewares.LatexDecodingMiddleware(),
            middlewares.SeparateCoAuthors(),
            middlewares.SplitNameParts(),
        ],
    )
    if library.failed_blocks:
        line = (library.failed_blocks[0].start_line or 0) + 1
        raise UserError(f"{REFERENCES} line {line} is not valid BibTeX, or its key is there twice")
    return {entry.key: _paper(entry) for entry in library.entries}


def _paper(entry: Entry) -> Paper:
    fields = {name: field.value for name, field in entry.fields_dict.items()}
    names = [Author(" ".join([*name.von, *name.last]), " ".join(name.first)) for name in fields["author"]]
    return Paper(
        title=fields["title"], authors=tuple(name for name in names if name.last != "others"),
        others=Author("others") in names, venue=_venue(fields), year=int(fields["year"]), doi=fields.get("doi", ""),
        arxiv=fields.get("eprint", ""), key=entry.key,
    )  # fmt: skip


def _venue(fields: Mapping[str, str]) -> str:
    """``IEEE FG``, ``Neurocomputing 602``, ``PLoS ONE 9(1): e86041``, ``arXiv``."""
    if "journal" not in fields:
        return fields.get("booktitle") or fields["howpublished"]
    number = f"({fields['number']})" if "number" in fields else ""
    pages = f": {fields['pages']}" if "pages" in fields else ""
    return f"{fields['journal']} {fields.get('volume', '')}{number}{pages}".rstrip()
