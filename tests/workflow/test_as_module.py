"""The workflow as a Snakemake module of another workflow, in a folder of its own, as docs/as-a-module.md shows it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from project import PROJECT, make_pictures
from zygote import zygote

PAGE = (PROJECT / "docs/as-a-module.md").read_text(encoding="utf-8")
OFFICIAL = """
CARD = {"title": "Mine", "kind": "model", "paper": None, "licence": "", "training": "rules", "parameters": 1,
        "inputs": {"kind": "apex_flow", "size": 28, "channels": ["u", "v", "strain"], "range": "unit", "center": "none"
        }, "notes": "", "resources": {"mem_mb": 100, "runtime_min": 1, "gpu": 0}}

rule mine:
    input:
        "<results>/runs/{task}/mine/seed{seed}/folds.csv",
    output:
        "<results>/runs/{task}/mine/seed{seed}/given.csv",
    shell:
        "cp {input} {output}"
"""
ASK = """
import sys
print("local:", *sorted(workflow._localrules), file=sys.stderr)
"""


class Other:
    """Another workflow: the page's Snakefile, with the path of this checkout, and a configuration of its own."""

    def __init__(self, folder: Path, pictures: Path, more: str = "", **changes):
        self.folder, self.programs = folder, []
        config = yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1])
        config["benchmark"] |= changes
        config["benchmark"]["datasets"]["flow_images"] = {"source": str(pictures), "accept": ["counts"]}
        config["benchmark"]["datasets"] |= changes.get("datasets", {})
        snakefile = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
        assert "/path/to/mebench" in snakefile
        (folder / "Snakefile").write_text(snakefile.replace("/path/to/mebench", str(PROJECT)) + more)
        (folder / "config.yaml").write_text(yaml.safe_dump(config))

    def snakemake(self, *arguments: str, ok: bool = True) -> str:
        env = os.environ | {"PYTHONPATH": str(PROJECT / "workflow")}
        env["PATH"] = os.pathsep.join([*map(str, self.programs), str(Path(sys.executable).parent), env["PATH"]])
        command = ["snakemake", "--cores", "2", "--printshellcmds", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True)
        assert (done.returncode == 0) == ok, done.stdout[-3000:] + done.stderr[-6000:]
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pictures(tmp_path_factory.mktemp("other") / "pictures")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with ``mebench`` as it is, but for its start."""
    with zygote(tmp_path_factory.mktemp("other") / "zygote", PROJECT / "workflow") as folder:
        yield folder


def test_shards_local_rules_changed_rules_and_rule_files_survive_the_new_names(pictures, tmp_path):
    (tmp_path / "mine.smk").write_text(OFFICIAL)
    changed = "\nuse rule train from benchmark as benchmark_train with:\n    threads: 2\n"
    other = Other(tmp_path, pictures, changed + ASK, models=["ststnet", {"model": "mine.smk"}], shards=3)
    said = other.snakemake("--dry-run")
    assert re.search(r"^benchmark_train +3$", said, re.MULTILINE), "the shards of the configuration, read twice"
    assert re.search(r"^benchmark_mine +1$", said, re.MULTILINE)
    commands = re.findall(r"exec mebench train .*", said)
    assert len(commands) == 3
    assert all("--threads 2" in command and "--gpus 0" in command for command in commands)
    local = re.search(r"^local: (.*)", said, re.MULTILINE)[1].split()
    steps = [
        "adopt",
        "dataset_plots",
        "fetch",
        "final_card",
        "folds",
        "index",
        "plots_megc2019-flow",
        "report",
        "resolve",
    ]
    assert local == [f"benchmark_{step}" for step in (*steps, "score", "score_adopted", "scores", "tables")]
    assert "localrules directive" not in said


def test_it_runs_under_other_names_and_a_failure_leaves_the_report_of_what_is_there(pictures, programs, tmp_path):
    gone = {"casme2": {"source": str(tmp_path / "nowhere")}}
    other = Other(tmp_path, pictures, models=["majority"], datasets=gone, tasks=["megc2019-flow", "casme2-5"])
    other.programs.append(programs)
    said = other.snakemake("benchmark_all", "paper", "--keep-going", ok=False)
    run = set(re.findall(r"^(?:local)?rule ([\w-]+):", said, re.M))
    assert {"benchmark_together_megc2019-flow", "benchmark_scores", "paper"} <= run
    assert "Majority" in (tmp_path / "paper/table.tex").read_text()
    assert "Making the tables and the report of what is there" in said
    assert "nowhere" in (tmp_path / "benchmark/report.html").read_text()
    assert not (tmp_path / "results").exists()
    assert "Nothing to be done" in other.snakemake("paper")
