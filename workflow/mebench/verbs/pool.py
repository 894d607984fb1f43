"""Join the folds of a run into predictions.csv, history.csv and run.json."""

from __future__ import annotations

import argparse

from mebench.verbs.train import resolve, run_arguments


def arguments(parser: argparse.ArgumentParser) -> None:
    run_arguments(parser)
    parser.add_argument("--origin", choices=["synthetic", "pictures", "licensed"], default="licensed",
                        help="what the data are; synthetic results are marked wherever they are shown")  # fmt: skip


def main(args: argparse.Namespace) -> None:
    from mebench import recipes
    from mebench.protocols.tasks import TASKS
    from mebench.training.pool import pool

    spec, clips, inputs, run = resolve(args)
    origin = args.origin
    if args.run:
        from mebench.plan import Plan

        origin = Plan.load(args.config).origin(spec["task"]["name"])
    title, kind = recipes.describe(spec)
    task_title = TASKS.get(spec["task"]["name"], {}).get("title", spec["task"]["name"])
    record = pool(run, spec, clips, inputs, {"title": title, "kind": kind, "origin": origin, "task_title": task_title})
    print(f"{run / 'predictions.csv'}: {record['folds_done']} of {record['folds_expected']} folds")
