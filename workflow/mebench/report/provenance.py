"""What a benchmark was made with: configuration, source, versions, data and machines, and digests of predictions."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mebench import __version__
from mebench.checkout import checkout, version_of
from mebench.errors import UserError
from mebench.files import canonical_json, digest, file_digest, read_json
from mebench.report.gather import Run
from mebench.runs.paths import fold_folders
from mebench.runs.records import FoldRecord, record_of

PACKAGES = {
    "torch": ("torch",),
    "opencv": ("opencv-contrib-python-headless", "opencv-contrib-python", "opencv-python-headless", "opencv-python"),
    "numpy": ("numpy",),
    "snakemake": ("snakemake",),
}  # fmt: skip

PLACES = ("node", "cpu", "gpu", "driver", "cuda", "cudnn", "scheduler")  # of a fold's record


def provenance(config_json: str | None, datasets: dict[str, Path], runs: Sequence[Run]) -> dict[str, Any]:
    """The record that becomes provenance.json: the same for the same results and source. It names nodes and jobs, but
    holds no times, no paths of this machine and no user. ``datasets``: clips.csv of each."""
    config = _config(config_json)
    return {
        "config": config,
        "config_digest": digest(canonical_json(config)) if config is not None else None,
        "source": checkout(),
        "versions": versions(),
        "datasets": {name: {"clips.csv": file_digest(path)} for name, path in sorted(datasets.items())},
        "inputs": _inputs(datasets),
        "runs": [_run(run) for run in runs],
    }


def versions() -> dict[str, str]:
    """Versions of Python, mebench and what decides its numbers; ``not installed`` where a package is absent."""
    found = {name: version_of(*distributions) for name, distributions in PACKAGES.items()}
    return {"python": platform.python_version(), "mebench": __version__, **found}


def _config(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise UserError(f"--config-json is not valid JSON ({error})") from error


def _inputs(datasets: dict[str, Path]) -> dict[str, str | None]:
    """Digest of the arrays of every input that was made from these clips, by dataset/input."""
    found = {}
    for dataset, clips in sorted(datasets.items()):
        for path in sorted((clips.parents[2] / "inputs" / dataset).glob("*/meta.json")):
            found[f"{dataset}/{path.parent.name}"] = read_json(path).get("digest")
    return found


def _run(run: Run) -> dict[str, Any]:
    about, records = run.about, _records(run)
    kept = ("task", "model", "seed", "selection", "origin", "folds_done", "folds_expected", "parameters")
    files = [
        path for path in (run.folder / "predictions.csv", run.folder / "predictions.test_peek.csv") if path.exists()
    ]
    return {
        **{key: about[key] for key in kept},
        "without_input": len(about.get("without_input", {})),
        **{key: about.get(key, {}) for key in ("excluded", "corrected")},
        "devices": about.get("devices", []),
        "versions": about.get("versions", {}),
        "spec_digest": digest(canonical_json(about.get("spec", {}))),
        "digests": {path.name: file_digest(path) for path in files},
        "data_digests": _different(records, "made_from", "data"),
        "commits": _different(records, "source", "commit"),
        "where": _where(records),
    }


def _where(records: Sequence[FoldRecord]) -> dict[str, list[str]]:
    """Every node, job, GPU, driver and so on that trained the folds with these records; several differ rightly where a
    cluster is mixed, or where a part was trained again."""
    found = {key: _different(records, "where", key) for key in PLACES}
    jobs = {(place["scheduler"], place["job"]) for place in _parts(records, "where") if place.get("job")}
    return found | {"jobs": [f"{scheduler} {number}" for scheduler, number in sorted(jobs)]}


def _records(run: Run) -> list[FoldRecord]:
    """Records of the folds of a run; none for a model that is trained outside."""
    return [record for folder in fold_folders(run.folder) if (record := record_of(folder))]


def _different(records: Sequence[FoldRecord], part: str, key: str) -> list[str]:
    return sorted({str(facts[key]) for facts in _parts(records, part) if facts.get(key) is not None})


def _parts(records: Sequence[FoldRecord], part: str) -> list[dict[str, object]]:
    """That part of the records which have it; older ones have fewer parts."""
    return [dict(getattr(record, part)) for record in records if getattr(record, part)]
