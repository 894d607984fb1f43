"""Train a run on everyone: all subjects at once, for footage of one's own. It is never scored.

  mebench final --run sammlv-spotting/me_tst --seeds 0 --config results/config.json
  mebench final --run sammlv-spotting/me_tst --seeds 0 --config results/config.json --card

The first writes weights.safetensors into the folder final of each run, the second card.json beside it, with the score
that the benchmark gave to the same entry, where there is one. `mebench spot` and `mebench recognise` need both files.
Weights that hold are not trained again, and a training that was stopped goes on.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mebench import instruction_set
from mebench.errors import UserError
from mebench.model_card import is_light
from mebench.verbs.train import named_runs, run_arguments, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mebench.runs.paths import RunFiles


def arguments(parser: argparse.ArgumentParser) -> None:
    run_arguments(parser)
    parser.add_argument("--card", action="store_true", help="write card.json of weights that are there")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--gpus", type=int, default=1, metavar="N",
                        help="GPUs of this job's own, where the machine has any; 0: the CPU (default 1)")  # fmt: skip
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")
    instruction_set.add_option(parser)
    parser.add_argument("--checkpoint-seconds", type=float, default=120, help="how often the state is kept (120)")


def main(args: argparse.Namespace) -> int:
    from mebench.config.spec import run_id
    from mebench.runs.gpu_lease import lease

    runs = named_runs(args)
    for files in runs:
        if files.spec["training"] not in ("gradient", "fit") or is_light(files.spec["model"]):
            raise UserError(f"{files.spec['model']} learns no weights that could be kept")
    if args.gpus < 0 or args.threads < 1:
        raise UserError("--gpus is a number from 0, and --threads one from 1")
    if args.card:
        return write_cards(args, runs)
    with lease(0 if args.device == "cpu" else args.gpus, ", ".join(run_id(files.spec) for files in runs), say):
        return train(args, runs)


def train(args: argparse.Namespace, runs: Sequence[RunFiles]) -> int:
    """Train the runs one after another, and give the exit code. Torch is imported here and not before."""
    from functools import partial

    from mebench.runs import final
    from mebench.runs.execution import Execution
    from mebench.runs.stop import watched
    from mebench.training.data import load
    from mebench.training.limits import Stopped

    execution = Execution(args.device, args.threads, checkpoint_seconds=args.checkpoint_seconds)
    with watched() as stop:
        for files in runs:
            try:
                record = final.train(files, partial(load, files.spec, files.clips, files.inputs), execution, stop)
            except Stopped as where:
                print(f"asked to stop (signal {stop.asked}) {where}; the same command goes on from there")
                return 128 + stop.asked
            print(f"{record.run}: trained on {len(record.learned.subjects)} subjects in {files.run / 'final'}")
    return 0


def write_cards(args: argparse.Namespace, runs: Sequence[RunFiles]) -> int:
    """Write the card of each run, and give the exit code."""
    from pathlib import Path

    from mebench.plan import Plan
    from mebench.runs import final_card

    if not args.run:
        raise UserError("--card reads scores and the stage of the task from the configuration; name the run by --run")
    plan = Plan.load(args.config)
    for files in runs:
        task, model = files.spec["task"]["name"], files.spec["label"]
        scores = Path(plan.paths.model_scores(task, model))
        stage = plan.having(task, model).arguments.stage_parameters(task, model)
        card = final_card.write(files, scores, stage)
        print(f"{files.run / 'final'}: {'scored' if card['benchmark'] else 'not scored'}")
    return 0
