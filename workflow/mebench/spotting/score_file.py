"""The scores of frames that a code of any kind has written, checked, one track for each video."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mebench.errors import UserError
from mebench.metrics.spotting import Video
from mebench.spotting import hand_table
from mebench.spotting.decoder import Track
from mebench.spotting.emotion_names import by_key, renamed
from mebench.spotting.hand_table import HandTable

KNOWN = {"dataset": (), "subject": (), "video": ("vid",), "frame": (), "score": ()}
REQUIRED = ("video", "frame", "score")
EMOTION = "e_"


@dataclass(frozen=True)
class ScoreFile:
    """The tracks of a file, sorted by video; ``names``: which of dataset, subject and video the file has."""

    tracks: dict[Video, Track]
    names: tuple[str, ...]
    classes: tuple[str, ...]


def read(path: Path) -> ScoreFile:
    """Read the columns video, frame and score, dataset and subject where there are, and logits ``e_<class>``.

    The order of rows changes nothing. In each video frames follow each other in steps of one size: a frame that is
    missing, or there twice, is an error, and so is a score that is no finite number.
    """
    table = hand_table.read(path, KNOWN, REQUIRED)
    if not table.lines:
        raise UserError(f"{path} has no scores; give a row for each frame")
    names = tuple(name for name in ("dataset", "subject", "video") if name in table.columns)
    logits = [name for name in table.columns if name.casefold().startswith(EMOTION)]
    classes = tuple(renamed([name[len(EMOTION) :] for name in logits], by_key([])))
    frames = np.array(table.whole("frame"), dtype=np.int64)
    numbers = np.stack([_finite(table, name) for name in ("score", *logits)], axis=1)
    tracks = {}
    for video, rows in _videos(table):
        first, step = _steps(table, video, rows, frames)
        rows = rows[np.argsort(frames[rows], kind="stable")]
        tracks[video] = Track(first, step, numbers[rows, 0], numbers[rows, 1:] if classes else None, classes)
    return ScoreFile(tracks, names, classes)


def _finite(table: HandTable, column: str) -> np.ndarray:
    cells = table.number_cells(column)
    try:
        values = np.array(cells, dtype=np.float64) if "_" not in "".join(cells) else None
    except ValueError:
        values = None
    if values is None:
        values = np.array([_number(cell) for cell in cells])
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        row = int(bad[0])
        more = f", and {len(bad) - 1} more rows have none either" if len(bad) > 1 else ""
        raise UserError(f"{table.place(row)} has '{table.columns[column][row]}' under {column}, which is no finite "
                        f"number{more}; give every frame a number")  # fmt: skip
    return values


def _number(cell: str) -> float:
    return float(cell) if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", cell) else np.nan


def _videos(table: HandTable) -> Iterator[tuple[Video, np.ndarray]]:
    """Each video, and its rows in the order of the file."""
    rows: dict[tuple[str, str, str], list[int]] = {}
    keys = zip(table.names("dataset"), table.names("subject"), table.names("video"), strict=True)
    for row, key in enumerate(keys):
        rows.setdefault(key, []).append(row)
    for key in sorted(rows):
        yield Video(*key), np.array(rows[key])


def _steps(table: HandTable, video: Video, rows: np.ndarray, frames: np.ndarray) -> tuple[int, int]:
    """The first frame of a video, and the step from each of its frames to the next."""
    order = rows[np.argsort(frames[rows], kind="stable")]
    numbers = frames[order]
    steps = np.diff(numbers)
    if not len(steps):
        return int(numbers[0]), 1
    sizes, counts = np.unique(steps, return_counts=True)
    if sizes[0] == 0:
        twice = int(np.flatnonzero(steps == 0)[0])
        raise UserError(f"{table.place(int(order[twice + 1]))} has frame {numbers[twice]} of the video {shown(video)} "
                        f"again, after line {table.lines[int(order[twice])]}; keep one score for each")  # fmt: skip
    usual = int(sizes[counts.argmax()])
    if len(sizes) > 1:
        odd = int(np.flatnonzero(steps != usual)[0])
        raise UserError(f"{table.place(int(order[odd + 1]))}: frame {numbers[odd + 1]} of the video {shown(video)} "
                        f"comes after frame {numbers[odd]}, and frames are {usual} apart elsewhere in it; give a score "
                        "for every frame, in steps of one size")  # fmt: skip
    return int(numbers[0]), usual


def shown(video: Sequence[str]) -> str:
    """The name of a video, as messages have it."""
    return "/".join(part for part in video if part)


def notes(file: ScoreFile, half_width: int, edges: str) -> list[str]:
    """What is legal and odd about the scores."""
    found = []
    short = [video for video, track in file.tracks.items() if len(track.scores) < 2 * half_width]
    if short:
        end = "it has no interval" if edges == "valid" else "zeros count beside it"
        found.append(f"{count(short, 'video')} shorter than the smoothing box of {2 * half_width} rows: "
                     f"{listed(short)}; {end}")  # fmt: skip
    constant = [video for video, track in file.tracks.items() if (track.scores == track.scores[0]).all()]
    if constant:
        found.append(f"{count(constant, 'video')} with one score for all frames: {listed(constant)}; an interval in "
                     "them comes from the edges, not from the scores")  # fmt: skip
    starts = {start: [video for video, track in file.tracks.items() if track.first == start] for start in (0, 1)}
    if starts[0] and starts[1]:
        found.append(f"frames are numbered from 0 in {count(starts[0], 'video')} ({listed(starts[0])}) and from 1 in "
                     f"{len(starts[1])} ({listed(starts[1])}); is that so in the recordings?")  # fmt: skip
    for dataset in sorted({video.dataset for video in file.tracks}):
        steps = {track.step for video, track in file.tracks.items()
                 if video.dataset == dataset and len(track.scores) > 1}  # fmt: skip
        if len(steps) > 1:
            where = f" in {dataset}" if dataset else ""
            found.append(f"frames are {', '.join(map(str, sorted(steps)))} apart in different videos{where}; is that "
                         "so in the recordings?")  # fmt: skip
    return found


def count(items: Sequence[object], name: str) -> str:
    """'1 video', '2 videos'."""
    return f"{len(items)} {name}{'s' if len(items) != 1 else ''}"


def listed(videos: Sequence[Video], most: int = 5) -> str:
    """The names of some videos."""
    more = f" and {len(videos) - most} more" if len(videos) > most else ""
    return ", ".join(map(shown, videos[:most])) + more
