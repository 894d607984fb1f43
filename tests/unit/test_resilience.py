"""Folds that are stopped, killed, damaged or wanted by two jobs at once: nothing is lost and nothing differs."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import fold_zip
import pytest
import torch
from toy import Toy, run_fold

from mebench import files
from mebench.errors import UserError
from mebench.files import whole_folder
from mebench.runs import checkpoint, lock
from mebench.runs.checkpoint import Checkpoint
from mebench.runs.execution import Execution
from mebench.runs.paths import RunFiles
from mebench.runs.shard import run_shard
from mebench.runs.stop import Stop, watched
from mebench.training import fold
from mebench.training.data import load
from mebench.training.limits import Stopped

CPU = torch.device("cpu")


@pytest.fixture
def toy(tmp_path):
    return Toy(tmp_path / "toy")


@pytest.fixture
def few(tmp_path):
    """Three subjects, for tests that train long enough to be hit."""
    return Toy(tmp_path / "few", subjects=3)


def train(toy: Toy, run: Path, spec: dict, stop=lambda: False, shard=(1, 1), **how) -> list[dict]:
    data = partial(load, spec, [toy.clips], [toy.inputs])
    return run_shard([RunFiles(run, spec, [], [])], data, shard, Execution("cpu", **how), stop)[0]


def results(run: Path) -> dict[str, bytes]:
    return fold_zip.tables(run)


def litter(run: Path) -> list[str]:
    """Whatever is neither a finished fold nor a shard's summary."""
    return sorted(p.name for p in (run / "folds").iterdir() if p.suffix != ".zip" or p.name.startswith("."))


RICH = {"optimizer": "adamw", "schedule": "cosine", "ema": 0.9, "order": "balanced", "augment": "shift:2",
        "warmup_epochs": 1, "clip_norm": 1.0}  # fmt: skip


def ask_after(last: int, stop: Stop, epoch: int, loss: float) -> None:
    if epoch == last:
        stop.ask(signal.SIGTERM)


@pytest.mark.parametrize("selection", ["last", "inner", "test_peek"])
@pytest.mark.parametrize("recipe", [{}, RICH, {"optimizer": "sgd", "schedule": "onecycle"}])
def test_a_fold_that_is_stopped_after_any_epoch_goes_on_bit_for_bit(toy, tmp_path, recipe, selection):
    spec = toy.spec({"model": "off_apexnet", "preset": "small", **recipe}, epochs=4, selection=selection)
    data = load(spec, [toy.clips], [toy.inputs])
    name, rows = next(iter(data.folds().items()))
    whole = run_fold(spec, data, name, *rows, CPU)
    for after in (1, 2, 3):
        stop = Stop()
        keeper = Checkpoint(tmp_path / f"{after}.checkpoint", "mark", stop)
        with pytest.raises(Stopped, match=f"after epoch {after} of 4"):
            run_fold(spec, data, name, *rows, CPU, partial(ask_after, after, stop), keeper=keeper)
        torch.manual_seed(99)  # a new process has another random state
        again = run_fold(spec, data, name, *rows, CPU, keeper=Checkpoint(keeper.path, "mark"))
        assert again.resumed == after
        assert again.history == whole.history
        assert torch.equal(again.chosen.predictions, whole.chosen.predictions)
        one, two = again.chosen, whole.chosen
        assert (one.peeked is None) == (two.peeked is None)
        assert one.peeked is None or torch.equal(one.peeked, two.peeked)
        assert all(torch.equal(one.state[key], two.state[key]) for key in two.state)


def test_an_epoch_whose_end_is_far_is_not_waited_for(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "GRACE", -1.0)
    spec, stop = toy.spec(epochs=3), Stop()
    data = load(spec, [toy.clips], [toy.inputs])
    name, rows = next(iter(data.folds().items()))
    stop.ask(15)
    with pytest.raises(Stopped, match="in epoch 1 of 3"):
        run_fold(spec, data, name, *rows, CPU, keeper=Checkpoint(tmp_path / "x.checkpoint", "mark", stop))
    assert not (tmp_path / "x.checkpoint").exists()


@pytest.mark.parametrize("damage", ["other mark", "cut", "text", "none"])
def test_a_checkpoint_of_something_else_or_a_damaged_one_is_not_read(tmp_path, damage):
    keeper = Checkpoint(tmp_path / "x.checkpoint", "mark")
    if damage != "none":
        keeper.save({"a": torch.arange(1000)})
    if damage == "cut":
        keeper.path.write_bytes(keeper.path.read_bytes()[:500])
    if damage == "text":
        keeper.path.write_text("not a checkpoint")
    assert Checkpoint(keeper.path, "other" if damage == "other mark" else "mark").load(CPU) is None


def test_checkpoints_come_at_their_interval_and_go_with_the_finished_fold(toy, tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(Checkpoint, "save", lambda self, state: saved.append(state["loop"]["epochs_done"]))
    train(toy, tmp_path / "often", toy.spec(epochs=4), shard=(1, 6), checkpoint_seconds=0)
    train(toy, tmp_path / "never", toy.spec(epochs=4), shard=(1, 6))
    assert saved == [1, 2, 3]
    monkeypatch.undo()
    train(toy, tmp_path / "real", toy.spec(epochs=4), shard=(1, 6), checkpoint_seconds=0)
    assert litter(tmp_path / "real") == []


@pytest.mark.parametrize("workers", [1, 2])
def test_a_fold_that_runs_out_of_time_goes_on_in_the_next_job(toy, tmp_path, workers):
    """One epoch a job: the third has the last one, which counts although its time is over too."""
    spec, run = toy.spec(epochs=3), tmp_path / "run"
    train(toy, tmp_path / "plain", spec)
    for reached in (1, 2):
        records = train(toy, run, spec, fold_seconds=0, workers=workers)
        assert {r.status for r in records} == {"timeout"}
        assert {r.message for r in records} == {f"the fold took longer than 0 s; it was in epoch {reached}"}
        assert len(litter(run)) == 6  # their checkpoints
    records = train(toy, run, spec, fold_seconds=0, workers=workers)
    assert {(r.status, r.resumed_at_epoch) for r in records} == {("done", 2)}
    assert litter(run) == []
    assert results(run) == results(tmp_path / "plain")


def test_the_seconds_of_a_fold_are_those_of_all_its_jobs(tmp_path, monkeypatch):
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: float(next(clock)))
    first = Checkpoint(tmp_path / "x.checkpoint", "mark")
    first.save({})
    kept = torch.load(first.path, weights_only=True)["seconds"]
    again = Checkpoint(first.path, "mark")
    again.load(CPU)
    assert kept > 0
    assert again.spent() == kept + 10  # one look at the clock after it began


def test_a_source_that_changes_under_a_job_ends_it(toy, tmp_path):
    """The job runs what it has read; a fold under the fingerprint of the new source would be a lie."""
    mine = tmp_path / "mine.py"
    mine.write_text(Path(fold.models.__file__).with_name("ststnet.py").read_text())
    spec, run = toy.spec({"model": str(mine)}), tmp_path / "run"

    def edit_after_two() -> bool:
        if len(fold_zip.files(run)) == 2:
            mine.write_text(mine.read_text().replace("nn.Dropout(0.5)", "nn.Dropout(0.4)"))
        return False

    with pytest.raises(UserError, match=r"the source of .*mine.py or of mebench.* changed while this job ran"):
        train(toy, run, spec, edit_after_two)
    assert len(fold_zip.files(run)) == 2
    assert {r.status for r in train(toy, run, spec)} == {"done"}
    assert len({fold_zip.record(p)["fingerprint"] for p in fold_zip.files(run)}) == 6
    train(toy, tmp_path / "new", spec)
    assert results(run) == results(tmp_path / "new")


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("class STSTNet", "# Liong et al., 2019\nclass STSTNet", False),
        ("import torch\n", "import torch\n\nUNUSED = 3\n", False),
        ('    """', '    """Reworded. ', False),
        ("nn.Dropout(0.5)", "nn.Dropout(0.4)", True),
        ("F.avg_pool2d", "F.max_pool2d", True),
    ],
    ids=["comment", "unused constant", "docstring", "number", "function"],
)
def test_folds_hold_until_what_the_code_does_changes(toy, tmp_path, old, new, again):
    mine, run = tmp_path / "mine.py", tmp_path / "run"
    text = Path(fold.models.__file__).with_name("ststnet.py").read_text()
    assert old in text
    mine.write_text(text)
    spec = toy.spec({"model": str(mine)})
    train(toy, run, spec)
    written = fold_zip.stamps(run)
    mine.write_text(text.replace(old, new, 1))
    train(toy, run, spec)
    assert (fold_zip.stamps(run) != written) == again


DRAWS = """
import random
import numpy as np
from mebench.models import ststnet
CARD = {card}
class Draws(ststnet.STSTNet):
    def forward(self, x):
        return super().forward(x + self.training * (random.random() + np.random.rand() - 1))
"""


def test_a_model_may_draw_from_any_global_stream(toy, tmp_path):
    from mebench import cards

    card = cards.card("models", "ststnet") | {"module": "Draws"}
    (tmp_path / "draws.py").write_text(DRAWS.format(card=repr(card)))
    spec = toy.spec({"model": str(tmp_path / "draws.py")}, epochs=3)
    train(toy, tmp_path / "a", spec)
    train(toy, tmp_path / "b", spec)
    for _ in range(3):
        train(toy, tmp_path / "c", spec, fold_seconds=0)
    assert results(tmp_path / "a") == results(tmp_path / "b") == results(tmp_path / "c")
    histories = {fold_zip.contents(path)["history.csv"] for path in fold_zip.files(tmp_path / "a")}
    assert len(histories) == 6


def test_a_full_disk_is_one_sentence_and_the_run_goes_on_afterwards(toy, tmp_path, monkeypatch):
    spec, run = toy.spec(epochs=3), tmp_path / "run"

    def full(self, data):
        raise OSError(28, "No space left on device", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(UserError, match=r"cannot write .*checkpoint: No space left on device; nothing was changed"):
            train(toy, run, spec, checkpoint_seconds=0)
    assert litter(run) == []
    train(toy, run, spec)
    train(toy, tmp_path / "plain", spec)
    assert results(run) == results(tmp_path / "plain")


# --- damaged folds -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["changed", "missing", "record cut", "file cut", "a bit"])
def test_a_fold_whose_files_are_not_those_of_its_record_is_trained_again(toy, tmp_path, damage):
    spec, run = toy.spec(), tmp_path / "run"
    train(toy, run, spec)
    before = results(run)
    victim, there = run / "folds/smic-s01.zip", fold_zip.contents(run / "folds/smic-s01.zip")
    if damage == "changed":
        fold_zip.change(victim, {"predictions.csv": there["predictions.csv"].replace(b"0.", b"0.9", 1)})
    elif damage == "missing":
        fold_zip.change(victim, {"history.csv": None})
    elif damage == "record cut":
        fold_zip.change(victim, {"fold.json": there["fold.json"][:100]})
    elif damage == "file cut":
        victim.write_bytes(victim.read_bytes()[:-100])
    else:
        data = bytearray(victim.read_bytes())
        data[200] ^= 255
        victim.write_bytes(data)
    stamps = fold_zip.stamps(run)
    train(toy, run, spec)
    assert results(run) == before
    after = fold_zip.stamps(run)
    assert {name for name in stamps if after[name] != stamps[name]} == {"smic-s01"}


def test_pooling_refuses_a_damaged_fold(toy, tmp_path):
    from mebench.runs.pool import pool
    from mebench.runs.run_record import Title

    spec, run = toy.spec(), tmp_path / "run"
    train(toy, run, spec)
    path = run / "folds/smic-s01.zip"
    changed = fold_zip.contents(path)["predictions.csv"].replace(b"0.", b"0.9", 1)
    fold_zip.change(path, {"predictions.csv": changed})
    with pytest.raises(UserError, match="the fold smic/s01 of .* is damaged"):
        pool(RunFiles(run, spec, [toy.clips], [toy.inputs]), Title("t", "model", "toy"))


# --- the lock ------------------------------------------------------------------------------------------------------


def held_by(path: Path, age: float = 0, **facts) -> None:
    """A lock that somebody else wrote ``age`` seconds ago."""
    found = {"token": "other", "node": socket.gethostname(), "pid": os.getpid(), **facts}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found))
    os.utime(path, (time.time() - age, time.time() - age))


def test_a_live_job_keeps_others_out_and_gives_the_lock_back(tmp_path):
    path = tmp_path / "x.running.json"
    with lock.hold(path, lock.Told("x")) as holder:
        assert lock.read(path).told.fold == "x"
        with pytest.raises(lock.Held, match=str(os.getpid())), lock.hold(path, lock.Told()):
            pass
        assert lock.read(path).token == holder.lock.token
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("facts", "dead"),
    [
        ({}, False),
        ({"age": 1000}, True),
        ({"pid": 2**22 + 1}, True),
        ({"node": "elsewhere", "pid": 2**22 + 1}, False),
        ({"node": "elsewhere", "age": 1000}, True),
        ({"begun": "1"}, True),  # another process of the same number, as in a container that was started again
    ],
)
def test_a_dead_job_cannot_hold_a_lock_for_ever(tmp_path, facts, dead):
    path = tmp_path / "x.running.json"
    held_by(path, **facts)
    if not dead:
        with pytest.raises(lock.Held), lock.hold(path, lock.Told()):
            pass
        assert lock.read(path).token == "other"
        return
    with lock.hold(path, lock.Told()) as holder:
        assert lock.read(path).token == holder.lock.token
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")
def test_a_process_that_has_ended_and_was_not_asked_about_holds_nothing(tmp_path):
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    wait_for(lambda: Path(f"/proc/{zombie.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z")
    held_by(tmp_path / "x.running.json", pid=zombie.pid)
    with lock.hold(tmp_path / "x.running.json", lock.Told()):
        pass
    zombie.wait()


@pytest.mark.parametrize("wrong", [-3600, 3600])
def test_the_clock_of_a_node_does_not_decide_who_is_alive(tmp_path, monkeypatch, wrong):
    """Ages are differences between two times of the file system; here this node's own clock is an hour off."""
    old, new = tmp_path / "old.running.json", tmp_path / "new.running.json"
    held_by(old, age=1000, node="elsewhere")
    held_by(new, age=10, node="elsewhere")
    now = time.time
    monkeypatch.setattr(lock.time, "time", lambda: now() + wrong)
    with lock.hold(old, lock.Told()):
        pass
    with pytest.raises(lock.Held), lock.hold(new, lock.Told()):
        pass


def test_a_lock_that_was_made_although_the_answer_was_lost_is_ones_own(tmp_path, monkeypatch):
    """A network file system that gets no answer asks again, and is told that the name exists."""
    link = os.link

    def lossy(source, target):
        link(source, target)
        raise FileExistsError(target)

    monkeypatch.setattr(lock.os, "link", lossy)
    with lock.hold(tmp_path / "x.running.json", lock.Told()) as holder:
        assert lock.read(tmp_path / "x.running.json").token == holder.lock.token
    assert list(tmp_path.iterdir()) == []


def test_one_look_that_fails_does_not_stop_the_heart(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "BEAT", 0.05)
    path, read = tmp_path / "x.running.json", lock.read
    looks = []

    def stale(at):
        looks.append(at)
        return lock.Lock(path, 0.0) if len(looks) == 2 else read(at)

    with lock.hold(path, lock.Told()) as holder:
        monkeypatch.setattr(lock, "read", stale)
        wait_for(lambda: len(looks) > 3)
        before = read(path).beat
        wait_for(lambda: read(path).beat > before)
        assert read(path).token == holder.lock.token


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_an_unreadable_lock_is_taken_over_when_it_is_old(tmp_path, text):
    path = tmp_path / "x.running.json"
    path.write_text(text)
    os.utime(path, (1, 1))
    with lock.hold(path, lock.Told()):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_beats_and_a_holder_who_lost_it_leaves_it_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "BEAT", 0.05)
    path = tmp_path / "x.running.json"
    with lock.hold(path, lock.Told()) as holder:
        first = lock.read(path).beat
        holder.tell(7, 0.5)
        time.sleep(0.3)
        assert lock.read(path).told.epoch == 7
        assert lock.read(path).beat > first
        held_by(path)
        time.sleep(0.3)
        assert lock.read(path).token == "other"
    assert lock.read(path).token == "other"


RACE = """
import sys, time
from pathlib import Path
from mebench.runs import lock
path = Path(sys.argv[1])
for _ in range(40):
    try:
        with lock.hold(path, lock.Told()):
            inside = path.with_name("inside")
            inside.mkdir()      # fails if somebody else is inside
            time.sleep(0.002)
            inside.rmdir()
    except lock.Held:
        time.sleep(0.001)
"""


def test_of_many_processes_one_is_inside_at_a_time(tmp_path):
    jobs = [subprocess.Popen([sys.executable, "-c", RACE, str(tmp_path / "x.running.json")]) for _ in range(4)]
    assert [job.wait() for job in jobs] == [0] * 4
    assert list(tmp_path.iterdir()) == []


def test_two_jobs_on_the_same_folds_share_them_and_end_with_the_same_result(few, tmp_path):
    spec, run = few.spec(epochs=30), tmp_path / "run"
    jobs = [subprocess.Popen(command(few, run, spec), stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [job.communicate()[1] for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], said
    train(few, tmp_path / "alone", spec)
    assert results(run) == results(tmp_path / "alone")
    assert litter(run) == []


def test_what_killed_jobs_left_is_cleared_away(toy, tmp_path):
    spec, run = toy.spec(), tmp_path / "run"
    dead = 2**22 + 1
    (run / "folds").mkdir(parents=True)
    for name in ("smic-s01", "casme2-s00"):
        held_by(run / "folds" / f"{name}.running.json", pid=dead)
        (run / "folds" / f".{name}.running.json.{socket.gethostname()}.{dead}").touch()
        (run / "folds" / f".{name}.{dead}.tmp.checkpoint").touch()
        (run / "folds" / f".{name}.{dead}.tmp").mkdir()
        (run / "folds" / f".{name}.{dead}.tmp.zip").touch()
    train(toy, run, spec)
    assert litter(run) == []
    (run / "folds" / "smic-s01.checkpoint").touch()  # killed between the folder and the end
    held_by(run / "folds" / "smic-s01.running.json", pid=dead)
    (run / "folds/smic-s03").mkdir()  # killed between the file of a fold and the removal of its folder of before
    stamps = fold_zip.stamps(run)
    train(toy, run, spec)
    assert litter(run) == []
    assert fold_zip.stamps(run) == stamps


# --- processes -----------------------------------------------------------------------------------------------------


def command(toy: Toy, run: Path, spec: dict, *more: str) -> list[str]:
    text = json.dumps(spec)
    return [sys.executable, "-m", "mebench.cli", "train", "--spec", text, "--clips", str(toy.clips),
            "--inputs", str(toy.inputs), "--out", str(run), "--device", "cpu", *more]  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_job_that_is_asked_to_stop_keeps_what_it_reached_and_says_so(few, tmp_path, number):
    spec, run = few.spec(epochs=100), tmp_path / "run"
    job = subprocess.Popen(command(few, run, spec), stdout=subprocess.PIPE, text=True)
    wait_for(lambda: fold_zip.files(run))
    time.sleep(0.2)
    job.send_signal(number)
    said, _ = job.communicate(timeout=30)
    assert job.returncode == 128 + number
    assert "the same command goes on from there" in said
    done = fold_zip.stamps(run)
    assert 0 < len(done) < 3
    assert [name for name in litter(run) if not name.endswith(".checkpoint")] == []
    records = train(few, run, spec)
    assert done.items() <= fold_zip.stamps(run).items()
    if list(run.glob("folds/*.checkpoint")):
        raise AssertionError("a finished fold keeps no checkpoint")
    assert all(record.done for record in records)
    train(few, tmp_path / "plain", spec)
    assert results(run) == results(tmp_path / "plain")


def test_several_workers_give_the_bytes_of_one_and_share_the_folds(few, tmp_path):
    spec = few.spec(epochs=5)
    train(few, tmp_path / "one", spec, save_weights=True)
    records = train(few, tmp_path / "three", spec, save_weights=True, workers=2)
    assert [r.status for r in records] == ["done"] * 3
    assert results(tmp_path / "three") == results(tmp_path / "one")
    one, three = (
        [fold_zip.contents(path)["weights.safetensors"] for path in fold_zip.files(tmp_path / name)]
        for name in ("one", "three")
    )
    assert one == three


def test_a_killed_worker_fails_the_job_and_costs_its_running_fold_only(few, tmp_path):
    spec, run = few.spec(epochs=100), tmp_path / "run"
    job = subprocess.Popen(command(few, run, spec, "--workers", "2"), stderr=subprocess.PIPE, text=True)
    wait_for(lambda: fold_zip.files(run) and list(run.glob("folds/*.running.json")))
    held = lock.read(next(iter(run.glob("folds/*.running.json"))))
    assert held.told.threads == 1  # `mebench failures` repeats a fold with as many
    os.kill(held.pid, signal.SIGKILL)
    _, said = job.communicate(timeout=60)
    assert job.returncode == 2
    assert "1 of 2 workers died (exit status -9)" in said
    assert "Traceback" not in said
    before = fold_zip.stamps(run)
    train(few, run, spec)
    assert before.items() <= fold_zip.stamps(run).items()
    train(few, tmp_path / "plain", spec)
    assert results(run) == results(tmp_path / "plain")


def test_workers_do_not_outlive_a_job_that_was_killed(few, tmp_path):
    spec, run = few.spec(epochs=1000), tmp_path / "run"
    job = subprocess.Popen(command(few, run, spec, "--workers", "2"))
    wait_for(lambda: len(list(run.glob("folds/*.running.json"))) == 2)
    workers = [lock.read(path).pid for path in run.glob("folds/*.running.json")]
    job.kill()
    job.wait()
    wait_for(lambda: not any(alive(pid) for pid in workers))


def test_a_fold_is_repeated_by_hand(toy, tmp_path, monkeypatch):
    spec, run = toy.spec(), tmp_path / "run"
    plain = fold.Loop.criterion
    with monkeypatch.context() as patch:
        patch.setattr(fold.Loop, "criterion", lambda self, *a: plain(self, *a) * float("nan"))
        assert {r.status for r in train(toy, run, spec)} == {"diverged"}
    assert {r.status for r in train(toy, run, spec)} == {"diverged"}  # would only repeat itself
    assert [r.status for r in train(toy, run, spec, folds=("smic/s01",))] == ["done"]
    assert sorted(fold_zip.record(p)["status"] for p in fold_zip.files(run)) == ["diverged"] * 5 + ["done"]
    with pytest.raises(UserError, match="there is no fold 'smic/s1'.*did you mean 'smic/s01'"):
        train(toy, run, spec, folds=("smic/s01", "smic/s1"))


def test_folds_are_named_after_one_flag_or_several(few, tmp_path):
    spec, run = few.spec(), tmp_path / "run"
    names = list(dict.fromkeys(row["subject"] for row in few.rows))
    flags = ("--fold", names[2], "--fold", names[0], names[2])
    subprocess.run(command(few, run, spec, *flags, "--workers", "2"), check=True)
    assert {fold_zip.record(p)["fold"] for p in fold_zip.files(run)} == {names[0], names[2]}


@pytest.mark.parametrize("text", ['{"x": 1}', "[1]", '"t"', "5"])
def test_something_else_in_the_place_of_a_record_is_as_good_as_none(toy, tmp_path, text):
    spec, run = toy.spec(), tmp_path / "run"
    train(toy, run, spec)
    before = results(run)
    fold_zip.change(run / "folds/smic-s01.zip", {"fold.json": text})
    train(toy, run, spec)
    assert results(run) == before


def test_an_epoch_of_unknown_length_is_waited_for_a_while_only(tmp_path, monkeypatch):
    keeper = Checkpoint(tmp_path / "x.checkpoint", "mark", stop := Stop())
    assert not keeper.give_up()
    stop.ask(signal.SIGTERM)
    assert not keeper.give_up()
    now = time.monotonic()
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: now + checkpoint.GRACE + 1)
    assert keeper.give_up()


def test_signals_of_several_kinds_are_one_wish_and_a_second_ctrl_c_is_not_waited_for():
    """LSF sends INT, then TERM; Slurm may send USR1 first, and TERM twice at a time limit."""
    stop = Stop()
    for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGTERM, signal.SIGINT, signal.SIGUSR2):
        stop.ask(number)
    assert stop.asked == signal.SIGUSR1
    with pytest.raises(KeyboardInterrupt):
        stop.ask(signal.SIGINT)


def test_a_folder_that_somebody_else_puts_into_place_at_the_same_time_is_replaced(tmp_path, monkeypatch):
    """Between clearing the old one away and the renaming, another job's folder appears."""
    rename, others = os.rename, [tmp_path / "another", tmp_path / "third"]
    for other in others:
        other.mkdir()
        (other / "theirs").touch()

    def late(source, target):
        if Path(target) == tmp_path / "x" and others and Path(source) not in others:
            rename(others.pop(), target)
        rename(source, target)

    monkeypatch.setattr(files.os, "rename", late)
    with whole_folder(tmp_path / "x") as folder:
        (folder / "ours").touch()
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["x", "x/ours"]


def test_signals_are_given_back():
    before = signal.getsignal(signal.SIGTERM)
    with watched() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.05)
        assert stop()
        assert stop.asked == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is before


def wait_for(what, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path(f"/proc/{pid}/stat").exists() else True
