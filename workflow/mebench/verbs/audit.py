"""Say whether a result can be believed: its clips, truth, folds, copies, selection, figures.

  mebench audit PREDICTIONS.csv --clips clips.csv --folds folds.csv
  mebench audit PREDICTIONS.csv --selection last --history history.csv --figures uf1=.7353 uar=.7186
  mebench audit megc2019/ststnet
  mebench audit --figures uf1=.2000 uar=.5280 --counts negative=70 positive=51 surprise=43

The last one asks whether any confusion matrix with classes of these sizes gives the printed figures. The exit code is
1 where a check fails (or no matrix is possible), else 0. What each check needs is in docs/audit.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mebench.errors import UserError, did_you_mean
from mebench.verbs import _results

if TYPE_CHECKING:
    from mebench.audit.evidence import Evidence, Prediction
    from mebench.audit.finding import Audit
    from mebench.audit.printed import PrintedFigure
    from mebench.plan import Plan
    from mebench.statistics.source import Source

MARKS = {"pass": "ok  ", "fail": "FAIL", "not checked": "-   "}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("result", metavar="PREDICTIONS.csv", nargs="?",
                        help="predictions (clip_id,truth,prediction, and subject, fold, seed where there are), or a "
                             "run TASK/MODEL or TASK/MODEL/seedK")  # fmt: skip
    parser.add_argument("--clips", nargs="+", type=Path, default=[], metavar="CSV",
                        help="the annotation: clip_id, and truth or emotion; one file for each dataset")  # fmt: skip
    parser.add_argument("--task", help="the task, where its classes are not the emotions of the annotation")
    parser.add_argument("--folds", type=Path, metavar="CSV", help="fold,clip_id,part with part train or test")
    parser.add_argument("--inputs", nargs="+", type=Path, default=[], metavar="FOLDER",
                        help="stored inputs of the clips (results/inputs/DATASET/INPUT), to find copies")  # fmt: skip
    parser.add_argument("--frames", type=Path, metavar="FOLDER",
                        help="the folder above those of the column frames of --clips, to find copies")  # fmt: skip
    parser.add_argument("--selection", choices=("last", "inner", "test_peek", "unknown"), default="unknown",
                        help="how the epoch was chosen (default: unknown)")  # fmt: skip
    parser.add_argument("--history", type=Path, metavar="CSV", help="fold,epoch,test_accuracy")
    parser.add_argument("--model", default="", help="the network, where it is one of mebench: ststnet, htnet, ...")
    parser.add_argument("--figures", nargs="+", default=[], metavar="NAME=FIGURE",
                        help="figures as printed: uf1, uar, accuracy, weighted_f1, macro_precision")  # fmt: skip
    parser.add_argument("--counts", nargs="+", default=[], metavar="CLASS=N", help="clips of each class, for --figures")
    parser.add_argument("--classes", help="the label set, e.g. negative,positive,surprise")
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="FILE",
                        help="the configuration of runs (default: config.yaml)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def main(args: argparse.Namespace) -> int:
    from mebench.audit.printed import figure

    pairs = _pairs(args.figures, "--figures", "uf1=.7353")
    printed = [figure(name, text) for name, text in pairs.items()]
    if args.counts:
        if args.result or not printed:
            raise UserError("--counts goes with --figures alone; the classes of predictions are counted in their file")
        return _figures(pairs, _pairs(args.counts, "--counts", "negative=70"), args.json)
    if not args.result:
        raise UserError("give PREDICTIONS.csv or a run, or --figures with --counts")
    found = _audited(args, printed)
    print(json.dumps(found.as_json()) if args.json else as_text(found))
    return 1 if found.verdict == "fail" else 0


def _pairs(words: Sequence[str], option: str, example: str) -> dict[str, str]:
    """``name=value`` -> name: value, each name once."""
    pairs: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name or not value or name in pairs:
            raise UserError(f"{option} has '{word}'; write each name once, as {example}")
        pairs[name] = value
    return pairs


# --- printed figures alone


def _figures(figures: dict[str, str], counts: dict[str, str], as_json: bool) -> int:
    """Whether any confusion matrix gives these figures."""
    from mebench.audit.finding import Finding, audit_of
    from mebench.audit.possible import IMPOSSIBLE, POSSIBLE, explained, possible
    from mebench.audit.printed import figure

    sizes = {name: int(text) if text.isdecimal() else 0 for name, text in counts.items()}
    if len(sizes) < 2 or min(sizes.values()) < 1:
        raise UserError("--counts needs two classes or more, each with how many clips it has, as negative=70")
    answer = possible([figure(name, text) for name, text in figures.items()], list(sizes.values()))
    verdict = {POSSIBLE: "pass", IMPOSSIBLE: "fail"}.get(answer.verdict, "not checked")
    detail = explained(answer, figures, sizes)
    if as_json:
        audit = audit_of([Finding("figures", verdict, f"{answer.verdict}: {detail}")])
        print(
            json.dumps(audit.as_json() | {"figures": answer.verdict, "classes": list(sizes), "matrix": answer.matrix})
        )
    else:
        print(answer.verdict)
        print(detail)
        wide = max(map(len, sizes))
        for name, row in zip(sizes, answer.matrix or (), strict=False):
            print(f"  {name:{wide}} " + "".join(f"{count:6}" for count in row))
    return 1 if answer.verdict == IMPOSSIBLE else 0


# --- predictions and runs


def _audited(args: argparse.Namespace, printed: list[PrintedFigure]) -> Audit:
    from mebench.statistics import source

    named = source.parse(args.result)
    if named.is_file:
        from mebench.audit.checks import audit

        return audit(_evidence(args, printed))
    if named.name.count("/") not in (1, 2):
        raise UserError(f"there is no file {named.name}, and a run is called TASK/MODEL or TASK/MODEL/seedK")
    return _of_runs(named, args)


def _of_runs(named: Source, args: argparse.Namespace) -> Audit:
    """The audit of a run of the configuration, or of all seeds of a model on a task."""
    from mebench.plan import Plan
    from mebench.runs import audited, run_record

    plan = Plan.load(args.config)
    runs = _results.runs_named(plan, named)
    found, shuffled = {}, _shuffled(plan, runs[0].task)
    for run in runs:
        files = plan.files(run)
        of_run = audited.audits(files, run_record.read(files.run), shuffled)
        selection = named.chosen.get("selection", next(iter(of_run)))
        if selection not in of_run:
            raise UserError(
                f"{run.id} has no predictions of the selection {selection}{did_you_mean(selection, of_run)}"
            )
        found[str(run.seed)] = of_run[selection]
    return audited.together(found)


def _shuffled(plan: Plan, task: str) -> list[Prediction]:
    """The predictions of the runs of a task that were trained on shuffled labels."""
    from mebench.runs import audited, run_record
    from mebench.runs.paths import PREDICTIONS

    folders = [Path(plan.paths.folder(run)) for run in plan.paths.runs_of(task)
               if run.spec["recipe"].get("labels") == "shuffled"]  # fmt: skip
    there = [folder for folder in folders if (folder / run_record.FILE).exists()]
    return [row for folder in there for row in audited.predictions(folder / PREDICTIONS, run_record.read(folder))]


def _evidence(args: argparse.Namespace, printed: list[PrintedFigure]) -> Evidence:
    from mebench.audit import reading
    from mebench.audit.evidence import Evidence
    from mebench.protocols.tasks import task
    from mebench.statistics import source

    classes = [name.strip() for name in args.classes.split(",")] if args.classes else None
    definition = task(args.task) if args.task else None
    rows = reading.predictions(source.parse(args.result), classes or (definition and definition["classes"]))
    own = sorted({one.truth for one in rows})
    annotation = reading.annotation(args.clips, own, definition) if args.clips else None
    if args.frames and not (annotation and annotation.cuts):
        raise UserError("--frames needs --clips with the columns frames, onset and offset")
    looks = reading.looks_of_inputs(args.inputs)
    if args.frames and annotation:
        looks |= reading.looks_of_frames(args.frames, annotation.cuts)
    return Evidence(
        predictions=rows,
        annotation=annotation,
        splits=reading.splits(args.folds) if args.folds else (),
        looks=looks,
        selection="" if args.selection == "unknown" else args.selection,
        history=reading.history(args.history) if args.history else (),
        printed=printed,
        model=args.model,
    )


def as_text(found: Audit) -> str:
    """The verdict and all checks, for a terminal."""
    wide = max(len(one.name) for one in found.checks)
    lines = [f"{MARKS[one.verdict]} {one.name:{wide}}  {one.detail}" for one in found.checks]
    return "\n".join([found.verdict, *lines])
