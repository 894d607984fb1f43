"""The inventory of a source: what its files were when results were made from them, ``sources/<dataset>/inventory.gz``.

A file is called by its place and its path there. Places are ``source`` (the owner's folder), ``data`` (what `mebench
fetch` made), ``archives`` (the archive that was unpacked) and ``elsewhere`` (files that a manifest names by their whole
path). Up to ``LIMIT`` files size and time of each are kept, above it the names and the time of each folder, and size
and time of a sample. Light: the Snakefile reads it.
"""

from __future__ import annotations

import gzip
import json
import os
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mebench.acquisition.read_contents import LENGTH, digests
from mebench.acquisition.scan import File, digest_of, digest_of_names, scan
from mebench.files import digest, whole_file
from mebench.media.folders import ALL_PICTURES

NAME = "inventory.gz"
FORMAT = "mebench inventory 1"
LIMIT = 500_000  # files; above it a sample
SAMPLE = 100_000  # files of a sample, at most PER_FOLDER of each folder and at least one
PER_FOLDER = 16
LABEL_FILES, LABEL_BYTES = 1000, 1 << 25  # whose content is looked at, at every start: the smallest
ALL_FILES, ALL_BYTES = 50_000, 1 << 30  # the content of each file of a smaller source is kept
YOUNG = 2_000_000_000  # nanoseconds in which a file may change again without another time: the clock of a FAT disk
YOUNG_BYTES = 1 << 28
NO_LABELS = ALL_PICTURES | frozenset(
    {
        ".avi",
        ".mp4",
        ".mov",
        ".mkv",
        ".wmv",
        ".npy",
        ".npz",
        ".zip",
        ".tar",
        ".gz",
        ".tgz",
        ".bz2",
        ".xz",
        ".7z",
        ".rar",
    }
)


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder: ``digest`` of the names, sizes and times of its files, or of the names alone where ``text`` holds a
    sample. ``text`` is JSON: the time of the folder, then names, sizes and times."""

    digest: str
    text: str

    @property
    def time(self) -> int:
        """When the folder itself changed last."""
        return json.loads(self.text)[0]

    @property
    def files(self) -> list[File]:
        """The files that are listed."""
        _, names, sizes, times = json.loads(self.text)
        return list(zip(names, sizes, times, strict=True))


@dataclass(frozen=True)
class Places:
    """Where the files of a source lie now: ``roots`` by place. ``whole`` are the places that are scanned; of the others
    only the files that are listed count. ``results`` may lie in the source, and are no part of it."""

    roots: Mapping[str, Path]
    whole: tuple[str, ...]
    results: Path | None = None

    def scan(self, place: str) -> Iterator[tuple[str, int, list[File]]]:
        """(folder, time of its last change, its files) of all folders of a place."""
        return scan(self.roots[place], f"{place}/", follow=place != "data", without=self.without(place))

    def without(self, place: str) -> str:
        """The folder of results, where it lies in a place, else nothing."""
        root = self.roots[place]
        inside = self.results and self.results.resolve().is_relative_to(root.resolve())
        return str(root / self.results.resolve().relative_to(root.resolve())) if self.results and inside else ""

    def path(self, key: str) -> Path:
        """The path of a file or folder of the inventory."""
        place, _, inner = key.partition("/")
        return self.roots[place] / inner


@dataclass(frozen=True)
class Inventory:
    """``state`` names what the source was: the parameter of the rules that read it. ``wanted`` is what the
    configuration asked for, but for the place of the owner's copy. ``every``: each file is listed.
    ``labels``, ``contents`` and ``young`` have the first half of the SHA-256 by file: of those that are read at every
    start, of others that are known, and of those that changed just before the inventory was taken. ``suspects`` are
    files whose content has to be looked at."""

    state: str
    wanted: str = ""
    every: bool = True
    count: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)
    young: Mapping[str, str] = field(default_factory=dict)
    suspects: Sequence[str] = ()
    folders: Mapping[str, Folder] = field(default_factory=dict)

    def known(self, key: str) -> str:
        """What is known of the SHA-256 of a file; empty where nothing is."""
        return next((one[key] for one in (self.labels, self.young, self.contents) if key in one), "")


# --- the file ------------------------------------------------------------------------------------------------------


def write(path: Path, inventory: Inventory) -> None:
    """Write an inventory, whole or not at all."""
    about = {
        "wanted": inventory.wanted, "every": inventory.every, "count": inventory.count,
        "labels": dict(inventory.labels), "contents": dict(inventory.contents), "young": dict(inventory.young),
        "suspects": list(inventory.suspects),
    }  # fmt: skip
    lines = [f"{FORMAT} {inventory.state}", json.dumps(about)]
    lines += (f"{one.digest}\t{json.dumps(name)}\t{one.text}" for name, one in sorted(inventory.folders.items()))
    with whole_file(path) as temporary:
        temporary.write_bytes(gzip.compress("\n".join(lines).encode("ascii"), compresslevel=1, mtime=0))


def read(path: Path) -> Inventory | None:
    """The inventory of a file; None where there is none that can be read."""
    try:
        head, about, *lines = gzip.decompress(Path(path).read_bytes()).decode("ascii").split("\n")
        if not head.startswith(f"{FORMAT} "):
            return None
        folders = {}
        for line in lines:
            own, name, text = line.split("\t", 2)
            folders[json.loads(name)] = Folder(own, text)
        return Inventory(head.removeprefix(f"{FORMAT} "), **json.loads(about), folders=folders)
    except (OSError, EOFError, ValueError, TypeError, zlib.error):
        return None


def read_state(path: Path) -> str:
    """The state alone, from the first line; empty where there is no inventory."""
    try:
        with gzip.open(path, "rt", encoding="ascii") as lines:
            head = lines.readline().rstrip("\n")
    except (OSError, EOFError, ValueError, zlib.error):
        return ""
    return head.removeprefix(f"{FORMAT} ") if head.startswith(f"{FORMAT} ") else ""


def new_state(*about: str) -> str:
    """A name for a state that was never there: data-, and 16 hexadecimal digits."""
    return f"data-{digest(str(time.time_ns()), *about)[:16]}"


# --- taking it -----------------------------------------------------------------------------------------------------


def take(places: Places, state: str, wanted: str, archives: Mapping[str, str]) -> Inventory:
    """The inventory of a source as it is now; ``archives`` are SHA-256 by path below the folder that they lie in."""
    found = Found()
    for place in places.whole:
        for name, changed, files in places.scan(place):
            found.add(name, changed, files)
    where = "source" if "source" in places.roots else "archives"
    kept = {f"{where}/{name}": sha256 for name, sha256 in archives.items() if where in places.roots}
    if "archives" in places.roots:
        found.add("archives/", 0, stated(places.roots["archives"], archives))
    labels = _contents(places, smallest(found.labels))
    young = _contents(places, [key for key in found.young_files if key not in labels])
    others = _contents(places, [key for key in found.all_files if not (key in labels or key in young or key in kept)])
    return Inventory(state, wanted, found.every, found.count, labels, kept | others, young, (), found.folders)


def _contents(places: Places, keys: Sequence[str]) -> dict[str, str]:
    found = zip(keys, digests([places.path(key) for key in keys]), strict=True)
    return {key: sha256[:LENGTH] for key, sha256 in found if sha256}


def with_elsewhere(inventory: Inventory, paths: Sequence[Path]) -> Inventory:
    """The inventory with files that lie in none of its places, by their whole paths."""
    folders = {name: one for name, one in inventory.folders.items() if not name.startswith("elsewhere/")}
    by_folder: dict[Path, list[str]] = {}
    for path in paths:
        by_folder.setdefault(path.parent, []).append(path.name)
    for folder, names in by_folder.items():
        folders[f"elsewhere{str(folder).rstrip('/')}/"] = listed(0, stated(folder, names))
    return replace(inventory, folders=folders)


def stated(folder: Path, names: Iterator[str] | Sequence[str] | Mapping[str, str]) -> list[File]:
    """Those of the named files of a folder that are there, with size and time."""
    files = []
    for name in sorted(names):
        try:
            about = os.stat(folder / name)
        except OSError:
            continue
        files.append((name, about.st_size, about.st_mtime_ns))
    return files


def listed(changed: int, files: Sequence[File]) -> Folder:
    """A folder with all its files."""
    return Folder(digest_of(files), _text(changed, sorted(files)))


def sampled(changed: int, files: Sequence[File], count: int = PER_FOLDER) -> Folder:
    """A folder with a sample of its files: the first, the last, and those at equal distances between them; one alone is
    that in the middle."""
    names, files = [file[0] for file in files], sorted(files)
    return Folder(digest_of_names(names), _text(changed, spread(files, count)))


def spread(files: Sequence[File], count: int) -> list[File]:
    """``count`` of the files at equal distances."""
    if len(files) <= count:
        return list(files)
    if count == 1:
        return [files[len(files) // 2]]
    return [files[round(i * (len(files) - 1) / (count - 1))] for i in range(count)]


def _text(changed: int, files: Sequence[File]) -> str:
    return json.dumps([changed, [f[0] for f in files], [f[1] for f in files], [f[2] for f in files]])


def is_label(name: str) -> bool:
    """Whether a file may hold labels: what is no picture, video, array or archive by its name."""
    return os.path.splitext(name)[1].lower() not in NO_LABELS


def smallest(labels: Mapping[str, int]) -> list[str]:
    """The files with labels whose content is looked at: as many of the smallest as the limits allow."""
    chosen, left = [], LABEL_BYTES
    for key, size in sorted(labels.items(), key=lambda item: (item[1], item[0]))[:LABEL_FILES]:
        left -= size
        if left >= 0:
            chosen.append(key)
    return chosen


class Found:
    """Gathers folders: listed ones, and sampled ones from the moment on at which there are too many files."""

    def __init__(self) -> None:
        self.now = time.time_ns()
        self.count, self.bytes, self.every = 0, 0, True
        self.labels: dict[str, int] = {}
        self.young: dict[str, int] = {}
        self._listed: dict[str, Folder] = {}
        self._sampled: dict[str, Folder] = {}

    def add(self, name: str, changed: int, files: Sequence[File]) -> None:
        """One folder more."""
        self.count += len(files)
        self.bytes += sum(size for _, size, _ in files)
        self.every = self.every and self.count <= LIMIT
        self._sampled[name] = sampled(changed, files)
        if self.every:
            self._listed[name] = listed(changed, files)
        else:
            self._listed.clear()
        for file, size, when in files:
            if is_label(file):
                self.labels[name + file] = size
            if abs(self.now - when) < YOUNG:
                self.young[name + file] = size

    @property
    def folders(self) -> dict[str, Folder]:
        """The folders as the inventory keeps them."""
        if self.every:
            return self._listed
        count = max(1, min(PER_FOLDER, SAMPLE // len(self._sampled)))
        return {
            name: Folder(one.digest, _text(one.time, spread(one.files, count))) for name, one in self._sampled.items()
        }

    @property
    def all_files(self) -> list[str]:
        """Every file, where there are few and small ones; else none."""
        if not self.every or self.count > ALL_FILES or self.bytes > ALL_BYTES:
            return []
        return [name + file for name, one in self._listed.items() for file, _, _ in one.files]

    @property
    def young_files(self) -> list[str]:
        """The files that changed a moment ago, the smallest first, up to a limit of bytes."""
        chosen, left = [], YOUNG_BYTES
        for key, size in sorted(self.young.items(), key=lambda item: item[1]):
            left -= size
            if left < 0:
                break
            chosen.append(key)
        return chosen
