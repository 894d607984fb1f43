"""Pack predictions, scores and tables into one file that others can check, rebuild and merge (RO-Crate).

    mebench archive                                   results/ of config.yaml -> results.zip
    mebench archive --name "Our lab" --out our-lab.zip
    mebench archive --without-labels                  scores and tables alone: names of clips and labels stay here

No face, picture, clip or weight is packed. The archive is restored once before it counts. docs/archive.md
"""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mebench archive``."""
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="FILE",
                        help="the configuration of the results (default: config.yaml)")  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE.zip", help="the archive (default: FOLDER.zip beside the "
                        "folder of results)")  # fmt: skip
    parser.add_argument("--name", help="whose results these are, e.g. 'Our lab' (default: the name of the archive); a "
                        "merge shows it beside each row")  # fmt: skip
    parser.add_argument("--licence", metavar="SPDX", help="the licence under which you give the results, e.g. CC-BY-4.0"
                        " (default: none is named)")  # fmt: skip
    parser.add_argument("--tables", nargs="+", default=[], metavar="TABLE", help="tables besides those of the "
                        "configuration, which were made by their names")  # fmt: skip
    parser.add_argument("--without-labels", action="store_true",
                        help="leave predictions out, which tell labels; then nothing can be restored")  # fmt: skip
    parser.add_argument("--incomplete", action="store_true", help="pack what is there where runs are not finished")


def main(args: argparse.Namespace) -> None:
    """Write the archive, whole or not at all."""
    from mebench.archive.pack import Choices, pack
    from mebench.plan import Plan

    plan = Plan.load(args.config).with_tables(args.tables)
    results = Path(plan.results)
    out = args.out or results.with_name(f"{results.name}.zip")
    choices = Choices(args.name or out.stem, not args.without_labels, args.incomplete, args.licence)
    about = pack(plan, out, choices)
    lacking = len(about.absent) + len(about.unfinished)
    state = f"INCOMPLETE, {lacking} of {len(plan.runs)} runs are absent or lack folds" if lacking else "complete"
    print(f"{out}: {len(plan.runs) - len(about.absent)} runs of {', '.join(plan.tasks)}, {state}, "
          f"{out.stat().st_size / 2**20:.1f} MiB")  # fmt: skip
