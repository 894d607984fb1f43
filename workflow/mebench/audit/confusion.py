"""The confusion matrix of predictions, and its figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mebench.audit.evidence import Prediction
from mebench.metrics.pooled import WHOLE


def table(rows: Sequence[Prediction], classes: Sequence[str]) -> np.ndarray:
    """Counts (C, C), rows are the truth."""
    place = {name: k for k, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    for one in rows:
        counts[place[one.truth], place[one.called]] += 1
    return counts


def figures(counts: np.ndarray) -> dict[str, float]:
    """UF1, UAR, accuracy, weighted F1 and macro precision."""
    return {name: float(formula(counts)) for name, formula in WHOLE.items()}
