"""Recognise the emotion of a clip of one's own, with weights of an entry that has final: true.

  mebench recognise CLIP.mp4 --weights results/runs/TASK/MODEL/seed0/final/weights.safetensors \\
      --onset 12 --apex 30 --offset 55 --out said

Writes prediction.csv, with the probability of each class, and input.png and input.svg: what the network saw. Frames of
a video file are numbered from 1, those of a folder by their names. It says what the network was trained on, and how
good it was on people that it had not seen: a prediction is no fact.
"""

from __future__ import annotations

import argparse

from mebench.verbs.spot import begin, needs_rate, own_arguments


def arguments(parser: argparse.ArgumentParser) -> None:
    own_arguments(parser)
    parser.add_argument("--onset", type=int, required=True, metavar="N", help="the first frame of the expression")
    parser.add_argument("--apex", type=int, required=True, metavar="N", help="the frame of its peak")
    parser.add_argument("--offset", type=int, metavar="N", help="its last frame (default: the last frame there is)")


def main(args: argparse.Namespace) -> None:
    from mebench.files import write_csv
    from mebench.footage import frames, network, recognised
    from mebench.plots import style

    trained = begin(args, "recognition")
    with frames.scratch_in(args.out) as scratch:
        own = frames.read(args.footage, args.fps, scratch)
        recognised.check_times(own.numbers, args.onset, args.apex, args.offset)
        if trained.final.spec["inputs"]["kind"] == "roi_flow":  # the only input that asks for a rate
            needs_rate(own, args.footage)
        clip = own.clip(args.onset, args.apex, args.offset)
        found = recognised.recognise(trained, own, clip, scratch, args.crop)
        row = found.row()
        write_csv(args.out / "prediction.csv", row, [row])
        figure = recognised.draw(found, trained, f"benchmark: {network.scored(trained.final)}")
        written = [args.out / "prediction.csv", *style.save(figure, args.out / "input")]
    for path in written:
        print(path)
    for line in network.about(trained):
        print(line)
    shares = ", ".join(f"{name} {share:.2f}" for name, share in found.shares.items())
    print(f"{own.name}, frames {clip.onset} to {clip.offset}: {found.prediction} ({shares})")
