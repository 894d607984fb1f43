"""Regenerate a table from the scores of its task: CSV, Markdown, LaTeX and HTML.

TABLE is the name of a description in mebench/tables (megc2019, casme2-5, ...), of a task (which has a default table
where there is no description), or the path of a YAML file of your own.
"""

from __future__ import annotations

import argparse
import json


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mebench tables``."""
    parser.add_argument("table", metavar="TABLE", help="name of the table, or the path of its YAML file")
    parser.add_argument("--scores", required=True, metavar="CSV", help="scores of the table's task")
    parser.add_argument("--out", required=True, metavar="STEM", help="writes STEM.csv, STEM.md, STEM.tex and STEM.html")
    parser.add_argument("--config", metavar="FILE",
                        help="config.yaml or results/config.json, for a task that it defines itself")  # fmt: skip
    parser.add_argument("--define", nargs="+", default=[], metavar="JSON",
                        help="the same as JSON")  # fmt: skip


def main(args: argparse.Namespace) -> None:
    """Write the four files, or none."""
    from mebench.protocols import tasks

    tasks.define(json.loads(text) for text in args.define)
    if args.config:
        from mebench.plan import Plan

        tasks.define(Plan.load(args.config).own_tasks)
    from mebench import tables

    description = tables.describe(args.table)
    table = tables.build(description, tables.read_scores(args.scores))
    for path in tables.write(table, args.out):
        print(path)
