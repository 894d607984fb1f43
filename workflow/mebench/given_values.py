"""What a cell of a table that people hand in means: blanks that nobody sees, numbers, and words for "no value"."""

from __future__ import annotations

import re
import unicodedata

# what programs write where there is no value; as the name of a class it has to be named: --classes
NO_VALUE = frozenset({"", "nan", "na", "n/a", "#n/a", "none", "null", "nil", "missing", "-", "?"})
NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
DECIMAL_COMMA = re.compile(r"[-+]?(0,\d+|\d+,(\d{1,2}|\d{4,}))")  # 1,234 may be a thousand: not understood
WHOLE = re.compile(r"0*(\d+)(?:[.,]0*)?")
QUOTED = re.compile(r"(['’`])(.*)\1", re.DOTALL)


def clean(text: str) -> str:
    """The text without what nobody sees: outer blanks of any kind, marks of no width, outer single quotes."""
    if text.isascii() and text.isprintable() and text[:1] not in ("'", "`", " "):
        return text.rstrip()
    shown = (" " if letter.isspace() else letter for letter in text if letter.isspace() or not _hidden(letter))
    seen = "".join(shown)
    seen = seen.strip()
    quoted = QUOTED.fullmatch(seen)
    return quoted[2].strip() if quoted else seen


def _hidden(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cf", "Cc")


def key(text: str) -> str:
    """The same for texts that differ in case, width, blanks, or as 1, 01 and 1.0 do."""
    flat = " ".join(unicodedata.normalize("NFKC", clean(text)).casefold().split())
    whole = WHOLE.fullmatch(flat)
    return str(int(whole[1])) if whole else flat


def has_no_value(text: str) -> bool:
    """Whether a cell is empty, or says that there is no value."""
    return key(text) in NO_VALUE


def number(text: str) -> float | None:
    """The number of a cell, with a decimal point or comma; None where it is none, or may be another one."""
    flat = unicodedata.normalize("NFKC", clean(text))
    if DECIMAL_COMMA.fullmatch(flat):
        flat = flat.replace(",", ".")
    return float(flat) if NUMBER.fullmatch(flat) else None
