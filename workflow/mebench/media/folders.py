"""Folders of frames: where they are below a root, and which frame is which."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from mebench.clips.spelling import trailing_integer
from mebench.errors import UserError
from mebench.media.clutter import is_clutter

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
SUFFIXES = frozenset(suffix[1:] for suffix in PICTURES)
ALL_PICTURES = PICTURES | {".tif", ".tiff", ".webp", ".gif", ".pgm", ".ppm", ".jp2", ".jfif"}  # with rarer formats
NESTED = 4  # folders that hold one folder and nothing else
COUNTED = re.compile(r"([0-9]+)[ _-]*of[ _-]*[0-9]+\Z", re.IGNORECASE)  # 5of10
BRACKETED = re.compile(r"(.*?)\s*[(（]([0-9]+)[)）]")


def existing_folder(root: Path, dataset: str) -> Path:
    """``root`` as a folder with something in it, or a UserError that says which of the two is wrong."""
    root = Path(root)
    if not root.exists():
        raise UserError(f"there is no folder {root} for {dataset}; check the path (`mebench doctor` lists them)")
    if not root.is_dir():
        raise UserError(f"{root} is not a folder; {dataset} is read from an unpacked folder")
    if not any(path for path in root.iterdir() if not is_clutter(path.name)):
        raise UserError(f"the folder {root} for {dataset} is empty; unpack the dataset there")
    return root


class FrameNames(dict[int, str]):
    """Names of the frames of a folder by number, in order, and the ``others`` in it, but for clutter."""

    def __init__(self, frames: Mapping[int, str], others: Sequence[str]) -> None:
        super().__init__(sorted(frames.items()))
        self.others = sorted(others)

    @property
    def unread(self) -> str:
        """What else the folder holds, as a clause that quotes one; empty where there is nothing."""
        pictures = [name for name in self.others if _suffix(name) in ALL_PICTURES]
        if pictures:
            return f"of {len(pictures)} pictures in its folder the name is not understood, such as {pictures[0]}"
        if self.others and not self:
            return f"its folder holds no picture by name, but {len(self.others)} others, such as {self.others[0]}"
        return ""


def list_frames(folder: Path) -> dict[int, Path]:
    """Frames of a clip by the integer that ends their name, in order, whatever padding and extension."""
    return {number: folder / name for number, name in frame_names(folder).items()}


def frame_names(folder: Path) -> FrameNames:
    """Names of the frames of a clip or video by the integer that ends them, in order: a microsecond a frame.

    In ``img5of10`` that is 5. Where a folder has no such picture in a usual format, rarer formats are read too, and
    names such as ``img (3)``, as Windows renames many files at once.
    """
    frames: dict[int, str] = {}
    others = []
    for name in os.listdir(folder):
        if is_clutter(name):
            continue
        stem, _, suffix = name.rpartition(".")
        number = _number(stem) if stem and suffix.lower() in SUFFIXES else None
        if number is None:
            others.append(name)
        else:
            _add(frames, number, name, folder)
    return FrameNames(frames, others) if frames else _rarer(folder, others)


def _rarer(folder: Path, names: Sequence[str]) -> FrameNames:
    frames: dict[int, str] = {}
    stems = {name: name.rpartition(".")[0] for name in names if _suffix(name) in ALL_PICTURES}
    bracketed = {name: match for name, stem in stems.items() if (match := BRACKETED.fullmatch(stem))}
    if len({match[1] for match in bracketed.values()}) > 1:  # such as img1 (1) and img2 (1): copies of frames
        bracketed = {}
    for name, stem in stems.items():
        number = int(bracketed[name][2]) if name in bracketed else _number(stem)
        if number is not None:
            _add(frames, number, name, folder)
    return FrameNames(frames, [name for name in names if name not in frames.values()])


def _add(frames: dict[int, str], number: int, name: str, folder: Path) -> None:
    if frames.setdefault(number, name) != name:
        one, two = sorted((frames[number], name))
        raise UserError(f"{folder} holds frame {number} twice: {one} and {two}; keep one")


def _number(stem: str) -> int | None:
    if stem.isdecimal() and stem.isascii():
        return int(stem)
    counted = COUNTED.search(stem) if "of" in stem.lower() else None
    return int(counted[1]) if counted else trailing_integer(stem)


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def picture_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """The pictures in a folder, those of rarer formats where there is no other, and its other files; both in order."""
    files = sorted(path for path in folder.iterdir() if not is_clutter(path.name) and not path.is_dir())
    for suffixes in (PICTURES, ALL_PICTURES):
        pictures = [path for path in files if path.suffix.lower() in suffixes]
        if pictures:
            break
    return pictures, [path for path in files if path not in set(pictures)]


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, in order. The kind of an entry is known without looking at it.

    Left out are clutter, and links that lead back to where they lie.
    """
    with os.scandir(folder) as entries:
        return sorted(Path(entry.path) for entry in entries if not is_clutter(entry.name) and is_folder(entry))


def is_folder(entry: os.DirEntry) -> bool:
    """Whether an entry of ``os.scandir`` is a folder, or a link to one that does not lead back to where it lies."""
    try:
        return entry.is_dir() and not (entry.is_symlink() and _leads_back(entry))
    except OSError:  # a link that leads to itself
        return False


def _leads_back(link: os.DirEntry) -> bool:
    place = os.path.realpath(os.path.dirname(link.path))
    return Path(place).is_relative_to(os.path.realpath(link.path))


def find_tree(
    root: Path, is_subject: Callable[[Path], bool], *, depth: int = 6, prefer: Sequence[str] = ()
) -> tuple[Path, list[Path]]:
    """The folder whose children are the subjects' folders, and the other folders that look the same.

    ``is_subject(path)`` decides. Archives unpack into folders of the same name, so all levels down to
    ``depth`` are looked at. Of several, the one with an earlier word of ``prefer`` in its path (any case)
    wins, then the one with more subjects.
    """
    level: list[Path] = [Path(root)]
    trees: dict[Path, int] = {}  # with their numbers of subjects
    for _ in range(depth):
        below = []
        for folder in level:
            children = folders_in(folder)
            others = [child for child in children if not is_subject(child)]
            if len(others) < len(children):
                trees[folder] = len(children) - len(others)
            below += others
        level = below
    if not trees:
        raise FileNotFoundError(root)

    def rank(folder: Path) -> tuple[int, int, str]:
        place = folder.relative_to(root).as_posix().lower()
        preferred = next((i for i, word in enumerate(prefer) if word.lower() in place), len(prefer))
        return preferred, -trees[folder], place

    best, *others = sorted(trees, key=rank)
    return best, others


def strangers(tree: Path, is_known: Callable[[Path], bool], trees: Iterable[Path]) -> list[Path]:
    """The folders in ``tree`` that are not known, and lead to none of ``trees``."""
    above = {place for other in trees for place in (other, *other.parents)}
    return [folder for folder in folders_in(tree) if folder not in above and not is_known(folder)]


def subjects_of(
    tree: Path, others: Iterable[Path], is_subject: Callable[[Path], bool], name: Callable[[str], str]
) -> list[Path]:
    """Folders of subjects in ``tree``, and those that only a tree below it has: somebody put them a folder deeper."""
    here = [path for path in folders_in(tree) if is_subject(path)]
    return here + only_elsewhere(tree, (other for other in others if tree in other.parents), is_subject, name)


def on_other_trees(tree: Path, others: Iterable[Path], root: Path) -> list[str]:
    """Notes on the trees beside the one that is read."""
    places = [(other.relative_to(root).as_posix(), tree in other.parents) for other in others]
    return [f"{'used only for what is not above it' if below else 'not used'}: {place}" for place, below in places]


def only_elsewhere(
    tree: Path, others: Iterable[Path], is_subject: Callable[[Path], bool], name: Callable[[str], str]
) -> list[Path]:
    """Folders of subjects in ``others`` that ``tree``, which is read, lacks. ``name`` gives the one spelling."""
    there = {name(path.name) for path in folders_in(tree) if is_subject(path)}
    found = (path for other in others for path in folders_in(other) if is_subject(path))
    return [path for path in found if name(path.name) not in there]


def child(folder: Path, name: str) -> Path | None:
    """The folder ``name`` in ``folder``, any case, or None; a path such as '../x' is no name. A UserError where two
    folders differ in the case of their letters only."""
    if "/" in name or name in ("", ".", ".."):
        return None
    same = [path for path in folders_in(folder) if path.name.lower() == name.lower()]
    if len(same) > 1:
        raise UserError(f"{same[0]} and {same[1]} are the same but for the case of letters; keep one of them")
    return same[0] if same else None


def inner(folder: Path, levels: int = NESTED) -> Path:
    """``folder`` of frames, or the folder inside it, down to so many ``levels`` that hold one folder and nothing else,
    as unpacking makes them."""
    for _ in range(levels):
        with os.scandir(folder) as entries:
            there = [entry for entry in entries if not is_clutter(entry.name)][:2]
        if len(there) != 1 or not is_folder(there[0]):
            break
        folder = Path(there[0].path)
    return folder


def undoubled(folder: Path) -> Path:
    """``folder``, or the one of the same name in it where it holds nothing else."""
    for _ in range(NESTED):
        below = inner(folder, 1)
        if below.name.lower() != folder.name.lower():
            break
        folder = below
    return folder


def first_picture(folder: Path, depth: int = 6) -> Path | None:
    """A picture in ``folder`` or down to ``depth`` levels below, or None."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if _suffix(entry.name) in ALL_PICTURES and not is_clutter(entry.name):
                return Path(entry.path)
    if depth == 0:
        return None
    return next((found for below in folders_in(folder) if (found := first_picture(below, depth - 1))), None)


def files_instead(
    folders: Iterable[Path], root: Path, wanted: str, called: re.Pattern[str] | None = None
) -> list[tuple[str, str]]:
    """(folder below ``root``, reason with one file quoted) of those ``folders`` that hold files where only folders are
    ``wanted``; of files ``called`` so, where that is given."""
    told = []
    for folder in folders:
        names = (path.name for path in folder.iterdir() if path.is_file() and not is_clutter(path.name))
        files = sorted(name for name in names if called is None or called.fullmatch(name))
        if files:
            reason = f"{len(files)} files lie here, where {wanted} are expected, such as {files[0]}"
            told.append((folder.relative_to(root).as_posix(), reason))
    return told


def empty_subjects(folders: Iterable[Path], root: Path, called: re.Pattern[str]) -> list[tuple[str, str]]:
    """(folder below ``root``, reason) of those ``folders`` that are ``called`` like a subject and hold no file."""
    return [
        (folder.relative_to(root).as_posix(), "it holds no file")
        for folder in folders
        if called.fullmatch(folder.name) and not _holds_a_file(folder)
    ]


def _holds_a_file(folder: Path, depth: int = 6) -> bool:
    with os.scandir(folder) as entries:
        if any(not is_clutter(entry.name) and os.path.isfile(entry.path) for entry in entries):
            return True
    return depth > 0 and any(_holds_a_file(below, depth - 1) for below in folders_in(folder))


def unread_pictures(folders: Iterable[Path], root: Path, why: str) -> list[tuple[str, str]]:
    """(folder below ``root``, reason with one picture quoted) of those ``folders`` that hold pictures."""
    found = [(folder, picture) for folder in folders if (picture := first_picture(folder))]
    return [
        (folder.relative_to(root).as_posix(), f"{why}; a picture there is {picture.relative_to(folder).as_posix()}")
        for folder, picture in found
    ]
