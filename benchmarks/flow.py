"""Optical flow: errors against known motion, and speed against OpenCV on one thread. Prints tables, keeps nothing.

    python benchmarks/flow.py errors       # every estimator on the generated datasets, and its time on one core
    python benchmarks/flow.py throughput   # `mebench inputs ... tvl1` against cores x OpenCV on one thread
    python benchmarks/flow.py throughput --flow tvl1_torch --sizes 224 --subjects 16   # the same with TV-L1 in torch
    python benchmarks/flow.py gpu          # TV-L1 in torch by batch size, against one core of OpenCV

errors takes the datasets as `mebench fetch` generates them by default (8 subjects, 6 clips each on average). throughput
takes the same faces at another size: onset and apex of each clip, resized; its time runs from the start of the command
to its end, so it holds the start of all processes, decoding, digests and writing; the other side is flow alone, on
frames that are in memory. Timings need a machine that does nothing else; the columns in CPU seconds are right on a busy
one too.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import torch

from mebench import cards, formats
from mebench.clips.clip import Clip
from mebench.config import input_names
from mebench.files import write_csv
from mebench.inputs import quality, tvl1, tvl1_solver, tvl1_torch
from mebench.inputs.flow import estimator, grey_pair
from mebench.media.folders import list_frames
from mebench.synthetic.generate import write

DATASETS = ("casme2", "samm", "smic")
CLI = (sys.executable, "-m", "mebench.cli")
Pair = tuple[np.ndarray, np.ndarray]


class Flows(dict):
    """Flows by clip_id, as ``quality.against_truth`` asks for them."""

    get = dict.__getitem__


def generate(dataset: str, folder: Path, subjects: int, clips: int) -> list[Clip]:
    """A generated dataset below ``folder`` and its clips."""
    write(dataset, folder / "data", folder / "truth", subjects=subjects, clips=clips, seed=0)
    made = cards.load("datasets", dataset).read(folder / "data").clips
    write_csv(folder / "clips.csv", formats.CLIPS.names, (clip.row() for clip in made))
    return made


def paths(folder: Path, clip: Clip) -> tuple[Path, Path]:
    """Onset and apex frame of a clip."""
    frames = list_frames(folder / "data" / clip.frames)
    return frames[clip.frame("onset")], frames[clip.frame("apex")]


def timed(function: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def usual(function: Callable[[], object], times: int = 3) -> float:
    """The median of several timings, after a call that is not counted."""
    function()
    return statistics.median(timed(function) for _ in range(times))


def table(head: list[str], rows: Iterator[list[object]]) -> None:
    """A table in Markdown, each row as soon as it is known."""
    print("| " + " | ".join(head) + " |\n|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row) + " |",
              flush=True)  # fmt: skip
    print()


# --- errors ----------------------------------------------------------------------------------------------------------


def errors(folder: Path, args: argparse.Namespace) -> None:
    """Endpoint errors in pixels: mean over clips of the mean, median and 95th percentile over pixels."""
    head = ["dataset (generated)", "estimator", "mean", "median", "p95", "from OpenCV's TV-L1", "ms a pair"]
    table(head, (row for dataset in DATASETS for row in _errors_on(dataset, folder / dataset)))


def _errors_on(dataset: str, folder: Path) -> Iterator[list[object]]:
    clips = generate(dataset, folder, 8, 6)
    reference: dict[str, np.ndarray] = {}
    for name in input_names.FLOWS:  # the reference comes first
        flows, seconds = run(name, folder, clips)
        reference = reference or flows
        rows = quality.against_truth(flows, clips, folder / "truth")
        means = [float(np.mean([float(row[f"{what}_epe"]) for row in rows])) for what in ("mean", "median", "p95")]
        away = float(np.mean([np.hypot(*(flow - reference[clip])).mean() for clip, flow in flows.items()]))
        yield [dataset, name, *means, away, f"{1e3 * seconds / len(clips):.1f}"]


def run(name: str, folder: Path, clips: list[Clip]) -> tuple[Flows, float]:
    """Flows of all clips and the seconds they took, decoding left out."""
    pairs = {clip.clip_id: grey_pair(*paths(folder, clip)) for clip in clips}
    flow, flows = estimator(name), Flows()
    flow(*next(iter(pairs.values())))
    seconds = timed(lambda: flows.update({clip: flow(*pair) for clip, pair in pairs.items()}))
    return flows, seconds


# --- throughput ------------------------------------------------------------------------------------------------------


def throughput(folder: Path, args: argparse.Namespace) -> None:
    """The inputs stage against as many times OpenCV on one thread as there are cores, and against as many plain loops
    at once, which shows what cores lose to each other."""
    n = args.jobs
    head = [
        "size",
        "pairs",
        "OpenCV, one thread: s",
        f"{n} plain loops at once: s",
        f"mebench {args.flow}, {n} jobs: s",
    ]
    head += [f"plain loops of {n} x OpenCV", f"mebench of {n} x OpenCV", "each repetition"]
    head += ["OpenCV: CPU s", f"mebench {args.flow}: CPU s"]
    table(head, (_throughput_at(size, folder / str(size), args) for size in args.sizes))


def _throughput_at(size: int, folder: Path, args: argparse.Namespace) -> list[object]:
    clips = generate("casme2", folder, args.subjects, args.clips)
    for path in {path for clip in clips for path in paths(folder, clip)}:
        frame = cv2.imread(str(path))
        cv2.imwrite(str(path), cv2.resize(frame, (size, size), interpolation=cv2.INTER_CUBIC))
    pairs = [grey_pair(*paths(folder, clip)) for clip in clips]
    seconds: list[tuple[float, float, float]] = []
    cpu: list[tuple[float, float]] = []
    with multiprocessing.get_context("spawn").Pool(args.jobs, cv2.setNumThreads, (1,)) as pool:
        pool.map(_flow, pairs[: 4 * args.jobs], 1)  # every process is awake
        for _ in range(args.repeats):  # in turns, so that all see the same machine
            begun = cpu_seconds()
            alone = timed(lambda: [tvl1.flow(*pair) for pair in pairs])
            between = cpu_seconds()
            loops = timed(lambda: pool.map(_flow, pairs, 1))
            after = cpu_seconds()
            seconds.append((alone, loops, timed(lambda: inputs_stage(folder, args.jobs, args.flow))))
            cpu.append((between - begun, cpu_seconds() - after))
    ratios = [[alone / args.jobs / other for other in others] for alone, *others in seconds]
    each = ", ".join(f"{ours:.3f}" for _, ours in ratios)
    middle = [f"{statistics.median(column):.2f}" for column in zip(*seconds, strict=True)]
    own = [f"{statistics.median(column):.1f}" for column in zip(*cpu, strict=True)]
    return [f"{size} x {size}", len(pairs), *middle, *map(statistics.median, zip(*ratios, strict=True)), each, *own]


def cpu_seconds() -> float:
    """Of this process and of its children that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _flow(pair: Pair) -> None:
    tvl1.flow(*pair)


def inputs_stage(folder: Path, jobs: int, flow: str) -> None:
    """`mebench inputs casme2 tvl1`, or with another flow, from nothing."""
    shutil.rmtree(folder / flow, ignore_errors=True)
    command = [*CLI, "inputs", "casme2", flow, "--clips", folder / "clips.csv", "--root", folder / "data"]
    command += ["--out", folder / flow, "--jobs", str(jobs)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


# --- gpu -------------------------------------------------------------------------------------------------------------


def gpu(folder: Path, args: argparse.Namespace) -> None:
    """Pairs a second by batch size, frames in the computer's memory before and flows there after."""
    if tvl1_solver.device().type != "cuda":
        print("no CUDA GPU is visible: nothing measured\n")
        return
    clips = generate("casme2", folder, 8, 6)
    pairs = [grey_pair(*paths(folder, clip)) for clip in clips]
    for size in args.sizes:
        at_size = [tuple(cv2.resize(frame, (size, size)) for frame in pair) for pair in pairs]
        one = usual(lambda at=at_size: [tvl1.flow(*pair) for pair in at[:12]]) / 12
        print(f"{size} x {size}: OpenCV, one thread, {1e3 * one:.1f} ms a pair\n")
        most = tvl1_solver.batch_size(tvl1_solver.device(), size, size)
        batches = [batch for batch in (1, 4, 16, 64, 256, 1024, 4096) if batch <= most]
        table(["batch", "pairs a second", "times one core of OpenCV"],
              (_gpu_at(batch, at_size, one) for batch in batches))  # fmt: skip


def _gpu_at(batch: int, pairs: list[Pair], one: float) -> list[object]:
    first, second = (np.stack([pairs[i % len(pairs)][side] for i in range(batch)]) for side in (0, 1))
    seconds = usual(lambda: tvl1_torch.flow_batch(first, second))  # flows come back, so the GPU is done
    return [batch, f"{batch / seconds:.1f}", f"{batch * one / seconds:.1f}"]


# ---------------------------------------------------------------------------------------------------------------------


def machine() -> str:
    """What the numbers were measured on."""
    models = [line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    load = f"load {os.getloadavg()[0]:.2f}"
    versions = f"Python {platform.python_version()}, OpenCV {cv2.__version__}, torch {torch.__version__}"
    return f"{os.cpu_count()} cores, {models[0] if models else platform.processor()}, {gpu}; {load}; {versions}"


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("errors", "throughput", "gpu"))
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[128, 224], help="sides of the frames (default 128 224)"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes of mebench (default: one per core)")
    parser.add_argument("--flow", choices=input_names.FLOWS, default="tvl1", help="of throughput (default tvl1)")
    parser.add_argument("--repeats", type=int, default=3, help="of throughput (default 3)")
    parser.add_argument(
        "--subjects", type=int, default=32, help="of throughput (default 32: about as many pairs as CASME II has)"
    )
    parser.add_argument("--clips", type=int, default=8, help="of throughput, per subject on average (default 8)")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    print(machine() + "\n")
    with tempfile.TemporaryDirectory() as name:
        {"errors": errors, "throughput": throughput, "gpu": gpu}[args.what](Path(name), args)


if __name__ == "__main__":
    main()
