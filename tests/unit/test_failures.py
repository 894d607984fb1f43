"""``mebench failures``: what went wrong, where its log is, and how to repeat it."""

from __future__ import annotations

import json
import os
import shlex
from datetime import UTC, datetime

import pytest
from runs_on_disk import SUBJECTS, TASK, Bench

from mebench import cli
from mebench.files import read_json, write_json
from mebench.runs.paths import checkpoint_file

LOG = f"""{TASK}/ststnet/seed0: 4 folds, 0 of them finished before
{TASK}/ststnet/seed0: fold 1/4 {SUBJECTS[1]}: 2.0 s, 6 s left
Traceback (most recent call last):
RuntimeError: boom
{TASK}/ststnet/seed0: fold 2/4 {SUBJECTS[0]}: FAILED: RuntimeError: boom, 2.0 s, 4 s left
{TASK}/ststnet/seed0: fold 3/4 {SUBJECTS[2]}: 2.0 s, 2 s left
3 of 4 folds of shard 1-of-1 are done
  {SUBJECTS[0]}: failed: RuntimeError: boom
"""


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bench = Bench(tmp_path)
    bench.data()
    return bench


@pytest.fixture
def failures(bench, capsys):
    def run(*arguments: str) -> tuple[int, list[dict]]:
        code = cli.main(["failures", "--json", *arguments])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_nothing_failed(bench, failures, capsys):
    bench.fold(SUBJECTS[0])
    bench.lock(SUBJECTS[1])
    assert failures() == (0, [])
    assert cli.main(["failures"]) == 0
    assert capsys.readouterr().out == "no fold has failed, and no job ended with an error\n"


def test_a_failed_fold_with_its_log(bench, failures):
    bench.fold(SUBJECTS[0], "failed")
    log = bench.log(LOG)
    code, (found,) = failures("--lines", "3")
    assert code == 1
    kept = ("task", "model", "seed", "fold", "status", "message", "node", "job", "when")
    assert tuple(found[key] for key in kept) == (
        TASK, "ststnet", 0, SUBJECTS[0], "failed", "it went wrong", "gpu07", "4711", "2026-01-02T03:04:05+00:00",
    )  # fmt: skip
    assert found["logs"] == [{"file": str(log.relative_to(bench.root)), "lines": LOG.splitlines()[2:5]}]


def test_the_command_is_one_that_the_command_line_takes(bench, failures):
    bench.fold(SUBJECTS[0], "failed")
    _, (found,) = failures()
    program, *words = shlex.split(found["command"])
    args = cli.parser().parse_args(words)
    assert (program, args.verb, args.run, args.fold) == ("mebench", "train", f"{TASK}/ststnet/seed0", [SUBJECTS[0]])
    assert str(args.config) == "config.yaml"


def test_the_command_has_as_many_threads_as_the_fold_had(bench, failures):
    """They change the last bits of what is computed."""
    bench.fold(SUBJECTS[0], "failed", threads=4)
    bench.fold(SUBJECTS[1], "failed", threads=1)
    bench.lock(SUBJECTS[2], age=900, threads=2)
    _, found = failures()
    words = (shlex.split(failure["command"])[1:] for failure in found)
    assert [cli.parser().parse_args(line).threads for line in words] == [4, 1, 2]


def test_the_log_of_an_earlier_job_is_not_shown(bench, failures):
    """As when the fold was repeated by hand, on the terminal."""
    bench.fold(SUBJECTS[0], "failed", started="2026-01-02T03:00:00+00:00")
    path = bench.log(LOG)
    begun = datetime(2026, 1, 2, 3, tzinfo=UTC).timestamp()
    for time, logs in ((begun - 1, 0), (begun + 1, 1)):
        os.utime(path, (time, time))
        assert len(failures()[1][0]["logs"]) == logs


def test_the_newest_log_that_names_the_fold_counts(bench, failures):
    bench.fold(SUBJECTS[0], "failed")
    old, new = bench.log(LOG), bench.log(LOG.replace("boom", "crash"), shard="1-of-2")
    other = bench.log(f"{TASK}/ststnet/seed0: fold 1/4 {SUBJECTS[0]}1: 2.0 s\n", shard="2-of-2")
    for path, time in ((old, 1), (new, 2), (other, 3)):
        os.utime(path, (time, time))
    _, (found,) = failures("--lines", "2")
    assert found["logs"][0]["file"].endswith("1-of-2.log")
    assert "crash" in found["logs"][0]["lines"][0]


@pytest.mark.parametrize("folder", ["results/logs/slurm/rule_train/x", ".snakemake/slurm_logs/rule_train/x"])
def test_the_log_of_the_slurm_job(bench, failures, folder):
    bench.fold(SUBJECTS[0], "failed")
    path = bench.root / folder / "4711.log"
    path.parent.mkdir(parents=True)
    path.write_text("one\nslurmstepd: error: Detected 1 oom-kill event\n")
    _, (found,) = failures("--lines", "1")
    logs = [{"file": f"{folder}/4711.log", "lines": ["slurmstepd: error: Detected 1 oom-kill event"]}]
    assert found["logs"] == logs


def test_a_fold_that_a_dead_job_left(bench, failures, capsys):
    bench.fold(SUBJECTS[2], "failed")
    bench.lock(SUBJECTS[2], age=1000, node="gpu07", job="12")
    bench.log(f"{TASK}/ststnet/seed0: {SUBJECTS[2]}: epoch 4/10, loss 0.25\nlast words\n")
    code, (found,) = failures()
    assert (code, found["fold"], found["status"]) == (1, SUBJECTS[2], "died")
    assert (found["node"], found["job"]) == ("gpu07", "12")
    assert found["message"].endswith("in or after epoch 4 of 10")
    assert found["logs"][0]["lines"][-1] == "last words"
    assert cli.main(["failures"]) == 1
    assert "the next job trains it from the start" in capsys.readouterr().out
    checkpoint_file(bench.plan_folder("ststnet"), SUBJECTS[2]).write_bytes(b"x")
    cli.main(["failures"])
    assert "the next job goes on from its checkpoint" in capsys.readouterr().out


def test_a_process_of_this_node_that_is_gone_is_dead_at_once(bench, failures):
    bench.lock(SUBJECTS[2], pid=2**22 + 1)  # above the largest number of a process
    assert [found["status"] for found in failures()[1]] == ["died"]


def test_for_people(bench, capsys):
    folder = bench.fold(SUBJECTS[0], "diverged")
    bench.log(LOG)
    bench.fold(SUBJECTS[1], "failed")
    record = read_json(folder / "fold.json")
    del record["where"]  # as older records are
    write_json(folder / "fold.json", record)
    bench.lock(SUBJECTS[3], age=500, node="", pid=0)
    assert cli.main(["failures", "--lines", "1"]) == 1
    page = capsys.readouterr().out
    assert f"{TASK}/ststnet/seed0 {SUBJECTS[0]}: diverged: it went wrong\n" in page
    assert "it would diverge again" in page
    assert "  on gpu07, job 4711, at 2026-01-02T03:04:05+00:00\n" in page
    assert f"  | {TASK}/ststnet/seed0: fold 2/4 {SUBJECTS[0]}: FAILED: RuntimeError: boom, 2.0 s, 4 s left\n" in page
    assert "last sign at " in page
    assert page.endswith(f"  mebench pool --run {TASK}/ststnet/seed0 --config config.yaml\n")


def test_a_failure_of_another_configuration_says_so(bench, capsys):
    bench.fold(SUBJECTS[0], "failed")
    bench.configure(lr=0.5)
    assert cli.main(["failures"]) == 1
    assert "of another configuration, other data or other source" in capsys.readouterr().out


def test_no_lines_is_a_wrong_number(bench, capsys):
    assert cli.main(["failures", "--lines", "0"]) == 2
    assert "--lines 0 must be 1 or more" in capsys.readouterr().err


# --- jobs that leave no failed fold ----------------------------------------------------------------------------------


def test_a_job_that_ended_with_an_error_is_listed_with_its_log(bench, capsys):
    log = bench.log("ststnet: 4 folds\nmebench train: cannot read parts/all.npy: Input/output error\n")
    assert cli.main(["failures"]) == 1
    out = capsys.readouterr().out
    assert "train megc2019-flow/ststnet/1-of-1: cannot read parts/all.npy: Input/output error" in out
    assert f"{log.relative_to(bench.root)}:" in out
    assert "1 job to be run again" in out


def test_a_job_that_was_stopped_is_listed_with_what_it_kept(bench, capsys):
    bench.log("asked to stop (signal 15) after epoch 4 of 10; the same command goes on from there\n")
    (bench.plan_folder("ststnet") / "folds").mkdir(parents=True)
    (bench.plan_folder("ststnet") / "folds/casme2-sub01.checkpoint").touch()
    assert cli.main(["failures", "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["rule"], found["status"]) == ("train", "broken")
    assert found["message"] == "it was stopped; a fold goes on from the state that was kept"


@pytest.mark.parametrize("rule", ["faces", "inputs", "score", "fetch"])
def test_jobs_of_other_rules_are_listed_too(bench, capsys, rule):
    path = bench.root / "results/logs" / rule / "casme2.log"
    path.parent.mkdir(parents=True)
    path.write_text(f"mebench {rule}: the disk is full\n")
    assert cli.main(["failures"]) == 1
    assert f"{rule} casme2: the disk is full" in capsys.readouterr().out


def test_logs_of_runs_that_are_finished_or_at_work_tell_of_the_past(bench, capsys):
    bench.log("mebench train: something was wrong\n")
    bench.lock(SUBJECTS[0])
    assert cli.main(["failures"]) == 0
    for fold in SUBJECTS:
        bench.fold(fold)
        bench.fold(fold, seed=1)
    next(bench.root.rglob("*.running.json")).unlink()
    assert cli.main(["failures"]) == 0
    assert "no fold has failed, and no job ended with an error" in capsys.readouterr().out
