"""What it costs to start a benchmark of thousands of runs: parse, dry run, no-op, plan and status. Prints a table.

    python benchmarks/scale.py                                 # 10 seeds and 36 more entries: about 5,000 runs
    python benchmarks/scale.py --seeds 2 --models 2 --folds 5  # small, to try it

The configuration is paper.yaml with more seeds and more entries, copies of its baselines with another number of epochs.
Only small sources are made, and nothing is trained: empty files lie in the places of all outputs, and ``snakemake
--touch`` makes them count as up to date, which takes the longest. For ``mebench status`` each run has its folds as
files, as the engine leaves them. CPU seconds are those of the command and all its children; the clock needs a machine
that does nothing else.
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
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from mebench.files import write_csv, write_json
from mebench.plan import Plan
from mebench.runs import fold_file, fold_summary, paths
from mebench.runs.paths import HISTORY, PREDICTIONS, RECORD
from mebench.runs.records import FoldRecord

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("ststnet", "off_apexnet", "sssnet", "dual_inception", "rcn_a")
SMALL = {"source": "synthetic", "subjects": 2, "clips": 1}
MEBENCH = [sys.executable, "-m", "mebench.cli"]
PARSE = "import sys; from mebench.plan import Plan; Plan.load(sys.argv[1])"


@dataclass(frozen=True)
class Cost:
    """What a command took: CPU seconds, seconds of the clock, MiB at most in one of its processes."""

    cpu: float
    wall: float
    peak: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--models", type=int, default=36, help="how many more entries (default 36)")
    parser.add_argument("--folds", type=int, default=50, help="folds that are done of each run (default 50)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = configure(folder, args.seeds, args.models)
        plan = Plan.load(config)
        print(f"{len(plan.runs):,} runs, {args.folds * len(plan.runs):,} folds; {os.cpu_count()} cores\n")
        print("| what | CPU s | wall s | peak MiB |\n| --- | ---: | ---: | ---: |")
        for what, cost in costs(folder, config, plan, args.folds):
            print(f"| {what} | {cost.cpu:.2f} | {cost.wall:.2f} | {cost.peak:,} |", flush=True)


def configure(folder: Path, seeds: int, models: int) -> Path:
    """paper.yaml with so many seeds and more entries, beside a Snakefile, in an empty folder."""
    written = yaml.safe_load((ROOT / "paper.yaml").read_text())
    more = [
        {"model": COPIED[k % len(COPIED)], "name": f"copy{k}", "epochs": 20 + k, "tasks": written["tasks"][:9]}
        for k in range(models)
    ]
    written["datasets"] = {name: SMALL | ({"size": "brief"} if "long" in name else {}) for name in written["datasets"]}
    written |= {"seeds": list(range(seeds)), "models": [*written["models"], *more], "results": "results"}
    (folder / "config.yaml").write_text(yaml.safe_dump(written))
    os.chdir(folder)
    return folder / "config.yaml"


def costs(folder: Path, config: Path, plan: Plan, folds: int) -> Iterator[tuple[str, Cost]]:
    """What each command costs, one after the other."""
    yield "parse", measured([sys.executable, "-c", PARSE, str(config)])
    yield "mebench plan", measured([*MEBENCH, "plan", "--config", str(config)])
    yield "mebench status, nothing done", measured([*MEBENCH, "status", "--config", str(config)])
    everything = folder / "everything"
    yield "dry run, everything to do", measured([*snakemake(config), "--dry-run"], everything)
    # real sources, because each start looks at them
    measured([*snakemake(config), "--cores", "2", *(plan.paths.source_record(name) for name in plan.datasets)])
    for path in outputs(everything.read_text()):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    yield "touch", measured([*snakemake(config), "--touch", "--forceall", "--cores", "2", "--quiet", "all"])
    yield "dry run, nothing to do", measured([*snakemake(config), "--dry-run"], folder / "nothing")
    assert "Nothing to be done" in (folder / "nothing").read_text(), (folder / "nothing").read_text()[-2000:]
    for run in plan.runs:
        finish(Path(plan.paths.folder(run)), run.spec, folds)
    yield "mebench status, all done", measured([*MEBENCH, "status", "--config", str(config)])


def snakemake(config: Path) -> list[str]:
    """The start of a snakemake command."""
    return [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--configfile", str(config)]


def outputs(text: str) -> list[Path]:
    """The outputs of all jobs of a dry run."""
    lines = re.findall(r"^    output: (.*)$", text, re.MULTILINE)
    return [Path(path) for line in lines for path in line.split(", ")]


def finish(run: Path, spec: dict, folds: int) -> None:
    """The folds of a run as the engine leaves them, and what pooling keeps of them."""
    record = FoldRecord("", "0" * 64, "done", "", 60.0, 512.0, "2026-01-01T00:00:00+00:00", "2026-01-01T00:01:00+00:00",
                        {}, {"train": 400, "test": 10}, "cpu", spec=spec)  # fmt: skip
    records = [replace(record, fold=f"casme2/sub{k:03}") for k in range(folds)]
    first = records[0]
    with fold_file.written(run, first.fold) as place:
        write_csv(place / PREDICTIONS, ["clip_id"], [{"clip_id": first.fold}])
        write_csv(place / HISTORY, ["epoch"], [{"epoch": k} for k in range(100)])
        write_json(place / RECORD, first.as_json())
    text = paths.fold_file(run, first.fold).read_bytes()  # to write each like the first would take an hour
    for one in records[1:]:
        paths.fold_file(run, one.fold).write_bytes(text)
    fold_summary.write(run, records, "", fold_file.stamps(run))


def measured(command: list[str], said: Path | None = None) -> Cost:
    """Run a command; what it says goes to a file."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    said = said or Path("said")
    with open(said, "w") as out:
        # /usr/bin/time would tell the same; a process between tells the peak of this command alone
        done = subprocess.run([sys.executable, "-c", PEAK, json.dumps(command)], stdout=out, stderr=subprocess.PIPE,
                              text=True, check=False)  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{said.read_text()[-3000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, time.monotonic() - begun, int(done.stderr.rpartition("peak:")[2]) // 1024)


PEAK = """
import json, resource, subprocess, sys
done = subprocess.run(json.loads(sys.argv[1]), stderr=subprocess.STDOUT)
print(f"peak:{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}", file=sys.stderr)
sys.exit(done.returncode)
"""


if __name__ == "__main__":
    main()
