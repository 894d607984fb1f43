"""What the owner decided about single clips: some are left out, the labels of others are corrected."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mebench.clips.reading import Reading
from mebench.clips.spelling import emotion_name
from mebench.errors import UserError, did_you_mean
from mebench.files import read_json
from mebench.media.folders import list_frames

FRAMES = ("onset", "apex", "offset")
FILE = "decisions.json"  # beside clips.csv


@dataclass(frozen=True)
class Decisions:
    """``excluded`` and ``corrected`` hold, by clip_id, the ``reason`` and the clip's ``row``; of a corrected clip also
    ``changes``: name -> [old, new]. ``videos`` are the excluded long videos by video_id, whose
    clips are in ``excluded``."""

    excluded: dict[str, dict[str, Any]]
    corrected: dict[str, dict[str, Any]]
    videos: dict[str, dict[str, Any]] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """What decisions.json holds; empty where nothing was decided."""
        parts = {"excluded": self.excluded, "corrected": self.corrected, "videos": self.videos}
        return {name: clips for name, clips in parts.items() if clips}


def parse(text: str) -> dict[str, Any]:
    """The ``exclude`` and ``corrections`` of a configuration from their JSON."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UserError(f"--decisions is not valid JSON ({error}); copy the command from the log") from error
    if not isinstance(found, dict) or not set(found) <= {"exclude", "corrections"}:
        raise UserError("--decisions must be a JSON object with the keys exclude and corrections")
    return found


def apply(card: dict[str, Any], reading: Reading, root: Path, wanted: Mapping[str, Any]) -> tuple[Reading, Decisions]:
    """The reading without the clips left out and with the corrected ones, and what was decided."""
    dataset, known = card["name"], {clip["clip_id"]: clip for clip in reading.clips}
    named = wanted.get("exclude", {})
    videos = _videos(dataset, named, reading)
    single = {name: reason for name, reason in named.items() if _full(dataset, name) not in videos}
    exclude = _clips_of(videos, known) | _by_id(dataset, "exclude", single, known, reading)
    corrections = _by_id(dataset, "corrections", wanted.get("corrections", {}), known, reading)
    both = sorted(set(exclude) & set(corrections))
    if both:
        raise UserError(f"{dataset}: the clip {both[0]} is both excluded and corrected; keep one of the two")
    excluded = {clip: {"reason": reason, "row": known[clip]} for clip, reason in sorted(exclude.items())}
    corrected = {clip: _corrected(card, known[clip], root, corrections[clip]) for clip in sorted(corrections)}
    clips = [corrected[c["clip_id"]]["row"] if c["clip_id"] in corrected else c for c in reading.clips]
    kept = [clip for clip in clips if clip["clip_id"] not in excluded]
    if not kept:
        raise UserError(f"{dataset}: the configuration excludes every clip; leave the dataset out instead")
    left = [video for video in reading.videos if video["video_id"] not in videos]
    return replace(reading, clips=kept, videos=left), Decisions(excluded, corrected, videos)


def of_task(clips: list[Path], has: Callable[[dict[str, str]], bool]) -> dict[str, dict[str, str]]:
    """Excluded and corrected clips of a task, and what is said of them, from the decisions beside each clips.csv.
    ``has`` says of a row of clips.csv whether the task has it."""
    found: dict[str, dict[str, str]] = {"excluded": {}, "corrected": {}}
    for path in (clips_csv.with_name(FILE) for clips_csv in clips):
        record = read_json(path) if path.is_file() else {}
        for part, decided in ((part, record.get(part, {})) for part in found):
            rows = [
                {key: "" if value is None else str(value) for key, value in one["row"].items()}
                for one in decided.values()
            ]
            for clip in (row["clip_id"] for row in rows if has(row)):
                found[part][clip] = said(decided[clip])
    return found


def said(about: Mapping[str, Any]) -> str:
    """What was decided about a clip, in words: ``the reason``, or ``apex 12 -> 15: the reason``."""
    changes = ", ".join(f"{name} {'(none)' if old in ('', None) else old} -> {new}"
                        for name, (old, new) in about.get("changes", {}).items())  # fmt: skip
    return f"{changes}: {about['reason']}" if changes else about["reason"]


def _videos(dataset: str, exclude: Mapping[str, str], reading: Reading) -> dict[str, dict[str, Any]]:
    """The long videos that ``exclude`` names, with the ``reason`` and the ``row`` of videos.csv."""
    named = {_full(dataset, name): reason for name, reason in exclude.items()}
    return {row["video_id"]: {"reason": named[row["video_id"]], "row": row}
            for row in reading.videos if row["video_id"] in named}  # fmt: skip


def _clips_of(videos: Mapping[str, dict[str, Any]], known: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    """The reason of each clip of the excluded videos."""
    folders = {about["row"]["frames"]: about["reason"] for about in videos.values()}
    return {name: f"its video: {folders[clip['frames']]}" for name, clip in known.items() if clip["frames"] in folders}


def _full(dataset: str, name: str) -> str:
    return name if name.startswith(f"{dataset}/") else f"{dataset}/{name}"


def _by_id(
    dataset: str, key: str, wanted: Mapping[str, Any], known: Mapping[str, Any], reading: Reading
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in wanted.items():
        clip = _full(dataset, name)
        if clip not in known:
            why = next((why for row, why in reading.dropped if row in (name, clip)), None)
            if why:
                raise UserError(f"{dataset}: {key} names the clip {name}, but the reader dropped it: {why}")
            close = did_you_mean(clip, known) if len(known) < 20 or _near(clip, known) else ""
            raise UserError(f"{dataset}: {key} names the clip {name}, which is not there{close}")
        if clip in found:
            raise UserError(f"{dataset}: {key} names the clip {clip} twice; keep one entry")
        found[clip] = value
    return found


def _near(clip: str, known: Mapping[str, Any]) -> bool:
    return did_you_mean(clip, known).startswith(" (did")


def _corrected(card: dict[str, Any], clip: dict[str, Any], root: Path, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a corrected clip, its changes and the reason."""
    where = f"the correction of {clip['clip_id']}"
    new = {name: wanted[name] for name in FRAMES if name in wanted}
    if "emotion" in wanted:
        new["emotion"] = emotion_name(wanted["emotion"], card["emotions"], where)
    changes = {name: [clip[name], value] for name, value in new.items()}
    row = clip | new
    if set(new) & set(FRAMES):
        _check_frames(where, row, new, Path(root) / clip["frames"])
    if "apex" in new:
        row["apex_source"] = "corrected"
    about = {"changes": changes, "reason": wanted["reason"]}
    text = f"corrected by configuration: {said(about)}".replace(";", ",")
    row["repairs"] = ";".join([*(part for part in str(clip["repairs"]).split(";") if part), text])
    return {"row": row, **about}


def _check_frames(where: str, row: Mapping[str, Any], new: Mapping[str, Any], folder: Path) -> None:
    if any(row[name] == "" or row[name] is None for name in FRAMES):
        raise UserError(f"{where}: the clip has no onset, apex and offset, so its frames cannot be corrected")
    onset, apex, offset = (int(row[name]) for name in FRAMES)
    if not onset < apex <= offset:
        raise UserError(f"{where} gives onset {onset}, apex {apex}, offset {offset}; it must be onset < apex <= offset")
    frames = list_frames(folder)
    for name in FRAMES:
        if name in new and int(new[name]) not in frames:
            raise UserError(
                f"{where}: the {name} frame {new[name]} is not in {folder}, which holds {min(frames)} to {max(frames)}"
            )
