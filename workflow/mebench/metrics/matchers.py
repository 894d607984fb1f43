"""Which prediction counts as which label: the rules of published code, under their names.

Each rule gives the (prediction, label) pairs of one video that count as true positives, numbered as in
:class:`~mebench.metrics.intervals.Overlaps`: in the order of onsets, then offsets. docs/spotting.md says who uses
which.
"""

from __future__ import annotations

from collections.abc import Callable

from mebench.metrics.intervals import Overlaps, Passes

Pairs = list[tuple[int, int]]
Matcher = Callable[[Overlaps, Passes], Pairs]


def greedy(overlaps: Overlaps, passes: Passes) -> Pairs:
    """Each prediction, in the order of time, looks at its best label only (of equal ones the later). It counts where
    that overlap is enough and the label is free; it has no second choice. MEAN, ME-TST, BoostingVRME."""
    pairs, taken = [], set()
    for prediction, near in enumerate(overlaps.near):
        if near:
            label, overlap = max(near, key=lambda pair: (pair[1], pair[0]))
            if passes(overlap) and label not in taken:
                taken.add(label)
                pairs.append((prediction, label))
    return pairs


def megc2020(overlaps: Overlaps, passes: Passes) -> Pairs:
    """A label counts where any prediction hits it; one prediction may be the hit of several labels. The baseline of
    MEGC2020 (He et al., arXiv 1912.11985). A label is paired with the first prediction that hits it."""
    first: dict[int, int] = {}
    for prediction in range(len(overlaps.near)):
        for label, _ in overlaps.hits(prediction, passes):
            first.setdefault(label, prediction)
    return sorted((prediction, label) for label, prediction in first.items())


def strs(overlaps: Overlaps, passes: Passes) -> Pairs:
    """Each prediction takes every label that it hits and that is still free. STRS-Metric, the script of the
    spot-then-recognise score. The pairs are those of ``megc2020``; false alarms are counted otherwise."""
    return megc2020(overlaps, passes)


def optimal(overlaps: Overlaps, passes: Passes) -> Pairs:
    """As many pairs as one-to-one matching allows: maximum bipartite matching by augmenting paths. Predictions come in
    the order of time, and each tries its best label first."""
    hits = [
        sorted(overlaps.hits(number, passes), key=lambda pair: (-pair[1], -pair[0]))
        for number in range(len(overlaps.near))
    ]
    owner: dict[int, int] = {}
    for prediction in range(len(hits)):
        for mover, label in _moves(prediction, hits, owner):
            owner[label] = mover
    return sorted((prediction, label) for label, prediction in owner.items())


def _moves(start: int, hits: list[list[tuple[int, float]]], owner: dict[int, int]) -> Pairs:
    """Who takes which label so that ``start`` has one and nobody loses theirs; empty where that is impossible."""
    asked_by: dict[int, int] = {}
    left: dict[int, int] = {}  # the label that a prediction gives away
    queue = [start]
    for prediction in queue:
        for label, _ in hits[prediction]:
            if label in asked_by:
                continue
            asked_by[label] = prediction
            if label in owner:
                left[owner[label]] = label
                queue.append(owner[label])
                continue
            moves = [(prediction, label)]
            while moves[-1][0] != start:
                given = left[moves[-1][0]]
                moves.append((asked_by[given], given))
            return moves
    return []


def reuse(overlaps: Overlaps, passes: Passes) -> Pairs:
    """Every pair that overlaps enough counts, so that labels found twice count twice and false negatives may fall
    below 0. Released in ME-TST, where nothing calls it."""
    return [
        (prediction, label)
        for prediction in range(len(overlaps.near))
        for label, _ in overlaps.hits(prediction, passes)
    ]


MATCHERS: dict[str, Matcher] = {
    "greedy": greedy,
    "megc2020": megc2020,
    "strs": strs,
    "optimal": optimal,
    "reuse": reuse,
}
