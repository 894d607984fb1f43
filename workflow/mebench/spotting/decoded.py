"""From the pooled predictions of a task of spotting to intervals, and from intervals to figures.

Rows are of four sorts, told apart by ``what``: a recording, a label, an interval, and a point of the sweep over
thresholds. All figures come from these rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mebench.files import canonical_json
from mebench.metrics.average_precision import interpolated_ap
from mebench.metrics.intervals import Interval
from mebench.metrics.spotting import Counts, Located, Video, match, score
from mebench.predicted import Predicted, Row
from mebench.spotting.choices import Choices
from mebench.spotting.decoder import Decoder, Track, decode
from mebench.spotting.half_width import half_width, lengths, typical
from mebench.spotting.recording import Pace, from_text
from mebench.spotting.stitch import stitched

THRESHOLDS = tuple(step / 20 for step in range(21))
PAPER = 0.55
FILES = {"interval": "intervals.csv", "label": "labels.csv", "sweep": "sweep.csv"}


@dataclass(frozen=True)
class Spotted:
    """One recording: its row of predictions.csv, and its scores, None where its intervals were predicted directly."""

    row: Row
    pace: Pace
    labels: list[Interval]
    track: Track | None

    def intervals(self, decoder: Decoder, emotions: bool = True) -> list[Interval]:
        """The predicted intervals, in frames; their ``emotions`` are left out where they are not asked for."""
        if self.track is None:
            return from_text(self.row["intervals"])
        return decode(self.track if emotions else replace(self.track, logits=None), decoder)


def rows(predicted: Predicted, classes: Sequence[str], choices: Choices) -> list[Row]:
    """All rows of pooled predictions (:class:`mebench.tasks.Predicted`) under some ``choices``."""
    tested, decoders = spotted(predicted, classes, choices)
    found: list[Row] = []
    for one in tested:
        found += _rows_of(one, decoders[one.row["fold"]], choices)
    return found + sweep(tested, decoders, choices)


def spotted(predicted: Predicted, classes: Sequence[str], choices: Choices) -> tuple[list[Spotted], dict[str, Decoder]]:
    """The recordings of pooled predictions, and how those of each fold are decoded."""
    tested = recordings(predicted, classes, choices)
    held = recordings(predicted.held, classes, choices) if predicted.held else []
    folds = {one.row["fold"]: one for one in tested}
    return tested, {fold: _decoder(one, fold, tested, held, choices) for fold, one in folds.items()}


def recordings(predicted: Predicted, classes: Sequence[str], choices: Choices) -> list[Spotted]:
    """The recordings of predictions, with their windows stitched. The windows of a fold stand one after another in the
    order of its recordings, as its batches took them."""
    found, passed, fold = [], 0, None
    for row in sorted(predicted.rows, key=lambda row: (row["fold"], row["clip_id"])):
        passed = passed if row["fold"] == fold else 0
        fold, windows, pace = row["fold"], int(row["windows"]), Pace.of_row(row)
        track = None
        if int(row["count"]):
            numbers = predicted.numbers(row)
            starts = frozenset(number for number in range(windows) if (passed + number) % choices.batch == 0)
            curve = stitched(numbers.reshape(windows, -1, numbers.shape[-1]), choices.stitching, starts)[: pace.count]
            track = Track(pace.first, pace.step, curve[:, 0].astype(np.float64), curve[:, 1:], (*classes, "neutral"))
        passed += windows
        found.append(Spotted(row, pace, from_text(row["truth"]), track))
    return found


def _decoder(one: Spotted, fold: str, tested: Sequence[Spotted], held: Sequence[Spotted], choices: Choices) -> Decoder:
    """How the scores of a fold are decoded."""
    width = choices.half_width
    if width == "train":
        width = half_width(float(one.row[f"train_{choices.length}"]))
    elif width == "all":
        every = (length for other in tested for length in lengths(map(other.pace.positions, other.labels)))
        width = half_width(typical(every)[choices.length])
    decoder = choices.decoder(int(width), 0.0)
    threshold = choices.threshold
    if one.track is None:
        threshold = PAPER  # of no effect: its intervals were predicted directly
    elif threshold == "inner":
        threshold = chosen_threshold([other for other in held if other.row["fold"] == fold], decoder, choices)
    return choices.decoder(int(width), float(threshold))


def chosen_threshold(held: Sequence[Spotted], decoder: Decoder, choices: Choices) -> float:
    """The threshold with the best F1 of spotting on the recordings that a fold ``held`` out of its training subjects;
    of equal ones that which is nearest to the 0.55 of the paper."""
    if not held:
        raise ValueError("no recording was held out")
    decoders = {one.row["fold"]: decoder for one in held}
    return max(THRESHOLDS, key=lambda share: (counted(held, decoders, share, choices).f1, -abs(share - PAPER)))


def counted(recordings: Iterable[Spotted], decoders: Mapping[str, Decoder], share: float, choices: Choices) -> Counts:
    """The counts of spotting at one threshold, all else as the ``decoders`` of the folds have it."""
    convention, total = choices.convention(()), Counts()
    for one in recordings:
        decoder = replace(decoders[one.row["fold"]], threshold=share)
        found = one.intervals(decoder, emotions=choices.synergy == 1)  # which deletes neutral intervals
        total += match(in_unit(found, one.pace, choices.unit), in_unit(one.labels, one.pace, choices.unit),
                       convention).counts  # fmt: skip
    return total


def sweep(tested: Sequence[Spotted], decoders: Mapping[str, Decoder], choices: Choices) -> list[Row]:
    """A row for each subject and threshold: a curve to look at, never a way to choose one."""
    of_subject: dict[tuple[str, str], list[Spotted]] = {}
    for one in tested:
        of_subject.setdefault((one.row["dataset"], one.row["subject"]), []).append(one)
    return [
        {"what": "sweep", "dataset": dataset, "subject": subject, "threshold": f"{share:.2f}", "tp": str(counts.tp),
         "fp": str(counts.fp), "fn": str(counts.fn)}
        for (dataset, subject), own in sorted(of_subject.items(), key=lambda item: item[0])
        for share in THRESHOLDS
        for counts in (counted(own, decoders, share, choices),)
    ]  # fmt: skip


def _rows_of(one: Spotted, decoder: Decoder, choices: Choices) -> list[Row]:
    about = {name: one.row[name] for name in ("dataset", "subject", "video")}
    pace = {name: one.row[name] for name in ("first", "step")}
    recording = {"what": "recording", **about, **pace, "choices": canonical_json(vars(choices))}
    kinds = one.row["types"].split(";")
    labels = [{"what": "label", **about, **_ends(label), "type": kind}
              for label, kind in zip(sorted(one.labels), kinds if one.labels else [], strict=True)]  # fmt: skip
    used = {"threshold": f"{decoder.threshold:g}", "half_width": str(decoder.half_width)} if one.track else {
        "threshold": "", "half_width": ""}  # fmt: skip
    intervals = [{"what": "interval", **about, **_ends(found), **used} for found in one.intervals(decoder)]
    return [recording, *labels, *intervals]


def _ends(interval: Interval) -> Row:
    return {"onset": str(interval.onset), "offset": str(interval.offset), "emotion": interval.emotion}


def in_unit(intervals: Iterable[Interval], pace: Pace, unit: str) -> list[Interval]:
    """Intervals of frames in the unit of the IoU: frames or positions."""
    return list(map(pace.positions, intervals)) if unit == "positions" else list(intervals)


def by_file(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows of each file beside predictions.csv."""
    return {
        name: [{key: value for key, value in row.items() if key != "what"} for row in rows if row["what"] == what]
        for what, name in FILES.items()
    }


def read_back(
    recordings: Iterable[Row], files: Mapping[str, Sequence[Row]], parameters: Mapping[str, object]
) -> list[Row]:  # fmt: skip
    """All rows again, from those of predictions.csv and of the files beside it (:func:`by_file`)."""
    choices = canonical_json(vars(Choices.read(parameters)))
    names = ("dataset", "subject", "video", "first", "step")
    tested = [{"what": "recording", **{name: row[name] for name in names}, "choices": choices} for row in recordings]
    return tested + [{"what": what, **row} for what, name in FILES.items() for row in files[name]]


def figures(rows: Sequence[Row], classes: tuple[str, ...]) -> dict[str, object]:
    """The figures of the rows: counts, F1s and STRS of all videos and of those with a label, and the sweep's."""
    recordings = [row for row in rows if row["what"] == "recording"]
    choices = Choices.read(json.loads(recordings[0]["choices"]))
    paces = {_video(row): Pace(int(row["first"]), int(row["step"]), 0) for row in recordings}
    labels, found = (_located(rows, what, paces, choices.unit) for what in ("label", "interval"))
    emotions = any(row.interval.emotion for row in found) or not found
    total = score(found, labels, choices.convention(classes), emotions)
    with_me = score(found, labels, choices.convention(classes, "with_me"), emotions)
    points = _points(rows)
    own = {name: total[name] for name in ("strs", "f1_spotting", "f1_recognition", "tp", "fp", "fn", "precision",
                                          "recall", "uf1", "uar")}  # fmt: skip
    return {
        "n": len(recordings),
        **own,
        "ap": interpolated_ap((counts.recall, counts.precision) for counts in points),
        "strs_with_me": with_me["strs"],
        "f1_with_me": with_me["f1_spotting"],
        "fp_with_me": with_me["fp"],
        "f1_test_peek": max(counts.f1 for counts in points),
    }


def _points(rows: Sequence[Row]) -> list[Counts]:
    """The counts of each threshold, over all subjects."""
    points: dict[str, Counts] = {}
    for row in rows:
        if row["what"] == "sweep":
            counts = Counts(int(row["tp"]), int(row["fp"]), int(row["fn"]))
            points[row["threshold"]] = points.get(row["threshold"], Counts()) + counts
    return list(points.values())


def _video(row: Row) -> Video:
    return Video(row["dataset"], row["subject"], row["video"])


def _located(rows: Sequence[Row], what: str, paces: Mapping[Video, Pace], unit: str) -> list[Located]:
    found = []
    for row in rows:
        if row["what"] == what:
            interval = Interval(int(row["onset"]), int(row["offset"]), row["emotion"])
            found.append(Located(_video(row), "", *in_unit([interval], paces[_video(row)], unit)))
    return found
