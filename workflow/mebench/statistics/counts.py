"""What all statistics are computed from: confusion counts of each seed and subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mebench.errors import UserError
from mebench.metrics.given import class_named
from mebench.metrics.pooled import Metric, metrics


@dataclass(frozen=True)
class Clips:
    """Clips one by one: their names, subjects and classes, and whether each is predicted ``right``, (K, N) bool."""

    names: tuple[str, ...]
    subjects: tuple[str, ...]
    truth: tuple[str, ...]
    right: np.ndarray


@dataclass(frozen=True)
class Counts:
    """Confusion counts ``table`` (K, S, C, C) of K seeds and S subjects; rows are the truth. ``strata`` names the
    dataset of each subject. Where subjects are unknown, one row stands for all clips, and ``by_subject`` is False.
    ``clips`` is there where predictions of clips were read."""

    name: str
    classes: tuple[str, ...]
    seeds: tuple[str, ...]
    subjects: tuple[str, ...]
    strata: tuple[str, ...]
    table: np.ndarray
    clips: Clips | None = None
    by_subject: bool = True

    @property
    def clip_count(self) -> int:
        """Clips of one seed."""
        return int(self.table[0].sum())

    @property
    def datasets(self) -> list[str]:
        """The datasets, sorted; none where there is only one."""
        names = sorted(set(self.strata))
        return names if len(names) > 1 else []

    def part(self, dataset: str) -> Counts:
        """The counts of one dataset: a slice of the same predictions."""
        places = [place for place, name in enumerate(self.strata) if name == dataset]
        subjects = tuple(self.subjects[place] for place in places)
        clips = self.clips and _of_subjects(self.clips, set(subjects))
        strata, table = (dataset,) * len(places), self.table[:, places]
        return replace(self, subjects=subjects, strata=strata, table=table, clips=clips)

    @property
    def counted(self) -> Mapping[str, int]:
        """The clips."""
        return {"clips": self.clip_count}

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """The formulas of confusion counts."""
        return metrics(self.classes)

    def beside(self, other: Counts) -> tuple[Counts, Counts]:
        """This and another result with the same classes; see :func:`check_same_clips`."""
        return check_same_clips(self, other)

    def with_classes(self, classes: Sequence[str]) -> Counts:
        """The same counts with these classes in this order; classes may be added."""
        places = [list(classes).index(name) for name in self.classes]
        table = np.zeros((*self.table.shape[:2], len(classes), len(classes)), dtype=np.int64)
        table[:, :, np.array(places)[:, None], places] = self.table
        return replace(self, classes=tuple(classes), table=table)

    def spelled_as(self, classes: Sequence[str]) -> Counts:
        """The same counts with classes spelled as ``classes`` are."""
        spelled = {name: class_named(name, classes) or name for name in self.classes}
        clips = self.clips and replace(self.clips, truth=tuple(spelled[name] for name in self.clips.truth))
        return replace(self, classes=tuple(spelled.values()), clips=clips)


def _of_subjects(clips: Clips, subjects: set[str]) -> Clips:
    kept = [place for place, subject in enumerate(clips.subjects) if subject in subjects]
    names, of, truth = (tuple(cells[k] for k in kept) for cells in (clips.names, clips.subjects, clips.truth))
    return Clips(names, of, truth, clips.right[:, kept])


def check_same_clips(a: Counts, b: Counts) -> tuple[Counts, Counts]:
    """Both with the same classes; a UserError where they are not results on the same clips of the same subjects."""
    b = b.spelled_as(a.classes)
    classes = a.classes if set(b.classes) <= set(a.classes) else tuple(sorted({*a.classes, *b.classes}))
    a, b = a.with_classes(classes), b.with_classes(classes)
    if a.by_subject and b.by_subject:
        _check_names("subject", (a.name, a.subjects), (b.name, b.subjects))
    if a.clips and b.clips:
        _check_clips(a, b, a.clips, b.clips)
    _check_sizes(a, b)
    return a, b


def _check_names(what: str, a: tuple[str, Sequence[str]], b: tuple[str, Sequence[str]]) -> None:
    """A UserError where one of two results, (title, names), has a name that the other one lacks."""
    for (one, names), (other, others) in ((a, b), (b, a)):
        lacking = sorted(set(names) - set(others))
        if lacking:
            more = f" ({len(lacking)} such {what}s)" if len(lacking) > 1 else ""
            raise UserError(
                f"the {what} {lacking[0]} is in {one} and not in {other}{more}; compare results on the same {what}s"
            )


def _check_clips(a: Counts, b: Counts, of_a: Clips, of_b: Clips) -> None:
    _check_names("clip", (a.name, of_a.names), (b.name, of_b.names))
    for clip, truth, other in zip(of_a.names, of_a.truth, of_b.truth, strict=True):
        if truth != other:
            raise UserError(f"the clip {clip} has the truth {truth} in {a.name} and {other} in {b.name}; mend the "
                            "wrong one")  # fmt: skip


def _check_sizes(a: Counts, b: Counts) -> None:
    """A UserError where a subject has another number of clips of a class."""
    both = a.by_subject and b.by_subject
    sizes = [one.table[0].sum(axis=-1) if both else one.table[0].sum(axis=(0, -1))[None] for one in (a, b)]
    for place, class_place in np.argwhere(sizes[0] != sizes[1])[:1].tolist():
        who = f"the subject {a.subjects[place]} has" if both else "there are"
        counted = (f"{size[place, class_place]} clips of {a.classes[class_place]} in {one.name}"
                   for size, one in zip(sizes, (a, b), strict=True))  # fmt: skip
        raise UserError(f"{who} {' and '.join(counted)}; compare results on the same clips")
