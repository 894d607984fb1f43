"""Draw plots of a task or of datasets, each as SVG and PNG.

Kinds that draw one plot, at --out STEM: confusion, subjects, curves and seeds read pooled runs (--runs); input shows
samples of one kind of input (--inputs and --clips; flow is its old name); dataset shows one clips.csv (--clips), with
the videos.csv and report.md that `mebench index` wrote beside it.

Kinds that draw several, into the folder --out: task draws the plots of its kind and a sample picture of each --sample;
datasets draws one plot for each clips.csv.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

NEEDS = {  # all others need runs
    "input": ("inputs", "clips"),
    "dataset": ("clips",),
    "datasets": ("clips",),
    "task": ("runs", "clips", "task"),
}
ALIASES = {"flow": "input"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mebench plots``."""
    kinds = "confusion, subjects, curves, seeds (or what another kind of task has), input, dataset, task, datasets"
    parser.add_argument("kind", metavar="KIND", help=kinds)
    parser.add_argument("--runs", nargs="+", metavar="FOLDER", help="pooled runs of one task")
    parser.add_argument("--inputs", nargs="+", metavar="FOLDER", help="with input: input folders, one per dataset")
    parser.add_argument("--sample", nargs="+", action="append", default=[], metavar=("NAME", "FOLDER"),
                        help="with task, once for each input: its name and its folders, one per dataset")  # fmt: skip
    parser.add_argument("--clips", nargs="+", metavar="CSV", help="what `mebench index` wrote, of each dataset")
    parser.add_argument("--events", nargs="+", default=[], metavar="CSV",
                        help="of recordings: all that happens in generated ones, which lies beside them")  # fmt: skip
    parser.add_argument("--statistics", metavar="JSON",
                        help="TABLE.statistics.json: intervals, letters and differences of the runs")  # fmt: skip
    parser.add_argument("--task", help="the task; with input: show its classes instead of each dataset's emotions")
    parser.add_argument("--out", required=True, metavar="STEM", help="writes STEM.svg and STEM.png; or a folder")
    parser.add_argument("--config", metavar="FILE",
                        help="with task: config.yaml or results/config.json, instead of --runs, --sample and --clips; "
                             "with others: for a task that it defines itself")  # fmt: skip
    parser.add_argument("--define", nargs="+", default=[], metavar="JSON",
                        help="tasks that the configuration itself defines, as JSON")  # fmt: skip


def main(args: argparse.Namespace) -> None:
    """Write the files of each plot, both or none."""
    from mebench.protocols import tasks

    tasks.define(json.loads(text) for text in args.define)
    from mebench.errors import UserError

    args.together = []  # the models of each task, where a configuration says
    if args.config:
        _configure(args)
    kind = ALIASES.get(args.kind, args.kind)
    for name in NEEDS.get(kind, ("runs",)):
        if not getattr(args, name):
            raise UserError(f"the plot {kind} needs --{name}; see `mebench plots --help`")
    if kind == "dataset" and len(args.clips) > 1:
        raise UserError(f"the plot dataset shows one dataset, but --clips names {len(args.clips)} files; give one")

    from mebench.plots import looks, runs, style, together
    from mebench.plots.samples import drawing

    out = Path(args.out)
    written: Iterable[Path]
    samples = {name: folders for name, *folders in args.sample}
    places = looks.places(args.together)
    given = (args.runs or (), args.clips or (), args.events, args.statistics, samples, places)
    if kind == "task":
        written = together.save_task(out, runs.load(*given))
    elif kind == "datasets":
        written = together.save_datasets(out, args.clips)
    elif kind == "input":
        written = style.save(drawing.draw(args.inputs, args.clips, args.task), out)
    elif kind == "dataset":
        written = style.save(together.draw_dataset(Path(args.clips[0])), out)
    else:
        written = style.save(together.draw_task(kind, runs.load(*given)), out)
    for path in written:
        print(path, flush=True)


def _configure(args: argparse.Namespace) -> None:
    """Define the tasks of the configuration, and fill in the arguments for a task from it."""
    from mebench.plan import Plan
    from mebench.protocols import tasks

    plan = Plan.load(args.config)
    tasks.define(plan.own_tasks)
    args.together = plan.compared
    if args.kind == "task" and args.task:
        plan.check_task(args.task)
        args.runs = [plan.paths.folder(run) for run in plan.paths.runs_of(args.task)]
        args.sample = [[name, *folders] for name, folders in plan.paths.samples[args.task].items()]
        args.clips = plan.paths.clips(plan.tasks[args.task]["datasets"])
        args.statistics = next(iter(plan.paths.statistics(args.task)), None)
        args.events = [path for path in plan.paths.events(args.task) if Path(path).exists()]
