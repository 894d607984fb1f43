"""Write folds.csv of a run that a rule of its own trains: clips, labels, folds, and where their inputs lie."""

from __future__ import annotations

import argparse

from mebench.verbs.train import named_runs, run_arguments


def arguments(parser: argparse.ArgumentParser) -> None:
    run_arguments(parser)


def main(args: argparse.Namespace) -> None:
    from mebench.runs.handout import hand_out

    for files in named_runs(args):
        rows = hand_out(files)
        print(f"{files.run / 'folds.csv'}: {len(rows)} clips, {len({row['subject'] for row in rows})} folds")
