"""Train and score the models of a task that are so cheap that they share a job, such as the controls.

  mebench together --task megc2019 --models majority oracle --seeds 0,1 --config results/config.json

One that fails does not keep the others from their scores; the command then ends with an error that says what failed.
Each is the same as by `mebench train` and `mebench score`, which do one model alone.
"""

from __future__ import annotations

import argparse
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mebench import instruction_set
from mebench.errors import UserError
from mebench.model_card import is_light
from mebench.verbs.train import check_digest, run_names, say

if TYPE_CHECKING:
    from mebench.plan import Plan
    from mebench.runs.paths import RunFiles


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", required=True, help="a task of the configuration")
    parser.add_argument("--models", required=True, nargs="+", metavar="MODEL", help="model entries of the task")
    parser.add_argument("--seeds", required=True, metavar="K,K,...", help="their seeds")
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="FILE",
                        help="config.yaml (default), or results/config.json")  # fmt: skip
    parser.add_argument("--spec-digest", metavar="DIGEST", help="refuse a configuration that has changed since")
    parser.add_argument("--gpus", type=int, default=0, metavar="N", help="GPUs of this job's own (default 0: the CPU)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")
    instruction_set.add_option(parser)


def main(args: argparse.Namespace) -> int:
    from mebench.plan import Plan
    from mebench.runs.gpu_lease import lease
    from mebench.runs.stop import watched
    from mebench.training.limits import Stopped

    plan = Plan.load(args.config)
    plan.check_task(args.task)
    runs = {
        model: [plan.named(name) for name in run_names(f"{args.task}/{model}", args.seeds)] for model in args.models
    }
    check_digest(args, [run for own in runs.values() for run in own])
    # those that start no torch first, so that they have no part in what goes wrong with it
    ordered = sorted(runs, key=lambda model: not is_light(plan.entries[model]["model"]))
    failed: dict[str, str] = {}
    with lease(args.gpus, args.task, say), watched() as stop:
        for model in ordered:
            try:
                print(made(args, plan, model, [plan.files(run) for run in runs[model]], stop))
            except Stopped as where:
                print(f"asked to stop (signal {stop.asked}) {where}; the same command goes on from there")
                return 128 + stop.asked
            except UserError as error:
                failed[model] = str(error)
            except Exception as error:  # one that is broken must not take the others along
                traceback.print_exc()
                failed[model] = f"{type(error).__name__}: {error}"
    if failed:
        reasons = "; ".join(f"{model}: {reason}" for model, reason in failed.items())
        raise UserError(f"{len(failed)} of {len(runs)} models of {args.task} failed: {reasons}")
    return 0


def made(args: argparse.Namespace, plan: Plan, model: str, runs: Sequence[RunFiles], stop: Callable[[], bool]) -> str:
    """Train the missing folds of the runs of a model, and score them; returns a line about it."""
    from mebench.runs import model_scores
    from mebench.runs.engines import load
    from mebench.runs.execution import Execution
    from mebench.runs.shard import run_shard

    read = partial(load, runs[0].spec, runs[0].clips, runs[0].inputs)
    run_shard(runs, read, (1, 1), Execution(threads=args.threads), stop)
    scores = Path(plan.paths.model_scores(args.task, model))
    return model_scores.write(runs, scores, plan.arguments.stage_parameters(args.task, model))
