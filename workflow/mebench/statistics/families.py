"""Several results on one task: every pair compared, with Holm's correction, and letters for what cannot be told
apart."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mebench.metrics.pooled import Metric
from mebench.statistics.comparison import DEFAULT, Comparison, Memo, Settings, compare, metric_of
from mebench.statistics.tallied import Result, Tallied

ALPHA = 0.05
ENOUGH_SEEDS = 3


@dataclass(frozen=True)
class Pair:
    """A comparison and its p-value after Holm's correction over the family, None without a p-value."""

    comparison: Comparison
    p_holm: float | None


@dataclass(frozen=True)
class Family:
    """Results, the best first, with their values and ``letters``: two that share one cannot be told apart. ``pairs``
    are all of them, of ``names`` in this order. ``warning`` is for the readers of letters, or empty."""

    names: tuple[str, ...]
    values: tuple[float, ...]
    letters: tuple[str, ...]
    pairs: tuple[Pair, ...]
    warning: str


def family(results: Sequence[Result], settings: Settings = DEFAULT, alpha: float = ALPHA) -> Family:
    """Compare every pair of results on the same clips."""
    ordered = sorted(results, key=lambda one: (-settings.sign * _value(one, settings), one.name))
    memo: Memo = {}
    found = [compare(a, b, settings, memo) for a, b in itertools.combinations(ordered, 2)]
    adjusted = holm([one.p_permutation for one in found])
    return Family(
        names=tuple(one.name for one in ordered),
        values=tuple(_value(one, settings) for one in ordered),
        letters=letters(len(ordered), adjusted, alpha),
        pairs=tuple(Pair(one, p) for one, p in zip(found, adjusted, strict=True)),
        warning=seed_warning([len(one.seeds) for one in ordered]),
    )


def _value(one: Tallied, settings: Settings) -> float:
    metric: Metric = metric_of(settings.metric, one)
    return float(metric(one.table.sum(axis=1)).mean())


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's correction (1979) over the p-values that are there: the k-th smallest of n times n + 1 - k, at least the
    one before it and at most 1. It is as in statsmodels, which takes 0.7 s to import."""
    there = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    least = 0.0
    for k, (p, place) in enumerate(there):
        least = min(1.0, max(least, p * (len(there) - k)))
        corrected[place] = least
    return corrected


def letters(results: int, p_values: Sequence[float | None], alpha: float = ALPHA) -> tuple[str, ...]:
    """The compact letter display (Piepho 2004) of ``results`` in their order; ``p_values`` are of all pairs, as
    itertools.combinations gives them. A pair without a p-value cannot be told apart."""
    if all(p is None or p >= alpha for p in p_values):
        return ("a",) * results  # and a second of imports is saved
    from scikit_posthocs import compact_letter_display

    matrix = np.ones((results, results))
    for (a, b), p in zip(itertools.combinations(range(results), 2), p_values, strict=True):
        matrix[a, b] = matrix[b, a] = 1 if p is None else p
    # below 0 and from alpha on means "the same" there; a p-value of 0 is not below 0
    return tuple(text.replace(" ", "") for text in compact_letter_display(matrix, alpha=alpha))


def seed_warning(seeds: Sequence[int]) -> str:
    """What stands beside letters and ranks of results with one or two seeds; empty for more."""
    fewest = min(seeds, default=ENOUGH_SEEDS)
    if fewest >= ENOUGH_SEEDS:
        return ""
    with_seeds = "one seed" if fewest == 1 else f"{fewest} seeds"
    return f"Some results have {with_seeds}: what another seed would change is not in these tests, so ties may be more."
