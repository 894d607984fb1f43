"""List a dataset's clips: one row per clip, and a report of every repair and every dropped row.

Writes CLIPS.csv and report.md beside it. The report compares the counts with those of the dataset's card.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", metavar="DATASET", help="a dataset's name (`mebench datasets`)")
    parser.add_argument("--root", type=Path, required=True, metavar="DIR",
                        help="the dataset's folder, or the source.json of `mebench fetch`")  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="CLIPS.csv", help="file to write")


def main(args: argparse.Namespace) -> None:
    from mebench import cards
    from mebench.datasets import _report
    from mebench.datasets._reading import COLUMNS
    from mebench.datasets._source import origin_of, root_of
    from mebench.files import write_csv, write_text

    card = cards.card("datasets", args.dataset)
    root = root_of(args.root)
    reading = cards.load("datasets", args.dataset).read(root)
    write_text(args.out.with_name("report.md"), _report.markdown(card, reading, origin_of(args.dataset, root)))
    write_csv(args.out, COLUMNS, reading.clips)
    subjects = {clip["subject"] for clip in reading.clips}
    counts = f"{len(reading.clips)} clips of {len(subjects)} subjects, {len(reading.dropped)} dropped"
    print(f"{args.dataset}: {counts}")
