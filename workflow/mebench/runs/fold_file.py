"""A finished fold in one file, ``folds/<subject>.zip``: its record, predictions and history.

A benchmark has hundreds of thousands of folds, and clusters count files. Folds of earlier versions are folders with the
same files; they are read like the others, until the fold is trained again. A place is the one or the other.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from mebench.errors import UserError
from mebench.files import scratch_folder, whole_file
from mebench.runs.paths import RECORD, fold_file, fold_folder

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
Stamp = tuple[int, int]  # when a fold was written, in nanoseconds, and its size
PLAIN = (".npy", ".safetensors")  # numbers, which hardly shrink


def place(run: Path, fold: str) -> Path:
    """Where a fold is kept: its file, or its folder where there is no such file."""
    path, folder = fold_file(run, fold), fold_folder(run, fold)
    return folder if folder.is_dir() and not path.exists() else path


def stamps(run: Path) -> dict[str, Stamp]:
    """The names of the places of all folds that have a record, sorted by the names of the folds, and the stamp of
    each."""
    files: dict[str, Stamp] = {}  # by the names of the folds
    folders: dict[str, Stamp] = {}
    with contextlib.suppress(FileNotFoundError), os.scandir(run / "folds") as entries:
        for entry in entries:
            name = entry.name
            try:
                if name.endswith(".zip") and not name.startswith("."):
                    status = entry.stat()
                    files[name[:-4]] = (status.st_mtime_ns, status.st_size)
                elif entry.is_dir() and not name.startswith("."):
                    status = os.stat(os.path.join(entry.path, RECORD))
                    folders[name] = (status.st_mtime_ns, status.st_size)
            except FileNotFoundError:  # it went away, or has no record
                continue
    every = folders | files
    return {f"{fold}.zip" if fold in files else fold: every[fold] for fold in sorted(every)}


def places(run: Path) -> list[Path]:
    """The places of all folds that have a record, sorted by the names of the folds."""
    return [run / "folds" / name for name in stamps(run)]


def stamped(place: Path) -> Path:
    """The file that changes when a fold is written."""
    return place if place.suffix == ".zip" else place / RECORD


def names(place: Path) -> list[str]:
    """The names of the files of a fold, sorted; none where the fold is not there or damaged."""
    if place.is_dir():
        return sorted(path.name for path in place.iterdir())
    try:
        with zipfile.ZipFile(place) as archive:
            return sorted(archive.namelist())
    except (OSError, *DAMAGED):
        return []


def read(place: Path, name: str) -> bytes:
    """A file of a fold. A UserError where it is not there, or damaged."""
    try:
        if place.is_dir():
            return (place / name).read_bytes()
        with zipfile.ZipFile(place) as archive:
            return archive.read(name)
    except (OSError, KeyError, *DAMAGED) as error:
        raise UserError(
            f"cannot read {name} of {place} ({error}); train the run again, it redoes only such folds"
        ) from error


def is_whole(place: Path, name: str, digest: str) -> bool:
    """Whether a file of a fold is there and has this digest."""
    try:
        return hashlib.sha256(read(place, name)).hexdigest() == digest
    except UserError:
        return False


@contextlib.contextmanager
def written(run: Path, fold: str) -> Iterator[Path]:
    """A folder to write the files of a fold into; with the end of the block they become the fold, whole or not at
    all."""
    with scratch_folder(fold_folder(run, fold)) as folder:
        yield folder
        with whole_file(fold_file(run, fold)) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            # the record first: it is what most readers want
            for path in sorted(folder.iterdir(), key=lambda path: (path.name != RECORD, path.name)):
                about = zipfile.ZipInfo(path.name)  # without a time, so that the same files are the same bytes
                about.compress_type = zipfile.ZIP_STORED if path.suffix in PLAIN else zipfile.ZIP_DEFLATED
                about.external_attr = 0o644 << 16
                archive.writestr(about, path.read_bytes())
    remove_older(run, fold)


def has_older(run: Path, fold: str) -> bool:
    """Whether the folder of an earlier version is still there beside the file of a fold, as a kill may leave it."""
    return fold_folder(run, fold).is_dir() and fold_file(run, fold).exists()


def remove_older(run: Path, fold: str) -> None:
    """Remove the folder of an earlier version of a fold that has a file."""
    if has_older(run, fold):
        shutil.rmtree(fold_folder(run, fold), ignore_errors=True)
