"""What tests look at in the files of folds, ``folds/<subject>.zip``, and how they damage them."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any


def files(run: Path) -> list[Path]:
    """The files of all folds of a run, sorted."""
    return sorted((run / "folds").glob("[!.]*.zip"))


def contents(path: Path) -> dict[str, bytes]:
    """What is in the file of a fold."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def record(path: Path) -> dict[str, Any]:
    """The record in the file of a fold."""
    return json.loads(contents(path)["fold.json"])


def rows(path: Path, name: str) -> list[dict[str, str]]:
    """The rows of a CSV file in the file of a fold."""
    return list(csv.DictReader(io.StringIO(contents(path)[name].decode())))


def stamps(run: Path) -> dict[str, int]:
    """When each fold of a run was written."""
    return {path.stem: path.stat().st_mtime_ns for path in files(run)}


def change(path: Path, changed: dict[str, str | bytes | None]) -> None:
    """Write the file of a fold anew with other contents; None removes one."""
    kept = contents(path) | changed
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in kept.items():
            if text is not None:
                archive.writestr(name, text)


def tables(run: Path) -> dict[str, bytes]:
    """The bytes of all CSV files of a run, those in the files of its folds too."""
    own = {str(path.relative_to(run)): path.read_bytes() for path in sorted(run.rglob("*.csv"))}
    for path in sorted(run.rglob("folds/[!.]*.zip")):
        place = path.relative_to(run).with_suffix("")
        own |= {f"{place}/{name}": text for name, text in contents(path).items() if name.endswith(".csv")}
    return own


def unpacked(path: Path) -> Path:
    """The folder that an earlier version kept instead of the file of a fold, in its place."""
    folder = path.with_suffix("")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    path.unlink()
    return folder
