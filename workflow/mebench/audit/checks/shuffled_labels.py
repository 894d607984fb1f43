"""A network that was trained on shuffled labels is at chance; above it, test labels leak into training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mebench.audit.evidence import Evidence, Prediction
from mebench.audit.finding import FAIL, NOT_CHECKED, PASS

NAME = "shuffled_labels"
SHUFFLES, STREAM = 999, 999
ALPHA, MARGIN = 0.002, 0.05  # both have to be passed: by chance it happens in few runs, and by little


def check(evidence: Evidence) -> tuple[str, str]:
    """Fails where the mean recall is above chance by more than ``MARGIN``, and by more than shuffled truths give."""
    rows = evidence.predictions if evidence.is_shuffled else evidence.shuffled
    if not rows or not evidence.scored:
        return NOT_CHECKED, "no run of the task was trained on shuffled labels"
    uar, chance, p = _tested(rows)
    what = f"trained on shuffled labels the UAR is {uar:.3f}, by chance {chance:.3f} (p = {p:.3f})"
    return (FAIL, f"{what}: labels of the test subjects leak") if p < ALPHA and uar - chance > MARGIN else (PASS, what)


def _tested(rows: Sequence[Prediction]) -> tuple[float, float, float]:
    """(UAR, its mean and the share of values as high where truths are shuffled among the clips of each seed)."""
    classes, truth = np.unique([one.truth for one in rows], return_inverse=True)
    right = np.array([one.called for one in rows])[None] == classes[:, None]
    sizes = np.bincount(truth)
    seeds = [np.flatnonzero(np.array([one.seed for one in rows]) == seed) for seed in sorted({r.seed for r in rows})]
    random, values = np.random.default_rng(STREAM), []
    for shuffle in range(SHUFFLES + 1):
        order = np.arange(len(rows))
        if shuffle:
            for own in seeds:
                order[own] = random.permutation(own)
        hits = right[truth[order], np.arange(len(rows))]
        values.append(float((np.bincount(truth[order], hits, len(classes)) / sizes).mean()))
    uar, others = values[0], np.array(values[1:])
    return uar, float(others.mean()), float((1 + (others >= uar - 1e-12).sum()) / (SHUFFLES + 1))
