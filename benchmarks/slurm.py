"""What a job costs beside its training, and many folds as shards against one job per fold, on a Slurm of one node.

    python benchmarks/slurm.py                                               # 24 folds, two jobs at once
    python benchmarks/slurm.py --subjects 68 --seeds 15 --shards auto --slots 4 --epochs 1     # 15 LOSO of 68 subjects
    python benchmarks/slurm.py ... --checkout ../before       # the same with the code of another checkout, an older one

Needs what the Slurm tests need (root, slurm-wlm, munge, the executor plugin; see tests/slurm) and brings up its own
Slurm. Folds are nearly free (STSTNet, a few epochs on three generated clips per subject): what is measured is what a
cluster adds. A real queue, network file systems and GPUs that have to wake up add to it. Times of jobs are those of
Slurm, to the second.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from statistics import mean

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS / "slurm"), str(TESTS / "workflow")]

import project as base  # noqa: E402
from cluster import RUN, Cluster, Submitted, missing  # noqa: E402

from mebench.files import read_csv, write_csv  # noqa: E402
from mebench.runs import fold_file  # noqa: E402
from mebench.runs.records import record_of  # noqa: E402

CONFIG = """
datasets:
  flow_images: {{source: {pictures}, accept: [counts]}}
tasks: [megc2019-flow]
models:
  - {{model: ststnet, epochs: {epochs}}}
seeds: {seeds}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subjects", type=int, default=24, help="folds of a run, at most 68 (default 24)")
    parser.add_argument("--seeds", type=int, default=1, help="runs (default 1)")
    parser.add_argument(
        "--shards", nargs="+", default=["2", "6", "24"], help="numbers of jobs to compare, auto, or fold"
    )
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--slots", type=int, default=2, help="jobs that run at once (default 2)")
    parser.add_argument("--checkout", type=Path, default=TESTS.parent, help="whose code runs (default: this one)")
    args = parser.parse_args()
    base.PROJECT = args.checkout.resolve()
    if reason := missing():
        sys.exit(reason)
    with tempfile.TemporaryDirectory() as name:
        prepared = prepare(Path(name) / "prepared", args)
        os.environ["SLURM_CPUS"] = str(args.slots)  # of the node; a job takes one
        os.environ["SLURM_REMEMBER"] = "86400"  # each job is asked for its times in the end
        cluster = Cluster(Path(name) / "node", gpus=1)
        cluster.script("start")
        try:
            rows = [measure(prepared, cluster, Path(name) / n, n, args) for n in args.shards]
        finally:
            cluster.script("stop")
    show(rows, args)


def prepare(folder: Path, args: argparse.Namespace) -> base.Project:
    """A project whose inputs are made, of so many subjects with three clips each."""
    project = base.Project(folder)
    (manifest := project.pictures / "manifest.csv").rename(project.pictures / "five.csv")
    rows = [row for row in read_csv(project.pictures / "five.csv") if row["subject"] == "sub01"]
    every = [row | {"subject": f"sub{s + 1:02}"} for s in range(args.subjects) for row in rows]
    for row in every:
        row["image"] = f"images/{row['subject']}_{row['emotion']}.png"
        if not (project.pictures / row["image"]).exists():
            shutil.copy(project.pictures / f"images/sub01_{base.EMOTIONS.index(row['emotion'])}.png",
                        project.pictures / row["image"])  # fmt: skip
    write_csv(manifest, every[0], every)
    project.configure(CONFIG.format(pictures=project.pictures, epochs=args.epochs, seeds=list(range(args.seeds))))
    project.snakemake("results/inputs/flow_images/apex_flow-28/meta.json", "--cores", "2")
    return project


def measure(
    prepared: base.Project, cluster: Cluster, folder: Path, shards: str, args: argparse.Namespace
) -> dict[str, float]:
    """All runs, submitted together with this setting of ``shards``, and what became of their time."""
    project, folds = Submitted(prepared, folder), args.subjects * args.seeds
    print(f"{folds} folds, shards={shards} ...", file=sys.stderr, flush=True)
    begin, cpu = time.monotonic(), cpu_of_children()
    wanted = [f"{RUN}/ststnet/seed{seed}/predictions.csv" for seed in range(args.seeds)]
    project.submit(*wanted, "--config", f"shards={shards}")
    project.wait(600 + 10 * folds)
    wall = time.monotonic() - begin
    jobs = [job for job in cluster.jobs() if job.get("WorkDir") == str(folder)]
    runs = sorted((folder / RUN / "ststnet").glob("seed*"))  # of the earlier checkout a fold is a folder
    records = [record_of(place).as_json() for run in runs for place in fold_file.places(run)]
    assert len(records) == folds, f"{len(records)} folds instead of {folds}"
    times = [[datetime.fromisoformat(job[key]) for key in ("SubmitTime", "StartTime", "EndTime")] for job in jobs]
    training = sum(record["seconds"] for record in records)
    lasted = sum((end - start).total_seconds() for _, start, end in times)
    count = len(jobs)
    return {
        "jobs": count,
        "wall": wall,
        "snakemake": cpu_of_children() - cpu,
        "submission": (max(t[0] for t in times) - min(t[0] for t in times)).total_seconds(),
        "job": lasted / count,
        "first": mean(to_first_fold(records, job) for job in jobs),
        "outside": (lasted - training) / count,
        "per_fold": (lasted - training) / folds,
        "share": 1 - training / lasted,
    }


def to_first_fold(records: list[dict], job: dict[str, str]) -> float:
    """Seconds from the start of a job to the beginning of its first fold."""
    begun = [datetime.fromisoformat(one["started"]) for one in records if one["where"]["job"] == job["JobId"]]
    return (min(begun) - datetime.fromisoformat(job["StartTime"]).astimezone()).total_seconds()


def cpu_of_children() -> float:
    """CPU seconds of the commands that this process has started and that have ended; jobs are children of Slurm."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def show(rows: list[dict[str, float]], args: argparse.Namespace) -> None:
    folds = args.subjects * args.seeds
    print(f"\n{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end")
    print(f"{args.slots} jobs at once, {folds} folds of {args.epochs} epochs\n")
    print("| jobs | wall s | submitted within s | CPU s of snakemake | a job lasts s | to its first fold s | "
          "outside training, s a job | s a fold | share |")  # fmt: skip
    print("| ---: " * 9 + "|")
    for row in rows:
        keys = ("wall", "submission", "snakemake", "job", "first", "outside")
        seconds = " | ".join(f"{row[key]:.1f}" for key in keys)
        print(f"| {row['jobs']:,} | {seconds} | {row['per_fold']:.3f} | {row['share']:.0%} |")


if __name__ == "__main__":
    main()
