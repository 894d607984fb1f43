"""A training step of ME-TST (forward and backward pass, 12 Mamba layers) with each way to compute the scan.

    loop         the recurrence written as a loop over frames, its graph left to autograd
    stored       mebench's scan, states kept for the backward pass
    recomputed   mebench's scan, states made anew in the backward pass: what is used
    mamba_ssm    the kernel of that package, on a GPU where it is installed

    python benchmarks/mamba_scan.py                                                          # SAMM-LV: 32 windows of 30
    python benchmarks/mamba_scan.py --batch 256 --frames 50 --scans stored recomputed        # CAS(ME)^3

Each runs in a process of its own, on one thread of a CPU or on a GPU. Time is the shortest of several steps, by the
clock and of the CPU (which a busy machine changes less); memory is the most that was held, beyond what the process had
before the first step.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time

import torch

from mebench.models import _mamba, build

SCANS = ("loop", "stored", "recomputed", "mamba_ssm")


def loop(x, delta, a, b, c, recompute):
    """What one would write first: exact, and every step keeps several (N, D, S) tensors for autograd."""
    state, y = torch.zeros(len(x), *a.shape, device=x.device), []
    for t in range(x.shape[1]):
        state = torch.exp(delta[:, t, :, None] * a) * state + (delta[:, t] * x[:, t])[..., None] * b[:, t, None]
        y.append((state * c[:, t, None]).sum(-1))
    return torch.stack(y, dim=1)


def network(scan: str, device: str) -> torch.nn.Module:
    """ME-TST with a scan of that name."""
    torch.manual_seed(0)
    model = build("me_tst", num_classes=4).to(device)
    for part in model.modules():
        if isinstance(part, _mamba.Mamba):
            part.recompute = scan != "stored"
    if scan != "mamba_ssm":
        function = loop if scan == "loop" else _mamba.selective_scan
        _mamba.scan_for = lambda device, dtype: (scan, function)
    elif device == "cpu" or not _mamba.fused_scan():
        sys.exit("mamba_ssm needs a GPU, and that package installed")
    return model


def step(model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> tuple[float, float]:
    """Seconds of one forward and backward pass: by the clock, of the CPU."""
    model.zero_grad(set_to_none=True)
    if x.is_cuda:
        torch.cuda.synchronize()
    begin = time.perf_counter(), time.process_time()
    model.training_loss(x, y, None)[0].backward()
    if x.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - begin[0], time.process_time() - begin[1]


def held(device: str) -> float:
    """Most memory held so far, in MB."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6  # Linux counts in KiB


def measure(scan: str, args: argparse.Namespace) -> dict[str, float]:
    """Seconds and MB of one contestant, in this process."""
    torch.set_num_threads(1)
    model = network(scan, args.device)
    x, y = torch.randn(args.batch, 10, args.frames, device=args.device), torch.arange(args.batch) % 4
    y = y.to(args.device)
    step(model, x[:1, :, :2], y[:1])  # whatever is loaded at the first use
    before = held(args.device)
    clock, cpu = (min(seconds) for seconds in zip(*(step(model, x, y) for _ in range(args.repeats)), strict=True))
    return {"clock": clock, "cpu": cpu, "mb": held(args.device) - before}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=32, help="windows")
    parser.add_argument("--frames", type=int, default=30, help="frames of a window")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--scans", nargs="+", choices=SCANS, help="default: all that this machine can run")
    parser.add_argument("--alone", choices=SCANS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.alone:
        print(json.dumps(measure(args.alone, args)))
        return
    fused = args.device == "cuda" and _mamba.fused_scan() is not None
    scans = args.scans or [scan for scan in SCANS if scan != "mamba_ssm" or fused]
    where = torch.cuda.get_device_name() if args.device == "cuda" else f"one thread of {platform.machine()}"
    print(f"{args.batch} windows of {args.frames} frames, {where}, torch {torch.__version__}")
    for scan in scans:
        command = [sys.executable, __file__, "--alone", scan, "--device", args.device, "--batch", str(args.batch)]
        command += ["--frames", str(args.frames), "--repeats", str(args.repeats)]
        found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        print(f"{scan:12s} {found['clock']:8.2f} s  CPU {found['cpu']:8.2f} s {found['mb']:8.0f} MB", flush=True)


if __name__ == "__main__":
    main()
