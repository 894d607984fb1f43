"""Find expressions in a video of one's own, with weights of an entry that has final: true.

  mebench spot VIDEO.mp4 --weights results/runs/TASK/MODEL/seed0/final/weights.safetensors --out found
  mebench spot FRAMES/ --fps 200 --weights .../weights.safetensors --out found

Writes scores.csv, a row for each position, which `mebench decode` reads; intervals.csv, which `mebench spotting-score`
reads; and curve.png and curve.svg. Frames of a video file are numbered from 1, those of a folder by their names. It
says what the network was trained on, and how good it was on people that it had not seen: an interval is no fact.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mebench import instruction_set
from mebench.errors import UserError

if TYPE_CHECKING:
    from mebench.footage.frames import Frames
    from mebench.footage.network import Trained
    from mebench.footage.spotted import Found


def arguments(parser: argparse.ArgumentParser) -> None:
    own_arguments(parser)
    parser.add_argument("--threshold", type=float, metavar="P",
                        help="from 0, the mean of the smoothed scores, to 1, their maximum "
                             "(default: the card's)")  # fmt: skip
    parser.add_argument("--half-width", type=int, metavar="K",
                        help="positions on each side of a peak "
                             "(default: from the labels that were trained on)")  # fmt: skip


def own_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of a command for footage of one's own."""
    parser.add_argument("footage", type=Path, metavar="VIDEO|FRAMES", help="a video file, or a folder of frames")
    parser.add_argument("--weights", type=Path, required=True, metavar="FILE",
                        help="weights.safetensors of a training on everyone; its card.json lies beside it")  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to write")
    parser.add_argument(
        "--fps", type=float, metavar="N", help="frames per second, where no file says it or it is wrong"
    )
    parser.add_argument("--crop", choices=("detected", "provided"), default="detected",
                        help="detected (default): the face is looked for; provided: frames are crops of faces "
                             "already")  # fmt: skip
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")
    instruction_set.add_option(parser)


def main(args: argparse.Namespace) -> None:
    if args.threshold is not None and not 0 <= args.threshold <= 1:
        raise UserError(f"--threshold is {args.threshold:g}; it is a number from 0 to 1")
    if args.half_width is not None and args.half_width < 1:
        raise UserError(f"--half-width is {args.half_width}; it is a whole number from 1")
    from mebench.footage import frames, network, spotted
    from mebench.log import log

    trained = begin(args, "spotting")
    with frames.scratch_in(args.out) as scratch:
        own = frames.read(args.footage, args.fps, scratch)
        needs_rate(own, args.footage)
        log.info(f"{own.name}: {len(own.numbers):,} frames at {own.fps:g} fps, of which the input is made ...")
        found = spotted.spot(trained, own, scratch, args.crop, args.threshold, args.half_width)
    for path in write(args.out, trained, own, found):
        print(path)
    for line in [*network.about(trained), *answer(own, found)]:
        print(line)


def begin(args: argparse.Namespace, kind: str) -> Trained:
    """The network of ``--weights``, which is for a ``kind`` of task, in a process that is set up for it."""
    from mebench.footage import network
    from mebench.runs.device import prepared

    if args.threads < 1:
        raise UserError(f"--threads is {args.threads}; it is a whole number from 1")
    trained = network.read(args.weights, kind)
    prepared("cpu", args.threads)
    return trained


def needs_rate(own: Frames, footage: Path) -> None:
    """A UserError where nobody says how many frames a second has."""
    if own.fps is None:
        raise UserError(f"nobody says how many frames per second {footage} has; give it with --fps, such as --fps 200")


def write(out: Path, trained: Trained, own: Frames, found: Found) -> list[Path]:
    """Write the files, and name them."""
    from mebench.files import write_csv
    from mebench.footage import spotted
    from mebench.footage.frames import OWN
    from mebench.footage.network import scored
    from mebench.plots import score_curve, style

    write_csv(out / "scores.csv", spotted.columns(trained), found.rows(own.name))
    rows = [{"dataset": OWN, "subject": OWN, "video": own.name, **one._asdict()} for one in found.intervals]
    write_csv(out / "intervals.csv", ("dataset", "subject", "video", "onset", "offset", "emotion"), rows)
    final = trained.final
    shown = score_curve.ScoreCurve(
        title=f"{own.name}: {final.card['title']}, {final.card['task']['title']}",
        track=found.track, decoder=found.decoder, intervals=found.intervals, fps=own.fps,
        notes=(f"benchmark: {scored(final)}",), synthetic=final.record.learned.origin == "synthetic",
    )  # fmt: skip
    pictures = style.save(score_curve.draw(shown), out / "curve")
    return [out / "scores.csv", out / "intervals.csv", *pictures]


def answer(own: Frames, found: Found) -> list[str]:
    """What was found, as lines."""
    decoder, count, step = found.decoder, len(found.intervals), found.track.step
    pace = "one for each frame" if step == 1 else f"one every {step} frames"
    lines = [f"{count} interval{'' if count == 1 else 's'} in {own.name}: {len(own.numbers):,} frames, "
             f"{own.seconds:.1f} s at {own.fps:g} fps; threshold {decoder.threshold:g}, half width "
             f"{decoder.half_width} positions, {pace}"]  # fmt: skip
    lines += [f"  {one.onset} to {one.offset} {one.emotion}".rstrip() for one in found.intervals]
    return lines
