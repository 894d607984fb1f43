"""Compute one input of one dataset for all its clips: flow, flow pictures, stacks of frames, series of face regions.

An input's name says its kind, size and options: tvl1, apex_flow-28, apex_flow-28.eyes, long_flow-384.tvl1.nose.
It works in parts of a few clips of one subject; finished parts are not made again. With --shard i-of-n only every n-th
subject is made, and the file --done is written. Then --join makes the index of all parts. Without both, all is done.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mebench import instruction_set

if TYPE_CHECKING:
    from mebench.clips.clip import Clip


def arguments(parser: argparse.ArgumentParser) -> None:
    from mebench.clips.dataset_names import part_name

    parser.add_argument("dataset", type=part_name, metavar="DATASET", help="a dataset's name (`mebench datasets`)")
    parser.add_argument("input", metavar="INPUT", help="the input's name, such as apex_flow-28")
    parser.add_argument(
        "--clips",
        type=Path,
        required=True,
        metavar="CLIPS.csv",
        help="what `mebench index` wrote; roi_flow reads the videos.csv beside it",
    )
    parser.add_argument("--root", type=Path, required=True, metavar="DIR",
                        help="the dataset's folder, or the source.json of `mebench fetch`")  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to write")
    parser.add_argument("--from", dest="base", type=Path, metavar="FOLDER", help="the flow apex_flow is made from")
    parser.add_argument(
        "--faces", type=Path, metavar="FOLDER", help="what `mebench faces` wrote, for crops by landmarks"
    )
    parser.add_argument(
        "--truth", type=Path, metavar="DIR", help="known flow (synthetic data): errors to FOLDER/quality.csv"
    )
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")
    instruction_set.add_option(parser)
    parser.add_argument("--shard", metavar="i-of-n", help="make only this share of the subjects")
    parser.add_argument("--done", type=Path, metavar="FILE", help="with --shard: file written when the share is made")
    parser.add_argument("--join", action="store_true", help="make the index of parts that are there already")


def main(args: argparse.Namespace) -> None:
    from mebench.acquisition.origin import data_origin, data_root
    from mebench.clips.card import dataset_card
    from mebench.config import input_names
    from mebench.errors import UserError
    from mebench.files import write_json
    from mebench.inputs import build
    from mebench.parallel import parse_shard

    pictures = dataset_card(args.dataset).delivers == "pictures"
    spec = input_names.parse(args.input)
    shard = parse_shard(args.shard) if args.shard else (1, 1)
    root = data_root(args.root)
    origin = data_origin(args.dataset, root)
    clips, what = build.recordings(args.clips, spec, pictures)
    if not pictures and spec.base and args.base is None:
        raise UserError(
            f"{args.input} of {args.dataset} is made from its {spec.base} flow; give its folder with --from"
        )
    job = build.InputJob(spec, root, origin, args.faces, args.base, pictures)
    if not args.join:
        count = build.make(job, clips, args.out, jobs=args.jobs, shard=shard)
        print(f"{args.dataset}: {spec.name} of {count} subjects in {args.out}")
    if args.shard:
        if args.done:
            write_json(args.done, {"dataset": args.dataset, "input": spec.name, "shard": args.shard, "subjects": count})
        return
    without = build.finish(job, clips, args.out)
    for clip_id, reason in sorted(without.items()):
        print(f"{args.dataset}: no {spec.name} of {clip_id}: {reason}")
    if args.truth is not None:
        _quality(args, clips)
    print(f"{args.dataset}: {spec.name} of {len(clips) - len(without)} of {len(clips)} {what} in {args.out}")


def _quality(args: argparse.Namespace, clips: Sequence[Clip]) -> None:
    from mebench.files import write_csv
    from mebench.inputs import quality, store

    write_csv(args.out / "quality.csv", quality.COLUMNS, quality.against_truth(store.load(args.out), clips, args.truth))
