"""``paper.yaml`` made small: its tasks and model entries, on small stand-ins, for one epoch and one seed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from project import PROJECT, Project

from mebench import cards

SUBJECTS, CLIPS = 3, 2  # of a stand-in; it has as many more clips as it needs for every class
# one process for each job: two jobs at once keep two cores busy
ONE_THREAD = ("--set-threads", "inputs=1", "faces=1", "fetch=1", "index=1")
COMMAND = ("snakemake", "--cores", "2", "--configfile", "small.yaml", *ONE_THREAD)


def prepare(project: Project) -> Path:
    """Write the small configuration into a project; gives the folder that ``COMMAND`` fills with results."""
    config = shrunk(yaml.safe_load((PROJECT / "paper.yaml").read_text(encoding="utf-8")))
    (project.folder / "small.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return project.folder / config["results"]


def shrunk(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration with the same datasets, tasks and entries, each as small as it comes, and the seed 0."""
    datasets = {name: stand_in(name, entry) for name, entry in config["datasets"].items()}
    return config | {"datasets": datasets, "models": [small(entry) for entry in config["models"]], "seeds": [0]}


def stand_in(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """A small generated dataset in the place of the owner's copy; faces are looked for where they would be there."""
    card = cards.card("datasets", name)
    size = {"size": "brief"} if card["delivers"] == "videos" else {}
    return {"crop": card["crop"]} | entry | {"source": "synthetic", "subjects": SUBJECTS, "clips": CLIPS} | size


def small(entry: str | dict[str, Any]) -> dict[str, Any]:
    """An entry with the small preset of its model, for one epoch. An entry with a preset of its own keeps it, and takes
    from the small one the options, such as ``size: small``; what the entry says itself stays."""
    entry = {"model": entry} if isinstance(entry, str) else entry
    card = cards.card("models", entry["model"])
    preset = card.get("presets", {}).get("small")
    if preset is not None and "preset" not in entry:
        entry = {"preset": "small"} | entry
    elif preset is not None:
        entry = {key: value for key, value in preset.items() if key in card["options"]} | entry
    brief = {"epochs": 1, "warmup_epochs": 0} if card.get("training", "gradient") == "gradient" else {}
    return entry | brief


def logs(results: Path) -> Iterator[tuple[Path, str]]:
    """Every log of a run and what it says."""
    for path in sorted((results / "logs").rglob("*.log")):
        yield path, path.read_text(encoding="utf-8")
