"""Draws megc2019-flow.png from the tables of megc2019-flow.md, both beside this file: python docs/megc2019_flow.py"""

from __future__ import annotations

import json
import re
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mebench.files import whole_file
from mebench.plots import style

PAGE, PICTURE = Path(__file__).with_name("megc2019-flow.md"), Path(__file__).with_name("megc2019-flow.png")
CONTROLS = ("majority class", "stratified random", "shuffled labels (STSTNet)")
# whether a published figure's epoch was chosen on the test subjects -> its colour and what the legend says
PUBLISHED = {
    "no": (style.INK, "published, not peeked"),
    "yes": (style.VERMILLION, "published, peeked"),
    "unknown": (style.GREY, "published, unknown"),
}


def table(page: str, column: str) -> list[dict[str, str]]:
    """The rows of the first table of the page that has such a column."""
    lines = page.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("|") and column in cells(line))
    body = lines[start + 2 :]
    end = next(i for i, line in enumerate(body) if not line.startswith("|"))
    return [dict(zip(cells(lines[start]), cells(line), strict=True)) for line in body[:end]]


def cells(line: str) -> list[str]:
    """What stands in the columns of a line."""
    return [cell.strip() for cell in line.strip("|").split("|")]


def rows(page: str) -> list[dict]:
    """Model by model, highest UF1 at the last epoch first and controls last: ``last``, ``peeked`` or None, and what is
    ``published`` as pairs of a UF1 and whether that was peeked."""
    chosen = {row["model"]: row for row in table(page, "added")}
    found = []
    for row in table(page, "seeds here"):
        beside = chosen.get(row["model"])
        pairs = published(row["published UF1 / UAR"], row["peeked"])
        pairs += published(beside["published, peeked"], "yes") if beside else []
        found.append({
            "model": row["model"],
            "last": float(row["UF1 here"].split()[0]),
            "peeked": float(beside["peeked"]) if beside else None,
            "published": sorted(set(pairs)),
        })  # fmt: skip
    return sorted(found, key=lambda row: (row["model"] in CONTROLS, -row["last"]))


def published(figures: str, peeked: str) -> list[tuple[float, str]]:
    """Of ``0.70 / 0.71 (who); 0.84`` and ``no; **yes**``: 0.70 not peeked and 0.84 peeked."""
    pairs = zip(figures.split(";"), peeked.split(";"), strict=False)
    return [(float(uf1[0]), re.match(r"\w+", how.strip(" *"))[0])
            for figure, how in pairs if how.strip() and (uf1 := re.search(r"\d\.\d+", figure))]  # fmt: skip


def draw(found: list[dict]) -> Figure:
    """A row a model; an arrow leads from its last epoch to the epochs that were chosen on the test subjects."""
    fig = style.figure(9.5, 0.42 * len(found) + 1.7)
    ax = fig.subplots()
    for y, row in enumerate(found):
        draw_row(ax, y, row)
    ax.set_yticks(range(len(found)), [row["model"] for row in found])
    ax.set_ylim(len(found) - 0.4, -0.6)
    ax.set_xlim(0.2, 0.95)
    ax.set_xlabel("UF1 of the full composite: 442 clips, 68 subjects, leave one subject out")
    ax.grid(axis="x", color=style.FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    fig.legend(handles=legend(), loc="outside lower center", ncols=6)
    style.title(fig, "What choosing the epoch on the test subjects adds", False,
                "the same trained networks, at their last epoch and at each fold's best test epoch")  # fmt: skip
    return fig


def draw_row(ax: Axes, y: int, row: dict) -> None:
    """The marks of one model."""
    control = row["model"] in CONTROLS
    colour = style.GREY if control else style.BLUE
    ax.scatter(row["last"], y, s=34, marker="s" if control else "o", color=colour, zorder=3)
    if row["peeked"] is not None:
        look = {"arrowstyle": "-|>", "color": style.VERMILLION, "shrinkA": 3, "shrinkB": 3, "linewidth": 1.2}
        ax.annotate("", (row["peeked"], y), (row["last"], y), arrowprops=look)
        ax.scatter(row["peeked"], y, s=30, marker="D", facecolor="white", edgecolor=style.VERMILLION, zorder=3)
        middle = ((row["last"] + row["peeked"]) / 2, y)
        added = f"{row['peeked'] - row['last']:+.3f}"
        ax.annotate(added, middle, (0, 4), textcoords="offset points", ha="center", fontsize=7, color=style.VERMILLION)
    for uf1, how in row["published"]:
        ax.scatter(uf1, y + 0.3, s=24, marker="^", color=PUBLISHED[how][0], zorder=3)


def legend() -> list[Line2D]:
    """What the marks mean."""
    marks = [
        ("o", style.BLUE, style.BLUE, "last epoch"),
        ("s", style.GREY, style.GREY, "control"),
        ("D", style.VERMILLION, "white", "peeked"),
        *(("^", colour, colour, text) for colour, text in PUBLISHED.values()),
    ]
    return [Line2D([], [], marker=marker, linestyle="", color=edge, markerfacecolor=face, markersize=5, label=text)
            for marker, edge, face, text in marks]  # fmt: skip


if __name__ == "__main__":
    shown = rows(PAGE.read_text(encoding="utf-8"))
    with whole_file(PICTURE) as temporary:  # the figures go with it, so that a test sees when the page has moved on
        draw(shown).savefig(temporary, format="png", metadata={"Software": None, "Description": json.dumps(shown)})
