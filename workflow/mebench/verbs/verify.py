"""Read every file of the sources that results were made from, and say which has another content now.

Each start of snakemake looks at names, sizes and times of files, at the content of workbooks and other tables, and of
what has another time. It cannot see a picture that was replaced by one of the same size and time. This verb reads all:
minutes for a small dataset, hours for a large one. What changed is made again by the next start. The exit code is 1
where anything changed.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("datasets", nargs="*", metavar="DATASET", help="datasets of the configuration (default: all)")
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="FILE",
                        help="the configuration (default: config.yaml)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def main(args: argparse.Namespace) -> int:
    import json
    from dataclasses import asdict

    from mebench.acquisition import state
    from mebench.config.loading import load_config
    from mebench.errors import UserError, did_you_mean

    settings = load_config(args.config)
    entries = settings["datasets"]
    for name in args.datasets:
        if name not in entries:
            raise UserError(f"the configuration has no dataset '{name}'{did_you_mean(name, entries)}")
    chosen = args.datasets or list(entries)
    looked = [state.verify(state.Looking.entry(name, entries[name], Path(settings["results"]))) for name in chosen]
    if args.json:
        print(json.dumps([asdict(one) for one in looked], indent=2, ensure_ascii=False))
    else:
        print("\n".join(one.sentence for one in looked))
    return 1 if any(one.changed for one in looked) else 0
