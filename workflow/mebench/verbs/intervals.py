"""Say how sure the figures of a result are: intervals by resampling subjects.

Of a composite the parts are shown too, cut out of the same predictions:

  mebench intervals PREDICTIONS.csv
  mebench intervals "counts.csv::run=htnet,epochs=last" --json
  mebench intervals megc2019/ststnet
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from mebench.verbs import _results

if TYPE_CHECKING:
    from mebench.statistics.intervals import Interval
    from mebench.statistics.tallied import Tallied

TITLES = {
    "strs": "STRS",
    "ap": "AP",
    "uf1": "UF1",
    "uar": "UAR",
    "weighted_f1": "weighted F1",
    "macro_precision": "macro precision",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("result", metavar="FILE", help="a CSV of predictions or of counts, or a run")
    parser.add_argument("--level", type=float, default=0.95, help="the level of the intervals (default 0.95)")
    parser.add_argument("--resamples", type=int, default=9999, help="how often subjects are drawn (default 9999)")
    parser.add_argument("--method", choices=("expanded", "percentile", "bca"), default="expanded",
                        help="how intervals are made (docs/statistics.md; default: expanded)")  # fmt: skip
    _results.result_arguments(parser)


def main(args: argparse.Namespace) -> None:
    from mebench.errors import UserError
    from mebench.statistics.intervals import intervals

    if not 0 < args.level < 1 or args.resamples < 100:
        raise UserError(f"--level {args.level:g} with --resamples {args.resamples} gives no interval; write a level "
                        "between 0 and 1, and 100 resamples or more")  # fmt: skip
    counts = _results.result_named(args.result, args)
    parts = [counts, *(counts.part(name) for name in counts.datasets)]
    found = [intervals(part, args.level, args.resamples, args.method) for part in parts]
    if args.json:
        whole = _as_json(counts, found[0])
        whole["parts"] = {name: _as_json(part, own)
                          for name, part, own in zip(counts.datasets, parts[1:], found[1:], strict=True)}  # fmt: skip
        print(json.dumps(whole))
    else:
        names = ["all", *counts.datasets]
        print(as_text(dict(zip(names, zip(parts, found, strict=True), strict=True))))


def _as_json(counts: Tallied, found: dict[str, Interval]) -> dict[str, object]:
    """The figures of a part: each metric by its name, those of a class as ``recall:CLASS``."""
    about: dict[str, object] = {**counts.counted, "classes": list(counts.classes),
                                "subjects": len(counts.subjects) if counts.by_subject else None,
                                "seeds": list(counts.seeds)}  # fmt: skip
    return about | {name: asdict(interval) for name, interval in found.items()}


def as_text(parts: dict[str, tuple[Tallied, dict[str, Interval]]]) -> str:
    """The figures as a table for a terminal."""
    lines = []
    for name, (counts, found) in parts.items():
        subjects = f"{len(counts.subjects)} subjects" if counts.by_subject else "subjects unknown"
        seeds = f"{len(counts.seeds)} seed{'s' if len(counts.seeds) > 1 else ''}"
        counted = ", ".join(f"{number} {what}" for what, number in counts.counted.items())
        lines.append(f"{name}: {counted}, {subjects}, {seeds}")
        wide = max(map(len, found))
        for metric, one in found.items():
            lines.append(f"  {TITLES.get(metric, metric):{wide}} {_row(one)}".rstrip())
    any_interval = next((one for _, found in parts.values() for one in found.values() if one.low is not None), None)
    return "\n".join([*lines, "", *_explained(any_interval)])


def _row(one: Interval) -> str:
    cells = [" -    " if one.value is None else f"{one.value:.4f}"]
    if one.low is not None:
        cells.append(f"{one.low:.3f} to {one.high:.3f}")
    if one.method is not None and one.method != "expanded":
        cells.append(f"({one.method})")
    if one.spread_subjects is not None:
        cells.append(f"subjects ±{one.spread_subjects:.3f}")
    if one.spread_seeds is not None:
        cells.append(f"seeds ±{one.spread_seeds:.3f}")
    return "  ".join(cells)


def _explained(one: Interval | None) -> list[str]:
    if one is None:
        return [
            "There are no intervals: the file does not say whose clips they are, and clips of one subject are alike."
        ]
    return [
        f"Intervals of {100 * one.level:g} %: {one.resamples:,} times the subjects are drawn with replacement, each",
        "with all that was measured of it; ± is the standard deviation over subjects drawn so, and over seeds",
        "(docs/statistics.md).",
    ]
