"""A Slurm that keeps accounts, and what a site says in a file of its own."""

from __future__ import annotations

import pytest
from cluster import RUN, Submitted, missing

ACCOUNTING = True
pytestmark = pytest.mark.skipif(bool(missing(ACCOUNTING)), reason=missing(ACCOUNTING))
SITE = """
default-resources:
  slurm_partition: cpu
  slurm_account: lab
  slurm_extra: "'--nice=7'"
set-resources:
  train:
    slurm_partition: gpu
    gpu: 0
    gres: "gpu:fake:1"
"""


def test_a_sites_file_says_partition_account_and_gres_of_every_job(cluster, local, tmp_path):
    project = Submitted(local, tmp_path / "project")
    project.run("rm", "-r", "results/inputs")
    project.steps_take(0)
    (project.folder / "site.yaml").write_text(SITE)
    project.submit(f"{RUN}/sleepy/seed0/predictions.csv", "--profile", "site.yaml")
    project.wait()
    jobs = {job["Comment"].split("_wildcards")[0]: job for job in cluster.jobs()}
    assert {rule: job["Partition"] for rule, job in jobs.items()} == {
        "rule_inputs": "cpu",
        "rule_train": "gpu",
    }
    assert {(job["Account"], job["Nice"]) for job in jobs.values()} == {("lab", "7")}
    assert jobs["rule_train"]["TresPerNode"] == "gres:gpu:fake:1"
    assert "TresPerNode" not in jobs["rule_inputs"]
    recorded = cluster.ask("sacct", "-X", "--noheader", "--parsable2", "--format=State,Account,Partition,AllocTRES")
    assert "COMPLETED|lab|gpu|billing=1,cpu=1,gres/gpu=1,mem=1000M,node=1" in recorded.splitlines()


def test_an_account_that_slurm_does_not_know_is_said_before_anything_runs(cluster, local, tmp_path):
    project = Submitted(local, tmp_path / "project")
    project.submit(
        f"{RUN}/sleepy/seed0/predictions.csv", "--default-resources", "slurm_account=nobody", "--retries", "0"
    )
    assert project.process.wait(60) == 1
    assert "The given account nobody appears to be invalid" in project.said()
