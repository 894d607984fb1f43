"""Merge the archives of several labs into one folder of results: one table of each task, with the origin of each row.

    mebench merge our-lab.zip their-lab.zip --out merged
    mebench merge ours=a.zip theirs=b.zip --out all.zip          under other names, packed again

Nobody's data are needed. Scores, tables, intervals, tests and letters are made anew over all rows. docs/archive.md says
what is one row, and what is not compared.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mebench.errors import UserError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mebench merge``."""
    parser.add_argument("archives", nargs="+", metavar="[NAME=]FILE.zip", help="what mebench archive made; without "
                        "NAME it is called as it was packed")  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("merged"), metavar="FOLDER|FILE.zip",
                        help="a new folder of results (default: merged), or an archive of it")  # fmt: skip
    parser.add_argument("--no-report", action="store_true", help="make no plots and no report.html, which take longest")


def main(args: argparse.Namespace) -> None:
    """Merge, and say what is not as one would expect."""
    from mebench.archive.merge import merge, merge_into_archive

    files = named(args.archives)
    zipped = args.out.suffix == ".zip"
    made = merge_into_archive(files, args.out) if zipped else merge(files, args.out, not args.no_report)
    for task, rows in made.rows.items():
        print(f"{args.out}: {len(rows)} rows of {task} from {', '.join(files)}")
    for sentence in made.said:
        print(sentence)


def named(written: list[str]) -> dict[str, Path]:
    """The archives by their names, each once."""
    from mebench.archive import opened

    files: dict[str, Path] = {}
    for one in written:
        name, equals, path = one.partition("=")
        file = Path(path) if equals and not Path(one).exists() else Path(one)
        name = name if file != Path(one) else opened.read(file).manifest.name
        if name in files:
            raise UserError(f"{files[name]} and {file} are both called '{name}'; name them: {name}-1={files[name]} "
                            f"{name}-2={file}")  # fmt: skip
        if not name.strip() or "," in name:
            raise UserError(f"'{name}' cannot name an archive in a table; write NAME={file} with a name without commas")
        files[name] = file
    if len(files) < 2:
        raise UserError("a merge needs two archives or more; mebench restore rebuilds the tables of one")
    return files
