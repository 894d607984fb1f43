"""From an archive to a folder of results: predictions are unpacked, scores and tables made again from them, and
compared with those that were packed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mebench import __version__
from mebench.archive import archived_page, opened, shared_configuration
from mebench.archive.manifest import Manifest
from mebench.archive.opened import Opened
from mebench.archive.rebuild import rebuild
from mebench.errors import UserError
from mebench.files import scratch_folder, write_json
from mebench.plan import Plan

MADE = ("audit", "scores", "tables")  # made again from predictions
PACKED = "packed"  # the folder of those that were packed and are not what is made now


@dataclass(frozen=True)
class Restored:
    """What became of an archive: the ``same`` files that were packed and made again, and those that differ."""

    manifest: Manifest
    same: tuple[str, ...]
    differing: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Why files may differ, where the versions say it."""
        if self.manifest.mebench == __version__:
            return ""
        return f"packed by mebench {self.manifest.mebench}, made again by {__version__}"


def restore(file: Path, out: Path, report: bool = True) -> Restored:
    """Unpack the archive ``file`` into the new folder ``out``, and make its scores, tables and, with ``report``, its
    report again."""
    archive = opened.read(file)
    check_labels(archive)
    with new_folder(out) as folder:
        unpacked(archive, folder)
        apart = [path for part in MADE for path in _files(folder / part)]
        for path in apart:
            place = folder / PACKED / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            os.rename(path, place)
        plan = planned(folder)
        made = rebuild(plan)
        if report:
            archived_page.write(plan, folder / archived_page.FILE)
        restored = _compared(archive, folder, made)
        write_configuration(folder, out)
    return restored


def check_labels(archive: Opened) -> None:
    """A UserError where an archive has no predictions to make anything from."""
    if not archive.manifest.labels:
        raise UserError(
            f"{archive.path} was packed without labels, so that it holds no predictions and nothing can be made again; "
            "its scores and tables are in it: unzip it, or ask for an archive with labels"
        )


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A hidden folder beside ``out`` that becomes it; a UserError where something is there already."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is there already; name another folder with --out, or remove it first")
    with scratch_folder(out) as folder:
        yield folder.absolute()
        if out.exists():
            out.rmdir()
        os.rename(folder, out)


def unpacked(archive: Opened, folder: Path) -> None:
    """Unpack into a folder that is being made. A UserError where its tasks are of a kind that is not here: code of
    others is never run from an archive."""
    opened.unpack(archive, folder)
    for definition in shared_configuration.read(folder)["tasks"]:
        kind = definition.get("kind", "")
        if kind.endswith(".py") and not Path(kind).is_file():
            raise UserError(
                f"the task {definition['name']} of {archive.path} is of a kind of its own: look at own/kinds/"
                f"{Path(kind).name} in the archive, put it at {kind}, and give the command again"
            )
    write_configuration(folder, folder)


def write_configuration(folder: Path, results: Path) -> None:
    """Write config.json of a folder that holds the results which will lie at ``results``."""
    document = shared_configuration.read(folder)
    write_json(folder / shared_configuration.FILE, shared_configuration.placed(document, results.absolute()))


def planned(folder: Path) -> Plan:
    """The plan of an unpacked archive."""
    return Plan.load(folder / shared_configuration.FILE)


def _files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in sorted(names))


def _compared(archive: Opened, folder: Path, made: Iterable[str]) -> Restored:
    """Compare what was made with what was packed; only what differs is kept twice."""
    same, differing = [], []
    for path in list(_files(folder / PACKED)):
        name = path.relative_to(folder / PACKED).as_posix()
        again = folder / name
        if again.is_file() and again.read_bytes() == path.read_bytes():
            same.append(name)
            path.unlink()
        else:
            differing.append(name)
    _remove_empty(folder / PACKED)
    return Restored(archive.manifest, tuple(sorted(same)), tuple(sorted(differing)))


def _remove_empty(folder: Path) -> None:
    for place, _, _ in os.walk(folder, topdown=False):
        if not os.listdir(place):
            os.rmdir(place)
