"""What the owner decided about single clips: some are left out, the labels of others are corrected."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from mebench.clips.card import DatasetCard
from mebench.clips.clip import Clip, Recording, Value
from mebench.clips.clip_names import clip_name
from mebench.clips.entry import ChoicesEntry
from mebench.clips.reading import Reading
from mebench.clips.spelling import emotion_name
from mebench.errors import UserError, did_you_mean
from mebench.files import read_json
from mebench.media.folders import list_frames

Wish = TypeVar("Wish")
FILE = "decisions.json"  # beside clips.csv


@dataclass(frozen=True)
class Correction:
    """What a configuration asks of one clip: other numbers of frames or another emotion; None leaves it as it is."""

    reason: str
    onset: int | None = None
    apex: int | None = None
    offset: int | None = None
    emotion: str | None = None


@dataclass(frozen=True)
class Choices:
    """The keys ``exclude`` and ``corrections`` of a dataset in the configuration, by clip_id or video_id; the leading
    dataset may be left out. An excluded one has its reason."""

    exclude: Mapping[str, str]
    corrections: Mapping[str, Correction]


@dataclass(frozen=True)
class Decision:
    """What became of one clip or video: the ``reason``, the ``row`` of clips.csv or videos.csv, and of a corrected clip
    the ``changes``: column -> (old, new value)."""

    reason: str
    row: Mapping[str, Value]
    changes: Mapping[str, tuple[Value, Value]] | None = None

    @property
    def sentence(self) -> str:
        """``the reason``, or ``apex 12 -> 15: the reason``."""
        changes = ", ".join(f"{name} {'(none)' if old in ('', None) else old} -> {new}"
                            for name, (old, new) in (self.changes or {}).items())  # fmt: skip
        return f"{changes}: {self.reason}" if changes else self.reason

    def record(self) -> dict[str, object]:
        """The entry of decisions.json."""
        record: dict[str, object] = {"reason": self.reason, "row": dict(self.row)}
        if self.changes is not None:
            record["changes"] = {name: list(pair) for name, pair in self.changes.items()}
        return record


@dataclass(frozen=True)
class Decisions:
    """``excluded`` and ``corrected`` clips by clip_id; ``videos`` are the excluded long videos by video_id, whose clips
    are in ``excluded``."""

    excluded: Mapping[str, Decision]
    corrected: Mapping[str, Decision]
    videos: Mapping[str, Decision] = field(default_factory=dict)

    def record(self) -> dict[str, dict[str, object]]:
        """What decisions.json holds; empty where nothing was decided."""
        parts = {"excluded": self.excluded, "corrected": self.corrected, "videos": self.videos}
        return {name: {key: one.record() for key, one in part.items()} for name, part in parts.items() if part}


def parse(text: str) -> Choices:
    """The ``exclude`` and ``corrections`` of a configuration from their JSON."""
    try:
        entry: ChoicesEntry = json.loads(text)
    except ValueError as error:
        raise UserError(f"--decisions is not valid JSON ({error}); copy the command from the log") from error
    if not isinstance(entry, dict) or not set(entry) <= {"exclude", "corrections"}:
        raise UserError("--decisions must be a JSON object with the keys exclude and corrections")
    return choices(entry)


def choices(entry: ChoicesEntry) -> Choices:
    """The choices in a dataset's entry of the configuration, which is checked already; other keys are ignored."""
    corrections = {name: Correction(**wish) for name, wish in entry.get("corrections", {}).items()}
    return Choices(dict(entry.get("exclude", {})), corrections)


def apply(card: DatasetCard, reading: Reading, root: Path, wanted: Choices) -> tuple[Reading, Decisions]:
    """The reading without the clips left out and with the corrected ones, and what was decided."""
    dataset, known = card.name, {clip.clip_id: clip for clip in reading.clips}
    named = {_full(dataset, name): reason for name, reason in wanted.exclude.items()}
    left_out = [video for video in reading.videos if video.video_id in named]
    videos = {video.video_id: Decision(named[video.video_id], video.row()) for video in left_out}
    single = {name: reason for name, reason in wanted.exclude.items() if _full(dataset, name) not in videos}
    exclude = _clips_of(left_out, named, known.values()) | _by_id(dataset, "exclude", single, reading)
    corrections = _by_id(dataset, "corrections", wanted.corrections, reading)
    both = sorted(set(exclude) & set(corrections))
    if both:
        raise UserError(f"{dataset}: the clip {both[0]} is both excluded and corrected; keep one of the two")
    excluded = {name: Decision(reason, known[name].row()) for name, reason in sorted(exclude.items())}
    clips, corrected = dict(known), {}
    for name in sorted(corrections):
        clips[name], corrected[name] = _corrected(card, known[name], root, corrections[name])
    kept = [clips[clip.clip_id] for clip in reading.clips if clip.clip_id not in excluded]
    if not kept:
        raise UserError(f"{dataset}: the configuration excludes every clip; leave the dataset out instead")
    left = [video for video in reading.videos if video.video_id not in videos]
    return replace(reading, clips=kept, videos=left), Decisions(excluded, corrected, videos)


def sentences(clips: Iterable[Path], has: Callable[[dict[str, str]], bool]) -> dict[str, dict[str, str]]:
    """Excluded and corrected clips of a task by clip_id, each with a sentence, from the decisions beside each of the
    clips.csv. ``has`` says of a row of clips.csv whether the task has it."""
    told: dict[str, dict[str, str]] = {"excluded": {}, "corrected": {}}
    for path in (clips_csv.with_name(FILE) for clips_csv in clips):
        record = read_json(path) if path.is_file() else {}
        for part in told:
            for about in record.get(part, {}).values():
                decision = Decision(about["reason"], about["row"], about.get("changes"))
                row = {key: "" if value is None else str(value) for key, value in decision.row.items()}
                if has(row):
                    told[part][row["clip_id"]] = decision.sentence
    return told


def _clips_of(videos: Iterable[Recording], reasons: Mapping[str, str], clips: Iterable[Clip]) -> dict[str, str]:
    """The reason of each clip of the excluded videos."""
    folders = {video.frames: reasons[video.video_id] for video in videos}
    return {clip.clip_id: f"its video: {folders[clip.frames]}" for clip in clips if clip.frames in folders}


def _full(dataset: str, name: str) -> str:
    whole = name if clip_name(name).startswith(f"{dataset}/") else f"{dataset}/{name}"
    return clip_name(whole)


def _by_id(dataset: str, key: str, wanted: Mapping[str, Wish], reading: Reading) -> dict[str, Wish]:
    """``wanted`` by whole clip_ids; ``key`` is that of the configuration."""
    known = {clip.clip_id for clip in reading.clips}
    wishes: dict[str, Wish] = {}
    for name, wish in wanted.items():
        clip = _full(dataset, name)
        if clip not in known:
            why = next((why for row, why in reading.dropped if row in (name, clip)), None)
            if why:
                raise UserError(f"{dataset}: {key} names the clip {name}, but the reader dropped it: {why}")
            close = did_you_mean(clip, known) if len(known) < 20 or _near(clip, known) else ""
            raise UserError(f"{dataset}: {key} names the clip {name}, which is not there{close}")
        if clip in wishes:
            raise UserError(f"{dataset}: {key} names the clip {clip} twice; keep one entry")
        wishes[clip] = wish
    return wishes


def _near(clip: str, known: Iterable[str]) -> bool:
    return did_you_mean(clip, known).startswith(" (did")


def _corrected(card: DatasetCard, clip: Clip, root: Path, wanted: Correction) -> tuple[Clip, Decision]:
    """A corrected clip, and what was decided."""
    where = f"the correction of {clip.clip_id}"
    emotion = None if wanted.emotion is None else emotion_name(wanted.emotion, card.emotions, where)
    frames = {"onset": wanted.onset, "apex": wanted.apex, "offset": wanted.offset}
    moved = {name: number for name, number in frames.items() if number is not None}
    new: dict[str, Value] = {**moved, **({} if emotion is None else {"emotion": emotion})}
    old = clip.row()
    decision = Decision(wanted.reason, {}, {name: (old[name], value) for name, value in new.items()})
    text = f"corrected by configuration: {decision.sentence}".replace(";", ",")
    corrected = replace(
        clip,
        onset=moved.get("onset", clip.onset),
        apex=moved.get("apex", clip.apex),
        offset=moved.get("offset", clip.offset),
        apex_source="corrected" if "apex" in moved else clip.apex_source,
        emotion=clip.emotion if emotion is None else emotion,
        repairs=(*clip.repairs, text),
    )
    if moved:
        _check_frames(where, corrected, moved, Path(root) / clip.frames)
    return corrected, replace(decision, row=corrected.row())


def _check_frames(where: str, clip: Clip, new: Mapping[str, int], folder: Path) -> None:
    if clip.onset is None or clip.apex is None or clip.offset is None:
        raise UserError(f"{where}: the clip has no onset, apex and offset, so its frames cannot be corrected")
    if not clip.onset < clip.apex <= clip.offset:
        raise UserError(
            f"{where} gives onset {clip.onset}, apex {clip.apex}, offset {clip.offset}; it must be "
            f"onset < apex <= offset"
        )
    frames = list_frames(folder)
    for name, number in new.items():
        if number not in frames:
            raise UserError(
                f"{where}: the {name} frame {number} is not in {folder}, which holds {min(frames)} to {max(frames)}"
            )
