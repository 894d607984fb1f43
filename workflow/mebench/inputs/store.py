"""The input store: flat arrays of a few clips of one subject, an index that says which clip lies where, and meta.json.

``parts/<subject>*.npy`` are one-dimensional and memory-mapped; ``index.csv`` gives each clip its status, part, start
and shape, so arrays of any shape (one per clip, one row per frame, one per window) are kept in the same way and read
without loading anything else. Clips are found by clip_id, never by position. ``meta.json`` is written last.
"""

from __future__ import annotations

import hashlib
import math
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypedDict

import numpy as np

from mebench import formats, instruction_set
from mebench.errors import UserError
from mebench.files import canonical_json, digest, read_csv, read_json, whole_file, write_csv, write_json

INDEX = formats.INDEX.names


class Described(TypedDict, total=False):
    """What the numbers of an input are, as its kind says it (see ``formats.INPUT_META``)."""

    kind: str
    name: str
    size: int | None
    options: Mapping[str, str]
    channels: Sequence[str]
    scale: str
    origin: str
    settings: Mapping[str, object]
    parts: Mapping[str, str]


class InputMeta(Described, total=False):
    """meta.json: the description, digests of the index, of all and of the array of each clip, and the versions that
    decide the numbers."""

    index: str
    digest: str
    arrays: Mapping[str, str]
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Store:
    """An input of one dataset. ``index`` maps clip_id to its row of index.csv; ``meta`` says what the numbers are."""

    folder: Path
    index: dict[str, dict[str, str]]
    meta: InputMeta
    _open: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    @property
    def ids(self) -> list[str]:
        """clip_ids that have an array, sorted."""
        return [clip for clip, row in self.index.items() if row["status"] == "ok"]

    @property
    def without(self) -> dict[str, str]:
        """clip_ids that have none, with the reason."""
        return {clip: f"{row['status']}: {row['reason']}" for clip, row in self.index.items() if row["status"] != "ok"}

    def __contains__(self, clip_id: str) -> bool:
        return clip_id in self.index and self.index[clip_id]["status"] == "ok"

    def get(self, clip_id: str) -> np.ndarray:
        """The array of a clip, memory-mapped and read-only; a clip without one is a UserError."""
        row = self.index.get(clip_id)
        if row is None:
            raise UserError(
                f"the input {self.folder} holds no clip {clip_id}; it is of an older index, run `mebench inputs` again"
            )
        if row["status"] != "ok":
            raise UserError(f"the input {self.folder} has no array of {clip_id}: {row['reason']}")
        shape = tuple(map(int, row["shape"].split("x")))
        start = int(row["start"])
        flat = self._part(row["part"])
        if start + math.prod(shape) > len(flat):
            raise UserError(f"{self.folder} is damaged: {clip_id} ends behind its part; delete it and run again")
        return flat[start : start + math.prod(shape)].reshape(shape)

    def stack(self, clip_ids: Sequence[str] | None = None) -> np.ndarray:
        """Arrays of ``clip_ids`` (default: all that have one) stacked, for kinds whose arrays are of one shape."""
        return np.stack([self.get(clip) for clip in (self.ids if clip_ids is None else clip_ids)])

    def extra(self, clip_id: str, name: str) -> int:
        """A whole number that goes with a clip's array, such as ``apex_row``."""
        return int(self.index[clip_id][name])

    def _part(self, name: str) -> np.ndarray:
        if name not in self._open:
            path = self.folder / "parts" / f"{name}.npy"
            try:
                self._open[name] = np.load(path, mmap_mode="r")
            except (OSError, ValueError, EOFError) as error:
                raise UserError(
                    f"cannot read {path} ({error}); delete {self.folder} and run `mebench inputs` again"
                ) from error
        return self._open[name]


def load(folder: Path) -> Store:
    """Open a store; one that is missing, unfinished or damaged is a UserError that names it."""
    folder = Path(folder)
    meta = read_json(folder / "meta.json")
    rows = read_csv(folder / "index.csv", required=INDEX)
    index = {row["clip_id"]: row for row in rows}
    if len(index) != len(rows) or index_digest(rows) != meta["index"]:
        raise UserError(f"{folder} is damaged: index.csv is not the one of meta.json; delete it and run again")
    return Store(folder, index, meta)


class PartWriter:
    """Appends arrays of one type to a flat ``.npy`` file, so that a part needs no more memory than one clip."""

    def __init__(self, handle: IO[bytes]) -> None:
        self.handle, self.count = handle, 0
        self.dtype: np.dtype | None = None
        self.sha = hashlib.sha256()
        self.header = 0

    def append(self, array: np.ndarray) -> int:
        """Write ``array`` and return where it starts, in elements."""
        if self.dtype is None:
            self.dtype = array.dtype
            self._write_header(self.dtype)
        if array.dtype != self.dtype:
            raise ValueError(f"arrays of {array.dtype} and {self.dtype} in one part")
        data = np.ascontiguousarray(array).tobytes()
        start, self.count = self.count, self.count + array.size
        self.sha.update(data)
        self.handle.write(data)
        return start

    def finish(self) -> str:
        """Complete the file and return the digest of its numbers."""
        self.handle.seek(0)
        self._write_header(self.dtype or np.dtype(np.uint8))
        return self.sha.hexdigest()

    def _write_header(self, dtype: np.dtype) -> None:
        # numpy leaves room in the header for an array that grows along its first axis
        described = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (self.count,)}
        np.lib.format.write_array_header_1_0(self.handle, described)
        end = self.handle.tell()
        if self.header not in (0, end):
            raise AssertionError("the header of a growing array changed its length")
        self.header = end


@contextmanager
def part_writer(folder: Path, name: str) -> Iterator[PartWriter]:
    """A writer of ``parts/<name>.npy``; the file is whole or absent."""
    with whole_file(Path(folder) / "parts" / f"{name}.npy") as temporary, open(temporary, "w+b") as handle:
        yield PartWriter(handle)


def finish(
    folder: Path, rows: Sequence[Mapping[str, object]], extras: Sequence[str], meta: Described,
    arrays: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Write index.csv and, last, meta.json. ``meta`` says what the input is, ``arrays`` has the digest of the array of
    each clip where they are known; other digests and versions are added here."""
    rows = sorted(rows, key=lambda row: str(row["clip_id"]))
    write_csv(folder / "index.csv", (*INDEX, *extras), rows)
    index = index_digest(rows)
    about: InputMeta = {**meta, "index": index, "digest": digest(index, canonical_json(meta)), "versions": versions()}
    if arrays is not None:
        about["arrays"] = arrays
    write_json(folder / "meta.json", about)


def index_digest(rows: Sequence[Mapping[str, object]]) -> str:
    """Digest of the rows of an index, as read or as written."""
    return digest(*(canonical_json({key: str(value) for key, value in sorted(row.items())}) for row in rows))


def versions() -> dict[str, str]:
    """Versions of what an input's numbers depend on."""
    import cv2

    isa = instruction_set.in_use().choice
    return {"numpy": np.__version__, "opencv": cv2.__version__, "python": platform.python_version(), "isa": isa}
