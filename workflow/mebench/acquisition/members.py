"""The members of zip and tar archives, and writing them below a folder.

Files are written first and links last, so that no file is ever written through a link.
"""

from __future__ import annotations

import os
import posixpath
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from mebench.errors import UserError
from mebench.media.clutter import FORKS
from mebench.progress import Progress

KNOWN_COMPRESSION = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@dataclass(frozen=True)
class Member:
    """One entry: ``kind`` is file, folder, link (symbolic), twin (hard link) or other; ``target`` is that of links."""

    name: str
    kind: str
    target: str = ""
    open: Callable[[], IO[bytes] | None] | None = None


def unpack_zip(archive: Path, folder: Path) -> bool:
    """Unpack a zip archive, or return False where it is compressed in a way that Python does not know (Deflate64, of
    the Windows Explorer)."""
    with zipfile.ZipFile(archive) as file:
        infos = file.infolist()
        if any(info.flag_bits & 1 for info in infos):
            raise UserError(password(archive))
        if any(info.compress_type not in KNOWN_COMPRESSION for info in infos):
            return False
        size = sum(info.file_size for info in infos)
        check_room(size, folder, archive)
        _write(_zip_members(file, infos), folder, archive, size)
    return True


def unpack_tar(archive: Path, folder: Path) -> None:
    """Unpack a tar archive, plain or compressed; one without its end is damaged."""
    with tarfile.open(archive) as file:
        _write(_tar_members(file), folder, archive)


def _zip_members(file: zipfile.ZipFile, infos: Iterable[zipfile.ZipInfo]) -> Iterator[Member]:
    for info in infos:
        # a few programs write the separator of Windows
        name, mode = info.filename.replace("\\", "/"), info.external_attr >> 16
        if info.is_dir():
            yield Member(name, "folder")
        elif stat.S_ISLNK(mode):
            yield Member(name, "link", file.read(info).decode("utf-8", "surrogateescape"))
        elif stat.S_IFMT(mode) in (0, stat.S_IFREG):
            yield Member(name, "file", open=partial(file.open, info))
        else:
            yield Member(name, "other")


def _tar_members(file: tarfile.TarFile) -> Iterator[Member]:
    for info in file:
        if info.isdir():
            yield Member(info.name, "folder")
        elif info.issym():
            yield Member(info.name, "link", info.linkname)
        elif info.islnk():
            yield Member(info.name, "twin", info.linkname)
        elif info.isfile():
            yield Member(info.name, "file", open=partial(file.extractfile, info))
        else:
            yield Member(info.name, "other")
    # a tar that was cut between two members, or with rubbish in the middle, ends for tarfile like a whole one
    file.fileobj.seek(file.offset)
    if file.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("the mark of its end is missing")
    while file.fileobj.read(1 << 20):  # up to the checksum at the end of the compressed stream
        pass


def _write(members: Iterable[Member], folder: Path, archive: Path, size: int = 0) -> None:
    """Write ``members`` below ``folder``; the first that would leave it is a UserError."""
    links: list[tuple[Path, Member]] = []
    with Progress(f"unpacking {archive.name}", size, unit="bytes") as progress:
        for member in members:
            path = inside(folder, member.name, archive)
            if any(part.lower() == FORKS for part in path.relative_to(folder).parts):
                continue
            try:
                _write_one(member, path, progress, links, archive)
            except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
                raise twice(archive, member.name) from error
    _write_links(links, folder, archive)


def _write_one(member: Member, path: Path, progress: Progress, links: list[tuple[Path, Member]], archive: Path) -> None:
    if member.kind == "folder":
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if member.kind == "other":
        raise UserError(f"{archive} holds the device or pipe {member.name}; refused, nothing was unpacked")
    if member.kind in ("link", "twin"):
        links.append((path, member))
        return
    content = member.open() if member.open else None
    if content is None:
        raise ValueError(f"the member {member.name} has no content")
    with content, open(path, "wb") as target:
        while block := content.read(1 << 20):
            target.write(block)
            progress.advance(len(block))


def _write_links(links: list[tuple[Path, Member]], folder: Path, archive: Path) -> None:
    for path, member in links:
        if path.is_dir():
            raise twice(archive, member.name)
        path.unlink(missing_ok=True)
    for path, member in (entry for entry in links if entry[1].kind == "twin"):
        target = inside(folder, member.target, archive)
        if not target.is_file():
            raise UserError(f"{archive} holds the link {member.name} to {member.target}, which it does not hold")
        os.link(target, path)
    soft = [entry for entry in links if entry[1].kind == "link"]
    for path, member in soft:
        os.symlink(member.target, path)
    # only now, because a later link can change where an earlier one leads
    for path, member in soft:
        if not _stays(path, folder):
            raise leads_out(archive, f"{member.name} -> {member.target}")


def check_tree(folder: Path, archive: Path) -> None:
    """Look at what another program unpacked: regular files, folders, and links that stay within ``folder``."""
    for place, names, files in os.walk(folder):
        for name in (*names, *files):
            path = Path(place, name)
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode) and not _stays(path, folder):
                raise leads_out(archive, path.relative_to(folder).as_posix())
            if not (stat.S_ISLNK(mode) or stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise UserError(f"{archive} holds the device or pipe {name}; refused, nothing was unpacked")


def _stays(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def inside(folder: Path, name: str, archive: Path) -> Path:
    """The place of the member ``name`` below ``folder``; a UserError where that is outside."""
    plain = posixpath.normpath(name)
    drive = len(name) > 1 and name[1] == ":" and name[0].isalpha()
    if posixpath.isabs(name) or drive or plain == ".." or plain.startswith("../") or "\0" in name:
        raise leads_out(archive, name)
    return folder / plain


def leads_out(archive: Path, name: str) -> UserError:
    return UserError(f"{archive} holds the path {name}, which leads out of the folder; refused, nothing was unpacked")


def twice(archive: Path, name: str) -> UserError:
    return UserError(f"{archive} holds {name} both as a file and as a folder; unpack it yourself and give the folder")


def password(archive: Path) -> str:
    return f"{archive} is protected by a password; unpack it yourself with the password and give the folder"


def check_room(size: int, folder: Path, what: object) -> None:
    """A UserError where ``size`` bytes do not fit beside ``folder``."""
    free = shutil.disk_usage(folder.parent).free
    if size > free:
        raise UserError(
            f"{what} needs {size / 2**30:.1f} GiB, but {free / 2**30:.1f} GiB are free on the disk of {folder.parent}; "
            f"make room there, or put 'results' on another disk"
        )
