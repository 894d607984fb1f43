"""Compares a source with its inventory: what is new, gone or has another content since results were made from it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from mebench.acquisition.inventory import Folder, Inventory, Places, listed, sampled, stated
from mebench.acquisition.read_contents import ReadContents, agree, digests
from mebench.acquisition.scan import contents_of, digest_of, digest_of_names, scan
from mebench.log import log

MANY = 5000  # files: reading them may take a while, and that is said
NEW, GONE, CONTENT = "new", "gone", "other content"


@dataclass
class Difference:
    """What differs by name, size or time. ``changed`` maps a file to what is known of it (``NEW``, ``GONE``,
    ``CONTENT``), ``doubtful`` are files of the same size and another time, ``touched`` folders of a sampled inventory
    that changed while their names stayed; ``folders`` replace those of the inventory where nothing did change."""

    changed: dict[str, str] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    touched: list[str] = field(default_factory=list)
    folders: dict[str, Folder | None] = field(default_factory=dict)

    def compare_files(self, name: str, held: Folder, files: Iterable[tuple[str, int, int]]) -> None:
        """The files of one folder with those that are held of it."""
        before, now = ({file: (size, time) for file, size, time in one} for one in (held.files, files))
        self.changed |= {name + file: GONE for file in before.keys() - now.keys()}
        self.changed |= {name + file: NEW for file in now.keys() - before.keys()}
        for file in before.keys() & now.keys():
            if before[file][0] != now[file][0]:
                self.changed[name + file] = CONTENT
            elif before[file] != now[file]:
                self.doubtful.add(name + file)


def absent(inventory: Inventory, places: Places) -> list[Path]:
    """The places that are not there, or empty as the folder of a disk that is not connected; and an archive of which
    no file is there."""
    lacking = [root for root in places.roots.values() if not _holds_something(root)]
    archive = inventory.folders.get("archives/")
    if archive and not lacking and "archives" in places.roots:
        files = [places.path(f"archives/{file[0]}") for file in archive.files]
        lacking = files[:1] if not any(file.is_file() for file in files) else []
    return lacking


def _holds_something(root: Path) -> bool:
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is not None
    except (FileNotFoundError, NotADirectoryError):
        return False


def difference(inventory: Inventory, places: Places) -> Difference:
    """What differs by name, size and time. Raises a UserError where a folder cannot be read."""
    differs = Difference(doubtful={*inventory.young, *inventory.suspects})
    for place in places.whole:
        if inventory.every:
            _listed_place(inventory, places, place, differs)
    for name, held in inventory.folders.items():
        place = name.partition("/")[0]
        if place not in places.roots:
            continue
        if place not in places.whole:
            _named_files(name, held, places, differs)
        elif not inventory.every:
            _sampled_folder(name, held, places, inventory.folders, differs)
    return differs


def _listed_place(inventory: Inventory, places: Places, place: str, differs: Difference) -> None:
    seen = set()
    for name, changed, files in places.scan(place):
        seen.add(name)
        held = inventory.folders.get(name)
        if held is None or held.digest != digest_of(files):
            differs.compare_files(name, held or listed(0, ()), files)
            differs.folders[name] = listed(changed, files)
    for name in [one for one in inventory.folders if one.startswith(f"{place}/") and one not in seen]:
        differs.compare_files(name, inventory.folders[name], ())
        differs.folders[name] = None


def _named_files(name: str, held: Folder, places: Places, differs: Difference) -> None:
    files = stated(places.path(name), [file[0] for file in held.files])
    if digest_of(files) != held.digest:
        differs.compare_files(name, held, files)
        differs.folders[name] = listed(0, files)


def _sampled_folder(
    name: str, held: Folder, places: Places, folders: Mapping[str, Folder], differs: Difference
) -> None:  # fmt: skip
    path, before = places.path(name), held.files
    try:
        changed = os.stat(path).st_mtime_ns
    except OSError:
        differs.changed[name] = GONE
        return
    now = stated(path, [file[0] for file in before])
    if now != before:
        differs.compare_files(name, held, now)
    if changed == held.time and now == before:
        return
    differs.folders[name] = replace(held, text=listed(changed, now).text)
    if changed != held.time:
        _changed_folder(name, held, places, folders, differs)


def _changed_folder(
    name: str, held: Folder, places: Places, folders: Mapping[str, Folder], differs: Difference
) -> None:  # fmt: skip
    """A folder of which something was added, removed or replaced."""
    path, without = places.path(name), places.without(name.partition("/")[0])
    _, files, inner = contents_of(str(path))
    if digest_of_names([file[0] for file in files]) == held.digest:
        differs.touched.append(name)
    else:
        differs.changed.setdefault(name, CONTENT)
    for folder, _ in inner:
        if f"{name}{folder}/" not in folders and str(path / folder) != without:
            for below, when, new in scan(path / folder, f"{name}{folder}/"):
                differs.folders[below] = sampled(when, new)
                if new:
                    differs.changed[below] = NEW


def look_at_contents(
    inventory: Inventory, places: Places, differs: Difference, known: Callable[[], ReadContents]
) -> dict[str, str]:  # fmt: skip
    """Read what may have changed, and add to ``differs.changed`` what has. Returns the SHA-256 of each file that was
    read. ``known`` is only asked where the inventory itself does not know a content.

    A file of another time that no result was made from is as good as unchanged: no result depends on its content.
    """
    there = [key for key in {*inventory.labels, *differs.doubtful} if key not in differs.changed]
    asked = differs.touched or any(not inventory.known(key) for key in there)
    frames = known() if asked else ReadContents()
    for folder in differs.touched:
        place, _, inner = folder.partition("/")
        there += [f"{place}/{name}" for name in frames.of_folder(inner)]
    expected: dict[str, set[str]] = {}
    for key in dict.fromkeys(there):
        sha256 = inventory.known(key)
        contents = {sha256} if sha256 else frames.frames.get(_inner(key), set())
        if contents:
            expected[key] = contents
        elif not frames.complete:
            differs.changed[key] = CONTENT
    if len(expected) > MANY:
        log.warning(f"the content of {len(expected):,} files is read, because their times changed")
    read = dict(zip(expected, digests([places.path(key) for key in expected]), strict=True))
    differs.changed |= {key: CONTENT for key, sha256 in read.items() if not agree(sha256, expected[key])}
    return read


def _inner(key: str) -> str:
    """The path of a file as frames are called: below the dataset's folder, or whole."""
    place, slash, inner = key.partition("/")
    return slash + inner if place == "elsewhere" else inner


def refreshed(inventory: Inventory, differs: Difference, read: Mapping[str, str]) -> Inventory:
    """The inventory of a source in which nothing changed but times: with the times of now, so that no content has to
    be read for them again."""
    folders = {name: one for name, one in inventory.folders.items() if name not in differs.folders}
    folders |= {name: one for name, one in differs.folders.items() if one is not None}
    contents = {**inventory.contents, **inventory.young, **{k: v for k, v in read.items() if k not in inventory.labels}}
    return replace(inventory, contents=contents, young={}, suspects=(), folders=folders)
