"""Archives: told by their first bytes, and unpacked without ever writing outside of the folder they are given.

Zip and tar are read here. 7z, rar and archives in volumes are left to a program of this machine (``programs.py``).
"""

from __future__ import annotations

import gzip
import lzma
import re
import tarfile
import zipfile
import zlib
from pathlib import Path

from mebench.errors import UserError

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".7z", ".rar")
# the first of several volumes stands for all of them
FIRST_VOLUME = re.compile(r"\.(7z|zip|tar|rar)\.0*1$", re.IGNORECASE)
LATER_VOLUME = re.compile(r"\.part0*(?!0*1\.)\d+\.rar$", re.IGNORECASE)

BEGINNINGS = ((b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"PK\x07\x08", "zip"), (b"7z\xbc\xaf\x27\x1c", "7z"),
              (b"Rar!\x1a\x07", "rar"), (b"\x1f\x8b", "tar"), (b"BZh", "tar"), (b"\xfd7zXZ\x00", "tar"))  # fmt: skip

DAMAGED = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError,
           NotImplementedError)  # fmt: skip


def is_archive_name(name: str) -> bool:
    """Whether a file of this name is an archive, or the first of its volumes."""
    lower = name.lower()
    if LATER_VOLUME.search(lower):
        return False
    return lower.endswith(SUFFIXES) or FIRST_VOLUME.search(lower) is not None


def archive_stem(name: str) -> str:
    """The name without what tells the kind of archive: 'Cropped.tar.gz' and 'Cropped.part1.rar' -> 'Cropped'."""
    name = re.sub(r"\.0*1$", "", name)
    suffix = next((end for end in sorted(SUFFIXES, key=len, reverse=True) if name.lower().endswith(end)), "")
    return re.sub(r"\.part0*1$", "", name[: len(name) - len(suffix)], flags=re.IGNORECASE) or name


def archive_kind(archive: Path) -> str:
    """``zip``, ``tar``, ``7z`` or ``rar`` by the first bytes, ``volumes`` where a file is one of several, '' else."""
    if FIRST_VOLUME.search(archive.name) or archive.with_suffix(".z01").exists():
        return "volumes"
    try:
        with open(archive, "rb") as handle:
            start = handle.read(512)
    except OSError as error:
        raise UserError(f"cannot read {archive}: {error.strerror}") from error
    for beginning, kind in BEGINNINGS:
        if start.startswith(beginning):
            return kind
    # tar has its mark at byte 257, and none at all in the oldest archives
    return "tar" if start[257:262] == b"ustar" or (archive.suffix.lower() == ".tar" and start) else ""


def looks_like_html(start: bytes) -> bool:
    """Whether a file begins as a web page does: what a server gives to those who are not logged in."""
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return text.startswith((b"<!doctype html", b"<html", b"<head", b"<!doctype xhtml"))


def unpack(archive: Path, folder: Path) -> None:
    """Unpack ``archive`` into the empty ``folder``.

    An archive that is damaged, protected by a password or empty is a UserError; so is one with a path, a link or a
    device that leads out of the folder, and nothing of it is written there.
    """
    from mebench.acquisition import members, programs

    kind = archive_kind(archive)
    try:
        if kind == "tar":
            members.unpack_tar(archive, folder)
        elif kind and not (kind == "zip" and members.unpack_zip(archive, folder)):
            programs.unpack(archive, kind, folder)
        elif not kind:
            raise UserError(f"cannot unpack {archive}: {_what_it_is(archive)}; get a fresh copy")
    except DAMAGED as error:
        raise _damaged(archive, error) from error
    except OSError as error:
        if error.errno is not None:  # the disk; bz2 reports a damaged stream as an OSError without a number
            raise
        raise _damaged(archive, error) from error
    if not any(folder.iterdir()):
        raise UserError(f"the archive {archive} is empty")


def _damaged(archive: Path, error: Exception) -> UserError:
    reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(":")
    return UserError(
        f"cannot unpack {archive}, it is damaged or cut short ({reason}); get a fresh copy of it, or unpack it "
        f"yourself and give the folder"
    )


def _what_it_is(archive: Path) -> str:
    with open(archive, "rb") as handle:
        start = handle.read(512)
    if not start:
        return "the file is empty"
    if looks_like_html(start):
        return "it is a web page; was it saved from a page that asks for a login?"
    return "it is no zip, tar, 7z or rar archive"
