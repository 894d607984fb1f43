"""Make a dataset's source ready: generate it, check the owner's folder, or unpack the owner's archive.

SOURCE is `synthetic`, a folder, or a .zip, .tar, .tar.gz, .tgz, .tar.bz2 or .tar.xz file. Writes
source.json with the folder to read (`mebench index --root`); what is generated or unpacked goes to `data`
beside it.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", metavar="DATASET", help="a dataset's name (`mebench datasets`)")
    parser.add_argument("--source", required=True, metavar="SOURCE", help="synthetic, a folder or an archive")
    parser.add_argument("--out", type=Path, required=True, metavar="SOURCE.json", help="file to write")
    parser.add_argument("--options", default="{}", metavar="JSON",
                        help='of a synthetic source: {"subjects": 8, "clips": 6, "seed": 0}')  # fmt: skip
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")


def main(args: argparse.Namespace) -> None:
    from mebench.datasets import _source
    from mebench.files import write_json

    record = _source.fetch(args.dataset, args.source, args.out, _options(args.options), args.jobs)
    write_json(args.out, record)
    print(f"{args.dataset}: {record['origin']}, to be read from {record['root']}")


def _options(text: str) -> dict:
    import json

    from mebench.errors import UserError

    try:
        options = json.loads(text)
    except ValueError as error:
        raise UserError(f"--options is not JSON ({error}); write for example '{{\"subjects\": 8}}'") from error
    if not isinstance(options, dict):
        raise UserError(f"--options must be a JSON object, not {text}")
    return options
