"""Put the predictions of any code into tables, tests and plots: write their entry into the configuration.

  mebench add-predictions theirs.csv --model theirs --task smic-3 --selection last

The file has a row for each clip of the task: clip_id, prediction, and p_CLASS and seed where there are any; the truth
is taken from the clips of the task. Where predictions are not to be had, counts will do: subject, truth, and a column
for each class; or one confusion matrix alone, without subjects and so without intervals. FILE.csv::column=value takes
some rows. The next start of snakemake makes everything from it. --selection says how the epoch was chosen. Without it,
it is unknown: then the row is shown, but not ranked.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mebench.errors import UserError

if TYPE_CHECKING:
    from mebench.plan import Plan


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("predictions", metavar="FILE.csv",
                        help="predictions, counts of subjects, or one confusion matrix")  # fmt: skip
    parser.add_argument("--model", required=True, metavar="NAME", help="what the entry is called")
    parser.add_argument("--task", required=True, help="a task of the configuration")
    parser.add_argument("--selection", choices=("last", "inner", "test_peek", "unknown"), default="unknown",
                        help="how the epoch was chosen (default: unknown)")  # fmt: skip
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="FILE",
                        help="the configuration to write into (default: config.yaml)")  # fmt: skip


def main(args: argparse.Namespace) -> None:
    from mebench import cards, given_table
    from mebench.config import add_entry
    from mebench.config.given import seeds
    from mebench.plan import Plan

    plan = Plan.load(args.config)
    plan.check_task(args.task)
    _refuse_what_is_there(plan, args)
    count = len(seeds(args.predictions))
    file = cards.given_file(args.predictions)
    entry = {"name": args.model, "predictions": args.predictions, "task": args.task, "selection": args.selection}
    add_entry.add(args.config, entry, Plan.load)
    audit = f"mebench audit {file} --task {args.task}"
    clips = plan.paths.clips(plan.tasks[args.task]["datasets"])
    if all(Path(path).is_file() for path in clips):
        audit += f" --clips {' '.join(clips)}"
    configured = "" if args.config == Path("config.yaml") else f" --configfile {args.config}"
    seeds_read = f"{count} seed{'s' if count > 1 else ''}"
    print(f"{args.config} has the entry {args.model} now: {seeds_read} on {args.task}, selection {args.selection}.")
    print(f"Next: snakemake{configured}")
    if given_table.has_column(file, "prediction"):
        print(f"Whether it can be believed: {audit}")


def _refuse_what_is_there(plan: Plan, args: argparse.Namespace) -> None:
    """A UserError where the name, or the file on this task, is in the configuration already."""
    if args.model in plan.entries:
        raise UserError(f"{args.config} has an entry called '{args.model}' already; choose another name with --model")
    for name, entry in plan.entries.items():
        if Path(entry["model"]).resolve() == Path(args.predictions).resolve() and args.task in (entry["tasks"] or ()):
            raise UserError(
                f"{args.config} has the predictions of {args.predictions} on {args.task} already, as '{name}'"
            )
