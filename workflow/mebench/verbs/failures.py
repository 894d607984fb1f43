"""List every failed fold and every job that ended with an error, its log's last lines, and how to repeat it.

Folds of dead jobs are listed too, each with the command that trains it by hand.
The exit code is 0 when there are none and 1 when there are. A fold that diverged is a result and is not repeated by
the workflow; the others are tried again when a job of their run starts. Snakemake starts none for a run that is pooled:
repeat them by hand.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="FILE",
                        help="the configuration (default: config.yaml)")  # fmt: skip
    parser.add_argument("--lines", type=int, default=12, metavar="N", help="lines of each log (default: 12)")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def main(args: argparse.Namespace) -> int:
    import json

    from mebench.errors import UserError
    from mebench.plan import Plan
    from mebench.watch.broken import Broken, broken
    from mebench.watch.failures import Failure, failures, pools
    from mebench.watch.runs import Watcher

    if args.lines < 1:
        raise UserError(f"--lines {args.lines} must be 1 or more")
    plan = Plan.load(args.config)
    states = Watcher(plan).look()
    folds, jobs = failures(plan, states, args.config, args.lines), broken(plan, states, args.lines)
    listed: list[Failure | Broken] = [*folds, *jobs]
    if args.json:
        print(json.dumps([failure.as_json() for failure in listed], indent=2, ensure_ascii=False))
        return 1 if listed else 0
    for failure in listed:
        print("\n".join([*failure.lines(), ""]))
    if folds:
        count = f"{len(folds)} fold{'' if len(folds) == 1 else 's'}"
        print(f"{count}. After repeating some by hand, join their runs and let snakemake go on:")
        print("\n".join(f"  {line}" for line in pools(folds, args.config)))
    if jobs:
        print(f"{len(jobs)} job{'' if len(jobs) == 1 else 's'} to be run again: mend what the log says, then snakemake")
    if not listed:
        print("no fold has failed, and no job ended with an error")
    return 1 if listed else 0
