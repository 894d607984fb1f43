"""Make a dataset's source ready: generate it, take the owner's folder, or download and unpack archives.

SOURCE is `synthetic`, a folder, an archive (zip, tar, tar.gz, tar.bz2, tar.xz; 7z and rar where a program
for them is installed), or the http(s) address of an archive. If a folder cannot be read as it is, the archives in it
are unpacked side by side, together with its workbook and folders. Writes source.json with the folder to read (`mebench
index --root`). Generated and unpacked data go to `data` beside it. inventory.gz beside it lists what the source holds
now, so that a later change is noticed.

The token of a download is read from the environment variable MEBENCH_TOKEN_<DATASET> or MEBENCH_TOKEN. The same command
resumes a download that was interrupted.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mebench.clips.entry import FetchOptions


def arguments(parser: argparse.ArgumentParser) -> None:
    from mebench.clips.dataset_names import part_name

    parser.add_argument("dataset", type=part_name, metavar="DATASET", help="a dataset's name (`mebench datasets`)")
    parser.add_argument("--source", required=True, metavar="SOURCE", help="synthetic, a folder, an archive or a URL")
    parser.add_argument("--out", type=Path, required=True, metavar="SOURCE.json", help="file to write")
    parser.add_argument("--options", default="{}", metavar="JSON",
                        help='of an archive: {"sha256": "..."}; of a synthetic source: {"subjects": 8, "clips": 6, '
                        '"seed": 0}')  # fmt: skip
    parser.add_argument("--state", default="", metavar="NAME", help="name of the state of the source, from snakemake")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")


def main(args: argparse.Namespace) -> None:
    from mebench.acquisition import fetch, state
    from mebench.files import write_json

    options = _options(args.options)
    record = fetch.fetch(args.dataset, args.source, args.out, options, args.jobs)
    state.keep(args.out, record, options, args.state)
    write_json(args.out, record.record())
    print(f"{args.dataset}: {record.kind}, to be read from {record.root}")


def _options(text: str) -> FetchOptions:
    import json
    from typing import cast

    from mebench.errors import UserError

    try:
        options = json.loads(text)
    except ValueError as error:
        raise UserError(f"--options is not JSON ({error}); write for example '{{\"subjects\": 8}}'") from error
    if not isinstance(options, dict):
        raise UserError(f"--options must be a JSON object, not {text}")
    return cast("FetchOptions", options)
