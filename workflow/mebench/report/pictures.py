"""Plots on the page, as data URIs: the page needs no other file."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mebench import letters
from mebench.errors import UserError

LEAST = 6_000  # bytes of a photograph or flow picture inside a drawing that is worth another encoding
QUALITY = 85  # of the WebP that it becomes; the file beside the page has every pixel
POINT = 96 / 72  # pixels of a point


@dataclass(frozen=True)
class Picture:
    """A picture as the page holds it: a data URI, and its size in pixels."""

    uri: str
    width: int
    height: int


def data_uri(kind: str, data: bytes) -> str:
    """``kind`` is what follows ``image/``: png, webp or jpeg."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def letters_note(path: Path) -> str:
    """What has to be said of the letters in a plot: its own note, where some are written out; else nothing."""
    return letters.NOTE if path.is_file() and letters.NOTE in path.read_text(encoding="utf-8") else ""


def svg(path: Path) -> Picture:
    """A plot that has been drawn; one that has not is a UserError."""
    if not path.is_file():
        raise UserError(f"there is no plot {path}; make it first: snakemake {path}")
    drawing = path.read_text(encoding="utf-8")
    return Picture(drawing_uri(compact(drawing)), *size(drawing))


def size(drawing: str) -> tuple[int, int]:
    """Width and height of an SVG file in pixels; (0, 0) where it does not say them in points."""
    found = re.search(r'<svg[^>]*? width="([\d.]+)pt" height="([\d.]+)pt"', drawing)
    return (round(float(found[1]) * POINT), round(float(found[2]) * POINT)) if found else (0, 0)


def drawing_uri(drawing: str) -> str:
    """An SVG file as a data URI that may stand in an attribute between double quotes. As text it takes a quarter fewer
    bytes than in base64."""
    plain = drawing.replace("%", "%25").replace("#", "%23").replace("&", "%26").replace('"', "'")
    return "data:image/svg+xml;charset=utf-8," + re.sub(r"\s+", " ", plain).strip()


def compact(drawing: str) -> str:
    """An SVG file of matplotlib with a third of the bytes: without comments, metadata, indentation and names that
    nothing refers to, with hundredths of a point, and photographs as WebP. It looks the same."""
    kept: list[str] = []

    def put_away(picture: re.Match[str]) -> str:
        kept.append(smaller(picture[1]))
        return f'href="\0{len(kept) - 1}\0"'

    short = re.sub(r'xlink:href="(data:image/png;base64,[^"]*)"', put_away, drawing)
    for pattern, put in STEPS:
        short = re.sub(pattern, put, short, flags=re.DOTALL)
    named = dict.fromkeys(re.findall(r'href="#([^"]+)"', short))
    named |= dict.fromkeys(re.findall(r"url\(#([^)]+)\)", short))
    names = {name: _letters(number) for number, name in enumerate(named)}
    short = re.sub(r' id="([^"]+)"', lambda own: f' id="{names[own[1]]}"' if own[1] in names else "", short)
    short = re.sub(r'href="#([^"]+)"|url\(#([^)]+)\)',
                   lambda own: f'href="#{names[own[1]]}"' if own[1] else f"url(#{names[own[2]]})", short)  # fmt: skip
    return re.sub("\0(\\d+)\0", lambda number: kept[int(number[1])], short)


STEPS: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", ""),
    (r">\s+<", "><"),
    (r"xlink:href=", "href="),
    (r' xmlns:xlink="[^"]*"', ""),
    (r"(?<![\d.])([1-9]\d*\.\d\d)\d+", r"\1"),  # not of numbers below 1: scales are such
    (r"\s+([MLQCHVz])\s+", r"\1"),
    (r'd="([M]) ', r'd="\1'),
    (r'(<use [^>]*?)transform="translate\(([-\d.]+) 0\)"', r'\1x="\2"'),
    (r": (?=[^<>\"]*\")(?=[\w#.])", ":"),
    (r"; (?=[\w-]+:)", ";"),
)


def _letters(number: int) -> str:
    """``a``, ``b``, ... ``z``, ``ba``, ...: a short name."""
    text = chr(ord("a") + number % 26)
    return text if number < 26 else _letters(number // 26) + text


def smaller(uri: str) -> str:
    """The data URI of a PNG as that of a WebP, where this takes fewer bytes; it loses what no eye sees."""
    if len(uri) < LEAST:
        return uri.replace("\n", "")
    import cv2
    import numpy as np

    image = cv2.imdecode(np.frombuffer(base64.b64decode(uri.partition(",")[2]), np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        return uri.replace("\n", "")
    data = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])[1].tobytes()
    return min(data_uri("webp", data), uri.replace("\n", ""), key=len)
