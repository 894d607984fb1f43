"""The faces of a dataset: faces.csv (one row per clip), landmarks.npy (N, 68, 2) and meta.json, written last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from mebench import files, formats
from mebench.errors import UserError
from mebench.faces.detect import Detection
from mebench.media.unavailable import Unavailable

COLUMNS = formats.FACES.names
Value = str | int | float  # of a cell of faces.csv, before it is written


@dataclass(frozen=True, slots=True)
class Face:
    """One row of faces.csv. ``status`` is ok or no_face, with the ``reason``; ``source`` is detected, or file where a
    person gave the landmarks; ``frame`` is the size of the onset frame, 640x480. ``doubt`` says why a person should
    look at it. ``detection`` is None where nothing was detected."""

    clip_id: str
    status: str
    frame: str
    source: str
    reason: str = ""
    detection: Detection | None = None
    doubt: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frame."""
        width, height = self.frame.split("x")
        return int(width), int(height)

    @property
    def number(self) -> int:
        """How many faces the frame shows; 0 where nobody counted."""
        return self.detection.faces if self.detection else 0

    def row(self) -> dict[str, Value]:
        """The row of faces.csv; what is not known is empty."""
        row: dict[str, Value] = dict.fromkeys(COLUMNS, "")
        row |= {"clip_id": self.clip_id, "status": self.status, "reason": self.reason, "source": self.source,
                "frame": self.frame, "doubt": self.doubt}  # fmt: skip
        if self.detection:
            row |= asdict(self.detection)
        elif self.status != "ok":
            row["faces"] = 0
        return row


def face_from(row: Mapping[str, Value]) -> Face:
    """The face of a row of faces.csv, or of a part."""
    detection = None
    if row["score"] != "":
        left, top, right, bottom = (int(row[name]) for name in ("left", "top", "right", "bottom"))
        detection = Detection(left, top, right, bottom, float(row["score"]), str(row["view"]), int(row["faces"]),
                              int(row["enlarged"]))  # fmt: skip
    return Face(
        clip_id=str(row["clip_id"]), status=str(row["status"]), frame=str(row["frame"]), source=str(row["source"]),
        reason=str(row["reason"]), detection=detection, doubt=str(row["doubt"]),
    )  # fmt: skip


@dataclass(frozen=True)
class Counts:
    """How many clips there are, how many got their face from where, how many show several faces, and how many a person
    should look at."""

    clips: int
    detected: int
    file: int
    no_face: int
    several: int
    doubtful: int


def counts(faces: Sequence[Face]) -> Counts:
    """The counts of the faces of a dataset."""
    there = [face for face in faces if face.status == "ok"]
    return Counts(
        clips=len(faces),
        detected=sum(face.source == "detected" for face in there),
        file=sum(face.source == "file" for face in there),
        no_face=len(faces) - len(there),
        several=sum(face.number > 1 for face in there),
        doubtful=sum(bool(face.doubt) for face in there),
    )


@dataclass(frozen=True)
class Faces:
    """``faces[i]`` goes with ``points[i]``, the landmarks (68, 2), x then y, in pixels of the frame."""

    folder: Path
    faces: Sequence[Face]
    points: np.ndarray

    @cached_property
    def _places(self) -> dict[str, int]:
        return {face.clip_id: i for i, face in enumerate(self.faces)}

    def _place(self, clip_id: str) -> int:
        if clip_id not in self._places:
            raise UserError(f"{self.folder} holds no face of {clip_id}; run `mebench faces` again")
        return self._places[clip_id]

    def landmarks(self, clip_id: str) -> np.ndarray:
        """Landmarks (68, 2) of a clip; a clip without a face raises Unavailable with its reason."""
        i = self._place(clip_id)
        if self.faces[i].status != "ok":
            raise Unavailable(self.faces[i].status, self.faces[i].reason)
        return self.points[i]

    def digest(self, clip_id: str) -> str:
        """A digest of the face of a clip: what a crop depends on."""
        i = self._place(clip_id)
        return files.digest(self.faces[i].status, np.ascontiguousarray(self.points[i]).tobytes())[:16]


def save(folder: Path, faces: Sequence[Face], points: np.ndarray, meta: Mapping[str, object]) -> None:
    """Write the faces of a dataset in the order of their clip_ids; a clip without a face has no numbers (NaN) for
    landmarks. ``meta.json`` is written last: a folder without it is not finished."""
    folder = Path(folder)
    order = sorted(range(len(faces)), key=lambda i: faces[i].clip_id)
    rows, points = [faces[i].row() for i in order], np.ascontiguousarray(np.asarray(points)[order], dtype=np.float32)
    (folder / "meta.json").unlink(missing_ok=True)
    with files.whole_file(folder / "landmarks.npy") as temporary:
        np.save(temporary, points)
    files.write_csv(folder / "faces.csv", COLUMNS, rows)
    files.write_json(folder / "meta.json", {**meta, "digest": _digest(rows, points)})


def _digest(rows: Sequence[Mapping[str, object]], points: np.ndarray) -> str:
    table = [[str(row.get(name, "")) for name in COLUMNS] for row in rows]
    return files.digest(files.canonical_json(table), points.tobytes())


def load(folder: Path) -> Faces:
    """Read the faces of a dataset; a missing or damaged folder is a UserError that names it."""
    folder = Path(folder)
    meta = files.read_json(folder / "meta.json")
    rows = files.read_csv(folder / "faces.csv", COLUMNS)
    try:
        points = np.load(folder / "landmarks.npy")
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"cannot read {folder / 'landmarks.npy'} ({error}); run `mebench faces` again") from error
    if points.shape != (len(rows), 68, 2):
        raise UserError(f"{folder} is damaged: {len(rows)} rows, landmarks of shape {points.shape}; delete it")
    if _digest(rows, points) != meta.get("digest"):
        raise UserError(f"{folder} is damaged: its files are not those of its meta.json; run `mebench faces` again")
    return Faces(folder, [face_from(row) for row in rows], points)
