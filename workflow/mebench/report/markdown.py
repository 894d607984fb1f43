"""The little Markdown of our own report.md files as HTML: headings, paragraphs, lists, tables, bold, code."""

from __future__ import annotations

import re
from html import escape


def to_html(text: str, top: int = 4) -> str:
    """HTML of ``text``; its first heading, which names the file, is left out, the others start at ``<h{top}>``."""
    blocks = [block.splitlines() for block in re.split(r"\n\s*\n", text.strip()) if block.strip()]
    return "\n".join(filter(None, (_block(block, top) for block in blocks)))


def sections(text: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands before the first ``## `` heading, and (heading, text below it) for each such heading."""
    head, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    return head, [(part.partition("\n")[0].strip(), part.partition("\n")[2]) for part in parts]


def _block(lines: list[str], top: int) -> str:
    first = lines[0]
    if first.startswith("#"):
        level = len(first) - len(first.lstrip("#"))
        heading = f"<h{top + level - 2}>{_inline(first.lstrip('# '))}</h{top + level - 2}>" if level > 1 else ""
        rest = _block(lines[1:], top) if len(lines) > 1 else ""
        return "\n".join(filter(None, (heading, rest)))
    if all(line.startswith("|") for line in lines):
        return _table(lines)
    if all(re.match(r"[-*] |\s", line) for line in lines):
        items = re.split(r"^[-*] ", "\n".join(lines), flags=re.MULTILINE)
        return "<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in items if item.strip()) + "</ul>"
    return f"<p>{_inline(' '.join(lines))}</p>"


def _table(lines: list[str]) -> str:
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))] for line in lines]
    body = rows[2:] if len(rows) > 1 and all(re.fullmatch(r":?-+:?", cell) for cell in rows[1]) else rows[1:]
    head = "".join(f"<th>{_inline(cell)}</th>" for cell in rows[0])
    cells = "".join("<tr>" + "".join(f"<td>{_inline(cell)}</td>" for cell in row) + "</tr>" for row in body)
    return f'<table class="plain"><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>'


def _inline(text: str) -> str:
    text = escape(" ".join(text.split()).replace(r"\|", "|"), quote=False)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    return re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", text)
