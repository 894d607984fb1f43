"""What pooling keeps of the folds of a run, ``folds.json``: who counts the folds of thousands of runs opens a file for
each run, not for each fold.

It is a copy: it counts for a fold as long as the file of the fold is that which was pooled, by its time and size.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench.errors import UserError
from mebench.files import canonical_json, digest, read_json, write_json
from mebench.runs import fold_file
from mebench.runs.fingerprint import Parts
from mebench.runs.records import FoldRecord

FILE = "folds.json"
KEPT = ("fold", "fingerprint", "status", "message", "seconds", "peak_memory_mb", "device", "resumed_at_epoch")
Stamp = tuple[int, int]  # time in nanoseconds, and size


@dataclass(frozen=True)
class SeenFold:
    """A fold's record without its long parts, the digest of its spec, and of all else that it was ``made`` from but its
    own name, where that is known."""

    record: FoldRecord
    spec_digest: str
    made: str = ""


def made_of(spec: str, parts: Parts) -> str:
    """A digest of what all folds of a run are made from: its spec as canonical JSON, and the parts of fingerprints."""
    return digest(spec, canonical_json({**parts.as_json(), "fold": ""}))


def stamps(run: Path) -> dict[Path, Stamp]:
    """The places of all folds that have a record, sorted, and the stamp of each."""
    found = {place: _stamp(fold_file.stamped(place)) for place in fold_file.places(run)}
    return {place: stamp for place, stamp in found.items() if stamp}


def write(run: Path, records: Sequence[FoldRecord], made: str, stamped: Mapping[Path, Stamp]) -> None:
    """Keep the records of folds that are all ``made`` from the same; they were read after ``stamped`` was taken."""
    by_place = {fold_file.place(run, record.fold).name: record for record in records}
    folds = [
        {"place": place.name, "stamp": list(stamp), **{key: getattr(by_place[place.name], key) for key in KEPT}}
        for place, stamp in stamped.items() if place.name in by_place
    ]  # fmt: skip
    spec = digest(canonical_json(records[0].spec))
    write_json(run / FILE, {"made": made, "spec": spec, "folds": folds})


def read(run: Path) -> dict[str, tuple[Stamp, SeenFold]]:
    """What was kept, by the names of places; nothing where there is no such file, or another one."""
    try:
        kept = read_json(run / FILE)
        return {
            one["place"]: ((one["stamp"][0], one["stamp"][1]),
                           SeenFold(FoldRecord(**{key: one[key] for key in KEPT}), kept["spec"], kept["made"]))
            for one in kept["folds"]
        }  # fmt: skip
    except (UserError, KeyError, TypeError, IndexError):
        return {}


def _stamp(path: Path) -> Stamp | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
