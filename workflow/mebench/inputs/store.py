"""The input store: x.npy (one array for all clips), index.csv (row i is which clip) and meta.json.

Rows are found by clip_id, never by position: ``load(folder).rows(clip_ids)``.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mebench.errors import UserError
from mebench.files import canonical_json, digest, read_csv, read_json, whole_folder, write_csv, write_json


@dataclass(frozen=True)
class Store:
    """``x`` (N, C, S, S), memory-mapped; ``ids[i]`` is the clip_id of ``x[i]``; ``meta`` says what it is."""

    ids: list[str]
    x: np.ndarray
    meta: dict[str, Any]

    def rows(self, clip_ids: Sequence[str]) -> np.ndarray:
        """Positions in ``x`` of ``clip_ids``, in their order; a clip that is not there is a UserError."""
        place = {clip: i for i, clip in enumerate(self.ids)}
        absent = [clip for clip in clip_ids if clip not in place]
        if absent:
            raise UserError(
                f"the input {self.meta['kind']} holds no clip {absent[0]} ({len(absent)} of {len(clip_ids)} "
                "are absent); it is of an older index, run `mebench inputs` again"
            )
        return np.array([place[clip] for clip in clip_ids], dtype=np.int64)


def save(folder: Path, ids: Sequence[str], x: np.ndarray, meta: dict[str, Any]) -> None:
    """Write a store, whole or not at all. Rows are brought into the order of their ids.

    ``meta`` gives kind, size, channels, scale, origin and made_from; digest and versions are added here.
    """
    if len(ids) != len(x) or len(set(ids)) != len(ids):
        raise ValueError(f"{len(ids)} ids ({len(set(ids))} different) for {len(x)} rows")
    order = sorted(range(len(ids)), key=lambda i: ids[i])
    ids, x = [ids[i] for i in order], np.ascontiguousarray(x[order])
    mark = digest(x.tobytes(), "\n".join(ids), canonical_json(meta))
    with whole_folder(folder) as temporary:
        np.save(temporary / "x.npy", x)
        write_csv(
            temporary / "index.csv",
            ("clip_id", "status"),
            ({"clip_id": clip, "status": "ok"} for clip in ids),
        )
        write_json(temporary / "meta.json", {**meta, "digest": mark, "versions": versions()})


def load(folder: Path) -> Store:
    """Open a store; one that is missing, damaged or inconsistent is a UserError that names it."""
    folder = Path(folder)
    meta = read_json(folder / "meta.json")
    ids = [row["clip_id"] for row in read_csv(folder / "index.csv", required=("clip_id", "status"))]
    try:
        x = np.load(folder / "x.npy", mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise UserError(
            f"cannot read {folder / 'x.npy'} ({error}); delete {folder} and run `mebench inputs` again"
        ) from error
    if len(x) != len(ids) or len(set(ids)) != len(ids):
        raise UserError(
            f"{folder} is damaged: {len(set(ids))} different clips in index.csv for {len(x)} rows of x.npy; "
            "delete it and run `mebench inputs` again"
        )
    return Store(ids, x, meta)


def versions() -> dict[str, str]:
    """Versions of what an input's numbers depend on."""
    import cv2

    return {"numpy": np.__version__, "opencv": cv2.__version__, "python": platform.python_version()}
