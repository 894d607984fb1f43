"""Folders of frames: where they are below a root, and which frame is which."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from mebench.clips.spelling import trailing_integer
from mebench.errors import UserError

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
SUFFIXES = frozenset(suffix[1:] for suffix in PICTURES)


def existing_folder(root: Path, dataset: str) -> Path:
    """``root`` as a folder with something in it, or a UserError that says which of the two is wrong."""
    root = Path(root)
    if not root.exists():
        raise UserError(f"there is no folder {root} for {dataset}; check the path (`mebench doctor` lists them)")
    if not root.is_dir():
        raise UserError(f"{root} is not a folder; {dataset} is read from an unpacked folder")
    if not any(path for path in root.iterdir() if not path.name.startswith(".")):
        raise UserError(f"the folder {root} for {dataset} is empty; unpack the dataset there")
    return root


def list_frames(folder: Path) -> dict[int, Path]:
    """Frames of a clip by the integer that ends their name, in order, whatever padding and extension."""
    return {number: folder / name for number, name in frame_names(folder).items()}


def frame_names(folder: Path) -> dict[int, str]:
    """Names of the frames of a clip or video by the integer that ends them, in order: a microsecond a frame."""
    frames: dict[int, str] = {}
    for name in os.listdir(folder):
        stem, dot, suffix = name.rpartition(".")
        if not dot or suffix.lower() not in SUFFIXES or name[0] == ".":
            continue
        number = int(stem) if stem.isdecimal() and stem.isascii() else trailing_integer(stem)
        if number is None:
            continue
        if frames.setdefault(number, name) != name:
            one, two = sorted((frames[number], name))
            raise UserError(f"{folder} holds frame {number} twice: {one} and {two}; keep one")
    return dict(sorted(frames.items()))


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, in order. The kind of an entry is known without looking at it.

    Left out are hidden ones, the resource forks that macOS packs, and links that lead back to where they lie.
    """
    with os.scandir(folder) as entries:
        folders = [entry for entry in entries if entry.name[0] != "." and entry.name != "__MACOSX" and is_folder(entry)]
    return sorted(Path(entry.path) for entry in folders if not (entry.is_symlink() and _leads_back(entry)))


def _leads_back(link: os.DirEntry) -> bool:
    place = os.path.realpath(os.path.dirname(link.path))
    return Path(place).is_relative_to(os.path.realpath(link.path))


def is_folder(entry: os.DirEntry) -> bool:
    """Whether an entry of ``os.scandir`` is a folder, or a link to one."""
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def find_tree(
    root: Path, is_subject: Callable[[Path], bool], *, depth: int = 6, prefer: Sequence[str] = ()
) -> tuple[Path, list[Path]]:
    """The folder whose children are the subjects' folders, and the other folders that look the same.

    ``is_subject(path)`` decides. Archives unpack into folders of the same name, so all levels down to
    ``depth`` are looked at. Of several, the one with an earlier word of ``prefer`` in its path (any case)
    wins.
    """
    level, trees = [Path(root)], []
    for _ in range(depth):
        below = []
        for folder in level:
            children = folders_in(folder)
            if any(is_subject(child) for child in children):
                trees.append(folder)
            else:
                below += children
        level = below
    if not trees:
        raise FileNotFoundError(root)

    def rank(folder: Path) -> tuple[int, str]:
        place = folder.relative_to(root).as_posix().lower()
        return next((i for i, word in enumerate(prefer) if word.lower() in place), len(prefer)), place

    best, *others = sorted(trees, key=rank)
    return best, others


def child(folder: Path, name: str) -> Path | None:
    """The folder ``name`` in ``folder``, any case, or None; a path such as '../x' is no name."""
    if "/" in name or name in ("", ".", ".."):
        return None
    exact = folder / name
    if exact.is_dir():
        return exact
    return next((path for path in folders_in(folder) if path.name.lower() == name.lower()), None)
