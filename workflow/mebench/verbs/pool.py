"""Join the folds of a run into predictions.csv, history.csv and run.json."""

from __future__ import annotations

import argparse

from mebench.verbs.train import named_runs, run_arguments


def arguments(parser: argparse.ArgumentParser) -> None:
    run_arguments(parser)


def main(args: argparse.Namespace) -> None:
    from mebench.config import recipes
    from mebench.runs.paths import PREDICTIONS
    from mebench.runs.pool import pool
    from mebench.runs.run_record import Title

    for files in named_runs(args):
        record = pool(files, Title(**recipes.about(files.spec)))
        print(f"{files.run / PREDICTIONS}: {record.folds_done} of {record.folds_expected} folds")
