"""Say what a configuration would run and cost, before anything is submitted.

Times are those of training, without frames, faces and inputs. A figure is measured where the model's card has a
measured fold with the same options on that kind of device; it is scaled by steps. Otherwise it is estimated as 3 x
FLOPs of a forward pass x training clips x epochs / throughput, which can be several times too large or too small.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mebench.config.throughput import CPU_TFLOPS, GPU_TFLOPS
from mebench.hours import duration

if TYPE_CHECKING:
    from mebench.plan import Plan
    from mebench.plan.estimate import Cost, Total


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="FILE",
                        help="the configuration (default: config.yaml)")  # fmt: skip
    parser.add_argument("--table", help="what a table needs, instead of all that the configuration asks for")
    parser.add_argument("--tflops", type=float, default=GPU_TFLOPS, metavar="N",
                        help="effective TFLOP/s of a GPU, for estimates (default: %(default)g)")  # fmt: skip
    parser.add_argument("--cpu-tflops", type=float, default=CPU_TFLOPS, metavar="N",
                        help="effective TFLOP/s of a CPU core, for estimates (default: %(default)g)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")


def main(args: argparse.Namespace) -> None:
    import dataclasses
    import json
    import math

    from mebench.errors import UserError
    from mebench.plan import Plan, estimate

    for option, value in (("--tflops", args.tflops), ("--cpu-tflops", args.cpu_tflops)):
        if not 0 < value < math.inf:
            raise UserError(f"{option} {value:g} must be a number above 0, for example {option} {GPU_TFLOPS:g}")
    plan = Plan.load(args.config)
    plan = plan.of_table(args.table) if args.table else plan
    costs = estimate.costs(plan, args.tflops, args.cpu_tflops)
    deviations = {task: _deviations(plan, task) for task in plan.tasks}
    if args.json:
        rows = [
            {"how" if key == "details" else key: value for key, value in dataclasses.asdict(cost).items()}
            | {"hours_per_run": cost.hours_per_run, "hours": cost.hours}
            for cost in costs
        ]
        assumed = {"gpu_tflops": args.tflops, "cpu_tflops": args.cpu_tflops, "passes": estimate.PASSES}
        record = {"models": rows, "total": estimate.total(costs), "assumed": assumed, "deviations": deviations}
        print(json.dumps(record, indent=2))
    else:
        print(
            "\n".join(
                [
                    *page(costs, estimate.total(costs), deviations),
                    "",
                    *estimate.assumptions(args.tflops, args.cpu_tflops),
                ]
            )
        )


COUNTED = {
    "indexed": "as indexed",
    "generated": "synthetic, to be generated",
    "expected": "expected of the real data; not indexed yet",
}


def _deviations(plan: Plan, task: str) -> list[str]:
    """What differs from the counts that the task expects, once its datasets are indexed."""
    from mebench.runs import expectation

    files = plan.dataset_files(task)
    return expectation.deviations(plan.tasks[task], files) if all(one.clips.is_file() for one in files) else []


def page(costs: Sequence[Cost], total: Total, deviations: Mapping[str, Sequence[str]]) -> list[str]:
    """The figures as lines: a table for each task, then the ``total``. ``deviations`` are those of each task."""
    lines = []
    for task in dict.fromkeys(cost.task for cost in costs):
        own = [cost for cost in costs if cost.task == task]
        lines.append(f"{task}: {own[0].clips:,} clips, {own[0].folds} folds ({COUNTED[own[0].counted]})")
        if deviations.get(task):
            lines.append(f"  other data than the task expects, never ranked: {', '.join(deviations[task])}")
        lines += [*_table(own), ""]
    gpu_mb = f", {total['gpu_mb']:,} MB of GPU memory" if total["gpu_mb"] else ""
    line = (
        f"total: {total['runs']} runs, {total['folds']:,} folds, {duration(total['gpu_hours'])} on GPUs and "
        f"{duration(total['cpu_hours'])} on CPU cores ({100 * total['measured_share']:.0f} % of it measured); the "
        f"largest job asks for {total['mem_mb']:,} MB{gpu_mb}"
    )
    return [*lines, line]


HEADER = ("model", "runs", "epochs", "fold", "run", "total", "on", "memory", "figures")


def _table(costs: Sequence[Cost]) -> list[str]:
    rows: list[tuple[str, ...]] = [HEADER]
    for c in costs:
        times = [duration(hours) if c.known else "-" for hours in (c.hours_per_fold, c.hours_per_run, c.hours)]
        memory = f"{c.mem_mb:,} MB" + (f" + GPU {c.gpu_mb:,} MB" if c.gpu_mb else "")
        rows.append((c.model, str(c.runs), str(c.epochs or "-"), *times, c.device, memory, f"{c.basis} ({c.details})"))
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADER))]
    left = ("model", "on", "memory", "figures")
    return [
        "  " + "  ".join(cell.ljust(w) if name in left else cell.rjust(w)
                         for name, cell, w in zip(HEADER, row, widths, strict=True)).rstrip()
        for row in rows
    ]  # fmt: skip
