"""provenance.json of a merge: the runs of all archives, and what each archive says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from mebench.archive.claims import Line
from mebench.archive.contents import PROVENANCE
from mebench.archive.joined_configuration import Part
from mebench.files import canonical_json, digest, read_json, write_json
from mebench.plan import Plan
from mebench.report.provenance import provenance
from mebench.runs import run_record


class MergedArchive(TypedDict):
    """What is kept of an archive: ``provenance`` is its provenance.json, but for its runs."""

    name: str
    sha256: str
    mebench: str
    provenance: Mapping[str, object]


def write(parts: Sequence[Part], found: Sequence[Line], plan: Plan, folder: Path) -> None:
    """Write provenance.json of the merge whose runs lie in ``folder``."""
    said = {part.name: read_json(part.folder / PROVENANCE) for part in parts}
    runs = {(name, run["task"], run["model"], run["seed"]): run for name, kept in said.items() for run in kept["runs"]}
    merged = []
    for line in found:
        for seed, (claim, _) in line.seeds.items():
            about = run_record.read(folder / "runs" / claim.record.task / line.name / f"seed{seed}")
            own = runs[claim.archive, claim.record.task, claim.record.model, seed]
            spec = digest(canonical_json(about.spec))
            merged.append({**own, "model": line.name, "spec_digest": spec, "origin_archive": about.origin_archive})
    archives = [_kept(part, said[part.name]) for part in parts]
    own = provenance(plan.config_json, {}, []).as_json()
    write_json(folder / PROVENANCE, {**own, "runs": merged, "archives": archives})


def _kept(part: Part, said: Mapping[str, object]) -> MergedArchive:
    without_runs = {key: value for key, value in said.items() if key != "runs"}
    return {"name": part.name, "sha256": part.sha256, "mebench": part.manifest.mebench, "provenance": without_runs}
