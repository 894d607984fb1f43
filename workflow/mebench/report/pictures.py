"""Plots on the page, as data URIs: the page needs no other file."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from mebench import letters
from mebench.errors import UserError


def data_uri(kind: str, data: bytes) -> str:
    """``kind`` is what follows ``image/``: svg+xml, png or jpeg."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def letters_note(path: Path) -> str:
    """What has to be said of the letters in a plot: its own note, where some are written out; else nothing."""
    return letters.NOTE if path.is_file() and letters.NOTE in path.read_text(encoding="utf-8") else ""


def svg(path: Path) -> str:
    """A plot that has been drawn; one that has not is a UserError."""
    if not path.is_file():
        raise UserError(f"there is no plot {path}; make it first: snakemake {path}")
    return data_uri("svg+xml", compact(path.read_bytes()))


def compact(drawing: bytes) -> bytes:
    """An SVG file without comments and indentation, a tenth of the bytes of a plot; it looks the same."""
    return re.sub(rb">\s+<", b"><", re.sub(rb"<!--.*?-->", b"", drawing, flags=re.DOTALL))
