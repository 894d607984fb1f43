"""Arrays that are kept: of the clips of a part that are as they were, when the part itself is made again.

A part whose clips are others than before (a clip was added, or left out) is set aside under ``parts/former`` until the
input is whole again, because its arrays may belong into another part now.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from glob import escape
from pathlib import Path
from typing import TypedDict, cast

import numpy as np

from mebench import formats
from mebench.clips.clip import Clip
from mebench.files import canonical_json, digest, write_json
from mebench.inputs.maker import Made, Maker
from mebench.media.unavailable import Unavailable

Row = dict[str, str | int]  # of index.csv, before it is written


class PartRecord(TypedDict):
    """``parts/<part>.json``: what a part was made from, the settings, the digest of its numbers, and its rows of
    index.csv. ``made_from`` has a digest for each clip of what its array is made from, ``arrays`` of the array itself,
    ``frames`` the SHA-256 of each frame that was read."""

    fingerprint: str
    settings: dict[str, object]
    digest: str
    clips: list[Row]
    made_from: dict[str, str]
    arrays: dict[str, str]
    frames: dict[str, str]


def record_of(folder: Path, part: str) -> PartRecord | None:
    """The record of a part; None where there is none, or no array with it, or a damaged one."""
    path = folder / f"{part}.json"
    if not path.is_file() or not path.with_suffix(".npy").is_file():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    if "settings" not in record:
        return None
    return cast(PartRecord, {"made_from": {}, "arrays": {}, "frames": {}, **record})


def write_record(folder: Path, part: str, record: PartRecord) -> None:
    """Write the record of a part."""
    write_json(folder / f"{part}.json", record)


def set_aside(folder: Path, parts: Mapping[str, Sequence[Clip]]) -> None:
    """Move those parts of these subjects to ``former`` that have other clips than before."""
    for subject in sorted({subject_of(part) for part in parts}):
        for name in names_of(folder, subject):
            record = record_of(folder, name)
            before = [row["clip_id"] for row in record["clips"]] if record else []
            if record and before != [clip.clip_id for clip in parts.get(name, ())]:
                (folder / "former").mkdir(exist_ok=True)
                for suffix in (".npy", ".json"):
                    os.replace(folder / f"{name}{suffix}", folder / "former" / f"{name}{suffix}")


def forget(folder: Path) -> None:
    """Remove what was set aside."""
    shutil.rmtree(folder / "former", ignore_errors=True)


def subject_of(part: str) -> str:
    """'casme2-sub01+2' -> 'casme2-sub01'."""
    subject, plus, number = part.rpartition("+")
    return subject if plus and number.isdecimal() else part


def names_of(folder: Path, subject: str) -> list[str]:
    """The parts of a subject that lie in a folder."""
    own = [*folder.glob(f"{escape(subject)}.json"), *folder.glob(f"{escape(subject)}+*.json")]
    return sorted(path.stem for path in own)


def kept(folder: Path, part: str, made_from: Mapping[str, str]) -> dict[str, Made | Unavailable]:
    """What was made before of those clips whose digest in ``made_from`` still holds, by clip_id."""
    former = folder / "former"
    places = [(folder, part), *((former, name) for name in names_of(former, subject_of(part)))]
    found: dict[str, Made | Unavailable] = {}
    for place, name in places:
        record = record_of(place, name)
        if record is None:
            continue
        holds = [row for row in record["clips"] if _holds(record, str(row["clip_id"]), made_from)]
        if holds:
            with contextlib.suppress(OSError, ValueError, EOFError):  # a damaged part is made again
                found |= _arrays(place / f"{name}.npy", holds)
    return found


def array_digests(folder: Path, part: str, rows: Sequence[Row]) -> dict[str, str]:
    """The digest of each array of a part that is there."""
    return {clip_id: array_digest(made) for clip_id, made in _arrays(folder / f"{part}.npy", rows).items()}


def array_digest(made: Made | Unavailable) -> str:
    """A digest of what a model gets of a clip: its array and the numbers that go with it, wherever the array lies."""
    if isinstance(made, Unavailable):
        return digest(made.status, made.reason)[:32]
    about = canonical_json([made.array.dtype.str, list(made.array.shape), made.extras])
    return digest(about, np.ascontiguousarray(made.array).tobytes())[:32]


def _holds(record: PartRecord, clip_id: str, made_from: Mapping[str, str]) -> bool:
    return clip_id in made_from and record["made_from"].get(clip_id) == made_from[clip_id]


def _arrays(path: Path, rows: Sequence[Row]) -> dict[str, Made | Unavailable]:
    flat = np.load(path, mmap_mode="r")
    found: dict[str, Made | Unavailable] = {}
    for row in rows:
        clip_id = str(row["clip_id"])
        if row["status"] != "ok":
            found[clip_id] = Unavailable(str(row["status"]), str(row["reason"]))
            continue
        shape = tuple(map(int, str(row["shape"]).split("x")))
        start, end = int(row["start"]), int(row["start"]) + math.prod(shape)
        extras = {name: int(value) for name, value in row.items() if name not in formats.INDEX.names}
        if end <= len(flat):
            found[clip_id] = Made(np.array(flat[start:end]).reshape(shape), extras)
    return found


def with_made(
    maker: Maker, clips: Sequence[Clip], before: Mapping[str, Made | Unavailable]
) -> Iterator[tuple[str, Made | Unavailable]]:
    """(clip_id, array) of all clips in their order: what was made before, and what is made now."""
    made = maker.make_all([clip for clip in clips if clip.clip_id not in before])
    for clip in clips:
        yield (clip.clip_id, before[clip.clip_id]) if clip.clip_id in before else next(made)
