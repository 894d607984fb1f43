"""The GPUs of this machine, as nvidia-smi sees them."""

from __future__ import annotations

import csv
import subprocess
from typing import Any

PATIENCE = 5  # seconds
QUERY = ("index", "name", "utilization.gpu", "memory.used", "memory.total")


def gpus() -> list[dict[str, Any]]:
    """index, name, use in percent, memory used and in all in MB of each; nothing where there is no nvidia-smi."""
    command = ["nvidia-smi", f"--query-gpu={','.join(QUERY)}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError):
        return []
    return parse(done.stdout) if done.returncode == 0 else []


def parse(text: str) -> list[dict[str, Any]]:
    """The lines of nvidia-smi; a number that a GPU does not tell ("[N/A]") is None."""
    found = []
    for row in csv.reader(text.splitlines(), skipinitialspace=True):
        if len(row) == len(QUERY):
            index, name, use, used, memory = row
            found.append({"index": int(index), "name": name, "use_percent": _number(use),
                          "used_mb": _number(used), "total_mb": _number(memory)})  # fmt: skip
    return found


def _number(text: str) -> int | None:
    return int(text) if text.strip().isdecimal() else None
