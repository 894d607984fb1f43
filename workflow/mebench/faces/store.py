"""The faces of a dataset: faces.csv (one row per clip), landmarks.npy (N, 68, 2) and meta.json, written last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mebench import formats
from mebench.errors import UserError
from mebench.files import canonical_json, digest, read_csv, read_json, whole_file, write_csv, write_json
from mebench.media.unavailable import Unavailable

COLUMNS = formats.FACES.names  # left to bottom, score, view and enlarged are the detection (see detect.Found)


@dataclass(frozen=True)
class Faces:
    """``rows[i]`` of faces.csv goes with ``points[i]``, the landmarks (68, 2), x then y, in pixels of the frame."""

    folder: Path
    rows: list[dict[str, str]]
    points: np.ndarray

    def _at(self, clip_id: str) -> int:
        place = self.__dict__.get("_place")
        if place is None:
            place = {row["clip_id"]: i for i, row in enumerate(self.rows)}
            object.__setattr__(self, "_place", place)
        if clip_id not in place:
            raise UserError(f"{self.folder} holds no face of {clip_id}; run `mebench faces` again")
        return place[clip_id]

    def landmarks(self, clip_id: str) -> np.ndarray:
        """Landmarks (68, 2) of a clip; a clip without a face raises Unavailable with its reason."""
        i = self._at(clip_id)
        if self.rows[i]["status"] != "ok":
            raise Unavailable(self.rows[i]["status"], self.rows[i]["reason"])
        return self.points[i]

    def mark(self, clip_id: str) -> str:
        """A digest of the face of a clip: what a crop depends on."""
        i = self._at(clip_id)
        return digest(self.rows[i]["status"], np.ascontiguousarray(self.points[i]).tobytes())[:16]


def save(folder: Path, rows: Sequence[Mapping[str, Any]], points: np.ndarray, meta: dict[str, Any]) -> None:
    """Write the faces of a dataset in the order of their clip_ids; a clip without a face has no numbers (NaN) for
    landmarks. ``meta.json`` is written last: a folder without it is not finished."""
    folder = Path(folder)
    order = sorted(range(len(rows)), key=lambda i: rows[i]["clip_id"])
    rows, points = [rows[i] for i in order], np.ascontiguousarray(np.asarray(points)[order], dtype=np.float32)
    (folder / "meta.json").unlink(missing_ok=True)
    with whole_file(folder / "landmarks.npy") as temporary:
        np.save(temporary, points)
    write_csv(folder / "faces.csv", COLUMNS, rows)
    write_json(folder / "meta.json", {**meta, "digest": _digest(rows, points)})


def _digest(rows: Sequence[Mapping[str, Any]], points: np.ndarray) -> str:
    table = [[str(row.get(name, "")) for name in COLUMNS] for row in rows]
    return digest(canonical_json(table), points.tobytes())


def load(folder: Path) -> Faces:
    """Read the faces of a dataset; a missing or damaged folder is a UserError that names it."""
    folder = Path(folder)
    meta = read_json(folder / "meta.json")
    rows = read_csv(folder / "faces.csv", COLUMNS)
    try:
        points = np.load(folder / "landmarks.npy")
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"cannot read {folder / 'landmarks.npy'} ({error}); run `mebench faces` again") from error
    if points.shape != (len(rows), 68, 2):
        raise UserError(f"{folder} is damaged: {len(rows)} rows, landmarks of shape {points.shape}; delete it")
    if _digest(rows, points) != meta.get("digest"):
        raise UserError(f"{folder} is damaged: its files are not those of its meta.json; run `mebench faces` again")
    return Faces(folder, rows, points)


def counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many clips there are, how many got their face from where, and how many a person should look at."""
    ok = [row for row in rows if row["status"] == "ok"]
    return {
        "clips": len(rows),
        "detected": sum(row["source"] == "detected" for row in ok),
        "file": sum(row["source"] == "file" for row in ok),
        "no_face": len(rows) - len(ok),
        "several": sum(int(row["faces"] or 0) > 1 for row in ok),
        "doubtful": sum(bool(row["doubt"]) for row in ok),
    }
