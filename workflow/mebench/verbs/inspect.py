"""Train folds of a run again and keep what their networks see: embeddings, and attention to the patches of a picture.

  mebench inspect --run smic-3/slstt/seed0 --fold smic/s01 smic/s02 --config results/config.json

Writes inspection.npz into the folder of the run, of which the plot `inspection` is drawn. It takes as long as these
folds took; without --fold all folds are trained. Nothing else of the run is changed, and nothing is scored with it.
"""

from __future__ import annotations

import argparse

from mebench import instruction_set
from mebench.errors import UserError, did_you_mean
from mebench.verbs.train import named_runs, run_arguments


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mebench inspect``."""
    run_arguments(parser)
    parser.add_argument("--fold", nargs="+", default=[], metavar="FOLD", help="left-out subjects (default: all)")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")
    instruction_set.add_option(parser)


def main(args: argparse.Namespace) -> None:
    """Train the folds one after another. Torch is imported here and not before."""
    if args.threads < 1:
        raise UserError("--threads is a number from 1")
    for files in named_runs(args):
        from mebench.runs import inspected
        from mebench.runs.device import prepared
        from mebench.training.data import load
        from mebench.training.fold import FoldJob
        from mebench.training.inspection import inspect

        data, device = load(files.spec, files.clips, files.inputs), prepared(args.device, args.threads)
        folds = data.folds()
        for name in args.fold:
            if name not in folds:
                raise UserError(f"the run {files.run} has no fold '{name}'{did_you_mean(name, folds)}")
        seen = []
        for name in args.fold or folds:
            job = FoldJob(files.spec, data, name, *folds[name], device)
            seen.append((job.test, inspect(job)))
            print(f"{name}: {len(job.test)} clips", flush=True)
        classes = list(files.spec["task"]["classes"])
        print(inspected.write(files.run, inspected.of_folds(data, classes, seen)))
