"""Score predictions: UF1, UAR, accuracy and confusion, pooled over folds, overall and per dataset.

One file by hand:  mebench score PREDICTIONS.csv --json
All runs of a task: mebench score --task megc2019 --config results/config.json --out results/scores/megc2019.csv
Some runs of it:    mebench score --runs results/runs/megc2019/ststnet/seed* --out ststnet.csv
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from mebench.errors import UserError

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
    parser.add_argument("--task", help="score all runs of this task of the configuration")
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="FILE",
                        help="with --task: config.yaml (default), or results/config.json")  # fmt: skip
    parser.add_argument("--runs", nargs="+", type=Path, help="folders of pooled runs of one task")
    parser.add_argument(
        "--out", type=Path, help="with --task or --runs: the scores CSV; a JSON with the confusions comes beside it"
    )
    parser.add_argument("--stage", type=json.loads, default={}, metavar="JSON",
                        help="with --runs: parameters of the stage between predictions and scores")  # fmt: skip


def main(args: argparse.Namespace) -> None:
    given = [bool(way) for way in (args.predictions, args.task, args.runs)]
    if sum(given) != 1 or bool(args.predictions) == bool(args.out):
        raise UserError(
            "give either one PREDICTIONS.csv, or --task TASK or --runs FOLDER... with --out SCORES.csv, but not both"
        )
    if args.out:
        from mebench.runs.scores import write_scores

        runs, stage = _runs(args) if args.task else (args.runs, args.stage)
        print(write_scores(runs, args.out, stage))
        return
    from mebench.metrics.given import read_given
    from mebench.metrics.recognition import score

    classes = [name.strip() for name in args.classes.split(",")] if args.classes else None
    result = score(read_given(args.predictions, classes), classes)
    print(json.dumps(result) if args.json else as_text(result))


def _runs(args: argparse.Namespace) -> tuple[list[Path], dict[str, object]]:
    """The folders of the runs of a task, and the parameters of its stage."""
    from mebench.plan import Plan

    plan = Plan.load(args.config)
    plan.check_task(args.task)
    runs = plan.paths.runs_of(args.task)
    return [Path(plan.paths.folder(run)) for run in runs], plan.arguments.stage_parameters(args.task)


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
