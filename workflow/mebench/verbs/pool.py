"""Join the folds of a run into predictions.csv, history.csv and run.json."""

from __future__ import annotations

import argparse

from mebench.verbs.train import resolve, run_arguments


def arguments(parser: argparse.ArgumentParser) -> None:
    run_arguments(parser)


def main(args: argparse.Namespace) -> None:
    from mebench.config import recipes
    from mebench.training.pool import pool

    spec, clips, inputs, run = resolve(args)
    record = pool(run, spec, clips, inputs, recipes.about(spec))
    print(f"{run / 'predictions.csv'}: {record['folds_done']} of {record['folds_expected']} folds")
