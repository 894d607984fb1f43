"""A table as GitHub Markdown."""

from __future__ import annotations

import re

from mebench.tables import cells
from mebench.tables.build import BLOCKS, Row, Table


def render(table: Table) -> str:
    """Markdown text: title, caption, one table with a line for each block, notes and sources."""
    header = [*cells.FIXED[:5], *(f"{table.parts[c.part]} {c.header}" for c in table.columns), cells.FIXED[5]]
    align = ["--:", ":--", ":--", "--:", "--:", *["--:"] * len(table.columns), ":--"]
    lines = [
        f"# {_text(table.title)}",
        "",
        *(f"{_text(line)}  " for line in table.caption),
        "",
        _line(header),
        _line(align),
    ]
    numbers = cells.notes(table)
    for block, title in BLOCKS.items():
        rows = table.block(block)
        if rows:
            lines.append(_line(["", f"*{title}*", *[""] * (len(header) - 2)]))
            lines += [_line(_fields(table, row, numbers)) for row in rows]
    lines += _below(table, numbers)
    return "\n".join(lines) + "\n"


def _fields(table: Table, row: Row, numbers: dict[str, int]) -> list[str]:
    name = _text(cells.method(row)) + (f" [{numbers[row.note]}]" if row.note else "")
    figures = [_figure(row, (c.part, c.metric)) for c in table.columns]
    seeds = str(row.seeds) if row.seeds else ""
    return [
        str(row.rank or ""),
        name,
        cells.selection(row),
        cells.folds(row),
        seeds,
        *figures,
        ", ".join(row.source),
    ]


def _figure(row: Row, key: tuple[str, str]) -> str:
    cell = row.cells.get(key)
    if cell is None:
        return ""
    # a lone ~ is harmless, but two of them in a line would strike out what stands between
    text = cells.mean(cell).replace("~", r"\~")
    text = f"**{text}**" if key in row.best else text
    spread = cells.spread(cell)
    return " ".join(filter(None, [text, f"± {spread}" if spread else "", cells.partial(cell, row)]))


def _below(table: Table, numbers: dict[str, int]) -> list[str]:
    lines = [f"[{number}] {_text(note)}  " for note, number in numbers.items()]
    lines += [f"{_text(note)}  " for note in table.notes]
    sources = [f"{letter}: {_text(text)}  " for letter, text in table.sources.items()]
    return ["", *lines, *(["", "**Sources of the published rows**  ", *sources] if sources else [])]


def _line(fields: list[str]) -> str:
    return "| " + " | ".join(fields) + " |"


def _text(text: str) -> str:
    """Free text, safe in a table cell: no pipe, emphasis or HTML of its own."""
    return re.sub(r"([\\`*_<>|\[\]~])", r"\\\1", " ".join(text.split()))
