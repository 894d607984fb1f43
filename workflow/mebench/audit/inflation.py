"""What choosing the epoch on the test subjects adds to UF1, as measured on the 442 published flow pictures of MEGC2019
(docs/megc2019-flow.md): the same networks and trainings, scored at the last epoch and at the best on each subject."""

from __future__ import annotations

import functools
import statistics
from dataclasses import dataclass
from pathlib import Path

from mebench.files import read_csv

FILE = Path(__file__).with_name("inflation.csv")


@dataclass(frozen=True)
class Measured:
    """The UF1 of a training with its ``last`` epoch and ``peeked``."""

    model: str
    title: str
    last: float
    peeked: float

    @property
    def added(self) -> float:
        """What choosing added."""
        return self.peeked - self.last


@functools.cache
def measured() -> tuple[Measured, ...]:
    """All trainings."""
    return tuple(Measured(row["model"], row["title"], float(row["last"]), float(row["peeked"]))
                 for row in read_csv(FILE))  # fmt: skip


def expected(model: str, honest: float | None = None) -> str:
    """How much above the honest UF1 of the same network a peeked one should be expected to be, in a clause."""
    if honest is not None:
        return f"the same training scores {honest:.4f} UF1 with its honest selection"
    own = [one.added for one in measured() if one.model == model]
    among = own or [one.added for one in measured()]
    low, high = min(among), max(among)
    span = f"{low:.2f}" if f"{low:.2f}" == f"{high:.2f}" else f"{low:.2f} to {high:.2f}"
    whose = "of this network" if own else f"of {len(among)} networks, median {statistics.median(among):.2f},"
    return f"expect it {span} above the honest UF1 (measured {whose} on the composite of 442 clips)"
