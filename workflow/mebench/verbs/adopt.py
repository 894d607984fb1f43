"""Check given.csv of a run that a rule of its own trained, and make predictions.csv, history.csv and run.json of it."""

from __future__ import annotations

import argparse

from mebench.verbs.train import resolve, run_arguments


def arguments(parser: argparse.ArgumentParser) -> None:
    run_arguments(parser)


def main(args: argparse.Namespace) -> None:
    from mebench.config import recipes
    from mebench.training.adopt import adopt

    spec, clips, inputs, run = resolve(args)
    record = adopt(run, spec, clips, inputs, recipes.about(spec))
    print(f"{run / 'predictions.csv'}: {record['clips']} clips, {record['folds_done']} folds")
