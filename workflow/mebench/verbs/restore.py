"""Unpack an archive and make its scores, tables and report again from the predictions, without data.

    mebench restore our-lab.zip                       -> our-lab/, a folder of results with its config.json
    mebench restore our-lab.zip --out elsewhere

Nothing is trained. Every member is compared with its digest, and what is made with what was packed; exit code 1 where
they differ. Then `mebench tables`, `compare`, `intervals` and `power` work with --config our-lab/config.json.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mebench restore``."""
    parser.add_argument("archive", type=Path, metavar="FILE.zip", help="what mebench archive made")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="a new folder (default: the name of the archive)")
    parser.add_argument("--no-report", action="store_true", help="make no plots and no report.html, which take longest")


def main(args: argparse.Namespace) -> int:
    """Restore, and say which files are the same."""
    from mebench.archive.restore import PACKED, restore

    out = args.out or Path(args.archive.stem)
    restored = restore(args.archive, out, not args.no_report)
    about = restored.manifest
    compared = f", {len(restored.same)} files with the same bytes as packed" if about.complete else ""
    state = "complete" if about.complete else "INCOMPLETE, so that no tables were packed to compare with"
    print(f"{out}: '{about.name}', {state}; scores and tables are made again from the predictions{compared}")
    for name in restored.differing:
        print(f"{out / name} differs from what was packed, {out / PACKED / name}"
              f"{f' ({restored.reason})' if restored.reason else ''}")  # fmt: skip
    return 1 if restored.differing else 0
