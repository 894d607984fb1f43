"""What is known to happen in recordings besides the labels of a task: other expressions of clips.csv, and all events of
generated recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mebench import formats
from mebench.errors import UserError
from mebench.files import read_csv
from mebench.metrics.intervals import Interval
from mebench.metrics.spotting import Video

LABELLED = ("micro", "macro")  # events that clips.csv has as well


def read(clips: Sequence[Path], events: Sequence[Path]) -> dict[Video, list[Interval]]:
    """The known intervals of each recording; the ``emotion`` of each is its kind: macro, blink, nod, ..."""
    found: dict[Video, list[Interval]] = {}
    for path in clips:
        for video, interval in _expressions(path):
            found.setdefault(video, []).append(interval)
    for path in events:
        for row in read_csv(path, formats.EVENTS.names):
            if row["kind"] not in LABELLED:
                video = Video(row["dataset"], row["subject"], row["video"])
                found.setdefault(video, []).append(Interval(int(row["first"]), int(row["last"]), row["kind"]))
    return found


def _expressions(path: Path) -> list[tuple[Video, Interval]]:
    """The expressions of a clips.csv, in the recordings of the videos.csv beside it."""
    beside = path.with_name("videos.csv")
    if not beside.exists():
        raise UserError(f"there is no {beside}, which says of which recording a clip is; run `mebench index` again")
    videos = {row["frames"]: Video(row["dataset"], row["subject"], row["video"])
              for row in read_csv(beside, ("dataset", "subject", "video", "frames"))}  # fmt: skip
    rows = read_csv(path, ("frames", "onset", "offset", "expression"))
    return [(videos[row["frames"]], Interval(int(row["onset"]), int(row["offset"]), row["expression"]))
            for row in rows
            if row["frames"] in videos and row["onset"] and row["offset"] and row["expression"]]  # fmt: skip
