"""Digests of a package's code, kept beside its byte code, so that each job need not read the whole package again.

They are kept in ``__pycache__`` of the package, and hold while every Python file of the package has the time, size and
place on disk that it had. Where Python is told to write no byte code (``PYTHONDONTWRITEBYTECODE``), that folder is not
made, but used where ``make setup`` has made it. What is reached outside the package is not looked after here, so its
digests are made each time.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from mebench.errors import UserError
from mebench.files import write_text

# A file that changed so lately may change again within the same tick of the file system's clock, and nobody would see.
SETTLED_NS = 2_000_000_000


class Made(NamedTuple):
    """A digest, and the digests of the parts that it was made from."""

    digest: str
    parts: dict[str, str]


class Kept:
    """The place of one digest: that of ``entry_points`` in the package at ``root``.

    ``stamps`` are the times and sizes of the package's Python files, as :func:`mebench.codedigest.package.stamp` has
    them.
    """

    def __init__(self, root: Path, entry_points: Iterable[str], without: Iterable[str]) -> None:
        asked = repr((sorted(entry_points), sorted(without)))
        name = hashlib.sha256(asked.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        self._path = root / "__pycache__" / f"codedigest-{name}.json"
        self._root = root
        self.stamps: dict[str, tuple[int, int] | None] = {}
        self._newest = 0
        self._state = self._look(sys.version + asked)

    def _look(self, asked: str) -> str:
        """A digest of the question and of the place, time and size of every Python file of the package."""
        lines, todo = [], [str(self._root)]
        while todo:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    if entry.name.endswith(".py"):
                        at = entry.stat()
                        self.stamps[entry.path] = at.st_mtime_ns, at.st_size
                        self._newest = max(self._newest, at.st_mtime_ns, at.st_ctime_ns)
                        lines.append(f"{entry.path} {at.st_ino} {at.st_mtime_ns} {at.st_ctime_ns} {at.st_size}")
                    elif entry.name != "__pycache__" and entry.is_dir():
                        todo.append(entry.path)
        text = "\n".join([asked, *sorted(lines)])
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    def read(self) -> Made | None:
        """What was kept; None where nothing was, or a file of the package has changed since."""
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            found = Made(kept["digest"], kept["parts"])
            return found if (kept["state"], kept["check"]) == (self._state, _check(found)) else None
        except (OSError, ValueError, TypeError, KeyError):
            return None  # it is made anew

    def write(self, made: Made, files: Iterable[str]) -> None:
        """Keep it, if all ``files`` that it was made from are Python files of the package that have settled."""
        inside = all(file.endswith(".py") and Path(file).is_relative_to(self._root) for file in files)
        if not inside or time.time_ns() - self._newest < SETTLED_NS:
            return
        if sys.dont_write_bytecode and not self._path.parent.is_dir():
            return
        value = {"state": self._state, "check": _check(made), "digest": made.digest, "parts": made.parts}
        try:
            self._path.parent.mkdir(exist_ok=True)
            write_text(self._path, json.dumps(value))
        except (OSError, UserError):
            pass  # a package that is only to be read


def _check(made: Made) -> str:
    """Tells whether a kept file is as it was written."""
    return hashlib.sha256(json.dumps(made, sort_keys=True).encode("utf-8", "surrogateescape")).hexdigest()
