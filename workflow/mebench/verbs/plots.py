"""Draw one kind of plot of a task or dataset, as SVG and PNG.

confusion, subjects, curves and seeds read pooled runs (--runs); input shows samples of one kind of input (--inputs and
--clips; flow is its old name); dataset shows one clips.csv (--clips), with the videos.csv and report.md that
`mebench index` wrote beside it.
"""

from __future__ import annotations

import argparse

from mebench.plots import KINDS

NEEDS = {"input": ("inputs", "clips"), "dataset": ("clips",)}  # all others need runs
ALIASES = {"flow": "input"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mebench plots``."""
    parser.add_argument("kind", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--runs", nargs="+", metavar="FOLDER", help="pooled runs of one task")
    parser.add_argument("--inputs", nargs="+", metavar="FOLDER", help="with input: input folders, one per dataset")
    parser.add_argument("--clips", nargs="+", metavar="CSV", help="with input and dataset: what `mebench index` wrote")
    parser.add_argument("--task", help="with input: show the classes of this task instead of each dataset's emotions")
    parser.add_argument("--out", required=True, metavar="STEM", help="writes STEM.svg and STEM.png")


def main(args: argparse.Namespace) -> None:
    """Write both files, or none."""
    from mebench.errors import UserError, did_you_mean

    kind = ALIASES.get(args.kind, args.kind)
    if kind not in KINDS:
        raise UserError(f"unknown plot '{args.kind}'{did_you_mean(args.kind, KINDS)}")
    for name in NEEDS.get(kind, ("runs",)):
        if not getattr(args, name):
            raise UserError(f"the plot {kind} needs --{name}; see `mebench plots --help`")
    if kind == "dataset" and len(args.clips) > 1:
        raise UserError(f"the plot dataset shows one dataset, but --clips names {len(args.clips)} files; give one")

    from mebench.plots import confusion, curves, dataset, runs, seeds, style, subjects
    from mebench.plots.samples import drawing

    if kind == "input":
        figure = drawing.draw(args.inputs, args.clips, args.task)
    elif kind == "dataset":
        figure = dataset.draw(**dataset.read(args.clips[0]))
    else:
        kinds = {"confusion": confusion, "subjects": subjects, "curves": curves, "seeds": seeds}
        figure = kinds[kind].draw(runs.load(args.runs))
    for path in style.save(figure, args.out):
        print(path)
