"""Files that are whole or absent: every result is written under a temporary name and renamed into place."""

from __future__ import annotations

import contextlib
import csv
import errno
import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mebench.errors import UserError
from mebench.names import SHOWN, escaped, one_line


@contextlib.contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success it becomes ``path``, on any failure it is removed.

    After a kill or on a full disk the former ``path`` (or nothing) is there, never half a file.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    try:
        yield temporary
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}; nothing was changed") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_folder(path: str | os.PathLike) -> Iterator[Path]:
    """Like :func:`whole_file`, for a folder. It replaces an older folder only when it is complete."""
    with scratch_folder(path) as temporary:
        yield temporary
        _replace_folder(temporary, Path(path))


@contextlib.contextmanager
def scratch_folder(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary folder beside ``path``, which is removed in the end."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    try:
        temporary.mkdir()
        yield temporary
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _replace_folder(new: Path, path: Path) -> None:
    """Rename ``new`` to ``path``. An older folder of that name is moved away first. Another process may do the same at
    the same time."""
    aside = path.with_name(_hidden(path, f"{os.getpid():010}"))
    for attempts_left in range(9, -1, -1):
        with contextlib.suppress(FileNotFoundError):
            os.rename(path, aside)
            shutil.rmtree(aside)
        try:
            os.rename(new, path)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or not attempts_left:
                raise


def _temporary(path: Path) -> Path:
    """A hidden name beside ``path`` with the number of this process. Leftovers of killed processes are removed."""
    remove_leftovers(path)
    return path.with_name(_hidden(path, os.getpid()))


def _hidden(path: Path, process: object) -> str:
    # the suffix stays: NumPy and matplotlib choose the format by it
    return f".{path.stem}.{process}.tmp{path.suffix}"


def remove_leftovers(path: Path) -> None:
    """Remove files beside ``path`` that killed processes left when they wrote it."""
    for leftover in path.parent.glob(_hidden(path, "[0-9]*")):
        process = int(leftover.name.removesuffix(path.suffix).split(".")[-2])
        if process == os.getpid() or not _alive(process):
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write ``text`` for people as UTF-8, whole or not at all; names that are not UTF-8 as they are shown."""
    _write(path, text, SHOWN)


def _write(path: str | os.PathLike, text: str, errors: str) -> None:
    with whole_file(path) as temporary, open(temporary, "w", encoding="utf-8", errors=errors, newline="") as handle:
        handle.write(text)


def readable_json(value: object) -> str:
    """JSON with sorted keys, a line for each value."""
    return escaped(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)) + "\n"


def write_json(path: str | os.PathLike, value: object) -> None:
    """Write ``value`` as readable JSON with sorted keys."""
    write_text(path, readable_json(value))


# any: JSON whose keys the caller knows
def read_json(path: str | os.PathLike) -> Any:
    """Read a JSON file; a missing or damaged one is a :class:`UserError` that names it."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{path} is not valid JSON ({error}); delete it and run again") from error


def write_csv(path: str | os.PathLike, columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write ``rows`` as CSV with exactly ``columns`` and unix line ends; names of files keep their bytes."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    _write(path, text.getvalue(), "surrogateescape")


def read_csv(
    path: str | os.PathLike, required: Iterable[str] = (), file_names: bool = False
) -> list[dict[str, str]]:  # fmt: skip
    """Read a CSV file into dicts of strings; a missing file or column is a :class:`UserError`. With ``file_names`` it
    holds names of files, which need not be UTF-8."""
    errors = "surrogateescape" if file_names else "strict"
    try:
        with open(path, encoding="utf-8-sig", errors=errors, newline="") as handle:
            return csv_rows(handle, path, required)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error


def csv_rows(
    handle: Iterable[str], path: str | os.PathLike, required: Iterable[str] = ()
) -> list[dict[str, str]]:  # fmt: skip
    """The rows of an open CSV file, which errors call ``path``."""
    try:
        reader = csv.DictReader(handle, strict=True)
        rows = list(reader)
        columns = reader.fieldnames or []
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} is not a CSV file in UTF-8 ({error})") from error
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice is not None:
        raise UserError(f"{path} has the column {twice!r} twice; keep one of them")
    missing = [name for name in required if name not in columns]
    if missing:
        names = one_line(", ".join(columns))
        raise UserError(f"{path} lacks the column {', '.join(missing)}; its columns are {names}")
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise UserError(f"{path} line {number} has not as many fields as the header; mend or remove the line")
    return rows


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no blanks, the same text for equal values. Parameters and fingerprints use it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(*parts: bytes | memoryview | str) -> str:
    """SHA-256 of the parts. The length of each part counts too, so that no two lists have the same text."""
    sha = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        sha.update(len(data).to_bytes(8, "little"))
        sha.update(data)
    return sha.hexdigest()


def file_digest(path: str | os.PathLike) -> str:
    """SHA-256 of a file's bytes."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
