"""Predictions as they are handed from one stage to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

Row = dict[str, str]


@dataclass(frozen=True)
class Predicted:
    """The ``rows`` of predictions.csv. A kind of task whose card has ``array`` has numbers (n, columns) besides, those
    of predictions.npy; ``start`` and ``count`` of a row say which of them are its own. ``held`` are the predictions for
    the subjects that each fold held out of its training subjects, where they were kept."""

    rows: list[Row]
    array: np.ndarray | None = None
    held: Predicted | None = field(default=None, repr=False)

    def numbers(self, row: Row) -> np.ndarray:
        """The numbers (count, columns) of a row."""
        if self.array is None:
            raise ValueError("these predictions have no array")
        start = int(row["start"])
        return self.array[start : start + int(row["count"])]
