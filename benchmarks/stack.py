"""A stack of folds beside the same folds one at a time: seconds, and how far apart the results are.

    python benchmarks/stack.py                                  # on a GPU: STSTNet's recipe at 442 clips of 68 subjects
    python benchmarks/stack.py --models ststnet --folds 4 --epochs 2 --stacks 2 4 --device cpu

Random clips, one process. One at a time is what mebench does without the key `stack`.
"""

from __future__ import annotations

import argparse
import platform
import time

import torch

from mebench import tasks
from mebench.catalogue.listing import markdown_table
from mebench.config import recipes
from mebench.runs.device import device_name, peak_memory_mb, prepared
from mebench.training.data import TaskData
from mebench.training.fold import FoldJob, FoldResult, run_fold
from mebench.training.limits import Limits
from mebench.training.stack import run_stack

MODELS = ("ststnet", "off_apexnet", "sssnet", "dual_inception", "rcn_a")
CLASSES = ["a", "b", "c"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--folds", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--stacks", type=int, nargs="+", default=[4, 16, 64])
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    args = parser.parse_args()
    device = prepared(args.device, threads=1)
    lines = []
    for name in args.models:
        jobs = made(name, args.folds, args.epochs, device)
        run_fold(jobs[0])  # the first fold of a process loads libraries
        seconds, alone = timed(device, lambda jobs=jobs: [run_fold(job) for job in jobs])
        lines.append([name, "1", *shown(seconds, seconds, device), ""])
        for size in args.stacks:
            took, together = timed(device, lambda jobs=jobs, size=size: in_stacks(jobs, size))
            lines.append([name, str(size), *shown(took, seconds, device), f"{apart(alone, together):.1e}"])
    print(f"{device_name(device)}, torch {torch.__version__}, {platform.platform()}")
    print(f"{args.folds} folds, {args.epochs} epochs\n")
    header = ("model", "stack", "seconds", "times as fast", "peak memory MB", "largest difference of a probability")
    print(markdown_table(header, lines, right=header[1:]))


def made(name: str, folds: int, epochs: int, device: torch.device) -> list[FoldJob]:
    """Folds of random clips: 442 of 68 subjects, as many of each as it happens."""
    resolved = recipes.resolve({"model": name, "epochs": epochs})
    task = {"name": "random", "classes": CLASSES, "labels": {}, "drop": {}}
    spec = {**resolved, "label": name, "task": task, "seed": 0, "selection": "last"}
    wanted, generator = resolved["inputs"], torch.Generator().manual_seed(0)
    x = 255 * torch.rand(442, len(wanted["channels"]), wanted["size"], wanted["size"], generator=generator)
    subjects = [f"s{clip * clip % 68:02d}" if clip >= 68 else f"s{clip:02d}" for clip in range(442)]
    samples = [{"clip_id": str(clip), "dataset": "d", "subject": subject} for clip, subject in enumerate(subjects)]
    data = TaskData(tasks.kind_of(task), samples, x, torch.arange(442) % 3, "random")
    return [FoldJob(spec, data, fold, *data.folds()[fold], device) for fold in list(data.folds())[:folds]]


def in_stacks(jobs: list[FoldJob], size: int) -> list[FoldResult]:
    found = []
    for at in range(0, len(jobs), size):
        found += run_stack(jobs[at : at + size], lambda *told: None, lambda: False, Limits())
    return found


def timed(device: torch.device, work) -> tuple[float, list[FoldResult]]:
    begin = time.perf_counter() if device.type == "cuda" else time.process_time()
    found = work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        return time.perf_counter() - begin, found
    return time.process_time() - begin, found


def shown(seconds: float, alone: float, device: torch.device) -> list[str]:
    return [f"{seconds:.2f}", f"{alone / seconds:.2f}", f"{peak_memory_mb(device):,.0f}"]


def apart(ones: list[FoldResult], others: list[FoldResult]) -> float:
    pairs = zip(ones, others, strict=True)
    return max(float((one.chosen.predictions - other.chosen.predictions).abs().max()) for one, other in pairs)


if __name__ == "__main__":
    main()
