"""Decode the score of each frame into intervals, with no network trained or loaded.

Scores of any code:  mebench decode SCORES.csv --half-width 6 --threshold 0.55 --out intervals.csv
As SL-Swin does it:  mebench decode SCORES.csv --half-width 6 --threshold 0.60 --edges valid --empty first_frame \\
                         --out intervals.csv

SCORES.csv has a row for each frame, with the columns dataset,subject,video,frame,score (dataset and subject may be
left out) and, if emotions are to be decoded, a logit for each class under e_<class>.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mebench.errors import UserError


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scores", type=Path, metavar="SCORES.csv", help="a row for each frame of each video")
    parser.add_argument("--half-width", type=int, required=True, metavar="K",
                        help="rows on each side of a peak: half of a typical expression")  # fmt: skip
    parser.add_argument("--threshold", type=float, required=True, metavar="P",
                        help="from 0, the mean of the smoothed scores of a video, to 1, their maximum")  # fmt: skip
    parser.add_argument("--edges", choices=("zero", "valid"), default="zero",
                        help="smoothing: zeros beside the video (default), or rows whose box lies inside")  # fmt: skip
    parser.add_argument("--empty", choices=("none", "first_frame"), default="none",
                        help="what a video without a peak predicts: nothing (default), or its first frame")  # fmt: skip
    parser.add_argument("--distance", type=int, metavar="D", help="rows between two peaks at least (default: K)")
    parser.add_argument("--clip", action="store_true", help="cut intervals to the video")
    parser.add_argument("--lengths", choices=("fixed", "variable"), default="fixed",
                        help="2K+1 rows each (default), or of their own, as BoostingVRME has them")  # fmt: skip
    parser.add_argument("--synergy", type=int, choices=(0, 1, 2), default=2,
                        help="with the class neutral: 0 keep neutral intervals, 1 delete them, 2 no frame is neutral "
                        "(default)")  # fmt: skip
    parser.add_argument("--neutral-logit", choices=("keep", "zero"), default="keep",
                        help="the logit of neutral: as it is (default), or 0, as BoostingVRME has it")  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="P.csv", help="the intervals")


def main(args: argparse.Namespace) -> None:
    _check(args)
    from mebench.files import write_csv
    from mebench.log import log
    from mebench.spotting import score_file
    from mebench.spotting.decoder import Decoder, decode
    from mebench.spotting.emotion import Synergy

    file = score_file.read(args.scores)
    decoder = Decoder(args.half_width, args.threshold, args.edges, args.empty, args.distance, args.clip, args.lengths,
                      Synergy(args.synergy, args.neutral_logit))  # fmt: skip
    rows, outside = [], 0
    for video, track in file.tracks.items():
        for interval in decode(track, decoder):
            outside += interval.onset < track.first or interval.offset > track.last
            rows.append({**video._asdict(), **interval._asdict()})
    emotion = ("emotion",) if file.classes else ()
    columns = (*file.names, "onset", "offset", *emotion)
    write_csv(args.out, columns, ({name: row[name] for name in columns} for row in rows))
    for note in score_file.notes(file, args.half_width, args.edges):
        log.warning(f"mebench decode: {args.scores}: {note}")
    if outside:
        log.warning(f"mebench decode: {outside} of {len(rows)} intervals begin before the first frame of their video "
                    "or end after the last; --clip cuts them")  # fmt: skip
    print(f"{args.out}: {len(rows)} intervals in {len(file.tracks)} videos")


def _check(args: argparse.Namespace) -> None:
    if args.half_width < 1:
        raise UserError(f"--half-width is {args.half_width}; give a number of rows, 1 or more")
    if not 0 <= args.threshold <= 1:
        raise UserError(f"--threshold is {args.threshold:g}; give a number from 0 (the mean) to 1 (the maximum)")
    if args.distance is not None and args.distance < 1:
        raise UserError(f"--distance is {args.distance}; give a number of rows, 1 or more")
