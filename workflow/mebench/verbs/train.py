"""Train the missing folds of one shard of a run (a run is a task, a model and a seed).

The spec says everything that decides the result; Snakemake passes it as one canonical JSON string. By hand, name the
run instead and it is read from the configuration:

  mebench train --run megc2019/ststnet/seed0 --config config.yaml
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mebench.errors import UserError

if TYPE_CHECKING:
    from mebench.config.spec import RunSpec
    from mebench.runs.paths import RunFiles
    from mebench.runs.records import FoldRecord


def arguments(parser: argparse.ArgumentParser) -> None:
    run_arguments(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--shard", default="1-of-1", help="which shard of how many, e.g. 2-of-4 (default: all folds)")
    which.add_argument("--fold", nargs="+", action="extend", default=[], metavar="FOLD",
                       help="train these folds alone, e.g. casme2/sub01, also if they failed before")  # fmt: skip
    parser.add_argument("--done", type=Path, help="write the shard's summary here (JSON)")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--gpus", type=int, default=1, metavar="N",
                        help="GPUs of this job's own, where the machine has any; 0: the CPU (default 1)")  # fmt: skip
    parser.add_argument("--threads", type=int, default=1, help="CPU threads, shared by the workers (default 1)")
    parser.add_argument("--workers", default="1", help="folds at once in processes of their own: a number, or auto")
    parser.add_argument("--fold-seconds", type=float, default=float("inf"), help="give up on a fold after this time")
    parser.add_argument("--checkpoint-seconds", type=float, default=120, help="how often a fold's state is kept (120)")
    parser.add_argument("--save-weights", action="store_true", help="keep each fold's weights (safetensors)")


def run_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that name a run, shared by train and pool."""
    parser.add_argument("--spec", help="the run's spec as JSON")
    parser.add_argument("--clips", type=Path, nargs="+", help="clips.csv of the task's datasets")
    parser.add_argument("--inputs", type=Path, nargs="*", help="input folders of the task's datasets")
    parser.add_argument("--out", type=Path, help="the run's folder")
    parser.add_argument("--run", help="instead of the four above: TASK/MODEL/seedK of the configuration")
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), help="with --run (default config.yaml)")


def resolve(args: argparse.Namespace) -> RunFiles:
    """What a run is made of, from either form of the arguments."""
    from mebench.config import spec
    from mebench.runs.paths import RunFiles

    if args.run:
        from mebench.plan import Plan

        own, clips, inputs, folder = Plan.load(args.config).resolve(args.run)
        return RunFiles(folder, own, clips, inputs)
    if not (args.spec and args.clips and args.inputs is not None and args.out):
        raise UserError("give --run TASK/MODEL/seedK, or all of --spec, --clips, --inputs and --out")
    return RunFiles(args.out, spec.parse(args.spec), args.clips, args.inputs)


def main(args: argparse.Namespace) -> int:
    from mebench.config.spec import run_id
    from mebench.runs.gpu_lease import lease

    files = resolve(args)
    check(args, files.spec, files.run)
    with lease(0 if args.device == "cpu" else args.gpus, run_id(files.spec), say):
        return train(args, files)


def check(args: argparse.Namespace, spec: RunSpec, out: Path) -> None:
    """Raise a UserError for arguments that make no sense: before the job waits for a GPU."""
    from mebench.parallel import parse_shard

    if spec["training"] == "rules":
        raise UserError(f"{spec['model']} is trained by its own rule, not by this command; run snakemake for {out}")
    parse_shard(args.shard)
    workers_of(args.workers)
    for option, value in (("--threads", args.threads), ("--fold-seconds", args.fold_seconds)):
        if not value > 0:
            raise UserError(f"{option} {value:g} must be above 0")
    if args.gpus < 0:
        raise UserError(f"--gpus is {args.gpus}; write a number of GPUs from 0")


def say(text: str) -> None:
    """Tell the log, or the terminal, what goes on before training."""
    from mebench.log import log

    log.info(text)


def train(args: argparse.Namespace, files: RunFiles) -> int:
    """Train the shard on the GPU that CUDA sees now, or on the CPU, and say how its folds went; gives the exit code.

    Torch is imported in here and not before."""
    from functools import partial

    from mebench.parallel import parse_shard
    from mebench.runs.execution import Execution
    from mebench.runs.shard import run_shard
    from mebench.runs.stop import watched
    from mebench.training.data import load
    from mebench.training.limits import Stopped

    workers = workers_of(args.workers)
    execution = Execution(args.device, max(1, args.threads // workers), args.save_weights, args.fold_seconds,
                          args.checkpoint_seconds, workers, tuple(args.fold))  # fmt: skip
    read = partial(load, files.spec, files.clips, files.inputs)
    with watched() as stop:
        try:
            records = run_shard(files.run, files.spec, read, parse_shard(args.shard), execution, stop)
        except Stopped as where:
            print(f"asked to stop (signal {stop.asked}) {where}; the same command goes on from there")
            return 128 + stop.asked
    report(args, files.run, records)
    return 0


def report(args: argparse.Namespace, run: Path, records: Sequence[FoldRecord]) -> None:
    """Say how the folds went, and write the shard's summary where it is asked for."""
    from mebench.files import write_json

    failed = [record.ending() for record in records if not record.done]
    which = "asked for" if args.fold else f"of shard {args.shard}"
    print(f"{len(records) - len(failed)} of {len(records)} folds {which} are done in {run}")
    for ending in failed:
        print("  {fold}: {status}: {message}".format(**ending))
    if args.done:
        write_json(args.done, {"shard": args.shard, "folds": [record.fold for record in records], "failed": failed})


def workers_of(text: str) -> int:
    """The number behind ``--workers``: ``auto`` is one process for each core that this job may use."""
    if text == "auto":
        return len(os.sched_getaffinity(0))
    if not text.isdecimal() or int(text) < 1:
        raise UserError(f"--workers is '{text}'; write a number of processes from 1, or auto")
    return int(text)
