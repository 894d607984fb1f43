"""Say how far the benchmark is: folds done, running, failed and missing of every run, and the time that is left.

It works at any time, also while the workflow runs and before it begins, and changes nothing. A fold counts as done when
its result belongs to the present configuration, data and source. `left` follows from the finished folds, with as many
folds at once as now. ~ marks a time that follows from the epochs so far, or an estimate that can be several times too
large or too small.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mebench.watch.screen import Snapshot


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="FILE",
                        help="the configuration (default: config.yaml)")  # fmt: skip
    parser.add_argument("--table", help="the runs that a table needs, instead of those of the configuration")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--watch", action="store_true", help="show it again and again, until all runs are pooled")
    form.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument("--every", type=float, default=5, metavar="S", help="seconds between two looks (default: 5)")


def main(args: argparse.Namespace) -> None:
    import gc
    import json
    import sys

    from mebench.errors import UserError
    from mebench.plan import Plan
    from mebench.verbs.plan import CPU_TFLOPS, GPU_TFLOPS
    from mebench.watch.gpus import gpus
    from mebench.watch.left import TimeLeft
    from mebench.watch.runs import Watcher
    from mebench.watch.screen import Snapshot, table

    if not args.watch:
        gc.disable()  # a look makes hundreds of thousands of objects, and none is garbage before the end
    plan = Plan.load(args.config)
    plan = plan.of_table(args.table) if args.table else plan
    watcher, time_left = Watcher(plan), TimeLeft(plan, GPU_TFLOPS, CPU_TFLOPS)

    def look() -> Snapshot:
        states = watcher.look()
        return Snapshot(states, time_left.works(states), gpus())

    if args.json:
        print(json.dumps(look().as_json(), indent=2))
    elif not sys.stdout.isatty():
        if args.watch:
            raise UserError("--watch needs a terminal; leave it out to print the state once")
        print("\n".join(look().lines()))
    elif args.watch:
        if not args.every > 0:
            raise UserError(f"--every {args.every:g} must be above 0, for example --every 5")
        watch(look, args.every)
    else:
        from rich.console import Console

        console = Console(soft_wrap=True)
        console.print(table(look(), console.width))


def watch(look: Callable[[], Snapshot], seconds: float) -> None:
    """Show the snapshot of ``look()`` again and again, until all runs are finished or Ctrl-C."""
    import contextlib
    import time

    from rich.console import Console
    from rich.live import Live

    from mebench.watch.screen import table

    console, now = Console(), look()
    first = table(now, console.width, console.height)
    with contextlib.suppress(KeyboardInterrupt), Live(first, console=console) as live:
        while not now.over:
            time.sleep(seconds)
            now = look()
            live.update(table(now, console.width, console.height), refresh=True)
