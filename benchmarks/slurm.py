"""What a job costs beside its training, and many folds as shards against one job per fold, on a Slurm of one node.

    python benchmarks/slurm.py                                               # 24 folds, two jobs at once
    python benchmarks/slurm.py --subjects 68 --seeds 15 --shards 15 1020 --slots 4 --epochs 1   # 15 LOSO of 68 subjects

Needs what the Slurm tests need (root, slurm-wlm, munge, the executor plugin; see tests/slurm) and brings up its own
Slurm. Folds are nearly free (STSTNet, a few epochs on three generated clips per subject): what is measured is what a
cluster adds. A real queue, network file systems and GPUs that have to wake up add to it. Times of jobs are those of
Slurm, to the second.
"""

from __future__ import annotations

import argparse
import os
import platform
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

from mebench.files import read_csv, read_json, write_csv  # noqa: E402
from mebench.runs.paths import fold_file  # noqa: E402
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
    parser.add_argument("--shards", type=int, nargs="+", default=[2, 6, 24], help="numbers of jobs to compare")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--slots", type=int, default=2, help="jobs that run at once (default 2)")
    args = parser.parse_args()
    if reason := missing():
        sys.exit(reason)
    with tempfile.TemporaryDirectory() as name:
        prepared = prepare(Path(name) / "prepared", args)
        os.environ["SLURM_CPUS"] = str(args.slots)  # of the node; a job takes one
        os.environ["SLURM_REMEMBER"] = "86400"  # each job is asked for its times in the end
        cluster = Cluster(Path(name) / "node", gpus=1)
        cluster.script("start")
        try:
            rows = [measure(prepared, cluster, Path(name) / str(n), n, args) for n in args.shards]
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
    prepared: base.Project, cluster: Cluster, folder: Path, shards: int, args: argparse.Namespace
) -> dict[str, float]:
    """All runs, submitted together as so many jobs (``shards``), and what became of their time."""
    project, folds = Submitted(prepared, folder), args.subjects * args.seeds
    count = min(shards, folds)
    print(f"{folds} folds as {count} jobs ...", file=sys.stderr, flush=True)
    begin = time.monotonic()
    wanted = [f"{RUN}/ststnet/seed{seed}/predictions.csv" for seed in range(args.seeds)]
    project.submit(*wanted, "--config", f"shards={shards}")
    project.wait(600 + 10 * folds)
    wall = time.monotonic() - begin
    jobs = [job for job in cluster.jobs() if job.get("WorkDir") == str(folder)]
    assert len(jobs) == count, f"{len(jobs)} jobs instead of {count}"
    records = [record_of(path).as_json() for path in (folder / RUN).rglob("folds/[!.]*.zip")]
    assert len(records) == folds, f"{len(records)} folds instead of {folds}"
    times = [[datetime.fromisoformat(job[key]) for key in ("SubmitTime", "StartTime", "EndTime")] for job in jobs]
    training = sum(record["seconds"] for record in records)
    lasted = sum((end - start).total_seconds() for _, start, end in times)
    return {
        "jobs": count,
        "wall": wall,
        "submission": (max(t[0] for t in times) - min(t[0] for t in times)).total_seconds(),
        "job": lasted / count,
        "first": mean(to_first_step(folder, job) for job in jobs),
        "outside": (lasted - training) / count,
        "per_fold": (lasted - training) / folds,
        "share": 1 - training / lasted,
    }


def to_first_step(folder: Path, job: dict[str, str]) -> float:
    """Seconds from the start of a job to the beginning of its first fold."""
    model, item = folder / RUN / "ststnet", job["Comment"].rpartition("_")[2]
    folds = [fold.split("/", 1) for fold in read_json(model / "shards" / f"{item}.json")["folds"]]
    begun = [record_of(fold_file(model / seed, fold)).started for seed, fold in folds]
    start = datetime.fromisoformat(job["StartTime"]).astimezone()
    return (min(map(datetime.fromisoformat, begun)) - start).total_seconds()


def show(rows: list[dict[str, float]], args: argparse.Namespace) -> None:
    folds = args.subjects * args.seeds
    print(f"\n{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end")
    print(f"{args.slots} jobs at once, {folds} folds of {args.epochs} epochs\n")
    print("| jobs | wall s | submitted within s | a job lasts s | to its first fold s | outside training, s a job | "
          "s a fold | share |")  # fmt: skip
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for row in rows:
        seconds = " | ".join(f"{row[key]:.1f}" for key in ("wall", "submission", "job", "first", "outside", "per_fold"))
        print(f"| {row['jobs']:,} | {seconds} | {row['share']:.0%} |")


if __name__ == "__main__":
    main()
