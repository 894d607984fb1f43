"""What a folder holds now: name, size and time of every file, folder by folder.

Left out is what no reader reads: hidden files, and what viewers, office programs and network disks leave behind.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from mebench.errors import UserError
from mebench.media.clutter import is_clutter

File = tuple[str, int, int]  # name, size, time of its last change in nanoseconds
Links = tuple[tuple[int, int], ...]  # device and number of each folder behind a link


def scan(root: Path, place: str = "", follow: bool = True, without: str = "") -> Iterator[tuple[str, int, list[File]]]:
    """(folder, time of its last change, its files) of ``root`` and all folders below; ``place`` begins the name of each
    folder, and a name ends with a slash. Links are followed, unless ``follow`` is False; one that leads to a folder
    again that it lies in is not, and neither is the folder ``without``.

    Raises a UserError where a folder cannot be read.
    """
    todo: list[tuple[str, str, Links]] = [(place, str(root), ())]
    while todo:
        here, path, links = todo.pop()
        changed, files, folders = contents_of(path, follow, links)
        yield here, changed, files
        todo += [(f"{here}{name}/", f"{path}/{name}", through) for name, through in folders
                 if f"{path}/{name}" != without]  # fmt: skip


def contents_of(
    path: str, follow: bool = True, links: Links = ()
) -> tuple[int, list[File], list[tuple[str, Links]]]:  # fmt: skip
    """(time of its last change, files, folders) of one folder; each folder with the links that lead to it."""
    try:
        folder = os.open(path, os.O_RDONLY)  # names below it are found faster than by their whole paths
        try:
            changed = os.fstat(folder).st_mtime_ns
            return changed, *_entries(folder, follow, links)
        finally:
            os.close(folder)
    except OSError as error:
        where = error.filename if isinstance(error.filename, str) else path
        raise UserError(f"cannot read {where}: {error.strerror}; check its permissions") from error


def _entries(folder: int, follow: bool, links: Links) -> tuple[list[File], list[tuple[str, Links]]]:
    files: list[File] = []
    folders = []
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if is_clutter(name):
                continue
            if not follow and entry.is_symlink():
                continue
            try:
                if entry.is_dir():
                    through = _through(entry, links)
                    if through is not None:
                        folders.append((name, through))
                else:
                    about = entry.stat()
                    files.append((name, about.st_size, about.st_mtime_ns))
            except OSError:
                if not entry.is_symlink():  # a link that leads nowhere, or to itself, is no file
                    raise
    return files, folders


def digest_of(files: Sequence[File]) -> str:
    """A digest of names, sizes and times, in whatever order the files come."""
    text = "\n".join([f"{name}\0{size}\0{time}" for name, size, time in sorted(files)])
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def digest_of_names(names: Sequence[str]) -> str:
    """A digest of names alone."""
    text = "\n".join(sorted(names))
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def _through(entry: os.DirEntry, links: Links) -> Links | None:
    """The links that lead to a folder; None where it is one of them, so that it would be met without end."""
    if not entry.is_symlink():
        return links
    about = entry.stat()
    link = about.st_dev, about.st_ino
    return None if link in links else (*links, link)
