"""One look for all plots, and files whose bytes depend on the data alone."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import Bbox

from mebench.files import whole_file
from mebench.log import log
from mebench.plots import letters_in_figures

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

# Okabe and Ito (2008): told apart with every common kind of colour blindness
BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY, YELLOW, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#767676")  # fmt: skip
LINE = 0.17  # inches of one line of a panel's title
INK, FAINT = "#1d2733", "#d5dbe1"
LOOK: dict[RcKeyType, object] = {
    "font.family": "DejaVu Sans",  # it comes with matplotlib: text is the same everywhere
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "axes.edgecolor": "#8a94a0",
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "svg.hashsalt": "mebench",  # else the ids in an SVG differ from run to run
    "svg.fonttype": "path",
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "savefig.dpi": 120,
}


def figure(width: float, height: float) -> Figure:
    """An empty figure of ``width`` x ``height`` inches in the house style."""
    plt.rcdefaults()
    plt.rcParams.update(LOOK)
    fig = plt.figure(figsize=(width, height))
    engine = fig.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(w_pad=0.07, h_pad=0.06)
    return fig


def title(fig: Figure, text: str, mark: str, note: str = "", top: float | None = None) -> None:
    """The figure's title, with lines for a ``mark`` of data that are not real and for a ``note``. ``top``: inches above
    it, for a figure that is not laid out by itself."""
    lines = [text, *([mark] if mark else []), *([note] if note else [])]
    width = int(10.5 * fig.get_figwidth())  # characters of this size in a line
    heading = fig.suptitle(
        "\n".join(textwrap.fill(line, width) for line in lines), fontsize=11, color=VERMILLION if mark else INK
    )
    if top is not None:
        heading.set_y(1 - top / fig.get_figheight())


def wrapped(text: str, inches: float) -> str:
    """The title of a panel that is ``inches`` wide, in as many lines as it needs. Lines end before a bracket where that
    is enough."""
    width = int(13 * inches)  # characters of this size in a line
    head, *brackets = text.split(" (")
    parts = [head]
    for bracket in brackets:
        longer = f"{parts[-1]} ({bracket}"
        parts[-1:] = [longer] if len(longer) <= width else [parts[-1], f"({bracket}"]
    return "\n".join(textwrap.fill(line, width) for line in parts)


def lines(texts: Iterable[str]) -> int:
    """The number of lines of the longest of several titles."""
    return max(text.count("\n") + 1 for text in texts)


def message(text: str) -> Figure:
    """A figure that says why there is nothing to show."""
    fig = figure(7, 1.6)
    fig.text(0.5, 0.45, text, ha="center", va="center", fontsize=10, color=GREY, wrap=True)
    return fig


def lay_out(fig: Figure) -> None:
    """Give everything in a figure its place and its text. Nothing is drawn for it where the layout asks all axes for
    their sizes anyway: to draw takes a third of the time of saving."""
    engine = fig.get_layout_engine()
    if engine is None:
        fig.draw_without_rendering()
    else:
        engine.execute(fig)


def _settle(fig: Figure) -> None:
    """Round the places of axes. The layout's solver goes by addresses in memory, so that their last bits differ from
    run to run, and with them the names of clips in an SVG."""
    for ax in fig.axes:
        ax.set_position(Bbox(np.round(ax.get_position(original=True).get_points(), 9)))


def save(fig: Figure, stem: str | os.PathLike[str]) -> list[Path]:
    """Write ``<stem>.svg`` and ``<stem>.png``, whole or not at all, without dates or versions inside."""
    with letters_in_figures.quiet():
        lay_out(fig)  # once for both files
        note = letters_in_figures.complete(fig)
    if note:
        log.warning(f"{stem}: {note}")
    if fig.get_layout_engine():
        fig.set_layout_engine("none")
    _settle(fig)
    svg, png = Path(f"{stem}.svg"), Path(f"{stem}.png")
    # each by its canvas: Figure.savefig lays a figure out anew for each file, which takes as long as to draw it
    fig.set_dpi(plt.rcParams["savefig.dpi"])
    with whole_file(svg) as temporary:
        about = {"Date": None, "Creator": None} | ({"Description": note} if note else {})
        FigureCanvasSVG(fig).print_svg(temporary, metadata=about)
    fig.set_dpi(plt.rcParams["savefig.dpi"])
    with whole_file(png) as temporary:  # the default compression takes twice the time, for a tenth fewer bytes
        FigureCanvasAgg(fig).print_png(temporary, metadata={"Software": None}, pil_kwargs={"compress_level": 1})
    plt.close(fig)
    return [svg, png]


def save_pages(figures: Iterable[Figure], stem: str | os.PathLike[str]) -> Path:
    """Write ``<stem>.pdf``, a page for each figure, whole or not at all, without dates or versions inside."""
    from matplotlib.backends.backend_pdf import PdfPages  # its fonts take long to import

    pdf = Path(f"{stem}.pdf")
    quiet: dict[str, Any] = {"CreationDate": None, "Producer": None, "Creator": None}  # any: matplotlib's own type
    with whole_file(pdf) as temporary, PdfPages(temporary, metadata=quiet) as pages:
        for fig in figures:
            with letters_in_figures.quiet():
                letters_in_figures.complete(fig)
                pages.savefig(fig)
            plt.close(fig)
    return pdf
