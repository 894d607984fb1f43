"""Score intervals: spotting, recognition over true positives, and STRS, under a named convention.

One convention:  mebench spotting-score --predictions P.csv --truth T.csv --videos with_me
All of them:     mebench spotting-score --predictions P.csv --truth T.csv --all-conventions

Both files have the columns dataset,subject,video,onset,offset and, if there are, emotion and type (micro or macro), or
the names of the challenges: vid, pred_onset, pred_offset. Names of columns may be in any order and in capitals.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from mebench.errors import UserError

if TYPE_CHECKING:
    from mebench.metrics.spotting import Convention, Numbers, SpottingScore
    from mebench.spotting.interval_file import IntervalFile


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--predictions", type=Path, required=True, metavar="P.csv", help="the predicted intervals")
    parser.add_argument("--truth", type=Path, required=True, metavar="T.csv", help="the labelled intervals")
    parser.add_argument("--matcher", choices=("greedy", "megc2020", "strs", "optimal", "reuse"), default="greedy",
                        help="which prediction counts as which label (default: greedy)")  # fmt: skip
    parser.add_argument(
        "--iou", type=float, default=0.5, metavar="IOU", help="the overlap that is enough (default: 0.5)"
    )
    parser.add_argument("--strict", action="store_true", help="an overlap of --iou itself is not enough")
    parser.add_argument("--videos", choices=("all", "with_me"), default="all",
                        help="all videos (default), or only those with a label of the type")  # fmt: skip
    parser.add_argument("--video-list", type=Path, metavar="FILE",
                        help="a CSV of all videos, those without labels too, with the column video (and dataset, "
                        "subject, last), such as a dataset's videos.csv: others are named")  # fmt: skip
    parser.add_argument("--classes", metavar="A,B,C", help="the emotions of recognition (default: those of the truth)")
    parser.add_argument("--absent", choices=("zero", "skip"), default="zero",
                        help="a class in no true positive counts as 0 (default), or is left out")  # fmt: skip
    parser.add_argument("--neutral", choices=("count", "delete_then_match", "match_then_delete"), default="count",
                        help="predictions that are neutral count like others (default), or are deleted before "
                        "or after matching")  # fmt: skip
    parser.add_argument("--all-conventions", action="store_true", help="a table of every combination of conventions")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def main(args: argparse.Namespace) -> None:
    from mebench.log import log
    from mebench.metrics.spotting import score
    from mebench.spotting import conventions, doubts, interval_file

    if not 0 < args.iou <= 1:
        raise UserError(f"--iou is {args.iou:g}; give a number above 0, and 1 at most")
    predictions, truth = interval_file.aligned(interval_file.read(args.predictions), interval_file.read(args.truth))
    convention = _convention(args, truth)
    videos = interval_file.read_videos(args.video_list, (predictions, truth)) if args.video_list else None
    notes = doubts.notes(predictions, truth, convention, videos)
    for note in notes:
        log.warning(f"mebench spotting-score: {note}")
    emotions = "emotion" in predictions.columns or not predictions.rows
    if args.all_conventions:
        table = conventions.scores(predictions.rows, truth.rows, convention, emotions)
        rows = [{**_about(one), **numbers} for one, numbers in table]
        print(json.dumps({"conventions": rows, "notes": notes}) if args.json else _table(rows))
        return
    result = score(predictions.rows, truth.rows, convention, emotions)
    print(json.dumps({**result, "convention": _about(convention), "notes": notes}) if args.json else as_text(result))


def _convention(args: argparse.Namespace, truth: IntervalFile) -> Convention:
    from mebench.metrics.intervals import Passes
    from mebench.metrics.spotting import Convention
    from mebench.spotting import interval_file

    classes = None if args.classes is None else interval_file.classes_named(args.classes, truth)
    return Convention(args.matcher, Passes(args.iou, args.strict), args.videos, classes, args.absent, args.neutral)


def _about(convention: Convention) -> dict[str, object]:
    """The convention, as JSON has it."""
    own = {name: value for name, value in vars(convention).items() if name != "passes"}
    return {**own, **vars(convention.passes)}


def as_text(result: SpottingScore) -> str:
    """The score as a table for a terminal: a row for each figure, a column for each part."""
    from mebench.metrics.spotting import ORDER

    parts: dict[str, Numbers] = {"all": result}
    for kind, numbers in result.get("types", {}).items():
        parts[kind] = numbers
    for name, part in result.get("parts", {}).items():
        parts[name] = part
        parts |= {f"{name} {kind}": numbers for kind, numbers in part.get("types", {}).items()}
    width = max(10, *map(len, parts)) + 2
    lines = [f"{'':22}" + "".join(f"{name:>{width}}" for name in parts)]
    for key in ORDER:
        cells = (_shown({**numbers}[key]) for numbers in parts.values())
        lines.append(f"{key:22}" + "".join(f"{cell:>{width}}" for cell in cells))
    return "\n".join(lines)


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


SHORT = {"matcher": 9, "strict": 8, "videos": 9, "absent": 8, "neutral": 19, "tp": 6, "fp": 6, "fn": 6, "precision": 11,
         "recall": 9, "f1_spotting": 13, "f1_recognition": 16, "uf1": 9, "uar": 9, "strs": 9}  # fmt: skip


def _table(rows: list[dict[str, object]]) -> str:
    """All conventions as a table for a terminal; the column neutral only where it differs."""
    columns = [name for name in SHORT if name != "neutral" or len({row["neutral"] for row in rows}) > 1]
    lines = ["".join(f"{name:>{SHORT[name]}}" for name in columns)]
    for row in rows:
        cells = {**row, "strict": ">" if row["strict"] else ">="}
        lines.append("".join(f"{_shown(cells[name]):>{SHORT[name]}}" for name in columns))
    return "\n".join(lines)
