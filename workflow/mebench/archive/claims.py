"""The runs of several archives, and which of them are one row of a table.

Runs of one name and one spec are one row: their seeds are united, and a seed that several have with the same bytes
counts once. Where specs, clips or the bytes of a seed differ, each archive has a row of its own, whose name ends with
that of the archive.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mebench.archive.contents import predictions_of
from mebench.config.entries import ModelEntry
from mebench.files import canonical_json, file_digest
from mebench.runs.run_record import RunRecord

UNFIT = re.compile(r"[^A-Za-z0-9]+")  # in the name of a folder


@dataclass(frozen=True)
class Claim:
    """A run of an archive: its folder, record and configuration entry, and how its clips differ from those of the first
    archive. ``origins`` are the archives that it came from first: it may have been merged before."""

    archive: str
    folder: Path
    record: RunRecord
    entry: ModelEntry
    other_clips: str
    origins: tuple[str, ...]

    @property
    def sameness(self) -> str:
        """Equal for runs that may be one row."""
        spec = {key: value for key, value in self.record.spec.items() if key != "seed"}
        return canonical_json([spec, self.entry["stage"], self.record.title, self.record.origin, self.other_clips])

    @property
    def content(self) -> str:
        """Equal for runs with the same predictions."""
        return canonical_json({path.name: file_digest(path) for path in predictions_of(self.folder)})


@dataclass
class Line:
    """The runs of one row. ``suffix`` ends its name where several rows have the same one."""

    claims: list[Claim] = field(default_factory=list)
    suffix: str = ""

    @property
    def name(self) -> str:
        """The name of its model entry."""
        model = self.claims[0].record.model
        return f"{model}-{UNFIT.sub('-', self.suffix).strip('-').lower()}" if self.suffix else model

    @property
    def title(self) -> str:
        """What people read of the entry."""
        title = self.claims[0].record.title
        return f"{title} ({self.suffix})" if self.suffix else title

    def tell_apart(self) -> None:
        """Give the row the names of its archives."""
        self.suffix = ", ".join(self.archives)

    @property
    def seeds(self) -> dict[int, tuple[Claim, tuple[str, ...]]]:
        """Of each seed its run, and the names of the archives that have it."""
        found: dict[int, tuple[Claim, tuple[str, ...]]] = {}
        for claim in self.claims:
            first, origins = found.get(claim.record.seed, (claim, ()))
            found[claim.record.seed] = (first, tuple(dict.fromkeys((*origins, *claim.origins))))
        return found

    @property
    def archives(self) -> tuple[str, ...]:
        """The archives that the row comes from."""
        return tuple(dict.fromkeys(claim.archive for claim in self.claims))


def lines(claims: Sequence[Claim]) -> list[Line]:
    """The rows of the runs of one name on one task."""
    groups: dict[str, Line] = {}
    for claim in claims:
        groups.setdefault(claim.sameness, Line()).claims.append(claim)
    found = [one for line in groups.values() for one in _apart(line)]
    if len(found) > 1:
        for line in found:
            line.tell_apart()
    return found


def _apart(line: Line) -> list[Line]:
    """A row as it is, or a row for each archive where a seed has different predictions."""
    contents: dict[int, str] = {}
    for claim in line.claims:
        if contents.setdefault(claim.record.seed, claim.content) != claim.content:
            by_archive: dict[str, Line] = {}
            for one in line.claims:
                by_archive.setdefault(one.archive, Line()).claims.append(one)
            return list(by_archive.values())
    return [line]
