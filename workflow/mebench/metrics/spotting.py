"""Spotting and spot-then-recognise scores from intervals, under a named convention.

Counts are summed over all videos of all folds before any formula, as if a dataset were one long video (He et al.,
arXiv 1912.11985). STRS = F1 of spotting x F1 of recognition over the true positives (MEAN; MEGC2024 and 2025).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mebench.metrics.intervals import Interval, Passes, overlaps
from mebench.metrics.matchers import MATCHERS
from mebench.metrics.over_hits import NOT_ASKED, Recognition, recognition

VIDEOS = ("all", "with_me")
NEUTRAL = ("count", "delete_then_match", "match_then_delete")
NEUTRAL_NAME = "neutral"


class Video(NamedTuple):
    """A recording; parts of its name that a file does not have are ''."""

    dataset: str
    subject: str
    video: str


class Located(NamedTuple):
    """An interval of a video, of one ``type`` of expression ('micro', 'macro'; '' where none is told)."""

    video: Video
    type: str
    interval: Interval


@dataclass(frozen=True)
class Convention:
    """All that moves a score without moving a prediction.

    ``matcher``: a name of :data:`MATCHERS`. ``passes``: the IoU that is enough. ``videos``: all of them, or only those
    with a label of the type that is counted. ``classes``: emotions; None for those of the labels. ``absent``: what a
    class in no true positive counts, zero or skip. ``neutral``: what becomes of predictions with the emotion neutral.
    """

    matcher: str = "greedy"
    passes: Passes = field(default_factory=Passes)
    videos: str = "all"
    classes: tuple[str, ...] | None = None
    absent: str = "zero"
    neutral: str = "count"


class Numbers(Recognition):
    """The figures of a part; those of recognition are None where emotions are not asked for."""

    tp: int
    fp: int
    fn: int
    precision: float
    recall: float
    f1_spotting: float
    strs: float | None


class Part(Numbers, total=False):
    """The figures of a part, and those of each type of expression in it where types are told."""

    types: dict[str, Numbers]


class SpottingScore(Part, total=False):
    """The figures of all, and of each dataset where datasets are named."""

    parts: dict[str, Part]


ORDER = ("tp", "fp", "fn", "precision", "recall", "f1_spotting", "precision_recognition", "recall_recognition",
         "f1_recognition", "uf1", "uar", "strs")  # fmt: skip


@dataclass(frozen=True)
class Counts:
    """True positives, false positives and false negatives; below 0 only under the matchers megc2020 and reuse."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def precision(self) -> float:
        """True positives of all predictions; 0 where there is none."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """True positives of all labels; 0 where there is none."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN); 0 where there is neither a label nor a prediction."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def _ratio(above: int, below: int) -> float:
    return above / below if below else 0.0


@dataclass(frozen=True)
class Matched:
    """One video and type after matching: its counts, and (emotion of the label, predicted emotion) of each pair."""

    counts: Counts
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Pairing:
    """Which predictions of a video count, and the (prediction, label) pairs of its true positives. Both are numbers of
    the lists that were matched."""

    kept: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]


def pairing(predictions: Sequence[Interval], labels: Sequence[Interval], convention: Convention) -> Pairing:
    """Match the predictions of one video with its labels. The order of neither list changes anything."""
    named = [number for number, one in enumerate(predictions) if one.emotion == NEUTRAL_NAME]
    gone = set() if convention.neutral == "count" else set(named)
    there = [n for n in range(len(predictions)) if convention.neutral != "delete_then_match" or n not in gone]
    found = sorted(there, key=lambda number: predictions[number])
    true = sorted(range(len(labels)), key=lambda number: labels[number])
    near = overlaps([predictions[number] for number in found], [labels[number] for number in true])
    pairs = [(found[one], true[other]) for one, other in MATCHERS[convention.matcher](near, convention.passes)]
    return Pairing(
        tuple(number for number in found if number not in gone), tuple(pair for pair in pairs if pair[0] not in gone)
    )


def match(predictions: Sequence[Interval], labels: Sequence[Interval], convention: Convention) -> Matched:
    """The counts of one video, and the emotions of its true positives."""
    found = pairing(predictions, labels, convention)
    # the baseline of MEGC2020 takes its found labels from its predictions, even where one prediction found two
    right = len(found.pairs if convention.matcher == "megc2020" else {prediction for prediction, _ in found.pairs})
    counts = Counts(len(found.pairs), len(found.kept) - right, len(labels) - len(found.pairs))
    return Matched(counts, tuple((labels[label].emotion, predictions[number].emotion) for number, label in found.pairs))


def score(
    predictions: Iterable[Located], labels: Iterable[Located], convention: Convention, emotions: bool = True
) -> SpottingScore:
    """The score of all predictions, of each dataset and of each type. Neither order changes anything.

    Without ``emotions`` recognition is not asked for, and neither where no label of a part has one. A part's score is
    that of a file with this part alone.
    """
    found, true = _by_video(predictions), _by_video(labels)
    places = sorted(place for place in found.keys() | true.keys() if convention.videos == "all" or place in true)
    outcomes = {place: _outcome(found.get(place, ()), true.get(place, ()), convention) for place in places}
    result: SpottingScore = {**_part(outcomes, convention, emotions)}
    datasets = sorted({video.dataset for video, _ in places} - {""})
    if datasets:
        result["parts"] = {
            name: _part({place: one for place, one in outcomes.items() if place[0].dataset == name}, convention,
                        emotions)
            for name in datasets
        }  # fmt: skip
    return result


Place = tuple[Video, str]


@dataclass(frozen=True)
class Outcome:
    """What came of one video and type: its matches, and the emotions of its labels."""

    matched: Matched
    emotions: frozenset[str]


def _outcome(predictions: Sequence[Interval], labels: Sequence[Interval], convention: Convention) -> Outcome:
    return Outcome(match(predictions, labels, convention), frozenset(label.emotion for label in labels))


def _by_video(rows: Iterable[Located]) -> dict[Place, list[Interval]]:
    places: dict[Place, list[Interval]] = {}
    for row in rows:
        places.setdefault((row.video, row.type), []).append(row.interval)
    return places


def _part(outcomes: Mapping[Place, Outcome], convention: Convention, emotions: bool) -> Part:
    """The figures of some videos, and of each type in them."""
    result: Part = {**_numbers(outcomes.values(), convention, emotions)}
    types = sorted({kind for _, kind in outcomes} - {""})
    if types:
        result["types"] = {
            name: _numbers([one for (_, kind), one in outcomes.items() if kind == name], convention, emotions)
            for name in types
        }
    return result


def _numbers(outcomes: Collection[Outcome], convention: Convention, emotions: bool) -> Numbers:
    counts = sum((one.matched.counts for one in outcomes), Counts())
    named = frozenset[str]().union(*(one.emotions for one in outcomes)) - {""}
    classes = convention.classes if convention.classes is not None else tuple(sorted(named))
    recognised = NOT_ASKED
    if emotions and (named or not counts.tp + counts.fn):
        pairs = [pair for one in outcomes for pair in one.matched.pairs]
        recognised = recognition(pairs, classes, convention.absent)
    f1 = recognised["f1_recognition"]
    return {
        "tp": counts.tp,
        "fp": counts.fp,
        "fn": counts.fn,
        "precision": counts.precision,
        "recall": counts.recall,
        "f1_spotting": counts.f1,
        **recognised,
        "strs": None if f1 is None else counts.f1 * f1,
    }
