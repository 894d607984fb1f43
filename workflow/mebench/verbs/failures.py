"""List every fold that failed or that a dead job left, with the last lines of its log and the command to repeat it.

The exit code is 0 when there are none and 1 when there are. A fold that diverged is a result and is not repeated by
the workflow; the others are tried again by the next job of their run.
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
    from mebench.watch.failures import failures, pools
    from mebench.watch.runs import Eyes

    if args.lines < 1:
        raise UserError(f"--lines {args.lines} must be 1 or more")
    plan = Plan.load(args.config)
    found = failures(plan, Eyes(plan).look(), args.config, args.lines)
    if args.json:
        print(json.dumps([failure.as_json() for failure in found], indent=2, ensure_ascii=False))
    elif not found:
        print("no fold has failed, and no job has died")
    else:
        for failure in found:
            print("\n".join([*failure.lines(), ""]))
        count = f"{len(found)} fold{'' if len(found) == 1 else 's'}"
        print(f"{count}. After repeating some by hand, join their runs and let snakemake go on:")
        print("\n".join(f"  {line}" for line in pools(found, args.config)))
    return 1 if found else 0
