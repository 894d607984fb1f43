"""``paper.yaml`` to its report, once, on small stand-ins: every task and every model entry, one epoch and one seed.

    python benchmarks/paper_small.py --out /tmp/paper_small

What is run is the command that an owner types. Only the start of Python is saved: jobs are forks of one server that has
imported everything. The folder keeps the results, with every log, and snakemake's own output in ``snakemake.log``.
CPU seconds are those of snakemake, of its shells and of all jobs. Memory is sampled once a second: the proportional
set sizes of all processes together, in which a page that several share counts once.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import psutil

sys.path.append(str(Path(__file__).parents[1] / "tests/workflow"))

import small_paper
from project import Project, served
from zygote import jobs

from mebench.catalogue.listing import markdown_table
from mebench.plan import Plan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="a folder that is not there yet (default: a temporary one, kept)")
    folder = parser.parse_args().out or Path(tempfile.mkdtemp(prefix="paper_small_"))
    folder.mkdir(parents=True, exist_ok=True)
    with served(folder) as project:
        results = small_paper.prepare(project)
        print(f"the log is {folder / 'snakemake.log'}", flush=True)
        code, wall, memory = measured(project, folder / "snakemake.log")
    print_figures(folder, project, wall, memory)
    errors = [str(path) for path, text in small_paper.logs(results) if "Traceback" in text]
    print(f"\nlogs with a traceback: {', '.join(errors) or 'none'}\nreport: {results / 'report.html'}")
    sys.exit(code or bool(errors))


def measured(project: Project, log: Path) -> tuple[int, float, float]:
    """(exit code, seconds, peak MiB of all processes) of the command, run to its end."""
    begin, peak = time.perf_counter(), 0.0
    with open(log, "w", encoding="utf-8") as handle:
        done = subprocess.Popen(
            small_paper.COMMAND, cwd=project.folder, env=project.environment, stdout=handle, stderr=handle
        )
        ended = threading.Event()
        threading.Thread(target=lambda: (done.wait(), ended.set()), daemon=True).start()
        while not ended.wait(1):
            peak = max(peak, shared_memory())
    return done.returncode, time.perf_counter() - begin, peak


def shared_memory() -> float:
    """MiB of all processes below this one, each shared page once."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        try:
            total += process.memory_full_info().pss
        except psutil.Error:  # it has ended meanwhile
            continue
    return total / 2**20


def print_figures(folder: Path, project: Project, wall: float, memory: float) -> None:
    """What the run took, and which kinds of job took it."""
    plan = Plan.load(project.folder / "small.yaml")
    ended = jobs(folder / "zygote")
    own = resource.getrusage(resource.RUSAGE_CHILDREN)  # snakemake, its shells, and the start of the server
    cpu = own.ru_utime + own.ru_stime + sum(job.cpu for job in ended)
    records = [json.loads(path.read_text()) for path in (project.folder / plan.results).glob("runs/*/*/*/run.json")]
    total = re.findall(r"^total +(\d+)$", (folder / "snakemake.log").read_text(encoding="utf-8"), re.MULTILINE)
    rows = [
        ("wall seconds", f"{wall:.0f}"),
        ("CPU seconds", f"{cpu:.0f}"),
        ("jobs", f"{int(total[0]):,}" if total else "unknown"),
        ("runs", f"{len(records)} of {len(plan.runs)}"),
        ("folds", f"{sum(record['folds_done'] for record in records):,}"),
        ("peak memory, all processes", f"{memory:,.0f} MiB"),
        ("load at the end", " ".join(f"{load:.1f}" for load in os.getloadavg())),
    ]
    print(f"\n{markdown_table(('what', 'figure'), rows, right=('figure',))}\n")
    counts = Counter(job.verb for job in ended)
    by_verb = [
        (verb, f"{count:,}", f"{sum(job.cpu for job in ended if job.verb == verb):.1f}",
         f"{max(job.memory for job in ended if job.verb == verb):,.0f}")
        for verb, count in counts.most_common()
    ]  # fmt: skip
    header = ("command", "jobs", "CPU seconds", "peak MiB of one")
    print(markdown_table(header, by_verb, right=header[1:]))


if __name__ == "__main__":
    main()
