"""The wheel, installed into an environment of its own that has the locked packages, and used outside a checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from project import PROJECT

BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
CONFIG = """
datasets: {casme2: {source: synthetic}}
tasks: [casme2-5]
models: [majority, {model: ststnet, epochs: 3}]
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the files that are here now, built by the locked setuptools without any network."""
    folder, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    leave = shutil.ignore_patterns("__pycache__", "*.egg-info", "build")
    shutil.copytree(PROJECT / "workflow", folder / "workflow", ignore=leave)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, folder)
    built = subprocess.run([sys.executable, "-c", BUILD, out], cwd=folder, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr[-3000:]
    return out / built.stdout.splitlines()[-1]


class Installed:
    """A virtual environment with the wheel; what the wheel needs is seen through a .pth file, not installed again."""

    def __init__(self, folder: Path, wheel: Path):
        self.folder, self.empty = folder, folder / "empty"
        self.empty.mkdir()
        # no path of the checkout, and no pip settings of this machine
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}
        self.run(sys.executable, "-m", "venv", folder / "venv")
        python = folder / "venv" / "bin" / "python"
        self.run(python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel)
        site = self.run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip()
        Path(site, "locked.pth").write_text(sysconfig.get_path("purelib") + "\n")
        self.site = Path(site)

    def run(self, *command: str | Path, code: int = 0) -> subprocess.CompletedProcess:
        done = subprocess.run(command, cwd=self.empty, env=self.env, capture_output=True, text=True)
        assert done.returncode == code, done.stdout[-2000:] + done.stderr[-4000:]
        return done

    def mebench(self, *arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess:
        return self.run(self.folder / "venv" / "bin" / "mebench", *arguments, code=code)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"), wheel)


def test_the_wheel_has_every_file_of_the_package_and_its_licence(wheel):
    package = PROJECT / "workflow"
    folders = (package / "mebench", package / "snakemake_logger_plugin_mebench")
    every = [path for folder in folders for path in folder.rglob("*")]
    files = [path for path in every if path.is_file() and "__pycache__" not in path.parts]
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert {str(path.relative_to(package)) for path in files} == {name for name in inside if ".dist-info/" not in name}
    assert any(name.endswith("licenses/LICENSE") for name in inside)


def test_the_package_that_runs_is_that_of_the_wheel(installed):
    python = installed.folder / "venv" / "bin" / "python"
    found = installed.run(python, "-c", "import mebench; print(mebench.__file__)").stdout.strip()
    assert found == str(installed.site / "mebench" / "__init__.py")


def test_help_and_models(installed):
    assert "usage: mebench" in installed.mebench("--help").stdout
    listed = json.loads(installed.mebench("models", "--json").stdout)
    assert {"ststnet", "hsta", "majority"} <= {card["name"] for card in listed}


def test_score(installed):
    (installed.empty / "p.csv").write_text("truth,prediction\na,a\nb,a\nb,b\n")
    assert json.loads(installed.mebench("score", "p.csv", "--json").stdout)["confusion"] == [[1, 0], [1, 1]]


def test_a_configuration_is_planned_and_a_wrong_one_is_refused_by_the_schema(installed):
    mine = installed.empty / "mine.yaml"
    mine.write_text(CONFIG)
    assert "casme2-5" in installed.mebench("plan", "--config", mine).stdout
    mine.write_text(CONFIG + "seed: [1]\n")
    refused = installed.mebench("plan", "--config", mine, code=2).stderr
    assert refused == f"mebench plan: {mine}: unknown key 'seed' (did you mean 'seeds'?)\n"
