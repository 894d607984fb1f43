"""Each job has GPU cards of its own. No GPU is needed: a stand-in for nvidia-smi lists pretended cards."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from mebench.errors import UserError
from mebench.runs import gpu_cards, gpu_lease
from mebench.runs.gpu_cards import GpuCard, to_choose_from
from mebench.runs.gpu_lease import lease

CARDS = ("GPU-aaaa", "GPU-bbbb")
SCHEDULERS = (gpu_cards.VISIBLE, gpu_cards.ORDER, *gpu_cards.SCHEDULER_GIVES)


class Machine:
    """Pretended cards, and real processes that lease them."""

    def __init__(self, folder: Path):
        self.folder, self.leases, self.programs = folder, folder / "leases", folder / "bin"
        self.programs.mkdir(parents=True)
        self.env = {name: value for name, value in os.environ.items() if name not in SCHEDULERS}
        self.env |= {gpu_lease.PLACE: str(self.leases), "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}"}
        self.has(*CARDS)

    def has(self, *cards: str) -> None:
        lines = [f"GPU {i}: Pretended (UUID: {card})" for i, card in enumerate(cards)]
        program = self.programs / "nvidia-smi"
        program.write_text("#!/bin/sh\n[ \"$1\" = -L ] || exit 9\ncat <<'END'\n" + "\n".join(lines) + "\nEND\n")
        program.chmod(0o755)

    def start(self, program: str, *arguments: str, **options) -> subprocess.Popen:
        head = "import os, sys, time\nfrom mebench.runs.gpu_lease import lease\n"
        return subprocess.Popen([sys.executable, "-c", head + program, *arguments], env=self.env,
                                stdout=subprocess.PIPE, text=True, **options)  # fmt: skip


@pytest.fixture
def machine(tmp_path, monkeypatch) -> Machine:
    machine = Machine(tmp_path / "machine")
    for name in SCHEDULERS:
        monkeypatch.delenv(name, raising=False)
    for name in (gpu_lease.PLACE, "PATH"):
        monkeypatch.setenv(name, machine.env[name])
    return machine


def at_once(wanted: int = 1) -> list[str]:
    """The cards of a lease that is had without waiting."""

    def waits(text: str) -> None:
        raise AssertionError(text)

    with lease(wanted, "test", waits) as cards:
        return cards


# a directory is made by one process alone: the second on a card would fail
TURNS = """
from mebench.runs import gpu_lease
gpu_lease.LOOK_AGAIN = 0.02
for turn in range(5):
    with lease(1, f"job {turn}", lambda text: None) as (card,):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == card
        os.mkdir(os.path.join(sys.argv[1], card))
        time.sleep(0.02)
        os.rmdir(os.path.join(sys.argv[1], card))
    print(card)
"""


def test_of_four_jobs_on_two_cards_never_two_are_on_one(machine, tmp_path):
    jobs = [machine.start(TURNS, str(tmp_path)) for _ in range(4)]
    used = [job.communicate(timeout=60)[0].split() for job in jobs]
    assert [job.returncode for job in jobs] == [0] * 4
    assert [len(cards) for cards in used] == [5] * 4
    assert {card for cards in used for card in cards} == set(CARDS)


HOLDS = """
with lease(int(sys.argv[1]), "a/b/seed0") as cards:
    {before}
    print(",".join(cards), flush=True)
    time.sleep(60)
"""
FORKED = "\n    ".join(["if os.fork() == 0:", "    time.sleep(60)"])
STARTED = "import subprocess; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"


@contextlib.contextmanager
def holding(machine: Machine, cards: int, before: str = "pass") -> Iterator[subprocess.Popen]:
    """A process, and what it starts, that holds leases until the end of the block."""
    job = machine.start(HOLDS.format(before=before), str(cards), start_new_session=True)
    try:
        assert len(job.stdout.readline().split(",")) == cards
        yield job
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(job.pid, signal.SIGKILL)
        job.wait()


@pytest.mark.parametrize("survivor", ["pass", FORKED, STARTED], ids=["alone", "forked", "started"])
def test_the_cards_of_a_killed_job_are_free_at_once_whatever_it_leaves_running(machine, survivor):
    with holding(machine, 2, survivor) as job:
        assert all(gpu_lease._take(machine.leases / f"{card}.lease", "test") is None for card in CARDS)
        os.kill(job.pid, signal.SIGKILL)
        assert job.wait(timeout=10) == -signal.SIGKILL
        if survivor != "pass":
            os.killpg(job.pid, 0)  # what it started is still there
        assert at_once(2) == list(CARDS)


def test_a_forked_process_that_ends_its_block_leaves_the_lease_to_its_parent(machine):
    with lease(2, "test"):
        if os.fork() == 0:
            os._exit(bool(gpu_lease._held))
        assert os.wait()[1] == 0
        assert gpu_lease._take(machine.leases / f"{CARDS[0]}.lease", "other") is None


def test_a_job_that_waits_says_for_which_cards_and_who_has_them(machine):
    told: list[str] = []
    with holding(machine, 2) as job:

        def say(text: str) -> None:
            told.append(text)
            os.kill(job.pid, signal.SIGKILL)
            job.wait()

        with lease(1, "test", say) as cards:
            assert cards == [CARDS[0]]
        who = f"is used by a/b/seed0 (process {job.pid} of {gpu_lease._user()})"
    assert told[0] == f"waiting for a GPU: {CARDS[0]} {who}; {CARDS[1]} {who}"


def test_who_wants_two_cards_holds_none_while_it_waits_for_both(machine):
    with holding(machine, 1) as job:
        wants = machine.start(HOLDS.format(before="pass"), "2", start_new_session=True)
        try:
            assert f"waiting for 2 GPUs: {CARDS[0]} is used by a/b/seed0" in wants.stdout.readline()
            with lease(1, "test", lambda text: None) as cards:
                assert cards == [CARDS[1]]
            os.kill(job.pid, signal.SIGKILL)
            assert wants.stdout.readline() == f"{','.join(CARDS)}\n"
        finally:
            wants.kill()
            wants.wait()


def test_the_environment_is_as_before_after_the_block(machine, monkeypatch):
    with lease(1, "test"):
        assert os.environ[gpu_cards.VISIBLE] == CARDS[0]
    assert gpu_cards.VISIBLE not in os.environ
    monkeypatch.setenv(gpu_cards.VISIBLE, "1,0")
    with pytest.raises(ZeroDivisionError), lease(1, "test"):
        assert os.environ[gpu_cards.VISIBLE] == "1"
        raise ZeroDivisionError
    assert os.environ[gpu_cards.VISIBLE] == "1,0"
    assert at_once(2) == []


# --- what a scheduler or a user gives ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"SLURM_JOB_ID": "7", "SLURM_STEP_GPUS": "1", gpu_cards.VISIBLE: "0"}, 1),
        ({"SLURM_JOB_ID": "7", "SLURM_JOB_GPUS": "1"}, 1),
        ({"SLURM_JOB_ID": "7", "SLURM_JOB_GPUS": "1", gpu_cards.VISIBLE: "0"}, 0),  # a site that writes gpu: 0 and gres
        ({"SGE_HGR_gpu": "gpu1"}, 1),
        ({gpu_cards.VISIBLE: "GPU-bbbb"}, 1),
        ({gpu_cards.VISIBLE: "0,1"}, 2),
        ({gpu_cards.VISIBLE: "0,GPU-aaaa"}, 1),  # the same card twice
        ({gpu_cards.VISIBLE: ""}, 1),
        ({gpu_cards.VISIBLE: "-1"}, 1),
        ({gpu_cards.VISIBLE: "NoDevFiles"}, 1),
    ],
)
def test_a_job_that_is_given_its_cards_leases_none_and_changes_nothing(machine, monkeypatch, given, wanted):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    with lease(wanted, "test") as cards:
        assert cards == []
        assert dict(os.environ) == before
    assert not machine.leases.exists()


def test_of_more_cards_than_it_wants_a_job_leases_its_own_whichever_way_they_are_named(machine, monkeypatch):
    machine.has(*CARDS, "GPU-cccc")
    with holding(machine, 1):  # GPU-aaaa
        monkeypatch.setenv(gpu_cards.VISIBLE, "0,2")
        assert at_once() == ["2"]
        monkeypatch.setenv(gpu_cards.VISIBLE, "GPU-aa,GPU-cc")
        assert at_once() == ["GPU-cc"]
        with lease(1, "test"):
            assert gpu_lease._take(machine.leases / "GPU-cccc.lease", "other") is None


@pytest.mark.parametrize("given", [{}, {gpu_cards.VISIBLE: "0,1"}])
def test_a_job_that_wants_none_sees_none(machine, monkeypatch, given):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with lease(0, "test") as cards:
        assert cards == []
        assert os.environ[gpu_cards.VISIBLE] == ""
    assert not machine.leases.exists()


def test_a_machine_without_cards_leases_nothing_and_one_with_too_few_says_so(machine):
    with pytest.raises(UserError, match="the job wants 3 GPUs, but this machine has 2; ask for fewer"):
        at_once(3)
    (machine.programs / "nvidia-smi").write_text("#!/bin/sh\necho no devices were found; exit 6\n")
    assert at_once() == []
    assert gpu_cards.VISIBLE not in os.environ


# --- cards and folders ---------------------------------------------------------------------------------------------


def test_a_card_that_is_cut_into_parts_counts_as_those():
    text = """GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-11-22)
  MIG 3g.20gb     Device  0: (UUID: MIG-33-44)
  MIG 3g.20gb     Device  1: (UUID: MIG-55-66)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-77-88)
"""
    assert [card.visible for card in gpu_cards.parse_list(text)] == ["MIG-33-44", "MIG-55-66", "GPU-77-88"]


def test_without_nvidia_smi_the_driver_lists_the_cards_and_they_are_named_by_number_without_uuid(
    machine, tmp_path, monkeypatch
):
    (machine.programs / "nvidia-smi").write_text("#!/bin/sh\nexit 9\n")
    for address, uuid in (("0000:41:00.0", "GPU-????????-????"), ("0000:01:00.0", "GPU-12ab-34cd")):
        (tmp_path / "gpus" / address).mkdir(parents=True)
        (tmp_path / "gpus" / address / "information").write_text(f"Model: \t\t X\nGPU UUID: \t {uuid}\nIRQ: 1\n")
    monkeypatch.setattr(gpu_cards, "DRIVER", tmp_path / "gpus")
    first, second = gpu_cards.cards_of_this_machine()
    assert first == GpuCard("GPU-12ab-34cd", "GPU-12ab-34cd")
    assert (second.visible, second.lease.endswith("-0000:41:00.0")) == ("1", True)
    with lease(2, "test"):
        assert os.environ[gpu_cards.VISIBLE] == "GPU-12ab-34cd,1"
        assert os.environ[gpu_cards.ORDER] == "PCI_BUS_ID"
    assert gpu_cards.ORDER not in os.environ


def test_a_folder_that_cannot_hold_leases_is_one_sentence(machine, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        monkeypatch.setenv(gpu_lease.PLACE, str(place))
        with pytest.raises(UserError, match=r"cannot lease a GPU in .*set MEBENCH_GPU_LEASES to a folder"):
            at_once()


def test_a_lease_is_taken_anew_where_somebody_clears_the_folder(machine):
    assert at_once() == [CARDS[0]]
    shutil.rmtree(machine.leases)
    machine.leases.mkdir()
    assert at_once() == [CARDS[0]]


@contextlib.contextmanager
def another_user(wanted: int) -> Iterator[TextIO]:
    """A forked process of the user 65534 that leases cards until the end of the block; gives what it says."""
    told, say = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            with lease(wanted, "theirs", lambda text: os.write(say, f"{text}\n".encode())) as cards:
                os.write(say, f"has {','.join(cards)}\n".encode())
                signal.pause()
        os._exit(1)
    os.close(say)
    try:
        with open(told) as lines:
            yield lines
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_users_of_one_machine_keep_out_of_each_others_way(monkeypatch):
    monkeypatch.setenv("LOGNAME", "somebody")
    with tempfile.TemporaryDirectory() as folder:  # not pytest's own, which other users cannot enter
        os.chmod(folder, 0o755)
        machine = Machine(Path(folder, "machine"))
        for name in (gpu_lease.PLACE, "PATH"):
            monkeypatch.setenv(name, machine.env[name])
        with lease(1, "mine"):  # by files that root has made
            monkeypatch.delenv(gpu_cards.VISIBLE)  # the others are not started by this job
            assert machine.leases.stat().st_mode & 0o7777 == 0o1777
            with another_user(2) as lines:
                who = f"mine (process {os.getpid()} of somebody)"
                assert lines.readline().startswith(f"waiting for 2 GPUs: {CARDS[0]} is used by {who};")
            for path in machine.leases.iterdir():
                os.chown(path, 65534, 65534)  # as if the other user had made them
            with another_user(1) as lines:
                assert lines.readline() == f"has {CARDS[1]}\n"
                assert gpu_lease._take(machine.leases / f"{CARDS[1]}.lease", "test") is None
            assert at_once() == [CARDS[1]]


# --- the command ---------------------------------------------------------------------------------------------------

WATCHED = """
import os
import time
from pathlib import Path
from mebench.models.ststnet import *

CARD = {card}
TAKEN = set()


class Watched(STSTNet):
    def forward(self, x):
        place = Path({folder!r}) / (os.environ["CUDA_VISIBLE_DEVICES"] or "none")
        if place not in TAKEN:
            place.mkdir()  # fails where another job is on this card
            TAKEN.add(place)
            import atexit
            atexit.register(place.rmdir)
            time.sleep(0.5)
        return super().forward(x)
"""


def test_four_training_jobs_share_two_cards_and_one_that_wants_none_waits_for_none(machine, toy, tmp_path):
    """The model makes a directory named after what CUDA_VISIBLE_DEVICES holds: two jobs on one card would fail."""
    from mebench import cards

    seen, mine = tmp_path / "seen", tmp_path / "watched.py"
    seen.mkdir()
    card = cards.card("models", "ststnet") | {"module": "Watched"}
    mine.write_text(WATCHED.format(card={key: card[key] for key in card if key != "name"}, folder=str(seen)))
    text = json.dumps(toy.spec({"model": str(mine)}, epochs=1))
    command = [sys.executable, "-m", "mebench.cli", "train", "--spec", text, "--clips", str(toy.clips),
               "--inputs", str(toy.inputs), "--fold", "smic/s01"]  # fmt: skip
    jobs = [subprocess.Popen([*command, "--out", str(tmp_path / f"run{i}"), "--gpus", wanted],
                             env=machine.env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for i, wanted in enumerate("11110")]  # fmt: skip
    said = [job.communicate(timeout=120) for job in jobs]
    assert [(job.returncode, out) for job, (out, _) in zip(jobs, said, strict=True)] == [
        (0, f"1 of 1 folds asked for are done in {tmp_path / f'run{i}'}\n") for i in range(5)
    ]
    waited = sum("waiting for a GPU: GPU-aaaa is used by toy/" in err for _, err in said)
    assert 2 <= waited <= 4
    assert sorted(machine.leases.glob("*.lease")) == [machine.leases / f"{card}.lease" for card in CARDS]
    assert not any(seen.iterdir())


def test_any_program_can_have_cards_of_its_own_until_it_ends(machine):
    command = [sys.executable, "-m", "mebench.cli", "gpu", "--gpus", "2", "--"]
    shell = ["sh", "-c", "echo $CUDA_VISIBLE_DEVICES; exec sleep 60"]
    with subprocess.Popen([*command, *shell], env=machine.env, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout.readline() == f"{','.join(CARDS)}\n"
        assert all(gpu_lease._take(machine.leases / f"{card}.lease", "test") is None for card in CARDS)
        program.kill()
        program.wait()
        assert at_once(2) == list(CARDS)
    for words, sentence in (([], "write a program behind --"), (["no such program"], "cannot start no such program")):
        done = subprocess.run([*command, *words], env=machine.env, capture_output=True, text=True)
        assert done.returncode == 2
        assert done.stderr.startswith(f"mebench gpu: {sentence}")


def test_a_number_of_gpus_below_0_is_refused_before_anything_waits(toy, tmp_path, capsys):
    from mebench import cli

    where = ["--clips", str(toy.clips), "--inputs", str(toy.inputs), "--out", str(tmp_path / "run")]
    assert cli.main(["train", "--spec", json.dumps(toy.spec()), *where, "--gpus", "-1"]) == 2
    assert "--gpus is -1; write a number of GPUs from 0" in capsys.readouterr().err


def test_cards_to_choose_from_are_none_where_a_scheduler_gives_as_many_as_are_wanted():
    assert to_choose_from(1, {gpu_cards.VISIBLE: "3"}) is None
    assert [card.visible for card in to_choose_from(1, {gpu_cards.VISIBLE: "GPU-x,GPU-y"})] == ["GPU-x", "GPU-y"]
