"""Draw one kind of plot of a task or dataset, as SVG and PNG.

confusion, subjects, curves and seeds read pooled runs (--runs); flow shows samples of an input (--inputs and
--clips); dataset shows one clips.csv (--clips), with the videos.csv and report.md that `mebench index` wrote beside it.
"""

from __future__ import annotations

import argparse

from mebench.plots import KINDS

NEEDS = {"flow": ("inputs", "clips"), "dataset": ("clips",)}  # all others need runs


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mebench plots``."""
    parser.add_argument("kind", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--runs", nargs="+", metavar="FOLDER", help="pooled runs of one task")
    parser.add_argument("--inputs", nargs="+", metavar="FOLDER", help="with flow: input folders (apex_flow-...)")
    parser.add_argument("--clips", nargs="+", metavar="CSV", help="with flow and dataset: what `mebench index` wrote")
    parser.add_argument("--task", help="with flow: show the classes of this task instead of each dataset's emotions")
    parser.add_argument("--out", required=True, metavar="STEM", help="writes STEM.svg and STEM.png")


def main(args: argparse.Namespace) -> None:
    """Write both files, or none."""
    from mebench.errors import UserError, did_you_mean

    if args.kind not in KINDS:
        raise UserError(f"unknown plot '{args.kind}'{did_you_mean(args.kind, KINDS)}")
    for name in NEEDS.get(args.kind, ("runs",)):
        if not getattr(args, name):
            raise UserError(f"the plot {args.kind} needs --{name}; see `mebench plots --help`")
    if args.kind == "dataset" and len(args.clips) > 1:
        raise UserError(f"the plot dataset shows one dataset, but --clips names {len(args.clips)} files; give one")

    from mebench.plots import confusion, curves, dataset, flow, runs, seeds, style, subjects

    if args.kind == "flow":
        drawing = flow.draw(args.inputs, args.clips, args.task)
    elif args.kind == "dataset":
        drawing = dataset.draw(**dataset.read(args.clips[0]))
    else:
        kinds = {"confusion": confusion, "subjects": subjects, "curves": curves, "seeds": seeds}
        drawing = kinds[args.kind].draw(runs.load(args.runs))
    for path in style.save(drawing, args.out):
        print(path)
