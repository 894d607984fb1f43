"""List a dataset's clips: one row per clip, and a report of every repair and every dropped row.

Writes CLIPS.csv, and beside it videos.csv (the long videos of a spotting set), report.md and decisions.json (the clips
that the configuration leaves out or corrects). Counts that differ from those of the dataset's card, and a workbook of
an unknown edition, and frames of 1 bit or perhaps of 12, are errors unless they are accepted.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    from mebench.clips.dataset_names import part_name

    parser.add_argument("dataset", type=part_name, metavar="DATASET", help="a dataset's name (`mebench datasets`)")
    parser.add_argument("--root", type=Path, required=True, metavar="DIR",
                        help="the dataset's folder, or the source.json of `mebench fetch`")  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="CLIPS.csv", help="file to write")
    parser.add_argument("--apex", choices=("mid", "flow_max"), default="mid",
                        help="what is taken where no usable apex is labelled (default mid)")  # fmt: skip
    parser.add_argument("--accept", nargs="*", default=[], choices=("counts", "edition", "depth"), metavar="KIND",
                        help="deviations that you have looked at: counts, edition, depth")  # fmt: skip
    parser.add_argument("--crops", action="store_true", help="refuse frames of a raw release: crops are expected")
    parser.add_argument("--decisions", default="{}", metavar="JSON",
                        help="exclude and corrections of the configuration, as JSON")  # fmt: skip
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes for flow_max (default 1)")


def main(args: argparse.Namespace) -> None:
    from mebench import formats
    from mebench.acquisition import state
    from mebench.acquisition.origin import complete_copy, data_origin, data_root
    from mebench.clips.card import dataset_card
    from mebench.files import write_csv, write_json, write_text
    from mebench.indexing import apex, checks, decisions, report
    from mebench.indexing.read import read

    card = dataset_card(args.dataset)
    root = data_root(args.root)
    reading = read(args.dataset, root)
    whole = complete_copy(root)
    deviations = checks.deviations(card, reading) if whole else {}
    checks.refuse(args.dataset, deviations, args.accept)
    as_read = reading  # the card's counts are those before the owner's decisions
    reading, decided = decisions.apply(card, reading, root, decisions.parse(args.decisions))
    if args.crops:
        checks.refuse_raw_frames(args.dataset, root, reading)
    depth = checks.doubtful_depth(card, reading.clips, root)
    checks.refuse(args.dataset, depth, args.accept)
    deviations |= depth
    if args.apex == "flow_max":
        reading = apex.with_apex_of_most_motion(reading, root, args.jobs)
    text = report.markdown(card, reading, data_origin(args.dataset, root), deviations, whole, as_read, decided)
    write_json(args.out.with_name(decisions.FILE), decided.record())
    write_text(args.out.with_name("report.md"), text)
    write_csv(args.out.with_name("videos.csv"), formats.VIDEOS.names, (video.row() for video in reading.videos))
    write_csv(args.out, formats.CLIPS.names, (clip.row() for clip in reading.clips))
    if args.root.suffix == ".json":
        state.keep_elsewhere(args.root, [Path(clip.frames) for clip in reading.clips if clip.frames.startswith("/")])
    subjects = {clip.subject for clip in reading.clips}
    counts = f"{len(reading.clips)} clips of {len(subjects)} subjects, {len(reading.dropped)} dropped"
    if decided.excluded or decided.corrected:
        counts += f", {len(decided.excluded)} left out and {len(decided.corrected)} corrected by configuration"
    print(f"{args.dataset}: {counts}")
