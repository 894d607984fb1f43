"""Plots on the page, as data URIs: the page needs no other file."""

from __future__ import annotations

import base64
from pathlib import Path

from mebench.errors import UserError


def data_uri(kind: str, data: bytes) -> str:
    """``kind`` is what follows ``image/``: svg+xml, png or jpeg."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def svg(path: Path) -> str:
    """A plot that has been drawn; one that has not is a UserError."""
    if not path.is_file():
        raise UserError(f"there is no plot {path}; make it first: snakemake {path}")
    return data_uri("svg+xml", path.read_bytes())
