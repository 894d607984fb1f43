"""The recipe for PBS, SGE and LSF, on stand-ins of their commands that run what they are given at once."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cluster import PLUGIN, RUN, Submitted
from project import PROJECT

RECIPE = PROJECT / "profiles/cluster-generic"
# $0 is the command's name; a job's folder has its exit code once it has ended
SUBMIT = """#!/usr/bin/env bash
echo "$(basename "$0") $*" >> {jobs}/submitted
id=$(($(ls {jobs} | grep -c '^[0-9]') + 1)); mkdir {jobs}/$id
setsid bash -c '"$0"; echo $? > {jobs}/'$id'/code' "${{@: -1}}" > {jobs}/$id/log 2>&1 < /dev/null &
echo "{says}"
"""
ENDED = 'code=$(cat {jobs}/"${{@: -1}}"/code 2>/dev/null)'
STANDINS = {
    "pbs": {
        "qsub": SUBMIT.replace("{says}", "$id"),
        "qstat": f'{ENDED} && echo "job_state = F Exit_status = $code" || echo "job_state = R"',
    },
    "sge": {
        "qsub": SUBMIT.replace("{says}", "$id"),
        "qconf": "",
        "qstat": f"{ENDED}; [ -z $code ]",
        "qacct": f'{ENDED} && printf "failed       0\\nexit_status  $code\\n"',
    },
    "lsf": {
        "bsub": SUBMIT.replace("{says}", "Job <$id> is submitted to default queue <normal>."),
        "bjobs": f'{ENDED}; case $code in "") echo RUN ;; 0) echo DONE ;; *) echo EXIT ;; esac',
    },
}
ASKED = {
    "pbs": "-l walltime=600 -l select=1:ncpus=1:mem=1000mb:ngpus=1",
    "sge": "-pe smp 1 -l h_rt=600 -l h_vmem=1001M -l gpu=1",
    "lsf": "-n 1 -R span[hosts=1] -M 1000MB -W 10 -gpu num=1",
}


def standins(scheduler: str, folder: Path) -> dict[str, str]:
    """The environment in which the commands of a scheduler are stand-ins; jobs lie in ``folder``/jobs."""
    (folder / "bin").mkdir()
    (folder / "jobs").mkdir()
    for name, text in STANDINS[scheduler].items():
        command = folder / "bin" / name
        command.write_text("#!/usr/bin/env bash\n" + text.format(jobs=folder / "jobs"))
        command.chmod(0o755)
    path = f"{folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return os.environ | {"PATH": path, "MEBENCH_SCHEDULER": scheduler}


def status(job: str, env: dict[str, str], folder: Path) -> str:
    command = [RECIPE / "status.sh", job]
    return subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("scheduler", STANDINS)
def test_the_state_of_a_job_is_what_its_scheduler_says(scheduler, tmp_path):
    env = standins(scheduler, tmp_path)
    for job, code in (("1", None), ("2", "0"), ("3", "1")):
        (tmp_path / "jobs" / job).mkdir()
        if code:
            (tmp_path / "jobs" / job / "code").write_text(code)
    assert [status(job, env, tmp_path) for job in "123"] == ["running\n", "success\n", "failed\n"]


@pytest.mark.parametrize("scheduler", STANDINS)
def test_a_job_that_the_scheduler_has_forgotten_is_not_waited_for_for_ever(scheduler, tmp_path):
    env = standins(scheduler, tmp_path)
    for command in ("qstat", "qacct", "bjobs"):
        (tmp_path / "bin" / command).write_text("#!/bin/sh\necho 'no such job' >&2\nexit 1\n")
        (tmp_path / "bin" / command).chmod(0o755)
    assert [status("7", env, tmp_path) for _ in range(2)] == 2 * ["running\n"]  # the server may only be busy
    (mark,) = (tmp_path / "results/logs/scheduler").iterdir()
    os.utime(mark, (time.time() - 660, time.time() - 660))
    assert status("7", env, tmp_path) == "failed\n"
    assert not mark.exists()


def test_an_unknown_scheduler_is_one_sentence(tmp_path):
    env = os.environ | {"MEBENCH_SCHEDULER": "moab"}
    done = subprocess.run([RECIPE / "status.sh", "1"], env=env, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "MEBENCH_SCHEDULER is 'moab'; say pbs, sge or lsf\n"


@pytest.mark.parametrize("scheduler", STANDINS)
def test_a_job_is_submitted_with_its_needs_and_known_by_its_number(scheduler, tmp_path):
    env = standins(scheduler, tmp_path)
    submit = [RECIPE / "submit.sh", "train", "1", "1000", "10", "1", "/bin/true"]
    done = subprocess.run(submit, env=env, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
    assert ASKED[scheduler] in (tmp_path / "jobs/submitted").read_text()


def test_a_training_runs_through_the_recipe_with_the_same_result(local, tmp_path):
    plugin = "snakemake_executor_plugin_cluster_generic"
    if not (PLUGIN / plugin).is_dir() and not importlib.util.find_spec(plugin):
        pytest.skip(f"no cluster-generic plugin for Snakemake in {PLUGIN} (make slurm-plugin) or installed")
    project = Submitted(local, tmp_path / "project")
    env = standins("sge", tmp_path) | {"PYTHONPATH": f"{project.folder / 'workflow'}:{PLUGIN}"}
    predictions = f"{RUN}/sleepy/seed0/predictions.csv"
    command = [shutil.which("snakemake", path=env["PATH"]), predictions, "--workflow-profile", "cluster-generic"]
    command += ["--latency-wait", "10", "--seconds-between-status-checks", "1"]
    done = subprocess.run(command, cwd=project.folder, env=env, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-6000:]
    submitted = (tmp_path / "jobs/submitted").read_text().splitlines()
    assert len(submitted) == 1, "the cheap rules run where snakemake runs"
    assert (project.folder / predictions).read_bytes() == (local.folder / predictions).read_bytes()
