"""What all statistics are computed from: something that is counted for each seed and subject, and formulas of sums."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, Self, TypeVar

import numpy as np

from mebench.metrics.pooled import Metric
from mebench.statistics.counts import Clips


class Tallied(Protocol):
    """Counts ``table`` (K, S, ...) of K seeds and S subjects; each of ``metrics`` is a formula of sums (..., ...) over
    subjects, by name. ``strata`` has the dataset of each subject. Confusion counts are of this form
    (:class:`mebench.statistics.counts.Counts`), and so is what a kind of task counts of intervals."""

    @property
    def name(self) -> str:
        """What errors call it."""
        ...

    @property
    def seeds(self) -> tuple[str, ...]:
        """The seeds."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes."""
        ...

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects."""
        ...

    @property
    def strata(self) -> tuple[str, ...]:
        """The dataset of each subject."""
        ...

    @property
    def table(self) -> np.ndarray:
        """The counts."""
        ...

    @property
    def clips(self) -> Clips | None:
        """Clips one by one, where these are what is counted."""
        ...

    @property
    def by_subject(self) -> bool:
        """Whether it is known whose counts these are."""
        ...

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """The formulas."""
        ...

    @property
    def counted(self) -> Mapping[str, int]:
        """How many there are of what is counted, by what they are called."""
        ...

    @property
    def datasets(self) -> list[str]:
        """The datasets, sorted; none where there is only one."""
        ...

    def part(self, dataset: str) -> Self:
        """The counts of one dataset."""
        ...

    def beside(self, other: Self) -> tuple[Self, Self]:
        """This and another result in one form; a UserError where they are not on the same clips."""
        ...


Result = TypeVar("Result", bound=Tallied)  # two results that are compared are counted in one way
