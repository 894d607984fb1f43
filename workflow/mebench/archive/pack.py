"""From a folder of results to one file: a zip that is an RO-Crate, the same bytes for the same results."""

from __future__ import annotations

import datetime
import hashlib
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mebench import __version__
from mebench.archive import contents, crate, data_shown, manifest
from mebench.archive.contents import Content, State
from mebench.archive.crate import Packed
from mebench.archive.manifest import Manifest
from mebench.archive.restore import restore
from mebench.clips.card import dataset_card
from mebench.errors import UserError
from mebench.files import readable_json, whole_file
from mebench.origins import MARKS, of_all
from mebench.plan import Plan
from mebench.report.provenance import provenance
from mebench.report.runs import PooledRun
from mebench.runs import run_record

PLAIN = ".npy"  # numbers, which hardly shrink
BLOCK = 1 << 20


@dataclass(frozen=True)
class Choices:
    """How results are packed: their ``name``, whether ``labels`` are among them, whether they may be ``incomplete``,
    and the SPDX id of their ``licence``."""

    name: str
    labels: bool = True
    incomplete: bool = False
    licence: str | None = None


def pack(plan: Plan, out: Path, choices: Choices) -> Manifest:
    """Write the archive of a plan's results to ``out``, whole or not at all. It is restored once before it counts, so
    that nobody gets an archive whose tables are not those of its predictions."""
    found = contents.state(plan)
    _check(plan, found, choices)
    about = Manifest(choices.name, choices.labels, found.absent, found.unfinished)
    with whole_file(out) as temporary:
        _write(temporary, _members(plan, found, about), _described(plan, found, about, choices))
        if about.labels:
            _check_restored(temporary, out)
    return about


def _check(plan: Plan, found: State, choices: Choices) -> None:
    if not found.there:
        raise UserError(f"{plan.results} has no predictions of this configuration; run snakemake first")
    lacking = [*(f"{run.task}/{run.model}/seed{run.seed}" for run in found.absent), *found.unfinished]
    if lacking and not choices.incomplete:
        first = found.absent[0].reason if found.absent else "folds are missing"
        raise UserError(
            f"{len(lacking)} of {len(plan.runs)} runs are not finished, the first is {lacking[0]} ({first}); finish "
            "them with snakemake, or pack what is there with --incomplete, which the archive then says"
        )


def _members(plan: Plan, found: State, about: Manifest) -> dict[str, Content]:
    """All members but the crate's own file, by name."""
    complete = about.complete
    recorded = contents.provenance_of(plan, found) if complete else _provenance(plan, found)
    return {
        manifest.FILE: about.as_json(),
        contents.PROVENANCE: recorded,
        **dict(contents.of_configuration(plan, found.absent)),
        **dict(contents.of_runs(plan, found, about.labels)),
        **dict(contents.of_results(plan) if complete else ()),
        **dict(data_shown.members(plan) if complete and about.labels else ()),
    }


def _provenance(plan: Plan, found: State) -> str:
    """provenance.json of the runs that are there, where the report has not been made of all."""
    runs = [PooledRun(Path(plan.paths.folder(run)), record) for run, record in found.there.values()]
    indexed = {name: Path(plan.paths.clips([name])[0]) for name in plan.datasets}
    indexed = {name: path for name, path in indexed.items() if path.is_file()}
    return readable_json(provenance(plan.config_json, indexed, runs).as_json())


def _described(plan: Plan, found: State, about: Manifest, choices: Choices) -> crate.About:
    mark = MARKS.get(of_all({record.origin for _, record in found.there.values()}), "")
    lacking = len(found.absent) + len(found.unfinished)
    sentences = [
        f"{mark}." if mark else "",
        f"Predictions, scores and tables of micro-expression analysis by mebench: {len(found.there)} runs of "
        f"{', '.join(plan.tasks)}.",
        f"INCOMPLETE: {lacking} of {len(plan.runs)} runs are absent or lack folds." if lacking else "",
        "" if about.labels else "Predictions are left out, because they tell labels: nothing can be made again.",
        "`mebench restore FILE` makes scores and tables again from the predictions." if about.labels else "",
    ]
    newest = max((Path(plan.paths.folder(run)) / run_record.FILE).stat().st_mtime for run, _ in found.there.values())
    datasets = [
        dataset_card(name) for name in sorted({name for run, _ in found.there.values() for name in run.datasets})
    ]
    return crate.About(
        name=about.name,
        description=" ".join(filter(None, sentences)),
        date=datetime.datetime.fromtimestamp(newest, datetime.UTC).date().isoformat(),
        licence=choices.licence,
        mebench=__version__,
        datasets=[(card.name, card.title, card.licence, card.homepage) for card in datasets],
    )


def _write(path: Path, members: Mapping[str, Content], about: crate.About) -> None:
    """Write a zip: members by name, the file of the crate last, because it has their digests."""
    packed: dict[str, Packed] = {}
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(members):
            packed[name] = _add(archive, name, members[name])
        _add(archive, crate.FILE, crate.text(about, packed))


def _add(archive: zipfile.ZipFile, name: str, content: Content) -> Packed:
    """Add a member without a time, so that the same content is the same bytes."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(PLAIN) else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    sha, size = hashlib.sha256(), 0
    with archive.open(entry, "w", force_zip64=True) as handle:
        for block in _blocks(name, content):
            handle.write(block)
            sha.update(block)
            size += len(block)
    return Packed(size, sha.hexdigest())


def _blocks(name: str, content: Content) -> Iterable[bytes]:
    if isinstance(content, str):
        yield content.encode("utf-8")
        return
    try:
        with open(content, "rb") as handle:
            while block := handle.read(BLOCK):
                yield block
    except OSError as error:
        raise UserError(f"cannot read {content} ({error.strerror}), which belongs into the archive; run snakemake, "
                        "which makes it") from error  # fmt: skip


def _check_restored(packed: Path, out: Path) -> None:
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:
        restored = restore(packed, Path(folder) / "restored", report=False)
    if restored.differing:
        raise UserError(
            f"{restored.differing[0]} is not what this mebench makes of the predictions; run snakemake, which makes it "
            "again, and then pack"
        )
