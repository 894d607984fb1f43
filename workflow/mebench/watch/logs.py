"""The last lines that a job wrote about a fold, from the log of the rule and from that of the scheduler."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TAIL = 200_000  # bytes of a log that are looked at, from its end


@dataclass(frozen=True)
class Excerpt:
    """Some ``lines`` of the log ``path``."""

    path: Path
    lines: list[str]


def fold_lines(results: Path, run_id: str, fold: str, count: int, since: float, to_end: bool) -> Excerpt | None:
    """The last ``count`` lines about a fold, from the newest log of the run's training that names the fold and was
    written after ``since`` (unix time). They end with the line about the end of the fold, or at the end of the log
    where ``to_end``. None where there is no such log."""
    named = re.compile(rf"(?<![\w/-]){re.escape(fold)}(?![\w/-])")
    of_all, _, _ = run_id.rpartition("/")
    other_run = re.compile(rf"(?!{re.escape(run_id)}:)[^\s:]+/[^\s:]+/seed\d+:")
    folder = results / "logs"
    # a job is of all seeds, or of several models of a task; once it was of one seed
    places = (f"train/{of_all}/*.log", f"train/{run_id}/*.log", f"together/{of_all.partition('/')[0]}.log")
    for path in _newest(path for place in places for path in folder.glob(place)):
        if _changed(path) < since:
            break  # of an earlier job
        lines = tail(path)
        at = [number for number, line in enumerate(lines) if named.search(line) and not other_run.match(line)]
        if at:
            return Excerpt(path, (lines if to_end else lines[: _last_of_fold(lines, at) + 1])[-count:])
    return None


def _last_of_fold(lines: list[str], at: list[int]) -> int:
    """The index of the line in which the engine says how the fold ended, else of the last line that names the fold."""
    return next((number for number in at if re.search(r": fold \d+/\d+ ", lines[number])), at[-1])


def scheduler_lines(results: Path, job: str | None, count: int) -> Excerpt | None:
    """The end of a job's Slurm log, in the folder of profiles/slurm or of Snakemake's own default; None where there is
    none."""
    if not job or not re.fullmatch(r"\w+", job):
        return None
    folders = (results / "logs" / "slurm", Path(".snakemake") / "slurm_logs")
    logs = _newest(path for folder in folders for path in folder.rglob(f"{job}.log"))
    return Excerpt(logs[0], tail(logs[0])[-count:]) if logs else None


def tail(path: Path) -> list[str]:
    """The lines at the end of a file, without line ends; empty where it cannot be read."""
    try:
        with open(path, "rb") as handle:
            size = handle.seek(0, 2)
            handle.seek(max(0, size - TAIL))
            return handle.read().decode(errors="replace").splitlines()
    except OSError:
        return []


def _newest(paths: Iterator[Path]) -> list[Path]:
    return sorted(paths, key=_changed, reverse=True)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
