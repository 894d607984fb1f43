"""Make the tables, plots and report of the results that are there, after a failure.

Snakemake calls it when a job has failed. The report and every table begin with what is missing and why; incomplete runs
are not ranked. The files get an old time stamp, so that the next start of Snakemake makes them again. Without --make
all files are made in <results>/partial, and nothing else is changed.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="FILE",
                        help="the configuration (default: config.yaml)")  # fmt: skip
    parser.add_argument("--make", nargs="*", type=Path, default=[], metavar="FILE",
                        help="files of the results to replace, as far as they can be made")  # fmt: skip


def main(args: argparse.Namespace) -> None:
    from mebench.plan import Plan
    from mebench.report import partial
    from mebench.tables import table_of_file

    plan = Plan.load(args.config)
    made = [table_of_file(path.name) for path in args.make if path.parent == Path(plan.results) / "tables"]
    plan = plan.with_tables(dict.fromkeys(made))
    gaps, written = partial.make(plan, args.make)
    text = partial.summary(gaps)
    partial.note(Path(plan.results), text)
    page = Path(plan.results) / "report.html"
    print(f"Missing:\n{text}" if gaps else "Nothing is missing.")
    print(f"The report of what is there: {page if page in written else Path(plan.results) / 'partial' / 'report.html'}")
