"""The figures that are printed are those of the predictions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from mebench.audit.confusion import figures, table
from mebench.audit.evidence import Evidence
from mebench.audit.finding import FAIL, NOT_CHECKED, PASS

NAME = "figures"


def check(evidence: Evidence) -> tuple[str, str]:
    """Fails where a printed figure is not that of the predictions, the mean over their seeds."""
    if not evidence.printed or not evidence.scored:
        return NOT_CHECKED, "no printed figures are given; name them with --figures"
    classes = sorted({label for one in evidence.predictions for label in (one.truth, one.called)})
    of_seeds = [figures(table(rows, classes)) for rows in evidence.seeds.values()]
    means = {name: float(np.mean([one[name] for one in of_seeds])) for name in of_seeds[0]}
    for one in evidence.printed:
        if not one.gives(Fraction(means[one.name]).limit_denominator(10**9)):
            like = [name for name, value in means.items() if one.gives(Fraction(value).limit_denominator(10**9))]
            slip = f", which is their {like[0].replace('_', ' ')}" if like else ""
            return FAIL, f"the {one.name} of the predictions is {means[one.name]:.4f}, not {one.text}{slip}"
    return PASS, f"the predictions give {', '.join(f'{one.name} {one.text}' for one in evidence.printed)}"
