"""Letters that the font of plots and contact sheets lacks, such as Chinese, and fonts of this machine that have them.

Pictures are written in DejaVu Sans, which comes with matplotlib, so that text is the same everywhere. A letter that it
lacks is taken from the first font in which it is found: of packages that carry fonts, then of the system. Where no font
has it, it is shown by its number in Unicode, ``\\u6211``.
"""

from __future__ import annotations

import importlib.util
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from mebench.names import readable

# beginnings of the names of font files, those that look best first; other fonts follow by name
PREFERRED = ("notosanscjk", "notosanssc", "notosansjp", "notosanskr", "sourcehansans", "wqy", "droidsansfallback",
             "ipaex", "ipag", "msyh", "simhei", "pingfang", "hiragino", "malgun", "nanum", "arialuni",
             "unifont")  # fmt: skip
PACKAGES = ("mplfonts", "matplotlib_fontja", "japanize_matplotlib", "koreanize_matplotlib")
NOT_LETTERS = ("lastresort", "emoji")  # a font of empty boxes, and pictures in colours
NOTE = (
    "Letters that no font of this machine has are written as their numbers in Unicode. Install a font that has them, "
    "such as Noto Sans CJK (package fonts-noto-cjk), and draw again."
)


def lacking(text: str) -> frozenset[str]:
    """The letters of ``text`` that the font of the plots lacks."""
    return _without(text, default_font()) if not text.isascii() else frozenset()


def default_font(bold: bool = False) -> Path:
    """DejaVu Sans, as it comes with matplotlib."""
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name


@lru_cache(maxsize=256)
def fonts_with(letters: frozenset[str]) -> tuple[tuple[Path, ...], frozenset[str]]:
    """Fonts of this machine that have ``letters``, one after the other, and the letters that none has."""
    missing, fonts = letters, []
    for path in font_files() if missing else ():
        still = _without("".join(missing), path)
        if still != missing:
            fonts.append(path)
            missing = still
        if not missing:
            break
    return tuple(fonts), missing


def written_out(text: str, letters: Iterable[str]) -> str:
    """``text`` with each of ``letters`` as its number: ``\\u6211``."""
    return readable("".join(f"\\{'u' if ord(c) < 0x10000 else 'U'}{ord(c):04x}" if c in letters else c for c in text))


def pieces(text: str) -> list[tuple[str, Path | None]]:
    """``text`` in pieces, each with the font that draws it, None for the font of the plots. Letters that no font has
    are written out."""
    strange = lacking(text)
    fonts, nowhere = fonts_with(strange)
    parts: list[tuple[str, Path | None]] = []
    for letter in text:
        path = None
        if letter in strange and letter not in nowhere:
            path = next(font for font in fonts if not _without(letter, font))
        part = written_out(letter, nowhere)
        if parts and parts[-1][1] == path:
            part = parts.pop()[0] + part
        parts.append((part, path))
    return parts


@lru_cache(maxsize=1)
def font_files() -> tuple[Path, ...]:
    """Fonts of packages and of the system, preferred ones first."""
    from matplotlib.font_manager import findSystemFonts

    files = [Path(path) for path in findSystemFonts()]
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            files += [path for path in Path(folder).rglob("*") if path.suffix.lower() in (".ttf", ".otf", ".ttc")]
    usable = {path for path in files if not any(word in path.name.lower() for word in NOT_LETTERS)}
    return tuple(sorted(usable, key=_rank))


def _rank(path: Path) -> tuple[int, bool, str, str]:
    flat = path.name.lower().replace("-", "").replace("_", "")
    place = next((i for i, name in enumerate(PREFERRED) if flat.startswith(name)), len(PREFERRED))
    return place, "regular" not in flat, flat, path.as_posix()


def _without(text: str, font: Path) -> frozenset[str]:
    known = _letters(font)
    return frozenset(c for c in text if ord(c) not in known and unicodedata.category(c) not in ("Cc", "Cf"))


@lru_cache(maxsize=4)  # of tens of thousands of letters each
def _letters(font: Path) -> frozenset[int]:
    """The letters that a font draws; none of one that cannot be read."""
    from matplotlib.ft2font import FT2Font

    try:
        face = FT2Font(str(font))
        return frozenset(face.get_charmap()) if face.scalable else frozenset()
    except (OSError, RuntimeError, ValueError):
        return frozenset()
