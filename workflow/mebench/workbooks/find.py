"""Which file is the workbook of a dataset, among editions, second downloads, copies and backups."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from mebench.errors import UserError
from mebench.files import file_digest
from mebench.media.clutter import is_clutter
from mebench.media.folders import ALL_PICTURES, is_folder

FOLDERS_DEEP = 4  # below the root
A_FOLDER_OF_FRAMES = 100  # pictures


@dataclass(frozen=True)
class Workbook:
    """The workbook that is read, and ``notes`` on those that are not."""

    path: Path
    notes: tuple[str, ...] = ()


def find_workbook(root: Path, patterns: Sequence[str], dataset: str) -> Workbook:
    """The coding workbook: first match of ``patterns`` (any case, .xlsx before .xls) down to four folders below
    ``root``; a UserError where there is none, or where nobody can tell which of several it is."""
    files, tables = _workbooks(root)
    workbook = _first_match(root, files, patterns)
    if workbook:
        return workbook
    others = f"; it holds {', '.join(path.name for path in files[:3])}" if files else ""
    if tables and not files:
        others = f"; it holds {tables[0].name}: open it in a spreadsheet program and save it as .xlsx"
    raise UserError(f"{root} holds no coding workbook of {dataset} (looked for {', '.join(patterns)}){others}")


def look_for_workbook(root: Path, patterns: Sequence[str]) -> Workbook | None:
    """The same, or None where there is none."""
    return _first_match(root, _workbooks(root)[0], patterns)


def _first_match(root: Path, files: Sequence[Path], patterns: Sequence[str]) -> Workbook | None:
    wanted = [
        pattern.lower().removesuffix(".xlsx").removesuffix(".xls") + suffix
        for suffix in (".xlsx", ".xls")  # the old format only where there is no other
        for pattern in patterns
    ]
    matches = [(pattern, [path for path in files if fnmatch(path.name.lower(), pattern)]) for pattern in wanted]
    found = next(((pattern, paths) for pattern, paths in matches if paths), None)
    if found is None:
        return None
    best = _plain(found[1], found[0])
    others = sorted({path for _, paths in matches for path in paths} - {best})
    return Workbook(best, tuple(f"not used beside {best.name}: {path.relative_to(root).as_posix()}" for path in others))


def _plain(paths: Sequence[Path], pattern: str) -> Path:
    """The one of ``paths`` whose name the others only add to, as copies, second downloads and backups do; of the same
    name the nearest to the root."""
    stems = {path: path.stem.lower().strip() for path in paths}
    exact = pattern.replace("*", "").rpartition(".")[0]
    plain = [path for path in paths if stems[path] == exact] or [
        path for path in paths if all(_adds_to(stems[path], other) for other in stems.values())
    ]
    rivals = plain or list(paths)
    nearest = [path for path in rivals if len(path.parts) == min(len(path.parts) for path in rivals)]
    if (plain and len(nearest) == 1) or len({file_digest(path) for path in rivals}) == 1:
        return nearest[0]
    one, two = rivals[:2]
    raise UserError(f"{one} and {two} may both be the workbook, and they differ; keep one of them")


def _adds_to(plain: str, name: str) -> bool:
    """'codes (1)', 'codes - Copy' and 'codes.bak' add to 'codes'; 'codes2' is another name."""
    rest = name.removeprefix(plain) if name.startswith(plain) else "other"
    return not rest or not rest[0].isalnum()


def _workbooks(root: Path) -> tuple[list[Path], list[Path]]:
    """Files of workbooks, those nearest to ``root`` first, and tables as text."""
    files: list[Path] = []
    tables: list[Path] = []
    level = [Path(root)]
    for _ in range(FOLDERS_DEEP + 1):
        scanned = [_scan(folder) for folder in level]
        files += sorted(path for workbooks, _, _ in scanned for path in workbooks)
        tables += sorted(path for _, texts, _ in scanned for path in texts)
        level = sorted(path for _, _, folders in scanned for path in folders)
    return files, tables


def _scan(folder: Path) -> tuple[list[Path], list[Path], list[Path]]:
    """The workbooks, the tables as text, and the folders in ``folder``. A folder of frames has none of them, and there
    are millions of frames: it is left as soon as it is known for what it is."""
    workbooks, tables, folders, pictures = [], [], [], 0
    with os.scandir(folder) as entries:
        for entry in entries:
            suffix = os.path.splitext(entry.name)[1].lower()
            if suffix in ALL_PICTURES:
                pictures += 1
                if pictures > A_FOLDER_OF_FRAMES:
                    return [], [], []
            elif is_clutter(entry.name):
                continue
            elif suffix in (".xlsx", ".xls") and entry.is_file():
                workbooks.append(Path(entry.path))
            elif suffix in (".csv", ".tsv", ".ods", ".xlsb", ".xlsm") and entry.is_file():
                tables.append(Path(entry.path))
            elif is_folder(entry):
                folders.append(Path(entry.path))
    return workbooks, tables, folders
