"""What the figures of spotting need of a run: in each recording the labels, the predicted intervals, and which of them
are true positives under the conventions that scored the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mebench.metrics.intervals import Interval
from mebench.metrics.spotting import Video, pairing
from mebench.plots.runs import RunData
from mebench.spotting.choices import Choices
from mebench.spotting.decoded import Spotted, in_unit, spotted
from mebench.spotting.decoder import Decoder
from mebench.spotting.recording import Pace


@dataclass(frozen=True)
class Outcome:
    """One recording of a run, in frames. ``pairs`` are the (number of ``found``, number of ``labels``) of true
    positives; predictions that the conventions delete are not among ``found``."""

    video: Video
    pace: Pace
    labels: tuple[Interval, ...]
    found: tuple[Interval, ...]
    pairs: tuple[tuple[int, int], ...]

    @property
    def hits(self) -> list[Interval]:
        """The predictions that are true positives, each once."""
        return [self.found[number] for number in sorted({number for number, _ in self.pairs})]

    @property
    def false_alarms(self) -> list[Interval]:
        right = {number for number, _ in self.pairs}
        return [one for number, one in enumerate(self.found) if number not in right]

    @property
    def found_labels(self) -> list[Interval]:
        return [self.labels[number] for number in sorted({number for _, number in self.pairs})]

    @property
    def misses(self) -> list[Interval]:
        right = {number for _, number in self.pairs}
        return [one for number, one in enumerate(self.labels) if number not in right]


@dataclass(frozen=True)
class Scored:
    """A recording with its scores, and how these were decoded."""

    outcome: Outcome
    spotted: Spotted
    decoder: Decoder


def outcomes(run: RunData) -> list[Outcome]:
    """The recordings of a run, sorted by their names, from the files that it was scored with."""
    choices = Choices.read(run.stage)
    convention = choices.convention(tuple(run.classes))
    labels, found = (_by_video(run, name) for name in ("labels.csv", "intervals.csv"))
    shown = []
    for row in sorted(run.predictions, key=_video):
        video, pace = _video(row), Pace.of_row(row)
        own, true = found.get(video, []), labels.get(video, [])
        matched = pairing(in_unit(own, pace, choices.unit), in_unit(true, pace, choices.unit), convention)
        place = {number: at for at, number in enumerate(matched.kept)}
        pairs = tuple((place[one], other) for one, other in matched.pairs)
        shown.append(Outcome(video, pace, tuple(true), tuple(own[number] for number in matched.kept), pairs))
    return shown


def scored(run: RunData) -> list[Scored]:
    """The same with the scores of each recording."""
    recordings, decoders = spotted(run.predicted, run.classes, Choices.read(run.stage))
    by_video = {_video(one.row): one for one in recordings}
    return [
        Scored(outcome, by_video[outcome.video], decoders[by_video[outcome.video].row["fold"]])
        for outcome in outcomes(run)
    ]


def _video(row: dict[str, str]) -> Video:
    return Video(row["dataset"], row["subject"], row["video"])


def _by_video(run: RunData, file: str) -> dict[Video, list[Interval]]:
    found: dict[Video, list[Interval]] = {}
    for row in run.file(file):
        found.setdefault(_video(row), []).append(Interval(int(row["onset"]), int(row["offset"]), row["emotion"]))
    return {video: sorted(intervals) for video, intervals in found.items()}


def total(recordings: Sequence[Outcome]) -> tuple[int, int, int]:
    """Hits, misses and false alarms of recordings."""
    return (
        sum(len(one.found_labels) for one in recordings),
        sum(len(one.misses) for one in recordings),
        sum(len(one.false_alarms) for one in recordings),
    )
