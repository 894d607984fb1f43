"""Train the missing folds of one shard of the runs of a model on a task (a run is a task, a model and a seed).

The workflow writes the resolved configuration to results/config.json and names the runs:

  mebench train --run megc2019/ststnet --seeds 0,1 --config results/config.json --spec-digest 0123456789abcdef

Such a line can be copied from the log and run by hand. config.yaml can be named as well:

  mebench train --run megc2019/ststnet/seed0 --config config.yaml
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mebench import instruction_set
from mebench.errors import UserError
from mebench.model_card import is_light

if TYPE_CHECKING:
    from mebench.plan import Run
    from mebench.runs.paths import RunFiles
    from mebench.runs.records import FoldRecord

BESIDE_RUNS = Path("shards")  # --done without a file


def arguments(parser: argparse.ArgumentParser) -> None:
    run_arguments(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--shard",
        default="1-of-1",
        help="which shard of how many, e.g. 2-of-4: every 4th fold of all seeds (default: all folds)",
    )
    which.add_argument("--fold", nargs="+", action="extend", default=[], metavar="FOLD",
                       help="train these folds alone, e.g. casme2/sub01, also if they failed before")  # fmt: skip
    parser.add_argument("--done", type=Path, nargs="?", const=BESIDE_RUNS, metavar="FILE",
                        help="write the shard's summary, JSON: here, or without FILE where the workflow looks for it, "
                             "in shards/ beside the folders of the runs")  # fmt: skip
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--gpus", type=int, default=1, metavar="N",
                        help="GPUs of this job's own, where the machine has any; 0: the CPU (default 1)")  # fmt: skip
    parser.add_argument("--threads", type=int, default=1, help="CPU threads, shared by the workers (default 1)")
    instruction_set.add_option(parser)
    parser.add_argument("--workers", default="1", help="folds at once in processes of their own: a number, or auto")
    parser.add_argument("--fold-seconds", type=float, default=float("inf"), help="give up on a fold after this time")
    parser.add_argument("--checkpoint-seconds", type=float, default=120, help="how often a fold's state is kept (120)")
    parser.add_argument("--save-weights", action="store_true", help="keep each fold's weights (safetensors)")


def run_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that name runs, shared by train, pool, folds and adopt."""
    named_arguments(parser)
    parser.add_argument("--spec", help="instead of --run: the run's spec as JSON, with the three below")
    parser.add_argument("--clips", type=Path, nargs="+", help="with --spec: clips.csv of the task's datasets")
    parser.add_argument("--inputs", type=Path, nargs="*", help="with --spec: input folders of the task's datasets")
    parser.add_argument("--out", type=Path, help="with --spec: the run's folder")


def named_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that name runs of a configuration."""
    parser.add_argument("--run", help="TASK/MODEL/seedK of the configuration, or TASK/MODEL with --seeds")
    parser.add_argument("--seeds", metavar="K,K,...", help="with --run TASK/MODEL: its seeds")
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="FILE",
                        help="config.yaml (default), or results/config.json")  # fmt: skip
    parser.add_argument("--spec-digest", metavar="DIGEST",
                        help="with --run: refuse a configuration that has changed since")  # fmt: skip


def named_runs(args: argparse.Namespace) -> list[RunFiles]:
    """The runs that the arguments name in either form, one for each seed."""
    from mebench.config import spec
    from mebench.runs.paths import RunFiles

    if args.run:
        return configured_runs(args)
    if not (args.spec and args.clips and args.inputs is not None and args.out):
        raise UserError("give --run TASK/MODEL/seedK, or all of --spec, --clips, --inputs and --out")
    return [RunFiles(args.out, spec.parse(args.spec), args.clips, args.inputs)]


def configured_runs(args: argparse.Namespace) -> list[RunFiles]:
    """The runs of the configuration that ``--run`` and ``--seeds`` name."""
    from mebench.plan import Plan

    plan = Plan.load(args.config).having_run(args.run)
    runs = [plan.named(name) for name in run_names(args.run, args.seeds)]
    check_digest(args, runs)
    return [plan.files(run) for run in runs]


def check_digest(args: argparse.Namespace, runs: Sequence[Run]) -> None:
    """Raise a UserError where the configuration says something else of the runs than when the command was written."""
    from mebench.plan.runs import spec_digest

    if args.spec_digest and args.spec_digest != (now := spec_digest(runs)):
        of = runs[0].of_all_seeds if len({run.model for run in runs}) == 1 else runs[0].task
        raise UserError(
            f"{args.config} has changed since this command was written: it now says something else of {of} "
            f"(its digest is {now}, not {args.spec_digest}); start snakemake again, or leave out "
            "--spec-digest to go by the configuration as it is"
        )


def run_names(name: str, seeds: str | None) -> list[str]:
    """``smic-3/ststnet`` with the seeds ``0,1`` -> ``smic-3/ststnet/seed0``, ``smic-3/ststnet/seed1``."""
    if name.count("/") >= 2:
        if seeds is not None:
            raise UserError(f"--run {name} has a seed already; leave out --seeds, or write --run TASK/MODEL")
        return [name]
    if seeds is None:
        raise UserError(f"--run {name} lacks a seed; write {name}/seed0, or add --seeds 0,1")
    numbers = seeds.split(",")
    if not all(number.isdecimal() for number in numbers) or len(set(numbers)) < len(numbers):
        raise UserError(f"--seeds is '{seeds}'; write whole numbers, each once, such as 0,1,2")
    return [f"{name}/seed{number}" for number in numbers]


def main(args: argparse.Namespace) -> int:
    from mebench.config.spec import run_id
    from mebench.runs.gpu_lease import lease

    runs = named_runs(args)
    check(args, runs)
    names = ", ".join(run_id(files.spec) for files in runs)
    light = is_light(runs[0].spec["model"])
    with lease(0 if light or args.device == "cpu" else args.gpus, names, say):
        return train(args, runs)


def check(args: argparse.Namespace, runs: Sequence[RunFiles]) -> None:
    """Raise a UserError for arguments that make no sense, before the job waits for a GPU."""
    from mebench.parallel import parse_shard

    for files in runs:
        if files.spec["training"] == "rules":
            raise UserError(
                f"{files.spec['model']} is trained by its own rule, not by this command; run snakemake for {files.run}"
            )
        if args.save_weights and is_light(files.spec["model"]):
            raise UserError(f"{files.spec['model']} learns no weights that could be kept; leave out --save-weights")
    parse_shard(args.shard)
    workers_of(args.workers)
    for option, value in (("--threads", args.threads), ("--fold-seconds", args.fold_seconds)):
        if not value > 0:
            raise UserError(f"{option} {value:g} must be above 0")
    if args.gpus < 0:
        raise UserError(f"--gpus is {args.gpus}; write a number of GPUs from 0")


def say(text: str) -> None:
    """Log a message before the training."""
    from mebench.log import log

    log.info(text)


def train(args: argparse.Namespace, runs: Sequence[RunFiles]) -> int:
    """Train the shard on the visible GPU or on the CPU, print how its folds went, and give the exit code.

    Torch is imported where the model needs it, and not before.
    """
    from functools import partial

    from mebench.parallel import parse_shard
    from mebench.runs.engines import load
    from mebench.runs.execution import Execution
    from mebench.runs.shard import run_shard
    from mebench.runs.stop import watched
    from mebench.training.limits import Stopped

    workers = workers_of(args.workers)
    execution = Execution(args.device, max(1, args.threads // workers), args.save_weights, args.fold_seconds,
                          args.checkpoint_seconds, workers, tuple(args.fold))  # fmt: skip
    # the runs differ in their seeds alone, so they read the same data
    read = partial(load, runs[0].spec, runs[0].clips, runs[0].inputs)
    with watched() as stop:
        try:
            records = run_shard(runs, read, parse_shard(args.shard), execution, stop)
        except Stopped as where:
            print(f"asked to stop (signal {stop.asked}) {where}; the same command goes on from there")
            return 128 + stop.asked
    for files, own in zip(runs, records, strict=True):
        report(args, files.run, own)
    if args.done:
        write_summary(args, runs, records)
    return 0


def report(args: argparse.Namespace, run: Path, records: Sequence[FoldRecord]) -> None:
    """Print how the folds of a run went."""
    failed = [record.ending() for record in records if not record.done]
    which = "asked for" if args.fold else f"of shard {args.shard}"
    print(f"{len(records) - len(failed)} of {len(records)} folds {which} are done in {run}")
    for ending in failed:
        print("  {fold}: {status}: {message}".format(**ending))


def write_summary(args: argparse.Namespace, runs: Sequence[RunFiles], records: Sequence[Sequence[FoldRecord]]) -> None:
    """Write the summary of the shard, by which Snakemake knows that it is over."""
    from mebench.files import write_json

    place = runs[0].run.parent / "shards" / f"{args.shard}.json" if args.done == BESIDE_RUNS else args.done
    pairs = [(files.spec["seed"], record) for files, own in zip(runs, records, strict=True) for record in own]
    folds = [f"seed{seed}/{record.fold}" for seed, record in pairs]
    failed = [{"seed": seed, **record.ending()} for seed, record in pairs if not record.done]
    write_json(place, {"shard": args.shard, "folds": folds, "failed": failed})


def workers_of(text: str) -> int:
    """The number of processes of ``--workers``; ``auto`` is one for each core that this job may use."""
    if text == "auto":
        return len(os.sched_getaffinity(0))
    if not text.isdecimal() or int(text) < 1:
        raise UserError(f"--workers is '{text}'; write a number of processes from 1, or auto")
    return int(text)
