"""Say what the real run will take, from the seconds of its rehearsal on this machine.

A rehearsal is a run with ``rehearsal: true``: snakemake --configfile paper.yaml --config rehearsal=true. Models and
inputs are said one by one and in sum, in hours of a CPU core.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mebench rehearsal``."""
    parser.add_argument("--config", type=Path, default=Path("results-rehearsal/config.json"), metavar="FILE",
                        help="config.json of the rehearsal's results (default: %(default)s)")  # fmt: skip
    parser.add_argument("--sums", action="store_true", help="print only the sums")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")


def main(args: argparse.Namespace) -> None:
    """Print the estimate."""
    import dataclasses
    import json

    from mebench.plan import Plan, rehearsed, rehearsed_page
    from mebench.protocols import tasks

    plan = Plan.load(args.config)
    tasks.define(plan.own_tasks)
    if args.json:
        models = [dataclasses.asdict(cost) | {"hours": cost.hours} for cost in rehearsed.real_costs(plan)]
        inputs = [dataclasses.asdict(cost) | {"hours": cost.hours} for cost in rehearsed.input_costs(plan)]
        print(json.dumps({"models": models, "inputs": inputs}, indent=2))
    elif args.sums:
        print("\n".join(rehearsed_page.sums(rehearsed.real_costs(plan), rehearsed.input_costs(plan))))
    else:
        print("\n".join(rehearsed_page.page(plan)))
