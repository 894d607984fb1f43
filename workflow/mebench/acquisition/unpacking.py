"""Unpacks several archives of one dataset beside each other, as a person does with 'extract here'.

Frames of two editions never get into one folder.
"""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from mebench.acquisition.archives import FIRST_VOLUME, archive_stem, is_archive_name, unpack
from mebench.acquisition.listing import entries
from mebench.media.folders import ALL_PICTURES

DEPTH = 3  # levels of an owner's folder at which archives are looked for
NESTED = 3  # archives in archives in archives
VOLUME = re.compile(r"\.(z|r)\d\d$|\.(7z|zip|tar|rar)\.\d+$|\.part\d+\.rar$", re.IGNORECASE)


def packed_archives(folder: Path) -> list[Path]:
    """Archives in an owner's folder that are not unpacked beside themselves, down to three levels, in order.

    One beside a folder of its own name counts as unpacked.
    """
    archives, level = [], [Path(folder)]
    for _ in range(DEPTH):
        below = []
        for place in level:
            here = entries(place)
            folders = [name for name, about in here if stat.S_ISDIR(about.st_mode)]
            below += [place / name for name in folders]
            names = [name for name, about in here if stat.S_ISREG(about.st_mode) and is_archive_name(name)]
            archives += [place / name for name in names if archive_stem(name) not in folders]
        level = below
    return sorted(archives)


def volumes(archive: Path) -> list[Path]:
    """The files that make up an archive: itself, or all its volumes in order."""
    stem = re.escape(archive_stem(archive.name))
    if FIRST_VOLUME.search(archive.name):
        stem = re.escape(re.sub(r"\.\d+$", "", archive.name))
        pattern = rf"{stem}\.\d+"
    elif re.search(r"\.part\d+\.rar$", archive.name, re.IGNORECASE):
        pattern = rf"{stem}\.part\d+\.rar"
    else:
        pattern = rf"{re.escape(archive.name)}|{stem}\.{archive.suffix[1:2]}\d\d"
    here = (name for name, _ in entries(archive.parent))
    return [archive.with_name(name) for name in here if re.fullmatch(pattern, name, re.IGNORECASE)]


def unpack_all(archives: Sequence[Path], base: Path, folder: Path, *, join: bool) -> None:
    """Unpack ``archives`` into ``folder``, at the places that they have below ``base``, archives in them too.

    With ``join``, what lies beside them below ``base`` is brought in first: files are copied, folders linked.
    """
    if join:
        _join(base, {archive.parent for archive in archives}, folder)
    _unpack_round(archives, base, folder)
    for _ in range(NESTED):
        inner = packed_archives(folder)
        if not inner:
            return
        _unpack_round(inner, folder, folder)
        for file in (file for archive in inner for file in volumes(archive)):
            file.unlink()


def _join(base: Path, parents: set[Path], folder: Path) -> None:
    """Copy files and link folders of ``base``, but for archives and the folders that hold some."""
    for name, _ in entries(base):
        path, target = base / name, folder / name
        if path.is_dir() and any(parent.is_relative_to(path) for parent in parents):
            target.mkdir()
            _join(path, parents, target)
        elif path.is_dir():
            target.symlink_to(path.resolve(), target_is_directory=True)
        elif path.is_file() and not is_archive_name(name) and not VOLUME.search(name):
            shutil.copyfile(path, target)


def _unpack_round(archives: Iterable[Path], base: Path, folder: Path) -> None:
    groups: dict[Path, list[tuple[Path, str]]] = {}
    for number, archive in enumerate(archives):
        parent = folder / archive.parent.relative_to(base)
        parent.mkdir(parents=True, exist_ok=True)
        own = parent / f".unpacked-{number}"  # hidden, so that no folder of the archive has the same name
        own.mkdir()
        unpack(archive, own)
        groups.setdefault(parent, []).append((own, archive_stem(archive.name)))
    for parent, unpacked in groups.items():
        for own, stem in _that_clash(unpacked):
            own.rename(_free_name(parent, stem))
        for own, stem in unpacked:
            if own.exists() and _fits(own, parent):
                _merge(own, parent)
            elif own.exists():
                own.rename(_free_name(parent, stem))


def _that_clash(unpacked: Sequence[tuple[Path, str]]) -> list[tuple[Path, str]]:
    """Those of several unpacked archives that hold pictures of the same folder: editions of the same clips."""
    if len(unpacked) < 2:
        return []
    holders: dict[str, list[int]] = {}
    for i, (own, _) in enumerate(unpacked):
        for place, _, files in os.walk(own):
            if any(os.path.splitext(name)[1].lower() in ALL_PICTURES for name in files):
                holders.setdefault(os.path.relpath(place, own), []).append(i)
    clashing = {i for several in holders.values() if len(several) > 1 for i in several}
    return [unpacked[i] for i in sorted(clashing)]


def _fits(own: Path, parent: Path) -> bool:
    """Whether all of ``own`` can go into ``parent`` without one file taking the place of another."""
    for name, _ in entries(own):
        inner, target = own / name, parent / name
        if not os.path.lexists(target):
            continue
        if _is_own_folder(inner) and _is_own_folder(target):
            if not _fits(inner, target):
                return False
        elif not (inner.is_file() and target.is_file() and filecmp.cmp(inner, target, shallow=False)):
            return False
    return True


def _is_own_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _merge(own: Path, parent: Path) -> None:
    for name, _ in entries(own):
        inner, target = own / name, parent / name
        if not os.path.lexists(target):
            os.rename(inner, target)
        elif _is_own_folder(inner):
            _merge(inner, target)
    shutil.rmtree(own)  # hidden files, and files that were there already


def _free_name(parent: Path, stem: str) -> Path:
    path, number = parent / stem, 1
    while os.path.lexists(path):
        number += 1
        path = parent / f"{stem} ({number})"
    return path
