"""What is counted of the intervals of each subject, and the figures of spotting as formulas of sums over subjects."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from mebench.errors import UserError
from mebench.metrics.average_precision import interpolated_aps
from mebench.metrics.intervals import Interval
from mebench.metrics.pooled import Metric, OneOf
from mebench.metrics.spotting import Convention, Matched, Video, match
from mebench.predicted import Row
from mebench.spotting.choices import Choices
from mebench.spotting.decoded import in_unit
from mebench.spotting.recording import Pace
from mebench.statistics.subjects import strata

TP, FP, FN, FP_WITH_ME, PAIRS = 0, 1, 2, 3, 4  # places of what is counted; from PAIRS on pairs of emotions
AT_A_THRESHOLD = 3  # behind these, of each threshold of the sweep: true positives, false positives, missed labels


@dataclass(frozen=True)
class SpottingCounts:
    """Counts ``table`` (K, S, 4 + C (C + 1) + 3 T) of K seeds and S subjects: true positives, false positives, missed
    labels, false positives in recordings with a label; of the true positives the pairs of emotions: of the label one of
    C ``classes``, of the prediction one of these or another; and the first three at each of T thresholds. ``named``
    (K,) says whether emotions were predicted; ``absent`` is what a class in no true positive counts, zero or skip."""

    name: str
    classes: tuple[str, ...]
    seeds: tuple[str, ...]
    subjects: tuple[str, ...]
    strata: tuple[str, ...]
    table: np.ndarray
    named: tuple[bool, ...]
    absent: str
    clips: None = None
    by_subject: bool = True

    @property
    def datasets(self) -> list[str]:
        """The datasets, sorted; none where there is only one."""
        names = sorted(set(self.strata))
        return names if len(names) > 1 else []

    @property
    def counted(self) -> Mapping[str, int]:
        """The labelled expressions."""
        return {"expressions": int(self.table[0][:, [TP, FN]].sum())}

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        """The figures of spotting, and where emotions were predicted those of recognition over true positives."""
        swept = self.table.shape[-1] > _behind_pairs(len(self.classes))
        return formulas(len(self.classes), self.absent == "skip", all(self.named), swept)

    def part(self, dataset: str) -> SpottingCounts:
        """The counts of one dataset."""
        places = [place for place, name in enumerate(self.strata) if name == dataset]
        subjects = tuple(self.subjects[place] for place in places)
        return replace(self, subjects=subjects, strata=(dataset,) * len(places), table=self.table[:, places])

    def beside(self, other: SpottingCounts) -> tuple[SpottingCounts, SpottingCounts]:
        """This and another result; a UserError where they are not on the same labels of the same subjects."""
        if self.subjects != other.subjects or self.classes != other.classes:
            raise UserError(f"{self.name} and {other.name} have other subjects or classes; compare results on the same "
                            "recordings")  # fmt: skip
        labels = [one.table[0][:, TP] + one.table[0][:, FN] for one in (self, other)]
        for place in np.flatnonzero(labels[0] != labels[1])[:1].tolist():
            raise UserError(f"{self.subjects[place]} has {labels[0][place]} labels in {self.name} and "
                            f"{labels[1][place]} in {other.name}; compare results on the same recordings")  # fmt: skip
        return self, other


def tally(name: str, seeds: Mapping[str, Sequence[Row]], classes: Sequence[str]) -> SpottingCounts:
    """The counts of decoded rows (``decoded.rows``) of each seed."""
    of_seeds = {seed: _Seed(rows, tuple(classes)) for seed, rows in seeds.items()}
    first = next(iter(of_seeds.values()))
    subjects = tuple(sorted(first.by_subject))
    for seed, own in of_seeds.items():
        if tuple(sorted(own.by_subject)) != subjects:
            raise UserError(f"{name} has other subjects with seed {seed}; every seed needs the same recordings")
    recognised = first.convention.classes or ()
    shares = sorted(set.intersection(*(own.thresholds for own in of_seeds.values())))
    table = np.array([[own.counts(subject) + own.swept(subject, shares) for subject in subjects]
                      for own in of_seeds.values()])  # fmt: skip
    return SpottingCounts(
        name, tuple(recognised), tuple(of_seeds), subjects, strata(subjects), table,
        tuple(own.named for own in of_seeds.values()), first.convention.absent,
    )  # fmt: skip


class _Seed:
    """The decoded rows of one seed, matched recording by recording."""

    def __init__(self, rows: Sequence[Row], classes: tuple[str, ...]):
        recordings = [row for row in rows if row["what"] == "recording"]
        choices = Choices.read(json.loads(recordings[0]["choices"]))
        self.convention: Convention = choices.convention(classes)
        labels, found = (_by_video(rows, what, choices.unit) for what in ("label", "interval"))
        predicted = any(one.emotion for own in found.values() for one in own) or not found
        shown = any(one.emotion for own in labels.values() for one in own)
        self.named = predicted and (shown or not (labels or found))
        self.by_subject: dict[str, list[tuple[bool, Matched]]] = {row["subject"]: [] for row in recordings}
        for row in recordings:
            video = Video(row["dataset"], row["subject"], row["video"])
            own = match(found.get(video, []), labels.get(video, []), self.convention)
            self.by_subject[row["subject"]].append((video in labels, own))
        self._sweep = {(row["subject"], row["threshold"]): [int(row[name]) for name in ("tp", "fp", "fn")]
                       for row in rows if row["what"] == "sweep"}  # fmt: skip

    @property
    def thresholds(self) -> set[str]:
        """The thresholds of the sweep."""
        return {share for _, share in self._sweep}

    def swept(self, subject: str, shares: Sequence[str]) -> list[int]:
        """What is counted of a subject at each of these thresholds."""
        return [count for share in shares for count in self._sweep[subject, share]]

    def counts(self, subject: str) -> list[int]:
        classes = self.convention.classes or ()
        pairs = np.zeros((len(classes), len(classes) + 1), dtype=np.int64)
        tp = fp = fn = fp_with_me = 0
        for labelled, one in self.by_subject[subject]:
            tp, fp, fn = tp + one.counts.tp, fp + one.counts.fp, fn + one.counts.fn
            fp_with_me += one.counts.fp * labelled
            for label, predicted in one.pairs:
                if label in classes:
                    at = classes.index(predicted) if predicted in classes else len(classes)
                    pairs[classes.index(label), at] += 1
        return [tp, fp, fn, fp_with_me, *pairs.ravel().tolist()]


def _by_video(rows: Sequence[Row], what: str, unit: str) -> dict[Video, list[Interval]]:
    """The labels or intervals of each recording that has any, in the unit of the IoU."""
    paces = {_video(row): Pace(int(row["first"]), int(row["step"]), 0) for row in rows if row["what"] == "recording"}
    found: dict[Video, list[Interval]] = {}
    for row in rows:
        if row["what"] == what:
            interval = Interval(int(row["onset"]), int(row["offset"]), row["emotion"])
            found.setdefault(_video(row), []).extend(in_unit([interval], paces[_video(row)], unit))
    return found


def _video(row: Row) -> Video:
    return Video(row["dataset"], row["subject"], row["video"])


# --- formulas


def _behind_pairs(classes: int) -> int:
    """The place of the first count at a threshold."""
    return PAIRS + classes * (classes + 1)


def formulas(classes: int, skip: bool, named: bool, swept: bool) -> Mapping[str, Metric]:
    """The figures by name, of counts (..., 4 + C (C + 1) + 3 T); ``swept`` says whether there are thresholds."""
    behind = _behind_pairs(classes)
    at_thresholds: dict[str, Metric] = {"ap": partial(_ap, behind), "f1_test_peek": partial(_best_f1, behind)}
    spotting: dict[str, Metric] = {
        "f1_spotting": partial(_f1, FP),
        "precision": lambda counts: _ratio(counts[..., TP], counts[..., TP] + counts[..., FP]),
        "recall": lambda counts: _ratio(counts[..., TP], counts[..., TP] + counts[..., FN]),
        "f1_with_me": partial(_f1, FP_WITH_ME),
        "tp": partial(_count, TP), "fp": partial(_count, FP), "fn": partial(_count, FN),
        "fp_with_me": partial(_count, FP_WITH_ME), **(at_thresholds if swept else {}),
    }  # fmt: skip
    if not named:
        return spotting
    recognised = partial(_recognised, classes, skip)
    f1 = OneOf(recognised, 0)
    return {
        "strs": lambda counts: _f1(FP, counts) * f1(counts),
        "strs_with_me": lambda counts: _f1(FP_WITH_ME, counts) * f1(counts),
        "f1_recognition": f1,
        "uf1": OneOf(recognised, 1),
        "uar": OneOf(recognised, 2),
        **spotting,
    }


def _count(place: int, counts: np.ndarray) -> np.ndarray:
    return counts[..., place].astype(np.float64)


def _f1(false_positives: int, counts: np.ndarray) -> np.ndarray:
    twice = 2 * counts[..., TP]
    return _ratio(twice, twice + counts[..., false_positives] + counts[..., FN])


def _at_thresholds(behind: int, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True positives, false positives and missed labels (..., T) at each threshold."""
    found = counts[..., behind:].reshape(*counts.shape[:-1], -1, AT_A_THRESHOLD)
    return found[..., TP], found[..., FP], found[..., FN]


def _ap(behind: int, counts: np.ndarray) -> np.ndarray:
    tp, fp, fn = _at_thresholds(behind, counts)
    return interpolated_aps(_ratio(tp, tp + fn), _ratio(tp, tp + fp))


def _best_f1(behind: int, counts: np.ndarray) -> np.ndarray:
    """The F1 of the threshold that is best for these very subjects, as one who peeks has it."""
    tp, fp, fn = _at_thresholds(behind, counts)
    return _ratio(2 * tp, 2 * tp + fp + fn).max(axis=-1)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """A quotient; 0 where nothing is divided by, as the figures of spotting have it."""
    return np.divide(above, below, out=np.zeros(np.shape(below)), where=below != 0)


def _recognised(classes: int, skip: bool, counts: np.ndarray) -> np.ndarray:
    """F1 of recognition, UF1 and UAR over true positives (``metrics/over_hits.py``), (..., 3)."""
    pairs = counts[..., PAIRS : _behind_pairs(classes)].reshape(*counts.shape[:-1], classes, classes + 1)
    right, true = np.diagonal(pairs[..., :classes], axis1=-2, axis2=-1), pairs.sum(axis=-1)
    called = pairs[..., :classes].sum(axis=-2)
    meant = (true + called > 0) if skip else np.ones(true.shape, dtype=bool)
    number = meant.sum(axis=-1)
    precision, recall, uf1 = (
        _ratio((_ratio(above, below) * meant).sum(axis=-1), number)
        for above, below in ((right, called), (right, true), (2 * right, true + called))
    )
    return np.stack([_ratio(2 * precision * recall, precision + recall), uf1, recall], axis=-1)
