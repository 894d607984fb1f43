"""Results that verbs are given: a file of predictions or counts, or the name of a run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mebench.errors import UserError

if TYPE_CHECKING:
    from mebench.plan import Plan
    from mebench.plan.runs import Run
    from mebench.statistics.source import Source
    from mebench.statistics.tallied import Tallied

FORMS = """A result is a CSV of predictions (clip_id,subject,truth,prediction, and seed where there are several), a CSV
of counts (subject,truth, then a column for each class), or a run of the configuration: TASK/MODEL for all its seeds,
or TASK/MODEL/seedK. FILE::column=value,column=value takes the rows of a file with these values,
RUN::selection=test_peek the peeked predictions of a run."""


def result_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of every verb that reads results, and what a result is, below them."""
    parser.epilog = FORMS
    parser.add_argument("--classes", help="the label set of files, e.g. negative,positive,surprise (default: the "
                        "labels of the file)")  # fmt: skip
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="FILE",
                        help="the configuration of runs (default: config.yaml)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def result_named(text: str, args: argparse.Namespace) -> Tallied:
    """The counts of a result."""
    from mebench.statistics import reading, source

    named = source.parse(text)
    if named.is_file:
        classes = [name.strip() for name in args.classes.split(",")] if args.classes else None
        return reading.read(named, classes)
    if named.name.count("/") not in (1, 2):
        raise UserError(f"there is no file {named.name}, and a run is called TASK/MODEL or TASK/MODEL/seedK")
    from mebench.plan import Plan

    return run_counts(Plan.load(args.config), named)


def runs_named(plan: Plan, named: Source) -> list[Run]:
    """The run of the plan with this name, or all seeds of a model on a task."""
    if named.name.count("/") == 1:
        return [run for run in plan.runs if run.of_all_seeds == named.name] or [plan.named(f"{named.name}/seed0")]
    return [plan.named(named.name)]


def run_counts(plan: Plan, named: Source) -> Tallied:
    """What is counted of a run of the plan, or of all seeds of a model on a task."""
    from mebench import tasks
    from mebench.runs.paths import PEEKED, PREDICTIONS
    from mebench.runs.tallies import tallied
    from mebench.statistics.reading import read_seeds

    plan = plan.having_run(named.name)
    runs = runs_named(plan, named)
    task = runs[0].task
    of_clips = plan.tasks[task].get("classes") and "uf1" in plan.kinds[task]["metrics"]
    counts_itself = tasks.name_of(plan.tasks[task]) != "recognition" and tasks.tally_of(plan.tasks[task]) is not None
    if not (of_clips or counts_itself):
        raise UserError(f"the task {task} has no confusion matrix of clips, from which these figures are computed")
    honest = "inner" if runs[0].spec["selection"] == "inner" else "last"
    selection, known = named.chosen.get("selection", honest), ("test_peek", honest)
    if set(named.chosen) - {"selection"} or selection not in known:
        raise UserError(f"'{named.written}' asks for what runs do not have; write {named.name} or "
                        f"{named.name}::selection=SELECTION with {' or '.join(known)}")  # fmt: skip
    name = PEEKED if selection == "test_peek" else PREDICTIONS
    files = {str(run.seed): Path(plan.paths.folder(run)) / name for run in runs}
    absent = [path for path in files.values() if not path.exists()]
    if absent:
        raise UserError(f"the run {named.name} has no {absent[0]} yet; run snakemake, which makes it")
    if not counts_itself:
        return read_seeds(named.written, files, plan.tasks[task]["classes"])
    found = tallied(named.written, {run.seed: Path(plan.paths.folder(run)) for run in runs}, selection)
    assert found is not None, "the kind of task has a tally"
    return found
