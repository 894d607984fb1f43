"""Every letter of a figure drawn, whatever the script: by another font, or by its number with a line that says so."""

from __future__ import annotations

import re
import textwrap
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from matplotlib import font_manager
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import Formatter

from mebench import letters

ROW = re.compile(r"((?:\\u[0-9a-f]{4}){3})(?=\\u)")  # three numbers of more


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings of letters that a font lacks: they are looked for here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+")
        yield


def complete(fig: Figure) -> str:
    """Have every letter of a drawn figure shown, and lay it out anew. Returns the note where some are written out."""
    lacking = {text: found for text in fig.findobj(Text) if (found := letters.lacking(text.get_text()))}
    if not lacking:
        return ""
    fonts, nowhere = letters.fonts_with(frozenset().union(*lacking.values()))
    families = [family(path) for path in fonts]
    for text in lacking:
        text.set_fontfamily([*text.get_fontfamily(), *families])
    if nowhere:
        _write_out(fig, lacking, nowhere)
    fig.draw_without_rendering()
    return letters.NOTE if nowhere else ""


def family(path: Path) -> str:
    """A name under which matplotlib knows this very file: several fonts of a machine may share their family's."""
    name = f"mebench {path.as_posix()}"
    if not any(font.name == name for font in font_manager.fontManager.ttflist):
        entry = font_manager.FontEntry(fname=str(path), name=name, style="normal", variant="normal", weight=400,
                                       stretch="normal", size="scalable")  # fmt: skip
        font_manager.fontManager.ttflist.append(entry)
    return name


def _write_out(fig: Figure, texts: Iterable[Text], nowhere: frozenset[str]) -> None:
    for axis in fig.findobj(Axis):
        axis.set_major_formatter(_WrittenOut(axis.get_major_formatter(), nowhere))
    for text in texts:
        text.set_text(_written_out(text.get_text(), nowhere))
    note = textwrap.fill(letters.NOTE, int(18 * fig.get_figwidth()))  # characters of this size in a line
    if fig.get_supxlabel():
        fig.suptitle(f"{fig.get_suptitle()}\n{note}".strip())
    else:
        fig.supxlabel(note, fontsize=7)


def _written_out(text: str, nowhere: frozenset[str]) -> str:
    """``text`` with letters written out, three in a line: a name of four would be as wide as a panel."""
    return ROW.sub(r"\1\n", letters.written_out(text, nowhere)).replace(" \\u", "\n\\u")


class _WrittenOut(Formatter):
    """The labels of another formatter, with letters written out."""

    def __init__(self, inner: Formatter, nowhere: frozenset[str]) -> None:
        self.inner, self.nowhere = inner, nowhere

    def __call__(self, x: float, pos: int | None = None) -> str:
        return _written_out(self.inner(x, pos), self.nowhere)

    def format_ticks(self, values: list[float]) -> list[str]:
        return [_written_out(label, self.nowhere) for label in self.inner.format_ticks(values)]

    def get_offset(self) -> str:
        return self.inner.get_offset()
