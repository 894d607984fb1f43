"""Compute one input of one dataset: TV-L1 flow, or u, v and strain at a size, for all clips.

tvl1 reads the frames and writes one file per subject; finished subjects are not done again.
apex_flow-<size> is made from it (--from); for flow_images it reads the pictures as published.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", metavar="DATASET", help="a dataset's name (`mebench datasets`)")
    parser.add_argument("input", metavar="INPUT", help="tvl1, or apex_flow-SIZE such as apex_flow-28")
    parser.add_argument("--clips", type=Path, required=True, metavar="CLIPS.csv", help="what `mebench index` wrote")
    parser.add_argument("--root", type=Path, required=True, metavar="DIR",
                        help="the dataset's folder, or the source.json of `mebench fetch`")  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to write")
    parser.add_argument(
        "--from", dest="base", type=Path, metavar="FOLDER", help="the tvl1 folder apex_flow is made from"
    )
    parser.add_argument(
        "--truth", type=Path, metavar="DIR", help="known flow (synthetic data): errors to FOLDER/quality.csv"
    )
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")


def main(args: argparse.Namespace) -> None:
    from mebench import cards, inputs
    from mebench.datasets._reading import COLUMNS
    from mebench.datasets._source import origin_of, root_of
    from mebench.errors import UserError
    from mebench.files import read_csv

    cards.locate("datasets", args.dataset)
    kind, size = inputs.parse(args.input)
    clips = read_csv(args.clips, required=COLUMNS)
    if not clips:
        raise UserError(f"{args.clips} lists no clips; see report.md beside it for why rows were dropped")
    root = root_of(args.root)
    origin = origin_of(args.dataset, root)
    if kind == "tvl1":
        if origin == "pictures":
            raise UserError("flow_images holds flow already, not frames; ask for apex_flow-28 instead of tvl1")
        from mebench.inputs import tvl1

        tvl1.make(clips, root, args.out, origin=origin, truth=args.truth, jobs=args.jobs)
    elif origin == "pictures":
        from mebench.inputs import apex_flow

        apex_flow.from_pictures(clips, root, args.out, size)
    else:
        if args.base is None:
            raise UserError(f"{args.input} of {args.dataset} is made from its tvl1 flow; give its folder with --from")
        from mebench.inputs import apex_flow

        apex_flow.from_flow(clips, args.base, args.out, size, origin=origin)
    print(f"{args.dataset}: {args.input} of {len(clips)} clips in {args.out}")
