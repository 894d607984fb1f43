"""Train the missing folds of one shard of a run (a run is a task, a model and a seed).

The spec says everything that decides the result; Snakemake passes it as one canonical JSON string. By hand, name the
run instead and it is read from the configuration:

  mebench train --run megc2019/ststnet/seed0 --config config.yaml
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mebench.errors import UserError


def arguments(parser: argparse.ArgumentParser) -> None:
    run_arguments(parser)
    parser.add_argument("--shard", default="1-of-1", help="which shard of how many, e.g. 2-of-4 (default: all folds)")
    parser.add_argument("--done", type=Path, help="write the shard's summary here (JSON)")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--threads", type=int, default=1, help="threads of one training step on the CPU (default 1)")
    parser.add_argument("--fold-seconds", type=float, default=float("inf"), help="give up on a fold after this time")
    parser.add_argument("--save-weights", action="store_true", help="keep each fold's weights (safetensors)")


def run_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that name a run, shared by train and pool."""
    parser.add_argument("--spec", help="the run's spec as JSON")
    parser.add_argument("--clips", type=Path, nargs="+", help="clips.csv of the task's datasets")
    parser.add_argument("--inputs", type=Path, nargs="*", help="input folders of the task's datasets")
    parser.add_argument("--out", type=Path, help="the run's folder")
    parser.add_argument("--run", help="instead of the four above: TASK/MODEL/seedK of the configuration")
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), help="with --run (default config.yaml)")


def resolve(args: argparse.Namespace) -> tuple[dict, list[Path], list[Path], Path]:
    """(spec, clips, inputs, run folder) from either form of the arguments."""
    from mebench.training.records import parse_spec

    if args.run:
        from mebench.plan import Plan

        return Plan.load(args.config).resolve(args.run)
    if not (args.spec and args.clips and args.inputs is not None and args.out):
        raise UserError("give --run TASK/MODEL/seedK, or all of --spec, --clips, --inputs and --out")
    return parse_spec(args.spec), args.clips, args.inputs, args.out


def main(args: argparse.Namespace) -> None:
    from mebench.files import write_json
    from mebench.parallel import parse_shard
    from mebench.training.data import load
    from mebench.training.engine import Execution, run_shard

    spec, clips, inputs, out = resolve(args)
    shard = parse_shard(args.shard)
    data = load(spec, clips, inputs)
    how = Execution(args.device, args.threads, args.save_weights, args.fold_seconds)
    records = run_shard(out, spec, data, shard, how)
    failed = [{key: r[key] for key in ("fold", "status", "message")} for r in records if r["status"] != "done"]
    print(f"{len(records) - len(failed)} of {len(records)} folds of shard {args.shard} are done in {out}")
    for record in failed:
        print(f"  {record['fold']}: {record['status']}: {record['message']}")
    if args.done:
        write_json(args.done, {"shard": args.shard, "folds": [r["fold"] for r in records], "failed": failed})
