"""Kill the training process at random moments, then the whole workflow, and compare with an undisturbed run.

    python benchmarks/faults.py                                   # 50 kills of training, 20 of the workflow
    python benchmarks/faults.py --training 5 --workflow 3 --seed 1

All data are synthetic. The last lines say how many kills hit, whether tables, predictions and histories have the same
bytes as undisturbed ones, and whether anything was left locked or half-written; the exit status is 1 if not all is
well.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).parents[1]
CONFIG = """
datasets:
  smic: {source: synthetic, subjects: 4, clips: 6}
tasks: [smic-3]
models:
  - {model: ststnet, preset: small, epochs: 400}
  - {model: off_apexnet, preset: small, epochs: 30}
  - majority
seeds: [0]
tables: [smic-3]
"""
RUN = "smic-3/ststnet/seed0"
LEFT = ("*.running.json", "*.checkpoint", ".*")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--training", type=int, default=50, help="kills of the training process (default 50)")
    parser.add_argument("--workflow", type=int, default=20, help="kills of the whole workflow (default 20)")
    parser.add_argument("--seed", type=int, default=0, help="of the random moments (default 0)")
    args = parser.parse_args()
    chance = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        whole = copy_of_the_project(Path(folder) / "whole")
        took = timed(lambda: run(whole, "snakemake", "--cores", "2"))
        print(f"undisturbed workflow: {took:.0f} s, {len(results(whole))} files of results", flush=True)
        well = kill_training(whole, Path(folder) / "training", args.training, chance)
        well &= kill_workflow(whole, Path(folder) / "workflow", args.workflow, chance, took)
    return 0 if well else 1


def kill_training(whole: Path, place: Path, kills: int, chance: random.Random) -> bool:
    """Kill ``mebench train`` at random moments of its life, going on each time; begin anew whenever it gets through."""
    shutil.copytree(whole, place, symlinks=True)
    runs = place / "results/runs"
    shutil.rmtree(runs)
    command = ["mebench", "train", "--run", RUN, "--checkpoint-seconds", "0.2"]
    took = timed(lambda: run(place, *command))
    hit, rounds = 0, 0
    while hit < kills:
        shutil.rmtree(runs, ignore_errors=True)
        rounds += 1
        while hit < kills and killed(place, command, chance.uniform(0, 1.2 * took)):
            hit += 1
        run(place, *command)
        folds = f"runs/{RUN}/folds"
        if not compare(f"after {hit} kills", results(place, folds), results(whole, folds), place):
            return False
    print(f"training: {hit} kills in {rounds} rounds of {took:.0f} s, the same bytes after each, nothing left behind")
    return True


def kill_workflow(whole: Path, place: Path, kills: int, chance: random.Random, took: float) -> bool:
    """Kill snakemake with all that it has started, again and again; then let it finish."""
    copy_of_the_project(place)
    hit, rounds = 0, 0
    while hit < kills:
        shutil.rmtree(place / "results", ignore_errors=True)
        shutil.rmtree(place / ".snakemake", ignore_errors=True)
        rounds += 1
        while hit < kills and killed(place, ["snakemake", "--cores", "2"], chance.uniform(0, took)):
            hit += 1
            run(place, "snakemake", "--unlock")
        run(place, "snakemake", "--cores", "2")
        if not compare(f"after {hit} kills of the workflow", results(place), results(whole), place):
            return False
    rest = run(place, "snakemake", "--dry-run")
    done = "Nothing to be done" in rest
    print(f"workflow: {hit} kills in {rounds} rounds, the same bytes after each, nothing left behind; "
          f"then {'nothing is left to be done' if done else 'something would run again'}")  # fmt: skip
    return done


def copy_of_the_project(place: Path) -> Path:
    """The project without results, with a small configuration of its own."""
    place.mkdir()
    for name in ("Snakefile", "workflow", "profiles", "envs"):
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(source, place / name)
    (place / "config.yaml").write_text(CONFIG)
    return place


def environment(place: Path) -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": str(place / "workflow"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def run(place: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=place, env=environment(place), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout + done.stderr


def killed(place: Path, command: list[str], after: float) -> bool:
    """Start a command and kill it with all its processes after so many seconds; False if it ended before."""
    job = subprocess.Popen(command, cwd=place, env=environment(place), start_new_session=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        status = job.wait(timeout=after)
    except subprocess.TimeoutExpired:
        os.killpg(job.pid, signal.SIGKILL)
        job.wait()
        return True
    if status:
        raise SystemExit(f"{' '.join(command)} failed by itself with exit status {status}")
    return False


def results(place: Path, below: str = "") -> dict[str, bytes]:
    """The bytes of tables, scores, predictions and histories."""
    root = place / "results"
    paths = [path for part in ("tables", "scores", "runs") for path in (root / part).rglob("*.*")]
    kept = [path for path in paths if path.suffix in (".csv", ".md", ".tex", ".html") and not path.name.startswith(".")]
    found = {str(path.relative_to(root)): path.read_bytes() for path in sorted(kept)}
    return {name: data for name, data in found.items() if name.startswith(below)}


def compare(when: str, found: dict[str, bytes], wanted: dict[str, bytes], place: Path) -> bool:
    """Whether the results are those of the undisturbed run, and no lock, checkpoint or temporary file is left."""
    other = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    left = sorted({str(path) for pattern in LEFT for path in (place / "results/runs").rglob(pattern)})
    if other:
        print(f"{when}: {len(other)} files differ, the first is {other[0]}")
    if left:
        print(f"{when}: {len(left)} files are left behind, the first is {left[0]}")
    return not other and not left


def timed(work) -> float:
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


if __name__ == "__main__":
    sys.exit(main())
