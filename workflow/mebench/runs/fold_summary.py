"""What pooling keeps of the folds of a run, ``folds.json``: who counts the folds of thousands of runs opens a file for
each run, not for each fold.

It is a copy: it counts for a fold as long as the file of the fold is that which was pooled, by its time and size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench.errors import UserError
from mebench.files import canonical_json, digest, read_json, write_text
from mebench.runs import fold_file
from mebench.runs.fingerprint import Parts
from mebench.runs.fold_file import Stamp
from mebench.runs.records import FoldRecord

FILE = "folds.json"
KEPT = ("fold", "fingerprint", "status", "message", "seconds", "peak_memory_mb", "device", "resumed_at_epoch")
BLANK = vars(FoldRecord("", "", "", ""))


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


def write(run: Path, records: Sequence[FoldRecord], made: str, stamped: Mapping[str, Stamp]) -> None:
    """Keep the records of folds that are all ``made`` from the same; they were read after ``stamped`` was taken."""
    by_place = {fold_file.place(run, record.fold).name: record for record in records}
    folds = [
        [name, list(stamp), *(getattr(by_place[name], key) for key in KEPT)]
        for name, stamp in stamped.items() if name in by_place
    ]  # fmt: skip
    spec = digest(canonical_json(records[0].spec))
    write_text(run / FILE, canonical_json({"made": made, "spec": spec, "folds": folds}) + "\n")


def read(run: Path) -> dict[str, tuple[Stamp, SeenFold]]:
    """What was kept, by the names of places; nothing where there is no such file, or another one."""
    try:
        kept = read_json(run / FILE)
        spec, made = kept["spec"], kept["made"]
        return {name: ((time, size), SeenFold(_record(values), spec, made))
                for name, (time, size), *values in kept["folds"]}  # fmt: skip
    except (UserError, KeyError, TypeError, ValueError):
        return {}


def _record(values: Sequence[object]) -> FoldRecord:
    """A record with these values for ``KEPT``; a call of the class would take four times as long."""
    record = object.__new__(FoldRecord)
    vars(record).update(BLANK)
    vars(record).update(zip(KEPT, values, strict=True))
    return record
