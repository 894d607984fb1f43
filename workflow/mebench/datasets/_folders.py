"""Folders of frames: where they are below a root, and which frame is which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from mebench.datasets._reading import trailing_integer
from mebench.errors import UserError

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})


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
    frames: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        number = trailing_integer(path.stem)
        if path.suffix.lower() not in PICTURES or path.name.startswith(".") or number is None:
            continue
        if number in frames:
            raise UserError(f"{folder} holds frame {number} twice: {frames[number].name} and {path.name}; keep one")
        frames[number] = path
    return dict(sorted(frames.items()))


def find_tree(
    root: Path, is_subject: Callable[[Path], bool], *, depth: int = 6, prefer: Sequence[str] = ()
) -> tuple[Path, list[Path]]:
    """The folder whose children are the subjects' folders, and the other folders that look the same.

    ``is_subject(path)`` decides. Archives unpack into folders of the same name, so all levels down to
    ``depth`` are looked at. Of several, the one with an earlier word of ``prefer`` in its path (any case)
    wins.
    """
    level, found = [Path(root)], []
    for _ in range(depth):
        below = []
        for folder in level:
            children = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
            if any(is_subject(child) for child in children):
                found.append(folder)
            else:
                below += children
        level = below
    if not found:
        raise FileNotFoundError(root)

    def rank(folder: Path) -> tuple[int, str]:
        place = folder.relative_to(root).as_posix().lower()
        return next((i for i, word in enumerate(prefer) if word.lower() in place), len(prefer)), place

    best, *others = sorted(found, key=rank)
    return best, others


def child(folder: Path, name: str) -> Path | None:
    """The folder ``name`` in ``folder``, any case, or None."""
    exact = folder / name
    if exact.is_dir():
        return exact
    return next((p for p in sorted(folder.iterdir()) if p.is_dir() and p.name.lower() == name.lower()), None)
