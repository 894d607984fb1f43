"""Write folds.csv of a run that its own rule trains: clips, labels, folds, and the files of their inputs."""

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
