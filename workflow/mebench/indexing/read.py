"""Reading a dataset: its reader, and names that every later file can hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mebench import cards
from mebench.clips.persons import refuse_one_person_twice
from mebench.clips.reading import Reading, check_rows
from mebench.names import readable


def read(dataset: str, root: Path) -> Reading:
    """What the reader of ``dataset`` finds below ``root``; every row that it met is a clip or dropped on record.

    Bytes of names that are not UTF-8 are written out (``\\xb2``) in clip_ids, subjects and videos, which many files
    hold; the folders of frames keep them.
    """
    reading = cards.load("datasets", dataset).read(root)
    check_rows(dataset, reading)
    refuse_one_person_twice([noun.subject for noun in (*reading.clips, *reading.videos)], f"{dataset} in {root}")
    clips = [
        replace(clip, clip_id=readable(clip.clip_id), subject=readable(clip.subject), video=readable(clip.video))
        for clip in reading.clips
    ]
    videos = [
        replace(video, video_id=readable(video.video_id), subject=readable(video.subject), video=readable(video.video))
        for video in reading.videos
    ]
    return replace(reading, clips=clips, videos=videos)
