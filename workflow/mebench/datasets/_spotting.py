"""What the readers of spotting sets share: long videos, and the intervals that are labelled in them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from mebench.clips.clip import Clip, Recording
from mebench.clips.reading import Reading, Unusable, first_reason, timing
from mebench.errors import UserError
from mebench.media.folders import FrameNames, frame_names

Names = TypeVar("Names", bound=tuple[str, ...])
Key = tuple[str, str]  # subject and video, in their one spelling


@dataclass(frozen=True)
class Label:
    """One row of a spotting workbook. ``name`` is the clip's name before the kind of expression is added to it,
    ``where`` the row, ``repairs`` what was mended before frames were looked at."""

    subject: str
    video: str
    name: str
    onset: object
    apex: object
    offset: object
    expression: str
    where: str
    emotion: str = ""
    objective: str = ""
    aus: str = ""
    repairs: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return self.subject, self.video


@dataclass(frozen=True)
class Labels:
    """The labels of a workbook: ``dropped`` rows that are none, the ``count`` of all rows, ``notes``."""

    labels: list[Label]
    dropped: list[tuple[str, str]]
    count: int
    notes: list[str]

    def __add__(self, other: Labels) -> Labels:
        return Labels(
            self.labels + other.labels, self.dropped + other.dropped, self.count + other.count, self.notes + other.notes
        )


def joined(path: Path, labels: Labels, more: Labels, key: Callable[[Label], tuple[str, ...]]) -> list[str]:
    """Notes on a workbook that is joined to ``labels``: its rows that are of none, and those that were not read."""
    known = {key(label) for label in labels.labels}
    left = [label.where for label in more.labels if key(label) not in known]
    notes = [f"{len(left)} rows of {path.name} are of no label, the first is {left[0]}"] if left else []
    return [*notes, *(f"{where} is not read: {reason}" for where, reason in more.dropped), *more.notes]


def expression(value: object, where: str) -> str:
    """'micro' or 'macro', from 'Micro - 1/2', 'Macro', 'Micro-expression', 'macro-expression'."""
    text = str(value).strip().lower()
    for kind in ("micro", "macro"):
        if text.startswith(kind):
            return kind
    raise UserError(f"unknown type of expression '{value}' in {where}; expected Micro or Macro")


def lost_frames(frames: Iterable[int], first: int, last: int) -> list[str]:
    """A sentence on the frames that are not on disk inside [first, last]; empty where all are there."""
    lost = last - first + 1 - sum(first <= number <= last for number in frames)
    return [f"{lost} of {last - first + 1} frames of [{first}, {last}] are not on disk"] if lost else []


@dataclass(frozen=True)
class Spotting:
    """A spotting set on disk: ``folders`` maps (subject, video) to its folder of frames."""

    dataset: str
    fps: float | None
    root: Path
    folders: Mapping[Key, Path]

    def read(self, labels: Labels, strangers: Sequence[tuple[str, str]] = ()) -> Reading:
        """Clips, dropped rows and videos, all in order. A video is listed once, however many labels it has; one without
        frames is dropped, and so are the ``strangers``, folders with pictures that are no video."""
        waiting: dict[Key, list[Label]] = {}
        for label in labels.labels:
            waiting.setdefault(label.key, []).append(label)
        clips: list[Clip] = []
        dropped: list[tuple[str, str]] = [*labels.dropped, *strangers]
        videos: list[Recording] = []
        for key in sorted(self.folders):
            names = frame_names(self.folders[key])
            if names:
                videos.append(recording(self._id(*key), names, self.fps, self._below(key)))
            else:
                dropped.append((self._id(*key), f"its folder holds no frames{names.unread and '; '}{names.unread}"))
            for label in waiting.pop(key, []):
                try:
                    clips.append(self._clip(label, names))
                except Unusable as reason:
                    dropped.append((self._name(label), f"{reason} ({label.where})"))
        for key, left in waiting.items():
            dropped += [(self._name(label), f"no folder of frames {'/'.join(key)} ({label.where})") for label in left]
        clips, twice = _told_apart(clips)
        if not clips:
            raise UserError(
                f"no labelled row becomes a clip with frames in {self.root}; the first: {first_reason(dropped)}"
            )
        rows = labels.count + len(strangers) + len(self.folders) - len(videos)
        return Reading(clips, dropped + twice, list(labels.notes), videos, rows=rows)

    def _id(self, *parts: str) -> str:
        return "/".join((self.dataset, *parts))

    def _name(self, label: Label) -> str:
        return f"{self._id(label.subject, label.name)}_{label.expression}"

    def _below(self, key: Key) -> str:
        """The folder of a video, below the root."""
        return self.folders[key].relative_to(self.root).as_posix()

    def _clip(self, label: Label, names: FrameNames) -> Clip:
        when = timing(label.onset, label.apex, label.offset, names, names.unread)
        mended = any(text.startswith("apex") for text in label.repairs)
        return Clip(
            clip_id=self._name(label),
            dataset=self.dataset,
            subject=self._id(label.subject),
            video=label.video,
            onset=when.onset,
            apex=when.apex,
            offset=when.offset,
            apex_source="mid" if mended else when.apex_source,
            emotion=label.emotion,
            objective=label.objective,
            expression=label.expression,
            aus=label.aus,
            fps=self.fps,
            frames=self._below(label.key),
            repairs=(*label.repairs, *when.repairs, *lost_frames(names, when.onset, when.offset)),
        )


def recording(video_id: str, frames: Collection[int], fps: float | None, folder: str) -> Recording:
    """A long video of the numbered ``frames`` on disk; ``video_id`` is dataset, subject and name."""
    dataset, subject, name = video_id.split("/", 2)
    first, last = (min(frames), max(frames)) if frames else (0, 0)
    return Recording(
        video_id=video_id,
        dataset=dataset,
        subject=f"{dataset}/{subject}",
        video=name,
        first=first,
        last=last,
        frames_on_disk=len(frames),
        gaps=last - first + 1 - len(frames) if frames else 0,
        fps=fps,
        frames=folder,
    )


def _told_apart(clips: list[Clip]) -> tuple[list[Clip], list[tuple[str, str]]]:
    """Clips with names of their own, in order: of several that begin with the same frame the second is called ``_2``
    (by offset), and one that is listed twice is dropped."""
    kept: list[Clip] = []
    dropped: list[tuple[str, str]] = []
    ordered = sorted(clips, key=lambda clip: (clip.clip_id, clip.onset, clip.offset, clip.apex))
    for name, group in groupby(ordered, key=lambda clip: clip.clip_id):
        seen: set[tuple[int | None, int | None]] = set()
        for clip in group:
            interval = clip.onset, clip.offset
            if interval in seen:
                dropped.append((name, f"the interval {list(interval)} is listed twice"))
                continue
            seen.add(interval)
            kept.append(replace(clip, clip_id=name if len(seen) == 1 else f"{name}_{len(seen)}"))
    return sorted(kept, key=lambda clip: clip.clip_id), dropped


def with_emotions(
    labels: Iterable[Label], known: Mapping[Names, tuple[str, str]], key: Callable[[Label], Names]
) -> list[Label]:
    """``labels`` with the (emotion, objective class) of ``known`` where ``key(label)`` is in it."""
    return [
        replace(label, emotion=known[key(label)][0], objective=known[key(label)][1]) if key(label) in known else label
        for label in labels
    ]
