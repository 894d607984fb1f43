"""The GPUs of this machine, as nvidia-smi lists them."""

from __future__ import annotations

import csv
import subprocess
from dataclasses import dataclass

PATIENCE = 5  # seconds
QUERY = ("index", "name", "utilization.gpu", "memory.used", "memory.total")


@dataclass(frozen=True)
class GpuUse:
    """A GPU: its use in percent, and memory in MB. A number is None where the GPU does not report it."""

    index: int
    name: str
    use_percent: int | None
    used_mb: int | None
    total_mb: int | None


def gpus() -> list[GpuUse]:
    """The GPUs of this machine; empty where there is no nvidia-smi."""
    command = ["nvidia-smi", f"--query-gpu={','.join(QUERY)}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError):
        return []
    return parse(done.stdout) if done.returncode == 0 else []


def parse(text: str) -> list[GpuUse]:
    """The GPUs in the lines of nvidia-smi, where "[N/A]" is a number that a GPU does not report."""
    listed = []
    for row in csv.reader(text.splitlines(), skipinitialspace=True):
        if len(row) == len(QUERY):
            index, name, use, used, memory = row
            listed.append(GpuUse(int(index), name, _number(use), _number(used), _number(memory)))
    return listed


def _number(text: str) -> int | None:
    return int(text) if text.strip().isdecimal() else None
