"""``paper.yaml`` made small: its tasks and model entries, on small stand-ins, for one epoch and one seed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from project import PROJECT, Project

from mebench import cards
from mebench.config import rehearsal

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
    crop = {"crop": card["crop"]} if "crop" in card else {}  # there is none of flow pictures
    size = {"size": "brief"} if card["delivers"] == "videos" else {}
    return crop | entry | {"source": "synthetic", "subjects": SUBJECTS, "clips": CLIPS} | size


def small(entry: str | dict[str, Any]) -> dict[str, Any]:
    """An entry as a rehearsal has it, for one epoch instead of two."""
    entry = dict(rehearsal.small(entry))
    return entry | ({"epochs": 1} if "epochs" in entry else {})


def logs(results: Path) -> Iterator[tuple[Path, str]]:
    """Every log of a run and what it says."""
    for path in sorted((results / "logs").rglob("*.log")):
        yield path, path.read_text(encoding="utf-8")
