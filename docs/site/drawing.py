"""The drawing of the rooms as SVG, from its text in Mermaid: layers from the top to the bottom, an arrow down.

The site needs no script from the network, and no program that draws graphs.
"""

from __future__ import annotations

import re
from html import escape

ARROW = re.compile(r"^\s*(\w+) (-->|-\. \w+ \.->) (\w+)$", re.MULTILINE)
WIDTH, HEIGHT, GAP, STEP = 104, 30, 26, 74  # of a box, between boxes, from layer to layer


def as_svg(mermaid: str) -> str:
    """The flowchart as an SVG element; dotted arrows lead upwards and place nothing."""
    arrows = ARROW.findall(mermaid)
    down = [(a, b) for a, kind, b in arrows if kind == "-->"]
    rows = _rows(down)
    wide = max(len(row) for row in rows) * (WIDTH + GAP)
    place = {
        name: ((i + 0.5) * wide / len(row), HEIGHT + level * STEP)
        for level, row in enumerate(rows)
        for i, name in enumerate(row)
    }
    lines = [_arrow(place[a], place[b], kind != "-->") for a, kind, b in arrows]
    boxes = [
        f'<rect x="{x - WIDTH / 2:.0f}" y="{y - HEIGHT / 2:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="5"/>'
        f'<text x="{x:.0f}" y="{y:.0f}">{escape(name)}</text>'
        for name, (x, y) in place.items()
    ]
    tall = (len(rows) - 1) * STEP + 2 * HEIGHT
    head = '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    return (
        f'<div class="drawing"><svg viewBox="0 0 {wide} {tall}" width="{wide}" role="img" aria-label="the rooms">'
        f'<defs>{head}<path d="M0 0L8 4L0 8z"/></marker></defs>{"".join([*lines, *boxes])}</svg></div>'
    )


def _rows(down: list[tuple[str, str]]) -> list[list[str]]:
    """Names by layer: one below the lowest of those that lead to it; each near those above."""
    names = list(dict.fromkeys(name for pair in down for name in pair))
    level = dict.fromkeys(names, 0)
    for _ in names:
        for a, b in down:
            level[b] = max(level[b], level[a] + 1)
    rows = [[name for name in names if level[name] == i] for i in range(max(level.values()) + 1)]
    middle: dict[str, float] = {}
    for row in rows:
        above = {name: [middle[a] for a, b in down if b == name and a in middle] for name in row}
        row.sort(key=lambda name: sum(above[name]) / len(above[name]) if above[name] else 0.5)
        middle |= {name: (i + 0.5) / len(row) for i, name in enumerate(row)}
    return rows


def _arrow(start: tuple[float, float], end: tuple[float, float], upwards: bool) -> str:
    sign = -1 if upwards else 1
    (x1, y1), (x2, y2) = (start[0], start[1] + sign * HEIGHT / 2), (end[0], end[1] - sign * HEIGHT / 2)
    bend = sign * min(STEP, abs(y2 - y1)) / 2
    look = ' class="upwards"' if upwards else ""
    return (
        f'<path{look} marker-end="url(#head)" d="M{x1:.0f} {y1:.0f}C{x1:.0f} {y1 + bend:.0f} '
        f'{x2:.0f} {y2 - bend:.0f} {x2:.0f} {y2:.0f}"/>'
    )
