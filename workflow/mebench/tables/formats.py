"""The formats that people read. Each is a Jinja2 template, and the template's format decides how values are escaped."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from html import escape as html_text
from pathlib import Path
from typing import TYPE_CHECKING

from mebench.tables.shown import shown
from mebench.tables.table import Table

if TYPE_CHECKING:
    import jinja2

FOLDER = Path(__file__).parent / "templates"
LATEX = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"$\sim$", "<": r"$<$", ">": r"$>$",
    "±": r"$\pm$", "†": r"$^\dagger$",
}  # fmt: skip


def page(table: Table) -> str:
    """Render a whole HTML page. It needs no network. A click on a heading sorts the rows of each block."""
    return _render("page.html.j2", table)


def fragment(table: Table) -> str:
    """Render caption, table and notes as HTML. The page around them includes table.css and table.js once."""
    return _render("table.html.j2", table)


def markdown(table: Table) -> str:
    """Render Markdown for GitHub, with a line for each block."""
    return _render("table.md.j2", table)


def latex(table: Table) -> str:
    """Render a ``table*`` with the notes in small print below. It needs only the package booktabs."""
    return _render("table.tex.j2", table)


def _render(name: str, table: Table) -> str:
    return template(name).render(shown=shown(table), table=table)


def template(name: str) -> jinja2.Template:
    """A template of the folder ``templates``, such as ``table.md.j2``."""
    return _environment(name.split(".")[1]).get_template(name)


@functools.cache
def _environment(format_name: str) -> jinja2.Environment:
    """The templates of one format. LaTeX needs its braces, so its templates have ``<<`` and ``<%`` instead."""
    import jinja2  # here, because reading a table's description needs none of it

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER), undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
        trim_blocks=True, lstrip_blocks=True, finalize=_unless_safe(ESCAPES[format_name]),
    )  # fmt: skip
    if format_name == "tex":
        environment = environment.overlay(
            block_start_string="<%", block_end_string="%>", variable_start_string="<<", variable_end_string=">>",
            comment_start_string="<#", comment_end_string="#>",
        )  # fmt: skip
    return environment


def _unless_safe(escape: Callable[[str], str]) -> Callable[[object], str]:
    from markupsafe import Markup

    return lambda value: value if isinstance(value, Markup) else escape(str(value))


def markdown_text(text: str) -> str:
    """Escape text for a cell of a Markdown table: no pipe, emphasis or HTML is left in it."""
    return re.sub(r"([\\`*_<>|\[\]~])", r"\\\1", " ".join(text.split()))


def latex_text(text: str) -> str:
    """Escape text for LaTeX."""
    return "".join(LATEX.get(character, character) for character in " ".join(text.split()))


ESCAPES: dict[str, Callable[[str], str]] = {"html": html_text, "md": markdown_text, "tex": latex_text}
