"""A rehearsal to its table and report, with its time and memory.

    python benchmarks/rehearsal.py                                       # of the composite of MEGC2019
    python benchmarks/rehearsal.py --config paper.yaml --out /tmp/paper  # of any other

What is run is the command that an owner types, in a folder of its own: each job starts Python by itself. CPU seconds
are those of snakemake and of all jobs. Memory is sampled once a second: the proportional set sizes of all processes
together, in which a page that several share counts once.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import paper_small

from mebench.catalogue.listing import markdown_table
from mebench.config.started import started
from mebench.plan import Plan

PROJECT = Path(__file__).parents[1]
# one process for each job: as many jobs at once as cores keep all of them busy
ONE_THREAD = ("--set-threads", "inputs=1", "faces=1", "fetch=1", "index=1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("rehearsal-megc2019.yaml"))
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, help="a folder that is not there yet (default: a temporary one, kept)")
    args = parser.parse_args()
    folder = args.out or Path(tempfile.mkdtemp(prefix="rehearsal_"))
    folder.mkdir(parents=True, exist_ok=True)
    added = {"rehearsal": True, "results": str(folder / "results")}
    plan = Plan(started([args.config], added))
    log = folder / "snakemake.log"
    print(f"the log is {log}", flush=True)
    code, wall, memory = measured(args, folder, log)
    print_figures(plan, log, wall, memory)
    print(f"\nreport: {plan.results}/report.html")
    sys.exit(code)


def measured(args: argparse.Namespace, folder: Path, log: Path) -> tuple[int, float, float]:
    """(exit code, seconds, peak MiB of all processes) of the command, run to its end."""
    command = ["snakemake", "--snakefile", PROJECT / "Snakefile", "--directory", folder, "--cores", str(args.cores),
               "--configfile", args.config.resolve(), *ONE_THREAD, "--config", "rehearsal=true",
               f"results={folder / 'results'}"]  # fmt: skip
    begin, peak = time.perf_counter(), 0.0
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(PROJECT / "workflow")}
    with open(log, "w", encoding="utf-8") as handle:
        done = subprocess.Popen(command, stdout=handle, stderr=handle, env=environment)
        ended = threading.Event()
        threading.Thread(target=lambda: (done.wait(), ended.set()), daemon=True).start()
        while not ended.wait(1):
            peak = max(peak, paper_small.shared_memory())
    return done.returncode, time.perf_counter() - begin, peak


def print_figures(plan: Plan, log: Path, wall: float, memory: float) -> None:
    """What the rehearsal took, by kind of job, and the lines that it ended with."""
    records = [json.loads(path.read_text()) for path in Path(plan.results).glob("runs/*/*/*/run.json")]
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    rows = [
        ("wall seconds", f"{wall:.0f}"),
        ("CPU seconds", f"{own.ru_utime + own.ru_stime:.0f}"),
        ("runs", f"{len(records)} of {len(plan.runs)}"),
        ("folds", f"{sum(record['folds_done'] for record in records):,}"),
        ("seconds of folds", f"{sum(record['seconds'] or 0 for record in records):.0f}"),
        ("peak memory, all processes", f"{memory:,.0f} MiB"),
        ("files in the folder of results", f"{sum(1 for path in Path(plan.results).rglob('*') if path.is_file()):,}"),
        ("load at the end", " ".join(f"{load:.1f}" for load in os.getloadavg())),
    ]
    print(f"\n{markdown_table(('what', 'figure'), rows, right=('figure',))}\n")
    seconds: Counter[str] = Counter()
    for path in (Path(plan.results) / "benchmarks").rglob("*.tsv"):
        values = dict(zip(*(line.split("\t") for line in path.read_text().splitlines()[:2]), strict=True))
        seconds[path.relative_to(Path(plan.results) / "benchmarks").parts[0]] += float(values["s"])
    print(markdown_table(("jobs", "seconds"), [(name, f"{sum_:.0f}") for name, sum_ in seconds.most_common()],
                         right=("seconds",)))  # fmt: skip
    text = log.read_text(encoding="utf-8")
    print("\n" + text[text.index("What the real run will take") :] if "What the real run" in text else "")


if __name__ == "__main__":
    main()
