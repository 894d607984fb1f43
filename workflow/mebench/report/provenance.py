"""What a benchmark was made with: configuration, source, versions, data and machines, and digests of predictions."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from mebench import __version__
from mebench.checkout import checkout, version_of
from mebench.errors import UserError
from mebench.files import canonical_json, digest, file_digest, read_json
from mebench.indexing.report import ROWS
from mebench.report.runs import PooledRun
from mebench.runs import fold_file
from mebench.runs.paths import PEEKED, PREDICTIONS
from mebench.runs.records import FoldRecord, record_of

PACKAGES = {
    "torch": ("torch",),
    "opencv": ("opencv-contrib-python-headless", "opencv-contrib-python", "opencv-python-headless", "opencv-python"),
    "numpy": ("numpy",),
    "snakemake": ("snakemake",),
}  # fmt: skip

PLACES = ("node", "cpu", "gpu", "driver", "cuda", "cudnn", "scheduler")  # of a fold's record


@dataclass(frozen=True)
class RunProvenance:
    """What provenance.json says of a run. ``where`` names every node, job, GPU, driver and so on that trained its
    folds; several differ rightly where a cluster is mixed, or where a part was trained again."""

    task: str
    model: str
    seed: int
    selection: str
    origin: str
    folds_done: int
    folds_expected: int
    parameters: int | None
    without_input: int
    excluded: Mapping[str, str]
    corrected: Mapping[str, str]
    devices: list[str]
    isa: list[str]
    versions: Mapping[str, list[str]]
    spec_digest: str
    digests: Mapping[str, str]
    data_digests: list[str]
    commits: list[str]
    where: Mapping[str, list[str]]


@dataclass(frozen=True)
class Provenance:
    """The keys of provenance.json: the same for the same results and source. It names nodes and jobs, but holds no
    times, no paths of this machine and no user. ``config`` is the configuration as JSON."""

    config: object
    config_digest: str | None
    source: Mapping[str, object]
    versions: Mapping[str, str]
    datasets: Mapping[str, Mapping[str, str]]
    inputs: Mapping[str, str | None]
    runs: list[RunProvenance]

    def as_json(self) -> dict[str, object]:
        """What provenance.json holds."""
        return asdict(self)


def provenance(config_json: str | None, datasets: Mapping[str, Path], runs: Sequence[PooledRun]) -> Provenance:
    """Read everything. ``datasets`` are the clips.csv of each."""
    config = _config(config_json)
    return Provenance(
        config=config,
        config_digest=digest(canonical_json(config)) if config is not None else None,
        source=checkout(),
        versions=versions(),
        datasets={name: _dataset(path) for name, path in sorted(datasets.items())},
        inputs=_inputs(datasets),
        runs=[_run(run) for run in runs],
    )


def read(path: Path) -> Provenance:
    """What a provenance.json holds; what a merge of archives adds is left out."""
    kept = read_json(path)
    runs = [RunProvenance(**{one.name: run[one.name] for one in fields(RunProvenance)}) for run in kept["runs"]]
    return Provenance(**{**{one.name: kept[one.name] for one in fields(Provenance)}, "runs": runs})


def versions() -> dict[str, str]:
    """Versions of Python, mebench and what decides its numbers; ``not installed`` where a package is absent."""
    packages = {name: version_of(*distributions) for name, distributions in PACKAGES.items()}
    return {"python": platform.python_version(), "mebench": __version__, **packages}


def _config(text: str | None) -> object:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise UserError(f"--config-json is not valid JSON ({error})") from error


def _dataset(clips: Path) -> dict[str, str]:
    """The digest of a clips.csv, and what became of the rows of the dataset, where its report says so."""
    report = clips.with_name("report.md")
    lines = report.read_text(encoding="utf-8", errors="replace").splitlines() if report.is_file() else []
    rows = [line.removeprefix(ROWS).strip() for line in lines if line.startswith(ROWS)]
    return {"clips.csv": file_digest(clips), **({"rows": rows[0]} if rows else {})}


def _inputs(datasets: Mapping[str, Path]) -> dict[str, str | None]:
    """Digest of the arrays of every input that was made from these clips, by dataset/input."""
    digests = {}
    for dataset, clips in sorted(datasets.items()):
        for path in sorted((clips.parents[2] / "inputs" / dataset).glob("*/meta.json")):
            digests[f"{dataset}/{path.parent.name}"] = read_json(path).get("digest")
    return digests


def _run(run: PooledRun) -> RunProvenance:
    # records of the folds; none for a model that is trained outside
    folds = [fold for place in fold_file.places(run.folder) if (fold := record_of(place))]
    files = [path for path in (run.folder / PREDICTIONS, run.folder / PEEKED) if path.exists()]
    return RunProvenance(
        task=run.record.task,
        model=run.record.model,
        seed=run.record.seed,
        selection=run.record.selection,
        origin=run.record.origin,
        folds_done=run.record.folds_done,
        folds_expected=run.record.folds_expected,
        parameters=run.record.parameters,
        without_input=len(run.record.without_input),
        excluded=run.record.excluded,
        corrected=run.record.corrected,
        devices=run.record.devices,
        isa=run.record.isa,
        versions=run.record.versions,
        spec_digest=digest(canonical_json(run.record.spec)),
        digests={path.name: file_digest(path) for path in files},
        data_digests=_different([fold.made_from or {} for fold in folds], "data"),
        commits=_different([fold.source or {} for fold in folds], "commit"),
        where=_where(folds),
    )


def _where(folds: Sequence[FoldRecord]) -> dict[str, list[str]]:
    places = [fold.where or {} for fold in folds]
    jobs = {(str(place["scheduler"]), str(place["job"])) for place in places if place.get("job")}
    return {
        **{key: _different(places, key) for key in PLACES},
        "jobs": [f"{scheduler} {number}" for scheduler, number in sorted(jobs)],
    }


def _different(parts: Sequence[Mapping[str, object]], key: str) -> list[str]:
    """The values of a key in those parts of records that have it; older records have fewer."""
    return sorted({str(part[key]) for part in parts if part.get(key) is not None})
