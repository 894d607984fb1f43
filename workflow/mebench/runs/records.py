"""The record of a fold, fold.json, which says what it was made from and how it went."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from mebench.errors import UserError
from mebench.runs import fold_file
from mebench.runs.paths import RECORD

Facts = Mapping[str, object]  # names and what is known of each
REQUIRED = {"fold", "fingerprint", "status", "message"}
# failures after which the next job resumes the fold, perhaps with other limits
RESUMED = ("timeout", "out_of_memory")
# keys that only a finished fold has
OF_RESULT = ("parameters", "selected_epoch", "batch_parts", "weights", "resumed_at_epoch")


@dataclass(frozen=True)
class FoldRecord:
    """The keys of fold.json; ``formats.FOLD`` explains each. Records of earlier versions lack some of them."""

    fold: str
    fingerprint: str
    status: str
    message: str
    seconds: float | None = None
    peak_memory_mb: float | None = None
    started: str | None = None
    finished: str | None = None
    made_from: Mapping[str, str | list[str]] | None = None
    clips: Mapping[str, int] = field(default_factory=dict)
    device: str | None = None
    where: Facts = field(default_factory=dict)
    source: Facts = field(default_factory=dict)
    threads: int = 1
    isa: Mapping[str, object] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    spec: Mapping[str, object] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    parameters: int | None = None
    selected_epoch: int | None = None
    peeked_epoch: int | None = None
    batch_parts: int = 1
    weights: Mapping[str, str] | None = None
    resumed_at_epoch: int | None = None

    @property
    def done(self) -> bool:
        """Whether the fold has predictions."""
        return self.status == "done"

    def as_json(self) -> dict[str, object]:
        """What fold.json holds."""
        kept = {name: getattr(self, name) for name in NAMES}
        left_out = [] if self.done else list(OF_RESULT)
        left_out += ["peeked_epoch"] if self.peeked_epoch is None else []
        return {name: value for name, value in kept.items() if name not in left_out}

    def ending(self) -> dict[str, str]:
        """How the fold ended, for the lists of folds that are not done."""
        return {"fold": self.fold, "status": self.status, "message": self.message}


NAMES = tuple(one.name for one in fields(FoldRecord))


def record_of(place: Path) -> FoldRecord | None:
    """The record of a fold; None where there is none, or where the file is not one."""
    try:
        kept = json.loads(fold_file.read(place, RECORD))
    except (UserError, ValueError):
        return None  # half-written, so it does not count
    if not isinstance(kept, dict) or not set(kept) >= REQUIRED:
        return None
    return FoldRecord(**{name: value for name, value in kept.items() if name in NAMES})


def whole(place: Path, record: FoldRecord) -> bool:
    """Whether the files of a finished fold are still those of its record."""
    return all(fold_file.is_whole(place, name, wanted) for name, wanted in record.files.items())
