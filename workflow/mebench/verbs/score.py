"""Score predictions: UF1, UAR, accuracy and confusion, pooled over folds, overall and per dataset.

One file by hand:   mebench score PREDICTIONS.csv --json
A model on a task:  mebench score --run megc2019/ststnet --seeds 0,1 --config results/config.json
                    (pools the folds of its runs too, and writes results/scores/megc2019/ststnet.json)
A task:             mebench score --task megc2019 --join --config results/config.json --out results/scores/megc2019.csv
                    (from the scores of its models; without --join from the predictions of its runs)
Some runs of it:    mebench score --runs results/runs/megc2019/ststnet/seed* --out ststnet.csv
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from mebench.errors import UserError
from mebench.verbs.train import configured_runs, named_arguments

if TYPE_CHECKING:
    from mebench.metrics.recognition import Part, RecognitionScore


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "predictions", nargs="?", type=Path, help="a CSV with the columns truth,prediction (and dataset)"
    )
    parser.add_argument(
        "--classes", help="the label set, e.g. negative,positive,surprise (default: the labels in the file)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    named_arguments(parser)
    parser.add_argument("--task", help="score all runs of this task of the configuration")
    parser.add_argument("--join", action="store_true", help="with --task: join the scores of its models")
    parser.add_argument("--runs", nargs="+", type=Path, help="folders of pooled runs of one task")
    parser.add_argument(
        "--out", type=Path, help="with --task or --runs: the scores CSV; a JSON with the confusions comes beside it"
    )
    parser.add_argument("--stage", type=json.loads, default={}, metavar="JSON",
                        help="with --runs: parameters of the stage between predictions and scores")  # fmt: skip


def main(args: argparse.Namespace) -> None:
    given = [bool(way) for way in (args.predictions, args.run, args.task, args.runs)]
    if sum(given) != 1 or bool(args.predictions or args.run) == bool(args.out):
        raise UserError(
            "give either one PREDICTIONS.csv, or --run TASK/MODEL, or --task TASK or --runs FOLDER... with "
            "--out SCORES.csv, but not several of them"
        )
    if args.join and not args.task:
        raise UserError("--join joins the scores of the models of a task; name the task with --task")
    if args.run:
        print(_model(args))
        return
    if args.out:
        print(_task(args) if args.task else _runs(args))
        return
    from mebench.metrics.given import read_given
    from mebench.metrics.recognition import score

    classes = [name.strip() for name in args.classes.split(",")] if args.classes else None
    result = score(read_given(args.predictions, classes), classes)
    print(json.dumps(result) if args.json else as_text(result))


def _model(args: argparse.Namespace) -> str:
    """Pool and score the runs of a model on a task."""
    from mebench.plan import Plan
    from mebench.runs import model_scores

    files, (task, model) = configured_runs(args), args.run.split("/")[:2]
    plan = Plan.load(args.config).having(task, model)
    return model_scores.write(
        files, Path(plan.paths.model_scores(task, model)), plan.arguments.stage_parameters(task, model)
    )


def _task(args: argparse.Namespace) -> str:
    """Score a task: from its runs, or from the scores of its models."""
    from mebench.plan import Plan
    from mebench.runs import model_scores
    from mebench.runs.scores import write_each

    plan = Plan.load(args.config)
    plan.check_task(args.task)
    if args.join:
        return model_scores.join(map(Path, plan.paths.scores_of_models(args.task)), args.out)
    return write_each(plan.arguments.stages(args.task), args.out)


def _runs(args: argparse.Namespace) -> str:
    """Score runs that are named by their folders."""
    from mebench.runs.scores import write_scores

    return write_scores(args.runs, args.out, args.stage)


def as_text(result: RecognitionScore) -> str:
    """The scores as a small table for a terminal."""
    lines = [f"{'':12}{'n':>6}{'UF1':>9}{'UAR':>9}{'accuracy':>10}"]
    shown: dict[str, Part] = {"all": result, **result.get("parts", {})}
    for name, part in shown.items():
        lines.append(f"{name:12}{part['n']:6}{part['uf1']:9.4f}{part['uar']:9.4f}{part['accuracy']:10.4f}")
    lines.append("confusion (rows: truth)")
    for name, row in zip(result["classes"], result["confusion"], strict=True):
        lines.append(f"{name:12}" + "".join(f"{count:6}" for count in row))
    return "\n".join(lines)
