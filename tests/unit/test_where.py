"""Where a fold was trained, on machines that tell all of it and on machines that tell nothing."""

from __future__ import annotations

import getpass
import json
import os
import platform
import socket
import stat
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from mebench.runs import where as module
from mebench.runs.where import cpu, job, node, where

KEYS = {"node", "cpu", "scheduler", "job", "restarts", "gpu", "driver", "cuda", "cudnn"}


@pytest.fixture(autouse=True)
def fresh():
    module._where.cache_clear()
    yield
    module._where.cache_clear()


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Put programs into the only folder of PATH, which print what they are given."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(name: str, prints: str, code: int = 0) -> None:
        path = folder / name
        path.write_text(f"#!/bin/sh\necho '{prints}'\nexit {code}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    return put


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_bare_machine(programs, monkeypatch, device):
    for name in ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    found = where(device)
    assert set(found) == KEYS
    assert found["cpu"]
    assert found["node"]
    assert [key for key in KEYS - {"cpu", "node"} if found[key] is not None] == []
    json.dumps(found)


@pytest.mark.parametrize(("environment", "expected"), [
    ({}, (None, None, None)),
    ({"SLURM_JOB_ID": "81", "SLURM_RESTART_COUNT": "2"}, ("slurm", "81", 2)),
    ({"PBS_JOBID": "7.head"}, ("pbs", "7.head", None)),
    ({"LSB_JOBID": "5", "LSB_JOBINDEX": "3"}, ("lsf", "5[3]", None)),
    ({"LSB_JOBID": "5", "LSB_JOBINDEX": "0"}, ("lsf", "5", None)),
    ({"JOB_ID": "9", "SGE_TASK_ID": "undefined", "RESTARTED": "1", "SGE_ROOT": "/x"}, ("sge", "9", 1)),
    ({"JOB_ID": "of something else"}, (None, None, None)),
])  # fmt: skip
def test_the_job_of_each_scheduler(environment, expected):
    found = job(environment, ask=lambda *command: "")
    assert (found["scheduler"], found["job"], found["restarts"]) == expected


def test_slurm_is_asked_how_often_it_began_again(programs):
    programs("scontrol", "JobId=81 JobName=x Requeue=1 Restarts=3 BatchFlag=1")
    assert job({"SLURM_JOB_ID": "81"})["restarts"] == 3
    programs("scontrol", "slurm_load_jobs error: Invalid job id", code=1)
    assert job({"SLURM_JOB_ID": "81"})["restarts"] is None


def test_a_gpu_with_its_driver(programs, monkeypatch):
    programs("nvidia-smi", "570.86.15")
    cuda = SimpleNamespace(is_available=lambda: True, get_device_name=lambda: "NVIDIA H200")
    cudnn = SimpleNamespace(version=lambda: 91002)
    torch = SimpleNamespace(
        cuda=cuda, version=SimpleNamespace(cuda="13.0"), backends=SimpleNamespace(cudnn=cudnn)
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "torch", torch)
    found = where("cuda")
    assert [found[key] for key in ("gpu", "driver", "cuda", "cudnn")] == ["NVIDIA H200", "570.86.15", "13.0", "9.10.2"]
    assert where("cpu")["gpu"] is None, "the GPU of a fold that ran on the CPU is none of its business"


def test_a_driver_that_does_not_answer(programs):
    programs("nvidia-smi", "NVIDIA-SMI has failed", code=9)
    assert module.driver() is None


def test_versions_of_cudnn():
    assert [module._dotted(n) for n in (8902, 90100, 91002, None)] == ["8.9.2", "9.1.0", "9.10.2", None]


def test_the_processor(tmp_path):
    path = tmp_path / "cpuinfo"
    path.write_text("processor\t: 0\nmodel name\t: AMD  EPYC 7763\nmodel name\t: other\n")
    assert cpu(path) == "AMD EPYC 7763"
    path.write_text("processor\t: 0\nBogoMIPS\t: 50.00\n")
    assert cpu(path) == (platform.processor() or platform.machine())
    assert cpu(tmp_path / "nothing") == (platform.processor() or platform.machine())


def test_a_node_has_no_domain_and_no_name_of_a_person(monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "gpu07.cluster.example.org")
    monkeypatch.setattr(getpass, "getuser", lambda: "alice")
    assert node() == "gpu07"
    monkeypatch.setattr(socket, "gethostname", lambda: "Alices-Laptop.local")
    assert "alice" not in node().lower()
    assert node() == node()
    monkeypatch.setattr(getpass, "getuser", lambda: (_ for _ in ()).throw(KeyError("uid 1234")))
    assert node() == "Alices-Laptop"


def test_no_user_no_home_and_no_address_gets_into_a_record(monkeypatch):
    for name in ("USER", "LOGNAME", "SLURM_JOB_USER", "SLURM_JOB_ACCOUNT", "EMAIL"):
        monkeypatch.setenv(name, "alice@example.org")
    monkeypatch.setenv("HOME", "/home/alice")
    text = json.dumps([where("cpu"), where("cuda")])
    assert "alice" not in text
    assert "@" not in text
    assert str(Path("/home")) not in text


def test_it_is_looked_up_once_and_nobody_can_spoil_it(programs):
    programs("nvidia-smi", "1.0")
    first = where("cuda")
    programs("nvidia-smi", "2.0")
    first["node"] = "spoilt"
    assert where("cuda")["driver"] == "1.0"
    assert where("cuda")["node"] != "spoilt"
    assert os.environ["PATH"].endswith("bin")
