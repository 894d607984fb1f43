"""What models cost, as columns of a table: figures of their runs and cards, which no predictions give."""

from __future__ import annotations

from typing import Final

from mebench.tables.default import Metrics
from mebench.tables.description import Description

COST: Final[Metrics] = {
    "parameters": {"title": "Parameters", "best": "min", "digits": 0, "compared": False, "fixed": True},
    "mflops": {"title": "Million operations of a forward pass of one clip", "best": "min", "digits": 1,
               "compared": False, "fixed": True},
    "fold_seconds": {"title": "Seconds of a fold", "best": "min", "digits": 1, "compared": False},
    "fold_memory": {"title": "MiB, the most of a fold", "best": "min", "digits": 0, "compared": False},
}  # fmt: skip


def shows_cost(description: Description) -> bool:
    """Whether a table has a column of what models cost."""
    return any(column.metric in COST for column in description.columns)
