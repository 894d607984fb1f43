"""Every combination of conventions, so that a reader sees how far they alone move a method."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product

from mebench.metrics.intervals import Passes
from mebench.metrics.matchers import MATCHERS
from mebench.metrics.over_hits import ABSENT
from mebench.metrics.spotting import NEUTRAL, NEUTRAL_NAME, VIDEOS, Convention, Located, SpottingScore, score


def combinations(base: Convention, neutral: bool) -> Iterator[Convention]:
    """All conventions with the IoU and the classes of ``base``; with ``neutral`` predictions also what becomes of
    them."""
    for matcher, strict, videos, absent, handling in product(
        MATCHERS, (False, True), VIDEOS, ABSENT, NEUTRAL if neutral else (base.neutral,)
    ):
        yield replace(base, matcher=matcher, passes=Passes(base.passes.iou, strict), videos=videos, absent=absent,
                      neutral=handling)  # fmt: skip


def scores(
    predictions: Sequence[Located], labels: Sequence[Located], base: Convention, emotions: bool
) -> Iterable[tuple[Convention, SpottingScore]]:
    """The score under each combination."""
    neutral = any(row.interval.emotion == NEUTRAL_NAME for row in predictions)
    return [(one, score(predictions, labels, one, emotions)) for one in combinations(base, neutral)]
