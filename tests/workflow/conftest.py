"""One finished run that the workflow tests share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from project import Project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that has run once. Tests that change it work on a ``copy``."""
    project = Project(tmp_path_factory.mktemp("finished") / "project")
    project.said = project.snakemake("--cores", "2")
    return project


@pytest.fixture
def copy(finished: Project, tmp_path: Path) -> Project:
    """The finished project at another place, times of files included."""
    moved = object.__new__(Project)
    moved.folder, moved.pictures = tmp_path / "project", finished.pictures
    shutil.copytree(finished.folder, moved.folder, symlinks=True)
    return moved
