"""Fixtures of the unit tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from toy import Toy


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """Six subjects of two datasets on disk."""
    return Toy(tmp_path / "toy")


@pytest.fixture(scope="session")
def generated_casme2(tmp_path_factory) -> Path:
    """A small generated CASME II; not to be changed."""
    from mebench.synthetic import generate

    folder = tmp_path_factory.mktemp("generated")
    generate.write("casme2", folder / "data", folder / "truth", subjects=2, clips=2, seed=0)
    return folder / "data"


@pytest.fixture
def casme2(generated_casme2: Path, tmp_path: Path) -> Path:
    """A fresh copy of it, to be damaged."""
    shutil.copytree(generated_casme2, tmp_path / "data")
    return tmp_path / "data"
