"""What is legal and odd about predictions beside their labels: each a sentence that names where, some that ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from mebench.errors import UserError, did_you_mean
from mebench.metrics.spotting import NEUTRAL_NAME, Convention, Located, Video
from mebench.spotting.interval_file import IntervalFile, VideoList
from mebench.spotting.score_file import count, listed, shown

RATE = 3  # from this ratio of lengths and of last frames on, two files are asked about their frame rate


def notes(
    predictions: IntervalFile, truth: IntervalFile, convention: Convention, videos: VideoList | None = None
) -> list[str]:  # fmt: skip
    """All doubts about two aligned files."""
    found = [
        *_empty(predictions, truth),
        *_unknown_videos(predictions, truth, convention, videos),
        *_outside(predictions, "predicted interval", videos),
        *_outside(truth, "label", videos),
        *_overlapping(truth),
        *_twice(predictions),
        *_twice(truth),
        *_emotions(predictions, truth, convention),
    ]
    rate = _rate(predictions, truth)
    return found + (rate or _numbering(predictions, truth))


def _empty(predictions: IntervalFile, truth: IntervalFile) -> list[str]:
    sentences = []
    if not predictions.rows:
        sentences.append(f"{predictions.path} predicts nothing")
    if not truth.rows:
        sentences.append(f"{truth.path} has no label, so every prediction is a false alarm")
    return sentences


def _unknown_videos(
    predictions: IntervalFile, truth: IntervalFile, convention: Convention, videos: VideoList | None
) -> list[str]:
    known = truth.videos | (set(videos.last) if videos else set())
    if videos and truth.videos - set(videos.last):
        lost = min(truth.videos - set(videos.last))
        raise UserError(f"{videos.path} lacks the video {shown(lost)}, which has a label in {truth.path}"
                        f"{_similar(lost, videos.last)}; a list of videos has all of them")  # fmt: skip
    unknown = sorted(predictions.videos - known)
    if not unknown:
        return []
    rows = [row for row in predictions.rows if row.video in set(unknown)]
    effect = "counted as false alarms" if convention.videos == "all" else "left out (--videos with_me)"
    where = f"neither {truth.path} nor {videos.path} has" if videos else f"{truth.path} does not have"
    hint = _similar(unknown[0], known) if known else ""
    return [f"{predictions.path} has {count(unknown, 'video')} that {where}: {listed(unknown)}{hint}; "
            f"{count(rows, 'prediction')} there {effect}"]  # fmt: skip


def _similar(video: Video, known: Iterable[Video]) -> str:
    """A known video whose name is the same but for zeros, signs and capitals; '' where there is none."""
    same = [one for one in sorted(known) if _bare(one) == _bare(video)]
    return did_you_mean(shown(video), [shown(same[0])]) if same else ""


def _bare(video: Video) -> tuple[str, ...]:
    whole = (part.removesuffix(".0") for part in video)  # as pandas writes it
    return tuple("".join(filter(str.isalnum, part)).casefold().lstrip("0") for part in whole)


def _outside(file: IntervalFile, name: str, videos: VideoList | None) -> list[str]:
    negative = [row for row in file.rows if row.interval.onset < 0]
    sentences = _counted(file, negative, name, "below frame 0")
    last = videos.last if videos else {}
    late = [row for row in file.rows if (end := last.get(row.video)) is not None and row.interval.offset > end]
    return sentences + _counted(file, late, name, "past the last frame of the video")


def _counted(file: IntervalFile, rows: Sequence[Located], name: str, where: str) -> list[str]:
    if not rows:
        return []
    first = rows[0]
    verb = "reaches" if len(rows) == 1 else "reach"
    return [f"{count(rows, name)} of {file.path} {verb} {where}, such as {first.interval.onset} to "
            f"{first.interval.offset} in {shown(first.video)}; counted as written"]  # fmt: skip


def _overlapping(truth: IntervalFile) -> list[str]:
    rows = sorted(truth.rows, key=lambda row: (row.video, row.type, row.interval))
    overlapping, reached = [], -1
    for before, row in zip([None, *rows], rows, strict=False):
        if before and (before.video, before.type) == (row.video, row.type):
            if row.interval.onset <= reached:
                overlapping.append(row)
            reached = max(reached, row.interval.offset)
        else:
            reached = row.interval.offset
    if not overlapping:
        return []
    return [f"{count(overlapping, 'label')} of {truth.path} begin before an earlier one ends, such as "
            f"{overlapping[0].interval.onset} to {overlapping[0].interval.offset} in {shown(overlapping[0].video)}; "
            "matchers may differ there"]  # fmt: skip


def _twice(file: IntervalFile) -> list[str]:
    """Intervals that are there with several emotions: the same row twice is an error already."""
    places = Counter((row.video, row.type, row.interval.onset, row.interval.offset) for row in file.rows)
    twice = sorted(place for place, number in places.items() if number > 1)
    if not twice:
        return []
    (video, _, onset, offset), rows = twice[0], [place for place in twice for _ in range(places[place])]
    return [f"{file.path} has {count(twice, 'interval')} with several emotions, such as {onset} to {offset} in "
            f"{shown(video)}; {len(rows)} rows are counted"]  # fmt: skip


def _emotions(predictions: IntervalFile, truth: IntervalFile, convention: Convention) -> list[str]:
    labels = {row.interval.emotion for row in truth.rows} - {""}
    if not labels or "emotion" not in predictions.columns:
        return []
    sentences = []
    classes = set(convention.classes if convention.classes is not None else labels)
    named = [row.interval.emotion for row in predictions.rows]
    unknown = sorted(set(named) - classes - labels - {"", NEUTRAL_NAME})
    if unknown:
        hint = did_you_mean(unknown[0], classes)
        rows = [name for name in named if name in unknown]
        sentences.append(f"{predictions.path} has {count(unknown, 'emotion')} that no label has: {', '.join(unknown)}"
                         f"{hint}; {count(rows, 'prediction')} with it: a miss wherever a label is hit")  # fmt: skip
    nameless = [name for name in named if not name]
    if nameless:
        sentences.append(f"{predictions.path} has {count(nameless, 'prediction')} without an emotion: a miss wherever "
                         "a label is hit")  # fmt: skip
    bare = [row for row in truth.rows if not row.interval.emotion]
    if bare:
        sentences.append(f"{truth.path} has {count(bare, 'label')} without an emotion: left out of recognition")
    absent = sorted(classes - labels)
    if absent:
        sentences.append(f"no label has the class {', '.join(absent)}")
    left_out = sorted(labels - classes)
    if left_out:
        sentences.append(f"labels that are {', '.join(left_out)} are left out of recognition (--classes)")
    return sentences


def _rate(predictions: IntervalFile, truth: IntervalFile) -> list[str]:
    """Ask where lengths and last frames of one file are several times those of the other."""
    common = predictions.videos & truth.videos
    sides = [[row for row in file.rows if row.video in common] for file in (predictions, truth)]
    ends = [sum(max(row.interval.offset for row in rows if row.video == video) for video in common) for rows in sides]
    if not common or min(ends) <= 0:
        return []
    lengths = [median(row.interval.length for row in rows) for rows in sides]
    by_length, by_end = lengths[1] / lengths[0], ends[1] / ends[0]
    larger = by_length >= RATE and by_end >= RATE
    smaller = by_length <= 1 / RATE and by_end <= 1 / RATE
    if not (larger or smaller) or not 0.5 <= by_length / by_end <= 2:
        return []
    few, many = (predictions, truth) if larger else (truth, predictions)
    times = by_end if larger else 1 / by_end
    return [f"the frame numbers of {many.path} are about {times:.0f} times those of {few.path}, and so are the lengths "
            f"of its intervals: does {few.path} count frames of a slower rate? Write both in one rate"]  # fmt: skip


def _numbering(predictions: IntervalFile, truth: IntervalFile) -> list[str]:
    """Ask where one file seems to count frames from 0 and the other from 1."""
    labels = {(row.video, row.interval.onset, row.interval.offset) for row in truth.rows}
    hits = {
        shift: sum((row.video, row.interval.onset + shift, row.interval.offset + shift) in labels
                   for row in predictions.rows)
        for shift in (-1, 0, 1)
    }  # fmt: skip
    firsts = [min((row.interval.onset for row in file.rows), default=None) for file in (predictions, truth)]
    shift = max((1, -1), key=lambda shift: hits[shift])
    if hits[shift] > 2 * hits[0] and 2 * hits[shift] >= min(len(predictions.rows), len(truth.rows)):
        zero, one = (predictions, truth) if shift == 1 else (truth, predictions)
        more = f"{hits[shift]} predictions would be a label exactly if they were moved by one frame"
    elif None not in firsts and 0 in firsts and firsts[0] != firsts[1]:
        zero, one = (predictions, truth) if firsts[0] == 0 else (truth, predictions)
        more = f"an interval of {zero.path} begins at frame 0, and none of {one.path} does"
    else:
        return []
    return [f"{more}: does {zero.path} number frames from 0 and {one.path} from 1? Write both in the same way"]
