"""Names of files that are not UTF-8, such as those of a Chinese archive that was unpacked on Linux.

Python holds each byte that is not UTF-8 as a lone surrogate, so that the file is found under the same name again. Files
that are read again keep the bytes: CSV as they are, JSON as an escape. People are shown the byte: ``\\xb2``.
"""

from __future__ import annotations

import codecs
import os
import re
import shlex

from mebench.errors import UserError

SURROGATE = re.compile("[\\ud800-\\udfff]")
SHOWN = "mebench.shown"  # the codec error handler that writes what people are shown


def readable(text: str) -> str:
    """``text`` with each byte that is not UTF-8 as ``\\xb2``; other text as it is."""
    return SURROGATE.sub(lambda match: _shown(match[0]), text)


def one_line(text: str) -> str:
    """``text`` with line breaks written out, for a sentence."""
    return text.replace("\r", r"\r").replace("\n", r"\n")


def escaped(json: str) -> str:
    """JSON that any program reads as UTF-8: each such byte as ``\\udcb2``."""
    return SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", json)


def check_working_folder() -> None:
    """Raise a UserError where Snakemake could start no job, because the name of the folder that it runs in is not
    UTF-8."""
    folder = os.getcwd()
    if SURROGATE.search(folder):
        raise UserError(f"Snakemake starts no jobs in {readable(folder)}, whose name is not UTF-8; rename the folder")


def shell_word(text: str) -> str:
    """``text`` as one word of a bash command, in letters that any log can hold."""
    if not SURROGATE.search(text):
        return shlex.quote(text)
    quoted = text.replace("\\", r"\\").replace("'", r"\'").replace("\n", r"\n")
    return f"$'{readable(quoted)}'"


def _shown(surrogate: str) -> str:
    code = ord(surrogate)
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def _handler(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_ascii, error.object[error.start : error.end])), error.end


def _ascii(letter: str) -> str:
    return _shown(letter) if SURROGATE.match(letter) else letter.encode("ascii", "backslashreplace").decode()


codecs.register_error(SHOWN, _handler)
