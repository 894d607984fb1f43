"""Training works without the validator, Jinja2 and the network libraries, which a GPU node may lack, and a network
of no timm without timm and without what PyTorch's compiler imports, which takes seconds."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mebench.files import read_csv

LACKING = ("bibtexparser", "fastjsonschema", "httpx", "httpx2", "jinja2", "jsonschema", "markdown_it", "markupsafe",
           "matplotlib", "openpyxl", "pandas", "requests", "snakemake", "sympy", "timm",
           "torchvision", "urllib3", "yaml")  # fmt: skip
WITHOUT = """
import sys
from importlib.machinery import PathFinder

class Lean(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in LACKING else super().find_spec(name, path, target)

sys.meta_path[:] = [Lean if finder is PathFinder else finder for finder in sys.meta_path]
from mebench import cli
sys.exit(cli.main(sys.argv[1:]))
"""


def mebench(*words: str) -> subprocess.CompletedProcess:
    program = f"LACKING = {LACKING!r}{WITHOUT}"
    return subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("model", ["ststnet", "majority"])
def test_a_run_is_trained_and_pooled(toy, tmp_path, model):
    run = tmp_path / "seed0"
    where = ["--spec", json.dumps(toy.spec(model, epochs=1)), "--clips", str(toy.clips), "--inputs", str(toy.inputs),
             "--out", str(run)]  # fmt: skip
    trained = mebench("train", *where, "--device", "cpu", "--shard", "1-of-1")
    assert trained.returncode == 0, trained.stderr
    pooled = mebench("pool", *where)
    assert pooled.returncode == 0, pooled.stderr
    assert len(read_csv(run / "predictions.csv")) == len(toy.rows)


def test_the_libraries_are_really_absent(tmp_path):
    (tmp_path / "config.yaml").write_text("tasks: [megc2019]\n")
    said = mebench("plan", "--config", str(tmp_path / "config.yaml"))
    assert said.returncode != 0
    assert "No module named 'yaml'" in said.stderr
