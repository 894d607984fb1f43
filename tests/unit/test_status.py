"""``mebench status``: true at any time, from records and locks alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from rich.console import Console
from runs_on_disk import SUBJECTS, TASK, Bench

from mebench import cli
from mebench.files import canonical_json
from mebench.runs import fold_file, fold_summary
from mebench.runs.fingerprint import parts_of
from mebench.runs.records import FoldRecord, record_of
from mebench.training.rows import run_rows
from mebench.verbs import status as verb
from mebench.watch import gpus, left, screen
from mebench.watch.left import TimeLeft
from mebench.watch.runs import Watcher


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gpus, "gpus", list)
    return Bench(tmp_path)


@pytest.fixture
def status(bench, capsys):
    def run() -> dict:
        assert cli.main(["status", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        return {run["run"].removeprefix(f"{TASK}/"): run for run in found["runs"]} | {"total": found["total"]}

    return run


def test_before_anything_is_there_all_expected_folds_are_missing(status):
    found = status()["ststnet/seed0"]
    assert (found["done"], found["missing"], found["expected"], found["counted"]) == (0, 68, 68, "expected")
    assert (found["state"], found["waiting_for"]) == ("waiting", "results/datasets/flow_images/clips.csv")
    assert status()["total"]["missing"] == 4 * 68


def test_indexed_clips_say_how_many_folds_there_are(bench, status):
    bench.data()
    found = status()["majority/seed1"]
    assert (found["missing"], found["expected"], found["counted"], found["state"]) == (4, 4, "indexed", "ready")


def test_a_run_at_work(bench, status):
    bench.data()
    bench.fold(SUBJECTS[0])
    bench.fold(SUBJECTS[1], "out_of_memory", seconds=1)
    bench.lock(SUBJECTS[2])
    found = status()["ststnet/seed0"]
    assert [len(found[key]) for key in ("running", "failed", "dead")] == [1, 1, 0]
    assert (found["done"], found["missing"], found["state"]) == (1, 1, "training")
    assert found["failed"] == [{"fold": SUBJECTS[1], "status": "out_of_memory", "message": "it went wrong"}]
    assert (found["running"][0]["epoch"], found["running"][0]["fold"]) == (4, SUBJECTS[2])
    # one fold of 60 s, and 6 of the 10 epochs of another, by one job
    assert (found["left_seconds"], found["left_by"]) == (pytest.approx(60 + 36), "run")
    assert found["peak"] == {"device": "cpu", "memory_mb": 512}


def test_a_fold_at_work_again_is_running_and_not_failed(bench, status):
    bench.data()
    bench.fold(SUBJECTS[0], "failed")
    bench.lock(SUBJECTS[0])
    found = status()["ststnet/seed0"]
    assert (len(found["running"]), len(found["failed"]), found["missing"]) == (1, 0, 3)


def test_a_silent_job_is_dead_and_its_fold_missing(bench, status):
    bench.data()
    bench.lock(SUBJECTS[0], age=301, node="gpu07")
    bench.lock(SUBJECTS[1], age=299, node="gpu07")
    found = status()["ststnet/seed0"]
    assert ([held["fold"] for held in found["dead"]], found["missing"]) == ([SUBJECTS[0]], 3)


def test_folds_of_another_configuration_are_missing(bench, status):
    bench.data()
    bench.fold(SUBJECTS[0])
    bench.fold(SUBJECTS[0], model="majority")
    bench.configure(lr=0.5)
    found = status()
    assert (found["ststnet/seed0"]["done"], found["ststnet/seed0"]["old"]) == (0, [SUBJECTS[0]])
    assert found["majority/seed0"]["done"] == 1
    bench.data(seed=1)
    assert status()["majority/seed0"]["old"] == [SUBJECTS[0]]


def test_half_written_records_and_temporary_folders_are_no_results(bench, status):
    bench.data()
    (bench.fold(SUBJECTS[0]) / "fold.json").write_text('{"fold": ')
    bench.fold(SUBJECTS[1]).rename(bench.plan_folder("ststnet") / "folds/.smic-s09.1.tmp")
    assert (status()["ststnet/seed0"]["done"], status()["ststnet/seed0"]["missing"]) == (0, 4)


def test_a_run_is_pooled_when_its_record_is_of_this_configuration(bench, status):
    bench.data()
    for fold in SUBJECTS:
        bench.fold(fold)
    assert status()["ststnet/seed0"]["state"] == "trained"
    bench.pooled(4)
    assert (status()["ststnet/seed0"]["state"], status()["ststnet/seed0"]["work_seconds"]) == ("pooled", 0)


def test_a_record_that_lacks_what_was_trained_since_is_not_called_pooled(bench, status):
    """Its tables would still show fewer folds, or the numbers of before."""
    bench.data()
    for fold in SUBJECTS:
        bench.fold(fold, status="out_of_memory" if fold == SUBJECTS[0] else "done")
    record = bench.pooled(3, failed=(SUBJECTS[0],))
    assert status()["ststnet/seed0"]["state"] == "pooled"
    later = record.stat().st_mtime + 5
    folder = bench.fold(SUBJECTS[0])  # repeated by hand
    os.utime(folder / "fold.json", (later, later))
    assert status()["ststnet/seed0"]["state"] == "trained"
    bench.pooled(4)
    assert status()["ststnet/seed0"]["state"] == "trained"  # it was written before the fold was
    os.utime(record, (later + 5, later + 5))
    assert status()["ststnet/seed0"]["state"] == "pooled"


def test_time_left_comes_from_another_seed_before_an_estimate(bench, status):
    bench.data()
    assert status()["ststnet/seed1"]["left_by"] == "estimate"
    bench.fold(SUBJECTS[0], seconds=10.0)
    found = status()["ststnet/seed1"]
    assert (found["left_by"], found["left_seconds"]) == ("seeds", 40)
    bench.lock(SUBJECTS[0], model="majority")
    found = status()["majority/seed0"]  # 4 of 10 epochs in 90 s: three folds and 6 epochs of 225 s a fold
    assert (found["left_by"], found["left_seconds"]) == ("epochs", pytest.approx(3.6 * 225))
    assert status()["majority/seed1"]["left_seconds"] is None, "nothing is known of a model that is only fitted"


def test_seconds_of_a_fold_that_went_on_count_only_where_there_are_no_others():
    whole, resumed = (FoldRecord("f", "", "done", "", s, resumed_at_epoch=at) for s, at in ((60.0, 0), (2.0, 90)))
    assert left.fold_seconds([whole, resumed]) == 60
    assert left.fold_seconds([resumed]) == 2
    assert left.fold_seconds([]) is None


def test_what_has_not_changed_is_not_read_again(bench, monkeypatch):
    bench.data()
    bench.fold(SUBJECTS[0])
    watcher = Watcher(bench.plan)
    first = watcher.look()
    monkeypatch.setattr("mebench.watch.runs.run_rows", None)
    monkeypatch.setattr("mebench.watch.runs.record_of", None)
    assert watcher.look() == first


def test_folds_that_were_pooled_are_not_opened_until_they_are_written_again(bench, status, monkeypatch):
    bench.data()
    for fold in SUBJECTS:
        bench.fold(fold)
    files = bench.plan.files(bench.plan.run(TASK, "ststnet", 0))
    parts = parts_of(files.spec, run_rows(files.spec, files.clips, files.inputs).digest, "")
    made = fold_summary.made_of(canonical_json(files.spec), parts)
    records = [record_of(place) for place in fold_file.places(files.run)]
    fold_summary.write(files.run, records, made, fold_file.stamps(files.run))
    opened = []
    monkeypatch.setattr("mebench.watch.runs.record_of", lambda place: opened.append(place) or record_of(place))
    assert (status()["ststnet/seed0"]["done"], opened) == (4, [])
    bench.fold(SUBJECTS[0], status="failed", message="it went wrong in another way")
    assert (status()["ststnet/seed0"]["done"], len(status()["ststnet/seed0"]["failed"])) == (3, 1)
    assert {place.name for place in opened} == {"casme2-sub01"}
    bench.data(seed=1)  # of other data: all are old, those that were not opened too
    assert len(status()["ststnet/seed0"]["old"]) == 4


def snapshot(bench: Bench) -> screen.Snapshot:
    states = Watcher(bench.plan).look()
    card = gpus.GpuUse(0, "H200", 37, 12345, 143771)
    return screen.Snapshot(states, TimeLeft(bench.plan, 20.0, 0.05).works(states), [card])


def test_plain_columns_have_no_blanks_in_them(bench, capsys):
    bench.data()
    bench.fold(SUBJECTS[0])
    bench.lock(SUBJECTS[2], job="4711")
    bench.lock(SUBJECTS[3], age=400)
    assert cli.main(["status"]) == 0
    table, remarks = (part.splitlines() for part in capsys.readouterr().out.split("\n\n"))
    assert table[0].split() == list(screen.COLUMNS)
    assert all(len(line.split()) == len(screen.COLUMNS) for line in table)
    assert table[1].split() == [f"{TASK}/ststnet/seed0", "training", "1", "1", "0", "2", "4", "4/10", "00:02:36",
                                "512", "cpu"]  # fmt: skip
    assert "\x1b" not in "".join(table), "coloured only on a terminal"
    assert remarks[0].startswith("1 of 16 folds done, 0 of 4 runs pooled; about ")
    assert f"{SUBJECTS[2]}: epoch 4/10, loss 0.2500 on " in remarks[1]
    assert remarks[1].endswith(", job 4711, for 1 min 30 s")
    assert remarks[2] == "0 folds failed, 1 fold left by jobs that died: see mebench failures"


def test_a_terminal_shows_colours_and_the_gpus_and_as_much_as_fits(bench):
    bench.data()
    bench.fold(SUBJECTS[0], "failed")
    wide, narrow, low = (Console(width=w, force_terminal=True, color_system="standard") for w in (200, 70, 200))
    for console, height in ((wide, None), (narrow, None), (low, 5)):
        with console.capture() as seen:
            console.print(screen.table(snapshot(bench), console.width, height), soft_wrap=True)
        text = seen.get()
        assert "GPU 0 of this machine (H200): 37 % busy, 12,345 of 143,771 MB" in text
        assert ("memory_mb" in text) == (console is not narrow)
        assert "\x1b[1;31m" in text, "failures are red"
        assert ("... and 1 more runs: 1 ready" in text) == (height == 5)


def test_watching_ends_when_everything_is_pooled(bench):
    bench.data()
    seen = []

    def look() -> screen.Snapshot:
        seen.append(snapshot(bench))
        for run in bench.plan.runs if len(seen) == 2 else ():
            for fold in SUBJECTS:
                bench.fold(fold, model=run.model, seed=run.seed)
            bench.pooled(len(SUBJECTS), run.model, run.seed)
        return seen[-1]

    verb.watch(look, 0.01)
    assert [found.over for found in seen] == [False, False, True]


def test_times_sort_as_text():
    assert [screen.clock(s) for s in (7509, 59.6, 0, 360_000)] == ["02:05:09", "00:01:00", "00:00:00", "100:00:00"]


def test_what_nvidia_smi_tells():
    text = "0, NVIDIA H200, 37, 12345, 143771\n1, NVIDIA A100, MIG 3g.20gb, 0, 1, 2\n2, Old, [N/A], 5, 6\n"
    listed = gpus.parse(text)
    assert [(gpu.index, gpu.name, gpu.use_percent) for gpu in listed] == [(0, "NVIDIA H200", 37), (2, "Old", None)]


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["--watch"], "--watch needs a terminal"),
    (["--config", "nowhere.yaml"], "cannot read the configuration nowhere.yaml"),
])  # fmt: skip
def test_what_cannot_be_shown_is_one_sentence(bench, capsys, arguments, sentence):
    assert cli.main(["status", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_it_is_light(bench):
    """It is asked often, on login nodes too."""
    bench.data()
    bench.fold(SUBJECTS[0])
    heavy = "{'torch', 'pandas', 'numpy', 'cv2', 'rich'}"
    code = f"import sys; from mebench import cli; cli.main(['status']); print('heavy:', {heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "heavy: set()"
