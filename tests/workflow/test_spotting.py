"""A task of spotting from the configuration to its table: killed, resumed, in shards, decoded anew, its code changed.

The long videos are the brief ones, so figures say nothing of a spotter.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from project import Project, served

from mebench.models import me_tst

CONFIG = """
datasets:
  samm_long: {source: synthetic, size: brief, subjects: 3, clips: 2}
tasks:
  - {name: sammlv-spotting, stage: {threshold: 0.55}}
models:
  - {name: spotter, model: spotter.py, preset: small, epochs: 2}
  - random_intervals
  - spotting_oracle
seeds: [0]
"""
RUN = "results/runs/sammlv-spotting/spotter/seed0"


def killed_after_a_fold(project: Project) -> dict[str, int]:
    """Train by hand, and kill the job as soon as a fold is finished; when each fold that it left was written."""
    job = subprocess.Popen(
        [str(Path(sys.executable).with_name("mebench")), "train", "--run", "sammlv-spotting/spotter/seed0"],
        cwd=project.folder, env=project.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while not project.folds():
        assert job.poll() is None, "the job ended before it finished a fold"
        time.sleep(0.02)
    job.kill()
    job.wait()
    return project.folds()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project whose training was killed after a fold and went on in two shards."""
    with served(tmp_path_factory.mktemp("spotting"), coarse=True) as made:
        shutil.copy(me_tst.__file__, made.folder / "spotter.py")
        made.configure(CONFIG)
        made.snakemake("--cores", "2", "--until", "inputs")
        made.survivors = killed_after_a_fold(made)
        made.snakemake("--cores", "2", "--config", "shards=2")
        yield made


def rows(path):
    with open(path, encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def scores(project: Project) -> dict[str, dict[str, object]]:
    every = json.loads((project.folder / "results/scores/sammlv-spotting.json").read_text())
    return {one["model"]: one for one in every if one["part"] == "all"}


def test_a_page_of_generated_data_is_the_same_after_its_archive_is_restored(project, tmp_path):
    """Sample pictures, faces and counts of the dataset among it, and no link of it leads nowhere."""
    archive, there = tmp_path / "ours.zip", tmp_path / "there"
    project.run("mebench", "archive", "--name", "Our lab", "--out", str(archive))
    project.run("mebench", "restore", str(archive), "--out", str(there))
    page = (project.folder / "results/report.html").read_bytes()
    assert (there / "report.html").read_bytes() == page
    linked = set(re.findall(r'href="((?:plots|tables|faces)/[^"]+)"', page.decode()))
    assert any(name.startswith("faces/") for name in linked)
    assert any("/input-" in name for name in linked)
    seconds = {name for name in linked if "/seconds." in name}  # differs from run to run, and is drawn again
    for name in linked - seconds:
        assert (there / name).read_bytes() == (project.folder / "results" / name).read_bytes(), name
    again = tmp_path / "again.zip"
    project.run("mebench", "archive", "--name", "Our lab", "--config", str(there / "config.json"), "--out", str(again))
    assert again.read_bytes() == archive.read_bytes()


def test_a_killed_job_loses_no_fold_and_one_trained_alone_gives_the_same_bytes(project):
    assert project.survivors.items() <= project.folds().items()
    before = (project.folder / RUN / "predictions.npy").read_bytes()
    (project.folder / RUN / "folds/samm_long-007.zip").unlink()
    project.run("mebench", "train", "--run", "sammlv-spotting/spotter/seed0", "--fold", "samm_long/007")
    project.run("mebench", "pool", "--run", "sammlv-spotting/spotter/seed0")
    assert (project.folder / RUN / "predictions.npy").read_bytes() == before


def test_every_figure_comes_from_the_intervals(project):
    """Another program gets the same from the two files."""
    found = json.loads(project.run(
        "mebench", "spotting-score", "--predictions", f"{RUN}/intervals.csv", "--truth", f"{RUN}/labels.csv",
        "--classes", "negative,positive,surprise", "--json",
    ).stdout)  # fmt: skip
    own = scores(project)["spotter"]
    assert {name: found[name] for name in ("tp", "fp", "fn", "f1_spotting", "f1_recognition", "strs")} == {
        name: own[name] for name in ("tp", "fp", "fn", "f1_spotting", "f1_recognition", "strs")
    }
    assert scores(project)["spotting_oracle"]["f1_spotting"] == 1
    predicted = rows(project.folder / RUN / "predictions.csv")
    array = np.load(project.folder / RUN / "predictions.npy", mmap_mode="r")
    assert array.shape == (sum(int(row["count"]) for row in predicted), 1 + 4 + 1)


@pytest.mark.parametrize(
    ("old", "new"), [("threshold: 0.55", "threshold: 0.0"), ("threshold: 0.", "half_width: 5, threshold: 0.")]
)
def test_another_decoding_or_another_rule_for_lengths_trains_nothing(project, old, new):
    folds, before = project.folds(), (project.folder / RUN / "intervals.csv").read_bytes()
    project.edit("config.yaml", old, new)
    assert not [job for job in project.planned("--config", "shards=2") if job.split()[0] in ("train", "inputs")]
    project.snakemake("--cores", "2", "--config", "shards=2")
    assert project.folds() == folds
    assert (project.folder / RUN / "intervals.csv").read_bytes() != before


def test_a_changed_model_file_trains_its_folds_again_and_no_other(project):
    before = project.folds()
    project.edit("spotter.py", "SPOT_SHARE = 0.9", "SPOT_SHARE = 0.8")
    trained = [job for job in project.planned("--config", "shards=2") if job.startswith("train ")]
    assert trained
    assert all("/spotter/" in job for job in trained)
    project.snakemake("--cores", "2", "--config", "shards=2")
    assert {fold for fold, when in project.folds().items() if before[fold] != when} == {
        fold for fold in before if "/spotter/" in fold
    }
