"""What a benchmark was made with: configuration, versions, and digests of every prediction file."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from mebench import __version__
from mebench.errors import UserError
from mebench.files import canonical_json, digest, file_digest
from mebench.report.gather import Run

PACKAGES = {
    "torch": ("torch",),
    "opencv": ("opencv-contrib-python-headless", "opencv-contrib-python", "opencv-python-headless", "opencv-python"),
    "numpy": ("numpy",),
    "snakemake": ("snakemake",),
}  # fmt: skip


def provenance(config_json: str | None, datasets: dict[str, Path], runs: Sequence[Run]) -> dict[str, Any]:
    """The record that becomes provenance.json. It holds no times and no paths of this machine."""
    config = _config(config_json)
    return {
        "config": config,
        "config_digest": digest(canonical_json(config)) if config is not None else None,
        "versions": versions(),
        "datasets": {name: {"clips.csv": file_digest(path)} for name, path in sorted(datasets.items())},
        "runs": [_run(run) for run in runs],
    }


def versions() -> dict[str, str]:
    """Versions of Python, mebench and what decides its numbers; ``not installed`` where a package is absent."""
    found = {name: _version(distributions) for name, distributions in PACKAGES.items()}
    return {"python": platform.python_version(), "mebench": __version__, **found}


def _version(distributions: Sequence[str]) -> str:
    for name in distributions:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return "not installed"


def _config(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise UserError(f"--config-json is not valid JSON ({error})") from error


def _run(run: Run) -> dict[str, Any]:
    about = run.about
    kept = ("task", "model", "seed", "selection", "origin", "folds_done", "folds_expected", "parameters")
    files = [
        path for path in (run.folder / "predictions.csv", run.folder / "predictions.test_peek.csv") if path.exists()
    ]
    return {
        **{key: about[key] for key in kept},
        "without_input": len(about.get("without_input", {})),
        "devices": about.get("devices", []),
        "versions": about.get("versions", {}),
        "spec_digest": digest(canonical_json(about.get("spec", {}))),
        "digests": {path.name: file_digest(path) for path in files},
    }
