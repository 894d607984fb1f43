"""Our own report.md files as HTML, below the headings of the page."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore

TOP = 4  # the level of the page's heading that a heading of the second level becomes


def to_html(text: str) -> str:
    """HTML of ``text``, CommonMark with tables. Its first heading, which names the file, is left out. HTML inside the
    text is shown, not obeyed."""
    return _parser().render(text).strip()


def sections(text: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands before the first ``## `` heading, and (heading, text below it) for each such heading."""
    head, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    return head, [(part.partition("\n")[0].strip(), part.partition("\n")[2]) for part in parts]


@functools.cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.core.ruler.push("fit_into_the_page", _fit_into_the_page)
    return parser


def _fit_into_the_page(state: StateCore) -> None:
    """Headings below those of the page, tables and columns of numbers with the classes of its style sheet."""
    kept, inside_title = [], False
    for token in state.tokens:
        if token.type == "heading_open":
            inside_title = token.tag == "h1"
        if not inside_title:
            kept.append(token)
        if token.type == "heading_close":
            inside_title = False
        if token.type.startswith("heading_"):
            token.tag = f"h{int(token.tag[1]) + TOP - 2}"
        elif token.type == "table_open":
            token.attrSet("class", "plain")
        elif token.attrs.pop("style", "") == "text-align:right":
            token.attrSet("class", "num")
    state.tokens = kept
