"""Say whether two results on the same clips differ: difference, interval, tests, and how likely A is better.

The difference is A - B; subjects are resampled, for both results the same ones:

  mebench compare OURS.csv THEIRS.csv
  mebench compare "counts.csv::run=htnet,epochs=last" "counts.csv::run=resnet18-28,epochs=last" --json
  mebench compare megc2019/ststnet theirs.csv --metric uar
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from mebench.verbs import _results

if TYPE_CHECKING:
    from mebench.statistics.comparison import Comparison
    from mebench.statistics.tallied import Tallied


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("a", metavar="A", help="a CSV of predictions or of counts, or a run")
    parser.add_argument("b", metavar="B", help="the other one, on the same clips")
    parser.add_argument("--metric", help="uf1 (default), uar, accuracy, weighted_f1, macro_precision, f1:CLASS, "
                        "precision:CLASS or recall:CLASS; of runs that spot strs (default), f1_spotting, ap, "
                        "...")  # fmt: skip
    parser.add_argument("--region", type=float, default=0.02, metavar="DIFFERENCE",
                        help="a difference up to this one does not matter (default 0.02)")  # fmt: skip
    _results.result_arguments(parser)


def main(args: argparse.Namespace) -> None:
    from mebench.errors import UserError
    from mebench.statistics.comparison import Settings, compare

    if not 0 <= args.region < 1:
        raise UserError(f"--region is {args.region:g}; write a difference from 0 to below 1")
    a, b = (_results.result_named(text, args) for text in (args.a, args.b))
    if a.counted.keys() != b.counted.keys():
        said = " and ".join(f"{one.name} of {', '.join(one.counted)}" for one in (a, b))
        raise UserError(f"{said} cannot be compared; give two results of one kind of task")
    metric = args.metric or _default_metric(a, b)
    found = compare(a, b, Settings(metric=metric, region=args.region))
    print(json.dumps(asdict(found)) if args.json else as_text(found))


def _default_metric(a: Tallied, b: Tallied) -> str:
    """UF1 of clips; of runs that spot the first figure that both have."""
    return "uf1" if "clips" in a.counted else next(name for name in a.metrics if name in b.metrics)


def as_text(found: Comparison) -> str:
    """The comparison for a terminal."""
    lines = [f"A  {found.a:.4f}  {found.name_a}{_seeds(found.seeds_a)}",
             f"B  {found.b:.4f}  {found.name_b}{_seeds(found.seeds_b)}",
             f"A - B of {found.metric}: {found.difference:+.4f}"]  # fmt: skip
    if found.low is not None and found.high is not None:
        lines[-1] += f", {100 * found.level:g} % interval {found.low:+.3f} to {found.high:+.3f} ({found.method})"
    else:
        lines.append("There is no interval and no test: a result does not say whose clips its counts are.")
    if found.p_permutation is not None:
        which = "all exchanges" if found.exact else "exchanges by chance"
        lines.append(f"permutation by subject, {which}: p = {found.p_permutation:.4f}")
    if found.p_mcnemar is not None:
        lines.append(f"McNemar, accuracy, clips taken for independent: p = {found.p_mcnemar:.4f}")
    else:
        lines.append("McNemar: not known; it needs the predictions of clips of both, with one seed each")
    if found.probability_a_better is not None:
        lines.append(f"A is better by more than {found.region:g} in {found.probability_a_better:.1%} of the resamples")
    return "\n".join(lines)


def _seeds(count: int) -> str:
    return f" (mean of {count} seeds)" if count > 1 else ""
