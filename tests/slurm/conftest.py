"""A Slurm for each module, and the run on this machine alone that its results are compared with."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))  # project.py

from cluster import Cluster
from project import Project

CONFIG = """
datasets:
  flow_images: {{source: {pictures}, accept: [counts]}}
tasks: [megc2019-flow]
models:
  - {{model: sleepy.py, name: sleepy}}
  - majority
seeds: [0]
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A Slurm with two GPUs, with slurmdbd in a module whose ``ACCOUNTING`` is true."""
    accounting = getattr(request.module, "ACCOUNTING", False)
    cluster = Cluster(tmp_path_factory.mktemp("slurm") / "node", gpus=2)
    cluster.script("start", *(["--accounting"] if accounting else []))
    yield cluster
    cluster.script("stop")


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project, run to its tables on this machine alone."""
    project = Project(tmp_path_factory.mktemp("local") / "project")
    project.configure(CONFIG.format(pictures=project.pictures))
    shutil.copy(Path(__file__).with_name("sleepy.py"), project.folder)
    (project.folder / "step").write_text("0 0")
    project.snakemake("results/tables/megc2019-flow.csv", "--cores", "2")
    return project
