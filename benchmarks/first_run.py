"""What a newcomer waits for: the shipped configuration in a fresh clone, packages installed, beside another commit.

    python benchmarks/first_run.py                        # what is committed here
    python benchmarks/first_run.py --before dc063c5       # and the same at another commit, one after the other

The command is `snakemake`, as `make run` calls it, with the packages of this Python and the code of the clone. CPU time
is that of all processes. Core time is wall time times cores. Of it, folds take what their records say, and the
computation of inputs what its jobs take on all cores; the rest is neither: starts of Python, data, faces, scores,
tables, plots, the report, Snakemake itself, and cores that have nothing to do.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench.catalogue.listing import markdown_table

PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True)
class FirstRun:
    """A run of a commit on so many ``cores``; times in seconds. ``folds`` and ``inputs`` are core-seconds."""

    commit: str
    cores: int
    wall: float
    cpu: float
    jobs: int
    runs: int
    folds: float
    inputs: float

    @property
    def outside(self) -> float:
        """The share of core time that is neither training of folds nor computation of inputs."""
        return 1 - (self.folds + self.inputs) / (self.wall * self.cores)

    def row(self) -> list[str]:
        """The run as a row of the table."""
        return [self.commit, _minutes(self.wall), _minutes(self.cpu), f"{self.jobs:,}", f"{self.runs:,}",
                _minutes(self.folds), _minutes(self.inputs), f"{100 * self.outside:.0f} %"]  # fmt: skip


TITLES = ("commit", "wall", "CPU", "jobs", "runs", "folds", "inputs", "core time outside both")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit", nargs="?", default="HEAD", help="default: HEAD")
    parser.add_argument("--before", metavar="COMMIT", help="measure this commit too, first")
    parser.add_argument("--cores", type=int, default=os.cpu_count(), help="default: all of this machine")
    parser.add_argument("--config", metavar="FILE", help="another configuration of the clone than config.yaml")
    parser.add_argument("--keep", type=Path, help="a folder that is not there yet, for the clones and their results")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="first_run_") as temporary:
        root = args.keep or Path(temporary)
        root.mkdir(parents=True, exist_ok=True)
        commits = [args.before, args.commit] if args.before else [args.commit]
        done = [first_run(root / f"clone{number}", commit, args.cores, args.config)
                for number, commit in enumerate(commits)]  # fmt: skip
    print(markdown_table(TITLES, [run.row() for run in done]))


def first_run(clone: Path, commit: str, cores: int, config: str | None = None) -> FirstRun:
    """Run a commit's configuration in a clone of this repository."""
    _git(PROJECT, "clone", "--quiet", "--no-hardlinks", str(PROJECT), str(clone))
    name = _git(PROJECT, "rev-parse", "--short", commit)
    _git(clone, "checkout", "--quiet", "--detach", name)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(clone / "workflow")}
    subprocess.run([sys.executable, "-m", "compileall", "-q", "workflow"], cwd=clone, check=True)  # as make setup does
    command = ["snakemake", "--cores", str(cores), *(["--configfile", config] if config else [])]
    began, spent = time.perf_counter(), _cpu()
    subprocess.run(command, cwd=clone, env=environment, check=True)
    wall, cpu = time.perf_counter() - began, _cpu() - spent
    results = clone / "results"
    records = [json.loads(path.read_text()) for path in sorted((results / "runs").glob("*/*/seed*/run.json"))]
    log = "".join(path.read_text(errors="replace") for path in sorted((clone / ".snakemake/log").glob("*.log")))
    return FirstRun(name, cores, wall, cpu, log.count("Finished jobid: "), len(records),
                    sum(record["seconds"] or 0 for record in records), _input_seconds(clone, log))  # fmt: skip


def _input_seconds(clone: Path, log: str) -> float:
    """Core-seconds of all jobs that compute inputs: seconds times the cores that each had."""
    total = 0.0
    for path in (clone / "results/benchmarks/inputs").rglob("*.tsv"):
        about = log.partition(f"benchmark: {path.relative_to(clone)}\n")[2].partition("\n\n")[0]
        had = re.search(r"^ *threads: (\d+)$", about, re.MULTILINE)  # left out for one
        with open(path, newline="") as handle:
            seconds = sum(float(row["s"]) for row in csv.DictReader(handle, delimiter="\t"))
        total += seconds * (int(had[1]) if had else 1)
    return total


def _cpu() -> float:
    """User and system seconds of all processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def _minutes(seconds: float) -> str:
    whole: Sequence[int] = divmod(round(seconds), 60)
    return "{} min {:02} s".format(*whole)


if __name__ == "__main__":
    main()
