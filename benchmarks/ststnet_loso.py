"""Training speed of STSTNet's LOSO on the CPU: mebench beside the plain loop that a user would write.

The plain loop is written the way the authors' PyTorch port works: three convolutions, a DataLoader over a
TensorDataset, one fold after another, PyTorch's default number of threads. mebench runs the same folds and epochs as
shards of one thread each, start-up included. Both train the port's recipe on 442 pictures of 68 subjects.

    python benchmarks/ststnet_loso.py --pictures /path/to/the/flow/pictures --epochs 40
    python benchmarks/ststnet_loso.py --busy 20                   # CPU time of single epochs in turn, one thread each

Without --pictures the pictures are random numbers of the same shape; speed does not depend on them.
"""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from mebench.config.spec import RunSpec
from mebench.files import write_csv
from mebench.plan import Plan
from mebench.runs.progress import duration
from mebench.training import fold
from mebench.training.data import TaskData, load

CLI = (sys.executable, "-m", "mebench.cli")


class ThreeStreams(nn.Module):
    """STSTNet with one convolution per stream, as it is drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3, filters, 3, padding=2) for filters in (3, 5, 8))
        self.norms = nn.ModuleList(nn.BatchNorm2d(filters) for filters in (3, 5, 8))
        self.relu, self.drop = nn.ReLU(), nn.Dropout(0.5)
        self.pool, self.average = nn.MaxPool2d(3, stride=3, padding=1), nn.AvgPool2d(2, stride=2)
        self.head = nn.Linear(400, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        streams = zip(self.convs, self.norms, strict=True)
        x = torch.cat([self.drop(self.pool(norm(self.relu(conv(x))))) for conv, norm in streams], dim=1)
        return self.head(self.average(x).flatten(1))


def plain_loop(x: torch.Tensor, y: torch.Tensor, subjects: list[str], epochs: int) -> float:
    """Seconds for one LOSO, one fold after another, the test fold evaluated after each epoch as the port does."""
    begin = time.perf_counter()
    for held_out in sorted(set(subjects)):
        test = torch.tensor([s == held_out for s in subjects])
        training = DataLoader(TensorDataset(x[~test], y[~test]), batch_size=256)
        testing = DataLoader(TensorDataset(x[test], y[test]), batch_size=256)
        model, loss_function = ThreeStreams(), nn.CrossEntropyLoss()
        optimizer = torch.optim.Adam(model.parameters(), lr=5e-5)
        for _ in range(epochs):
            model.train()
            for pictures, labels in training:
                optimizer.zero_grad()
                loss_function(model(pictures), labels).backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                for pictures, _ in testing:
                    model(pictures).argmax(1)
    return time.perf_counter() - begin


def epochs_in_turn(data: TaskData, spec: RunSpec, times: int) -> tuple[list[float], list[float]]:
    """CPU seconds of epochs of the first fold by the plain loop and by mebench's, in turn and on one thread, so that
    other work on the machine meets both alike; one epoch of each goes before."""
    torch.set_num_threads(1)
    train, _ = next(iter(data.folds().values()))
    loader = DataLoader(TensorDataset(data.x[train], data.y[train]), batch_size=256)
    net, loss_function = ThreeStreams(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-5)

    def plain() -> None:
        for pictures, labels in loader:
            optimizer.zero_grad()
            loss_function(net(pictures), labels).backward()
            optimizer.step()

    fold_job = fold.FoldJob(spec, data, "first", train, [], torch.device("cpu"))
    loop = fold.loop_of(fold.begun(fold_job)[0], spec, data, data.y, train, seed=0)
    taken: tuple[list[float], list[float]] = [], []
    for _ in range(times + 1):
        for one, seconds in zip((plain, loop.epoch), taken, strict=True):
            begin = time.process_time()
            one()
            seconds.append(time.process_time() - begin)
    return taken[0][1:], taken[1][1:]


def mebench_shards(plan: Plan, folder: Path, shards: int) -> float:
    """Seconds for the same LOSO as ``shards`` processes of ``mebench train``, from the first start to the last end."""
    run = plan.runs[0]
    command = [*CLI, "train", "--spec", run.parameter, "--device", "cpu", "--out", folder / "run"]
    command += ["--clips", folder / "clips.csv", "--inputs", folder / "apex_flow-28"]
    quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    begin = time.perf_counter()
    jobs = [subprocess.Popen([*command, "--shard", f"{i}-of-{shards}"], **quiet) for i in range(1, shards + 1)]
    codes = [job.wait() for job in jobs]
    if any(codes):
        sys.exit("a shard failed; run the command by hand to see why: " + shlex.join(map(str, command)))
    return time.perf_counter() - begin


def make_data(folder: Path, pictures: Path | None) -> None:
    """clips.csv and the input store: of the published pictures, or of random ones with as many clips and subjects."""
    if not pictures:
        pictures = folder / "random"
        pictures.mkdir()
        rng, rows = np.random.default_rng(0), []
        for i in range(442):
            Image.fromarray(rng.integers(0, 256, (28, 28, 3), dtype=np.uint8)).save(pictures / f"{i}.png")
            emotion = ("negative", "positive", "surprise")[i % 3]
            rows.append({"dataset": "casme2", "subject": i % 68, "clip": i, "emotion": emotion, "image": f"{i}.png"})
        write_csv(pictures / "manifest.csv", rows[0], rows)
    clips, store = folder / "clips.csv", folder / "apex_flow-28"
    index = [*CLI, "index", "flow_images", "--root", pictures, "--out", clips, "--accept", "counts"]
    subprocess.run(index, check=True)
    make = [*CLI, "inputs", "flow_images", "apex_flow-28", "--clips", clips, "--root", pictures, "--out", store]
    subprocess.run(make, check=True)


def limits(clips: int) -> dict[str, float]:
    """What one epoch needs at least, against what one thread of this machine does (matrix product, memory copy)."""
    positions, weights = 30 * 30, 16 * 3 * 3 * 3
    operations = 2 * 2 * clips * positions * weights  # multiply-adds of the forward pass and of the weights' gradient
    # the 16 maps of 30x30 are written once forward and once as a gradient, and read once by each of the two passes
    traffic = 4 * 4 * clips * positions * 16
    torch.set_num_threads(1)
    a, source, target = torch.rand(1024, 1024), torch.rand(1 << 25), torch.rand(1 << 25)
    flops = 2 * 1024**3 / best(lambda: a @ a)
    bandwidth = 2 * source.nbytes / best(lambda: target.copy_(source))
    return {"gflop": operations / 1e9, "gbyte": traffic / 1e9, "gflops": flops / 1e9, "gbytes": bandwidth / 1e9,
            "ms": 1e3 * max(operations / flops, traffic / bandwidth)}  # fmt: skip


def best(function, times: int = 7) -> float:
    """The shortest of several timings, in seconds."""
    seconds = []
    for _ in range(times):
        begin = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, help="folder of the published flow pictures")
    parser.add_argument("--epochs", type=int, default=40, help="epochs per fold (the port trains 800)")
    parser.add_argument(
        "--shards", type=int, default=os.cpu_count(), help="processes of mebench (default: one per core)"
    )
    parser.add_argument("--busy", type=int, metavar="N", help="compare N epochs of each in turn, in CPU time, instead")
    args = parser.parse_args()
    plan = Plan({"datasets": {"flow_images": {"source": "."}}, "tasks": ["megc2019-flow"],
                 "models": [{"model": "ststnet", "variant": "port", "epochs": args.epochs}]})  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_data(folder, args.pictures)
        spec = plan.runs[0].spec
        data = load(spec, [folder / "clips.csv"], [folder / "apex_flow-28"])
        if args.busy:
            plain, ours = (sorted(seconds) for seconds in epochs_in_turn(data, spec, args.busy))
            for name, seconds in (("plain loop", plain), ("mebench", ours)):
                print(f"{name}: {1e3 * median(seconds):.1f} CPU ms an epoch (median), {1e3 * seconds[0]:.1f} the least")
            return print(f"ratio: {median(plain) / median(ours):.2f} (medians), {plain[0] / ours[0]:.2f} (the least)")
        threads = torch.get_num_threads()
        plain = plain_loop(data.x, data.y, data.subjects, args.epochs)
        ours = mebench_shards(plan, folder, args.shards)
    steps, limit = 68 * args.epochs, limits(435)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}"
    print(f"\nSTSTNet (port), LOSO over 68 folds, {args.epochs} epochs each, {machine}\n")
    print("| | seconds | ms per epoch | 800 epochs (extrapolated) |\n| --- | ---: | ---: | ---: |")
    for label, seconds in (
        (f"plain loop, {threads} threads", plain),
        (f"mebench, {args.shards} shards of one thread", ours),
    ):
        whole = duration(800 * seconds / args.epochs)
        print(f"| {label} | {seconds:.1f} | {1e3 * seconds / steps:.1f} | {whole} |")
    print(f"| ratio | {plain / ours:.2f} | | |\n")
    floor = limit["ms"] / args.shards
    print(f"One epoch needs {limit['gflop']:.2f} GFLOP and moves {limit['gbyte']:.2f} GB of activations.")
    print(f"One thread here does {limit['gflops']:.0f} GFLOP/s (matrix product), {limit['gbytes']:.0f} GB/s (copy):")
    print(f"at least {limit['ms']:.1f} ms on one thread, {floor:.1f} ms on {args.shards}; ", end="")
    print(f"mebench takes {1e3 * ours / steps / floor:.1f} times that.")


if __name__ == "__main__":
    main()
