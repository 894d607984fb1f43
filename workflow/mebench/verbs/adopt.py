"""Check given.csv of a run that its own rule trained, and make predictions.csv, history.csv and run.json from it."""

from __future__ import annotations

import argparse

from mebench.verbs.train import named_runs, run_arguments


def arguments(parser: argparse.ArgumentParser) -> None:
    run_arguments(parser)


def main(args: argparse.Namespace) -> None:
    from mebench.config import recipes
    from mebench.runs.adopt import adopt
    from mebench.runs.paths import PREDICTIONS
    from mebench.runs.run_record import Title

    for files in named_runs(args):
        record = adopt(files, Title(**recipes.about(files.spec)))
        print(f"{files.run / PREDICTIONS}: {record.clips} clips, {record.folds_done} folds")
