"""Archives of several labs as one folder of results: every run with the archive that it is from, and scores and tables
made anew over all of them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mebench.archive import archived_page, clip_sets, joined_configuration, joined_provenance, opened
from mebench.archive.claims import Claim, Line, lines
from mebench.archive.clip_sets import ClipSet
from mebench.archive.contents import predictions_of, state
from mebench.archive.joined_configuration import Part
from mebench.archive.pack import Choices, pack
from mebench.archive.rebuild import rebuild
from mebench.archive.restore import check_labels, new_folder, planned, unpacked, write_configuration
from mebench.files import file_digest
from mebench.runs import fold_summary, run_record
from mebench.runs.paths import AUDIT, HISTORY
from mebench.tables.absent import AbsentRun

BESIDE = (HISTORY, AUDIT, fold_summary.FILE)  # of a run, besides its predictions and its record


@dataclass(frozen=True)
class Merged:
    """What a merge made: the names of its rows by task, and sentences about what is not as one would expect."""

    rows: Mapping[str, Sequence[str]]
    said: tuple[str, ...]


def merge(files: Mapping[str, Path], out: Path, report: bool = True) -> Merged:
    """Merge archives, each under its name, into the new folder ``out``, with a ``report``."""
    with new_folder(out) as folder, tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{out.name}.") as place:
        parts = [_part(name, path, Path(place) / str(number)) for number, (name, path) in enumerate(files.items())]
        joined_configuration.check(parts)
        found = _lines(parts)
        for line in found:
            _write(line, folder)
        joined_configuration.write(parts, found, _absent(parts, found), folder)
        plan = planned(folder)
        joined_provenance.write(parts, found, plan, folder)
        rebuild(plan)
        if report:
            archived_page.write(plan, folder / archived_page.FILE)
        write_configuration(folder, out)
    return Merged(_rows(found), tuple(_said(found)))


def _part(name: str, path: Path, folder: Path) -> Part:
    """An archive, unpacked."""
    archive = opened.read(path)
    check_labels(archive)
    folder.mkdir()
    unpacked(archive, folder)
    return Part(name, path, file_digest(path), archive.manifest, folder, planned(folder))


def _lines(parts: Sequence[Part]) -> list[Line]:
    """The rows of all tasks."""
    firsts = _first_clips(parts)
    claims: dict[tuple[str, str], list[Claim]] = {}
    for part in parts:
        for run, record in state(part.plan).there.values():
            folder = Path(part.plan.paths.folder(run))
            first, own = firsts[run.task], clip_sets.read(folder, record)
            other = "" if first[0] == part.name else clip_sets.difference(own, first[1], first[0])
            origins = tuple(record.origin_archive.split(", ")) if record.origin_archive else (part.name,)
            claim = Claim(part.name, folder, record, run.entry, other, origins)
            claims.setdefault((run.task, run.model), []).append(claim)
    return joined_configuration.told_apart([line for own in claims.values() for line in lines(own)])


def _first_clips(parts: Sequence[Part]) -> dict[str, tuple[str, ClipSet]]:
    """Of each task the first archive that has it, and the clips of that of its runs with the most."""
    found: dict[str, tuple[str, ClipSet]] = {}
    for part in parts:
        for run, record in state(part.plan).there.values():
            name, most = found.get(run.task, (part.name, None))
            if name == part.name:
                own = clip_sets.read(Path(part.plan.paths.folder(run)), record)
                found[run.task] = (name, own if most is None or len(own.labels) > len(most.labels) else most)
    return found


def _write(line: Line, folder: Path) -> None:
    """Write the runs of a row, under its name, into the folder of results."""
    for seed, (claim, origins) in line.seeds.items():
        place = folder / "runs" / claim.record.task / line.name / f"seed{seed}"
        place.mkdir(parents=True)
        for path in [*predictions_of(claim.folder), *(claim.folder / name for name in BESIDE)]:
            if path.is_file():
                shutil.copyfile(path, place / path.name)
        record = replace(
            claim.record,
            model=line.name,
            title=line.title,
            spec={**claim.record.spec, "label": line.name},
            deviations=[*claim.record.deviations, *([claim.other_clips] if claim.other_clips else [])],
            origin_archive=", ".join(origins),
        )
        run_record.write(place, record)


def _absent(parts: Sequence[Part], found: Sequence[Line]) -> list[AbsentRun]:
    """The runs that an archive says are absent, and that no other one has."""
    there = {(line.claims[0].record.task, line.claims[0].record.model, seed) for line in found for seed in line.seeds}
    absent = {(run.task, run.model, run.seed): run for part in parts for run in part.manifest.absent}
    return [run for key, run in absent.items() if key not in there]


def _rows(found: Sequence[Line]) -> dict[str, list[str]]:
    rows: dict[str, list[str]] = {}
    for line in found:
        rows.setdefault(line.claims[0].record.task, []).append(line.name)
    return rows


def _said(found: Sequence[Line]) -> list[str]:
    """What is not as one would expect: other clips, and rows that are not one."""
    said = []
    for line in found:
        task = line.claims[0].record.task
        if other := line.claims[0].other_clips:
            said.append(f"{task}: {line.title} of {', '.join(line.archives)} has {other}; it is shown and not ranked")
        elif line.suffix:
            said.append(f"{task}: {line.title} is a row of its own, because its configuration or its predictions are "
                        "not those of the others with this name")  # fmt: skip
    return sorted(said)


def merge_into_archive(files: Mapping[str, Path], out: Path) -> Merged:
    """The same as one archive, which is called ``out``."""
    with tempfile.TemporaryDirectory(dir=out.absolute().parent, prefix=f".{out.name}.") as place:
        folder = Path(place) / "merged"
        merged = merge(files, folder, report=False)
        pack(planned(folder), out, Choices(out.stem, incomplete=True))
    return merged
