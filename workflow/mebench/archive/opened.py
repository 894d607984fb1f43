"""An archive that was handed over: looked at before anything of it is used, and unpacked with every digest checked."""

from __future__ import annotations

import datetime
import hashlib
import os
import posixpath
import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mebench.acquisition.members import check_room, inside
from mebench.archive import crate, manifest
from mebench.archive.crate import Packed
from mebench.archive.manifest import Manifest
from mebench.errors import UserError

LARGEST = 1 << 36  # bytes of all members together, 64 GiB
MOST = 1_000_000  # members
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
BLOCK = 1 << 20
SMALL = 1 << 28  # bytes of what is read whole: the manifest and the crate's own file


@dataclass(frozen=True)
class Opened:
    """An archive by its ``path``: what it says of itself, its ``date`` (2026-01-31), and its members without the
    crate's own file."""

    path: Path
    manifest: Manifest
    date: str
    members: Mapping[str, Packed]


def read(path: Path) -> Opened:
    """Look at an archive. A UserError where it is none, where a member has no place in a folder, or where a newer
    mebench made it."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            _check_entries(path, archive.infolist())
            if crate.FILE not in entries or manifest.FILE not in entries:
                raise UserError(f"{path} has no {crate.FILE} and {manifest.FILE}; give a file that mebench archive "
                                "made")  # fmt: skip
            # first its format: members of another one may be others
            about = manifest.read(_whole(path, archive, entries[manifest.FILE]), str(path))
            date, members = crate.read(_whole(path, archive, entries[crate.FILE]), str(path))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except DAMAGED as error:
        raise UserError(f"{path} is no zip file, or a damaged one ({error}); get the archive again") from error
    _check_listed(path, entries, members)
    return Opened(path, about, date, members)


def _check_entries(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST or sum(entry.file_size for entry in entries) > LARGEST:
        raise UserError(f"{path} would be more than {MOST:,} files or {LARGEST >> 30} GiB; refused, nothing was "
                        "unpacked")  # fmt: skip
    seen: set[str] = set()
    for entry in entries:
        name, mode = entry.filename, entry.external_attr >> 16
        inside(Path(), name, path)
        if "\\" in name or posixpath.normpath(name) != name or name in seen:
            raise UserError(f"{path} holds {name!r}, twice or under a name that is none; refused, nothing was unpacked")
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise UserError(f"{path} holds {name}, which is a link or a device; refused, nothing was unpacked")
        if entry.flag_bits & 1 or entry.compress_type not in METHODS:
            raise UserError(f"{path} holds {name}, which is encrypted or packed in a way that mebench does not use; "
                            "refused, nothing was unpacked")  # fmt: skip
        seen.add(name)


def _check_listed(path: Path, entries: Mapping[str, zipfile.ZipInfo], members: Mapping[str, Packed]) -> None:
    """The members are those that the crate lists, each with its size."""
    there = set(entries) - {crate.FILE}
    if there != set(members):
        name = min(there ^ set(members))
        state = "holds" if name in there else "lacks"
        raise UserError(f"{path} {state} {name}, other than its {crate.FILE} says; get the archive again")
    for name, packed in sorted(members.items()):
        if entries[name].file_size != packed.size:
            raise _changed(path, name)


def _whole(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.file_size > SMALL:
        raise UserError(f"{path} holds {entry.filename} of {entry.file_size >> 20} MiB; refused, nothing was unpacked")
    try:
        return archive.read(entry)
    except DAMAGED as error:
        raise _changed(path, entry.filename) from error


def unpack(opened: Opened, folder: Path) -> None:
    """Write the members below ``folder``, with the date of the archive, so that they are packed the same again. The
    first, by name, that is not as it was packed is a UserError."""
    time = datetime.datetime.fromisoformat(f"{opened.date}T00:00:00+00:00").timestamp()
    check_room(sum(packed.size for packed in opened.members.values()), folder, opened.path)
    with zipfile.ZipFile(opened.path) as archive:
        for name, packed in sorted(opened.members.items()):
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if _copied(opened.path, archive, name, place) != packed.sha256:
                raise _changed(opened.path, name)
            os.utime(place, (time, time))


def _copied(path: Path, archive: zipfile.ZipFile, name: str, place: Path) -> str:
    """Write a member to ``place``, and return its digest."""
    sha = hashlib.sha256()
    try:
        with archive.open(name) as source, open(place, "wb") as target:
            while block := source.read(BLOCK):
                sha.update(block)
                target.write(block)
    except DAMAGED as error:
        raise _changed(path, name) from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise UserError(f"{path} holds {name} both as a file and as a folder; refused") from error
    return sha.hexdigest()


def _changed(path: Path, name: str) -> UserError:
    return UserError(f"{name} in {path} is not what was packed: its digest is another one; get the archive again")
