"""provenance.json: source, data and machines of every run, and nothing that differs for the same results."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from runs_on_disk import SUBJECTS, TASK, Bench

from mebench import checkout as module
from mebench.checkout import checkout
from mebench.files import file_digest, read_json, write_json
from mebench.report.provenance import provenance
from mebench.report.runs import PooledRun
from mebench.runs.run_record import RunRecord

ABOUT = {"task": TASK, "model": "ststnet", "seed": 0, "selection": "last", "origin": "licensed", "folds_done": 4,
         "folds_expected": 4, "parameters": 1683, "title": "STSTNet", "kind": "model", "clips": 8,
         "spec": {}}  # fmt: skip
PLACE = {"node": "gpu07", "cpu": "AMD EPYC", "scheduler": "slurm", "job": "4711", "restarts": 0, "gpu": "NVIDIA H200",
         "driver": "570.86.15", "cuda": "13.0", "cudnn": "9.10.2"}  # fmt: skip


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bench = Bench(tmp_path)
    bench.data()
    return bench


def record(bench: Bench) -> dict:
    run = PooledRun(bench.plan_folder("ststnet"), RunRecord(**ABOUT))
    return provenance("{}", {"flow_images": bench.root / "results/datasets/flow_images/clips.csv"}, [run]).as_json()


def test_machines_and_jobs_of_all_folds_each_once(bench):
    for number, fold in enumerate(SUBJECTS):
        mine = PLACE | {"job": str(4711 + number % 2), "node": f"gpu0{number % 2}"}
        bench.fold(fold, where=mine if number < 3 else None)  # an older record has none
    (run,) = record(bench)["runs"]
    assert run["where"] == {
        "node": ["gpu00", "gpu01"], "cpu": ["AMD EPYC"], "gpu": ["NVIDIA H200"], "driver": ["570.86.15"],
        "cuda": ["13.0"], "cudnn": ["9.10.2"], "scheduler": ["slurm"], "jobs": ["slurm 4711", "slurm 4712"],
    }  # fmt: skip
    made_from = read_json(bench.plan_folder("ststnet") / "folds/smic-s01/fold.json")["made_from"]
    assert run["data_digests"] == [made_from["data"]]


def test_a_run_without_folds_of_its_own_says_nothing_of_machines(bench):
    (run,) = record(bench)["runs"]
    assert not any(run["where"].values())
    assert run["data_digests"] == run["commits"] == []


def test_data_by_their_digests(bench):
    found = record(bench)
    meta = bench.root / "results/inputs/flow_images/apex_flow-28/meta.json"
    assert found["inputs"] == {"flow_images/apex_flow-28": read_json(meta)["digest"]}
    clips = bench.root / "results/datasets/flow_images/clips.csv"
    assert found["datasets"] == {"flow_images": {"clips.csv": file_digest(clips)}}


def test_what_became_of_the_rows_of_a_dataset(bench):
    folder = bench.root / "results/datasets/flow_images"
    (folder / "report.md").write_text("# Title\n\nAccounted for: 3 rows: 2 became clips, 1 were dropped.\n")
    assert record(bench)["datasets"]["flow_images"]["rows"] == "3 rows: 2 became clips, 1 were dropped."


def test_times_are_not_in_it(bench):
    """It would differ for the same results."""
    folder = bench.fold(SUBJECTS[0], where=PLACE)
    before = record(bench)
    about = read_json(folder / "fold.json")
    write_json(folder / "fold.json", about | {"started": "later", "finished": "later", "seconds": 99.0})
    assert record(bench) == before


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def package(tmp_path):
    """A package in a git repository of its own."""
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    folder = tmp_path / "project/workflow/mebench"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    git(tmp_path, "init", "-q", "project")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "x")
    return folder


def test_the_commit_and_whether_files_differ_from_it(package, tmp_path):
    lock = tmp_path / "requirements.lock"
    found = checkout(package, lock)
    assert found == {"commit": git(package, "rev-parse", "HEAD"), "dirty": False, "lock": None}
    (package.parents[1] / "results").write_text("beside the source")
    lock.write_text("torch==2.13.0\n")
    module._checkout.cache_clear()
    assert checkout(package, lock) == found | {"lock": file_digest(lock)}


@pytest.mark.parametrize("name", ["__init__.py", "new.py"])
def test_a_changed_and_a_new_file_of_the_source_make_it_dirty(package, tmp_path, name):
    (package / name).write_text("x = 1\n")
    assert checkout(package, tmp_path / "requirements.lock")["dirty"] is True


def test_a_package_that_only_lies_in_somebodys_repository_has_no_commit(package, tmp_path):
    installed = package.parents[1] / "venv/lib/mebench"
    installed.mkdir(parents=True)
    (installed / "__init__.py").write_text("")
    assert checkout(installed, tmp_path / "no.lock") == {"commit": None, "dirty": None, "lock": None}
