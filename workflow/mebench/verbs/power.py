"""Say how big a difference must be before the subjects of a task show it, by simulation from measured predictions.

Measured are the models of the task in the configuration, or the results that are named. For each number of seeds that
they have, the smallest difference is printed that a test of two models finds with a power of 80 % at a level of 5 %:

  mebench power megc2019
  mebench power megc2019-flow --results "counts.csv::run=htnet" "counts.csv::run=resnet18-28"
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from mebench.errors import UserError
from mebench.verbs import _results

if TYPE_CHECKING:
    from mebench.statistics.counts import Counts
    from mebench.statistics.power import Detectable
    from mebench.statistics.tallied import Tallied


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", metavar="TASK", help="a task of the configuration")
    parser.add_argument("--results", nargs="+", default=[], metavar="RESULT",
                        help="two or more results of the task, instead of the models of the configuration")  # fmt: skip
    parser.add_argument("--seeds", type=int, metavar="N", help="only for this number of seeds")
    parser.add_argument("--metric", default="uf1", help="uf1 (default), uar, accuracy, ...")
    _results.result_arguments(parser)


def main(args: argparse.Namespace) -> None:
    from mebench.statistics.power import detectable

    results = [_results.result_named(text, args) for text in args.results] or _models(args)
    measured = [_of_clips(one) for one in results]
    most = min((len(one.seeds) for one in measured), default=1)
    if args.seeds is not None and args.seeds < 1:
        raise UserError(f"--seeds is {args.seeds}; write a number from 1")
    found = [detectable(measured, seeds, args.metric) for seeds in ([args.seeds] if args.seeds else range(1, most + 1))]
    if args.json:
        about = {"task": args.task, "subjects": len(measured[0].subjects), "clips": measured[0].clip_count}
        print(json.dumps(about | {"detectable": [asdict(one) for one in found]}))
    else:
        print(as_text(args.task, measured[0], found))


def _of_clips(result: Tallied) -> Counts:
    from mebench.statistics.counts import Counts

    if not isinstance(result, Counts):
        raise UserError(f"{result.name} spots: there is no power of spotting, because errors are simulated clip by "
                        "clip (docs/statistics.md)")  # fmt: skip
    return result


def _models(args: argparse.Namespace) -> list[Tallied]:
    """The models of a task whose predictions are there; controls are not what papers compare."""
    from mebench.config import recipes
    from mebench.plan import Plan
    from mebench.statistics.source import Source

    plan = Plan.load(args.config)
    plan.check_task(args.task)
    models = {run.model: run for run in plan.paths.runs_of(args.task) if recipes.about(run.spec)["kind"] == "model"}
    return [_results.run_counts(plan, Source(run.of_all_seeds, {})) for run in models.values()]


def as_text(task: str, counts: Counts, found: list[Detectable]) -> str:
    """The smallest differences for a terminal."""
    one = found[0]
    lines = [f"{task}: {counts.clip_count} clips of {len(counts.subjects)} subjects, {one.pairs} pairs of models", "",
             f"seeds  smallest difference of {one.metric} that is found with a power of {one.power:.0%}"]  # fmt: skip
    for row in found:
        between = f" ({row.smallest:.3f} to {row.largest:.3f} over pairs)" if row.pairs > 1 else ""
        lines.append(f"{row.seeds:5}  {row.difference:.3f}{between}")
    return "\n".join(lines)
