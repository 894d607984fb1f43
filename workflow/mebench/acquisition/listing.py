"""A folder's listing: names and sizes, one digest. Reading terabytes of frames would take hours."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from mebench.errors import UserError


def folder_digest(root: Path) -> str:
    """SHA-256 over the path and size of every file below ``root``, in order; hidden files and dangling links are no
    part of it, and a link that leads back to a folder it lies in is not followed. Millions of files take seconds.
    """
    sha = hashlib.sha256()
    _add(sha, os.fspath(root), "", ())
    return sha.hexdigest()


def entries(folder: str | Path) -> list[tuple[str, os.stat_result]]:
    """(name, stat) of what is in ``folder``, in order, links followed; not what is hidden, nor links that lead nowhere.

    Raises a UserError where the folder cannot be read.
    """
    listed = []
    try:
        with os.scandir(folder) as scan:
            for entry in scan:
                if not entry.name.startswith("."):
                    about = _stat(entry)
                    if about is not None:
                        listed.append((entry.name, about))
    except OSError as error:
        raise UserError(f"cannot read {error.filename or folder}: {error.strerror}; check its permissions") from error
    return sorted(listed, key=lambda item: item[0])


def _stat(entry: os.DirEntry) -> os.stat_result | None:
    try:
        return entry.stat()
    except OSError:
        if entry.is_symlink():  # it leads nowhere, or to itself
            return None
        raise


def _add(sha: hashlib._Hash, folder: str, place: str, above: tuple[tuple[int, int], ...]) -> None:
    listed = entries(folder)
    lines = (f"{place}{name}\0{about.st_size}\n" for name, about in listed if stat.S_ISREG(about.st_mode))
    sha.update("".join(lines).encode("utf-8", "surrogateescape"))
    for name, about in listed:
        identity = about.st_dev, about.st_ino
        if stat.S_ISDIR(about.st_mode) and identity not in above:
            _add(sha, os.path.join(folder, name), f"{place}{name}/", (*above, identity))
