"""Where a fold was trained: machine, scheduler's job, GPU and its software. Never a user, a home folder or an address.

All of it is for the record alone; no result depends on it. An unknown value is null.
"""

from __future__ import annotations

import copy
import getpass
import hashlib
import os
import platform
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypedDict

PATIENCE = 10  # seconds for a program that is asked about the machine
# how each scheduler names a job, a task of an array, and how often the job began again: environment variables
SCHEDULERS = {
    "slurm": ("SLURM_JOB_ID", None, "SLURM_RESTART_COUNT"),
    "pbs": ("PBS_JOBID", None, None),
    "lsf": ("LSB_JOBID", "LSB_JOBINDEX", None),
    "sge": ("JOB_ID", "SGE_TASK_ID", "RESTARTED"),
}


class SchedulerJob(TypedDict):
    """A scheduler's job, and how often it was restarted."""

    scheduler: str | None
    job: str | None
    restarts: int | None


class Gpu(TypedDict):
    """Model of a GPU, and the versions of its software."""

    gpu: str | None
    driver: str | None
    cuda: str | None
    cudnn: str | None


class Place(SchedulerJob, Gpu):
    """What a fold was trained on."""

    node: str
    cpu: str


NO_GPU: Gpu = {"gpu": None, "driver": None, "cuda": None, "cudnn": None}


def where(device_type: str) -> Place:
    """What this process runs on: ``node``, ``cpu``, ``scheduler``, ``job``, ``restarts``, and for the device type
    "cuda" also ``gpu``, ``driver``, ``cuda``, ``cudnn``. It is looked up once in a process."""
    return copy.deepcopy(_where(device_type))


@lru_cache(maxsize=4)
def _where(device_type: str) -> Place:
    return {"node": node(), "cpu": cpu(), **job(os.environ), **(gpu() if device_type == "cuda" else NO_GPU)}


def node() -> str:
    """This machine's name without its domain. It is a digest where the name has that of the user in it."""
    name = socket.gethostname().partition(".")[0]
    try:
        user = getpass.getuser().lower()
    except (OSError, KeyError):  # a user without an entry, as in containers
        user = ""
    hidden = len(user) > 2 and user in name.lower()
    return f"machine-{hashlib.sha256(name.encode()).hexdigest()[:8]}" if hidden else name


def cpu(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The model of the processor, or its architecture where the model is not known."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    named = re.search(r"^model name\s*:\s*(\S.*)$", text, re.MULTILINE)
    return " ".join(named[1].split()) if named else platform.processor() or platform.machine()


def job(environment: Mapping[str, str], ask: Callable[..., str] | None = None) -> SchedulerJob:
    """The scheduler's job of this process, and how often it was restarted. ``ask`` runs a program."""
    for scheduler, (number, task, restarts) in SCHEDULERS.items():
        if scheduler == "sge" and "SGE_ROOT" not in environment:
            continue  # JOB_ID alone may be anyone's
        if environment.get(number):
            name = environment[number]
            name += f"[{environment[task]}]" if task and environment.get(task, "0") not in ("0", "undefined") else ""
            again = _number(environment.get(restarts, "")) if restarts else None
            if scheduler == "slurm" and again is None:
                again = _slurm_restarts(name, ask or _output)
            return {"scheduler": scheduler, "job": name, "restarts": again}
    return {"scheduler": None, "job": None, "restarts": None}


def _slurm_restarts(name: str, ask: Callable[..., str]) -> int | None:
    """The number of restarts by Slurm's own count: the steps that Snakemake starts get no variable with it."""
    match = re.search(r"\bRestarts=(\d+)", ask("scontrol", "show", "job", "--oneliner", name))
    return int(match[1]) if match else None


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def gpu() -> Gpu:
    """Model, driver, CUDA and cuDNN of the GPU that torch uses. Where a GPU is used, torch is already imported."""
    torch = sys.modules.get("torch")
    about: Gpu = {**NO_GPU, "driver": driver()}
    if torch is not None and torch.cuda.is_available():
        about["gpu"], about["cuda"] = torch.cuda.get_device_name(), torch.version.cuda
        about["cudnn"] = _dotted(torch.backends.cudnn.version())
    return about


def driver() -> str | None:
    """The version of NVIDIA's driver."""
    return _output("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader").partition("\n")[0] or None


def _dotted(version: int | None) -> str | None:
    """cuDNN's version with dots: 8902 is 8.9.2, 91002 is 9.10.2."""
    if version is None:
        return None
    major, rest = divmod(version, 10_000 if version >= 90_000 else 1_000)
    return f"{major}.{rest // 100}.{rest % 100}"


def _output(*command: str) -> str:
    """The output of a program; empty where it is missing, fails or hangs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, errors="replace", check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
