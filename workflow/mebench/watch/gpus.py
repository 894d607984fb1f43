"""The GPUs of this machine, as nvidia-smi sees them."""

from __future__ import annotations

import csv
import subprocess
from dataclasses import dataclass

PATIENCE = 5  # seconds
QUERY = ("index", "name", "utilization.gpu", "memory.used", "memory.total")


@dataclass(frozen=True)
class Gpu:
    """A GPU: use in percent, and memory in MB. A number that it does not tell is None."""

    index: int
    name: str
    use_percent: int | None
    used_mb: int | None
    total_mb: int | None


def gpus() -> list[Gpu]:
    """The GPUs of this machine; nothing where there is no nvidia-smi."""
    command = ["nvidia-smi", f"--query-gpu={','.join(QUERY)}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError):
        return []
    return parse(done.stdout) if done.returncode == 0 else []


def parse(text: str) -> list[Gpu]:
    """The lines of nvidia-smi; a number that a GPU does not tell is "[N/A]" there."""
    listed = []
    for row in csv.reader(text.splitlines(), skipinitialspace=True):
        if len(row) == len(QUERY):
            index, name, use, used, memory = row
            listed.append(Gpu(int(index), name, _number(use), _number(used), _number(memory)))
    return listed


def _number(text: str) -> int | None:
    return int(text) if text.strip().isdecimal() else None
