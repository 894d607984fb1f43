"""The commands in the log: short, and the same by hand. They name results/config.json, which a rule writes."""

from __future__ import annotations

import json
import os
import re
import subprocess

import fold_zip
from project import PROJECT

RUNS = "results/runs/megc2019-flow"


def commands(said: str) -> list[str]:
    """The commands that ``snakemake --printshellcmds`` shows."""
    return re.findall(r"^(?:Shell command: )?((?:exec )?mebench .*)", said, re.MULTILINE)


def folds(project, model: str, seed: int) -> dict[str, bytes]:
    """What training wrote of a run and is the same whenever it is trained."""
    folder = project.folder / RUNS / model / f"seed{seed}"
    return {name: text for name, text in fold_zip.tables(folder).items() if name.startswith("folds/")}


def shard(project, model: str) -> bytes:
    """The summary of the one training job of a model."""
    return (project.folder / RUNS / model / "shards/1-of-1.json").read_bytes()


def test_the_longest_command_of_the_shipped_benchmark_fits_into_three_hundred_characters(tmp_path):
    command = ["snakemake", "-n", "-p", "--snakefile", PROJECT / "Snakefile", "--directory", tmp_path, "--configfile",
               PROJECT / "config.yaml"]  # fmt: skip
    env = os.environ | {"PYTHONPATH": str(PROJECT / "workflow")}
    done = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, check=True)
    lines = commands(done.stdout + done.stderr)
    assert len(lines) > 50
    assert max(map(len, lines)) < 300


def test_the_workflow_reads_its_files_and_the_command_line_as_mebench_does(tmp_path):
    file = tmp_path / "mine.yaml"
    text = "datasets: {SMIC-HS: {source: synthetic}}\nmodels: [{model: majority, name: 2024}]\n"
    text += "results: ${OUT}/r\nseeds: [010]\n"
    env = os.environ | {"PYTHONPATH": str(PROJECT / "workflow"), "OUT": str(tmp_path)}
    command = ["snakemake", "-n", "-p", "--snakefile", PROJECT / "Snakefile", "--directory", tmp_path]
    command += ["--configfile", file, "--config", "tasks=[smic-3]"]
    file.write_text(text)
    done = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True)
    assert f"{tmp_path}/r/runs/smic-3/2024/seed10/run.json" in done.stdout + done.stderr
    file.write_text(f"{text}seeds: [0]\n")
    done = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True)
    assert done.returncode
    assert (
        f"{file}: the key 'seeds' stands in line 4 and again in line 5; keep one of them" in done.stdout + done.stderr
    )


def test_a_line_from_the_log_trains_the_same_bytes_by_hand(finished, copy):
    copy.run("rm", "-r", f"{RUNS}/ststnet")
    said = copy.snakemake("-n", "-p", f"{RUNS}/ststnet/seed1/run.json")
    (line,) = [line for line in commands(said) if "train --run megc2019-flow/ststnet --seeds 0,1 " in line]
    copy.run("bash", "-c", line)
    assert folds(copy, "ststnet", 1) == folds(finished, "ststnet", 1)
    assert len(folds(copy, "ststnet", 1)) == 2 * 5
    assert shard(copy, "ststnet") == shard(finished, "ststnet")


def test_several_seeds_and_the_name_of_one_run_train_the_same(finished, copy):
    train = ["mebench", "train", "--config", "results/config.json", "--device", "cpu", "--run"]
    copy.run("rm", "-r", f"{RUNS}/ststnet", f"{RUNS}/majority")
    copy.run(*train, "megc2019-flow/majority", "--seeds", "0,1")
    copy.run(*train, "megc2019-flow/ststnet/seed0", "--done", f"{RUNS}/ststnet/shards/1-of-1.json")
    for model, seed in (("majority", 0), ("majority", 1), ("ststnet", 0)):
        assert folds(copy, model, seed) == folds(finished, model, seed)
    both, alone = (json.loads(shard(of, "ststnet"))["folds"] for of in (finished, copy))
    assert alone == [fold for fold in both if fold.startswith("seed0/")]
    assert not (copy.folder / RUNS / "ststnet/seed1").exists()


def test_an_edit_of_one_model_writes_the_configuration_anew_and_trains_that_model_alone(copy):
    said = copy.snakemake("-n", "-p", "--forcerun", "train")
    line = next(line for line in commands(said) if "train --run megc2019-flow/ststnet " in line)
    before = (copy.folder / "results/config.json").read_bytes()
    copy.edit("config.yaml", "{model: ststnet, epochs: 3}", "{model: ststnet, epochs: 4}")
    assert {job.split("/")[3] for job in copy.planned() if job.startswith(("train", "score "))} == {"ststnet"}
    copy.snakemake("--cores", "2", f"{RUNS}/ststnet/seed1/run.json")
    assert (copy.folder / "results/config.json").read_bytes() != before
    refused = copy.run("bash", "-c", line.partition(" > ")[0], ok=False)
    assert refused.returncode == 2
    assert "results/config.json has changed since this command was written" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not [job for job in copy.planned() if job.startswith("train")]  # the job trained both seeds


def test_a_missing_configuration_starts_nothing_and_is_written_when_it_is_asked_for(copy):
    text = (copy.folder / "results/config.json").read_bytes()
    copy.run("rm", "results/config.json")
    assert copy.planned() == []
    copy.snakemake("results/config.json")
    assert (copy.folder / "results/config.json").read_bytes() == text
    assert copy.planned() == []
