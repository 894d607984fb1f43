"""Which source files a result depends on, as one digest.

Snakemake sees a change of a command, but not of the code behind it. So the digest of the files that matter is a
parameter of each rule.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path

from mebench import cards
from mebench.files import digest

PACKAGE = Path(__file__).parent
# modules that read, write and report errors, but decide no result: a new message must not train a model again
PLUMBING = {"", "errors", "files", "cards"}


def fingerprint(*starts: str | Path) -> str:
    """Digest of the files (``training/fold.py``, or a path) and of all mebench modules that they import.

    Comments count. To ignore them the files would have to be parsed, and a needless run costs less than a missed one.
    """
    files: dict[str, bytes] = {}
    todo = [PACKAGE / start for start in starts]  # an absolute path stays as it is
    while todo:
        path = todo.pop()
        if (key := _key(path)) not in files:
            modified = path.stat().st_mtime_ns
            files[key] = _content(path, modified)
            todo.extend(_imports(path, modified))
    parts = ((key, files[key]) for key in sorted(files))
    return digest(*(part for pair in parts for part in pair))[:16]


@functools.lru_cache(maxsize=1024)
def _key(path: Path) -> str:
    return str(path.relative_to(PACKAGE)) if path.is_relative_to(PACKAGE) else path.name


def model_digest(name: str) -> str:
    """Digest of a model's file and of every mebench module that it imports."""
    return fingerprint(cards.locate("models", name).resolve())


def kind_file(task: Mapping[str, object]) -> Path:
    """The file of a task's kind. What it imports counts too, as for a model."""
    return cards.locate("tasks", str(task.get("kind", "recognition"))).resolve()


# `import a.b` or `from a.b import c, d`, at any indent; parsing the syntax tree would take ten times as long
IMPORT = re.compile(r"^[ \t]*(?:import (mebench[\w.]*)|from (mebench[\w.]*) import (\([^)]*\)|[^\n#]*))", re.MULTILINE)


@functools.lru_cache(maxsize=512)
def _content(path: Path, _modified: int) -> bytes:
    return path.read_bytes()


@functools.lru_cache(maxsize=512)
def _imports(path: Path, _modified: int) -> tuple[Path, ...]:
    names: list[str] = []
    for plain, package, members in IMPORT.findall(path.read_text(encoding="utf-8")):
        names += [plain] if plain else [package, *(f"{package}.{name}" for name in re.findall(r"\w+", members))]
    return tuple(dict.fromkeys(p for name in names if (p := _module_file(name))))


def _module_file(name: str) -> Path | None:
    package, _, inner = name.partition(".")
    if package != "mebench" or inner in PLUMBING:
        return None
    base = PACKAGE.joinpath(*name.split(".")[1:])
    return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()), None)
