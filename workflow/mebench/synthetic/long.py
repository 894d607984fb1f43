"""Small, clear and brief stand-ins of the long videos: moving faces with known intervals, laid out as each dataset.

Micro- and macro-expressions are the motions of action units, as in the short clips. ``small`` are videos as they are
filmed (``long_events.py``), ``clear`` such videos in which little moves but expressions, ``brief`` videos of a few
seconds, for tests of programs. CAS(ME)^3's clips are cut from brief videos. Beside the known flow of each expression,
the truth holds ``intervals.csv``; beside the long videos lies ``synthetic-events.csv``: every event of every video with
its frames, also what nobody labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from mebench import parallel
from mebench.files import write_csv
from mebench.formats import EVENTS
from mebench.synthetic import long_cast, long_events, long_labels, motion
from mebench.synthetic.cast import random_stream
from mebench.synthetic.long_cast import FPS, Event, Video
from mebench.synthetic.motion import Moves

Work = tuple[str, int, list[Video], Path, Path]  # dataset, seed, the videos of a subject, folders of data and of truth
Pictures = Callable[[int, int], Iterator[tuple[int, np.ndarray]]]  # of the frames from a first to a last one
JPEG = (1, 90)  # quality; 1 is cv2.IMWRITE_JPEG_QUALITY
COLUMNS = ("clip_id", "subject", "video", "kind", "onset", "apex", "offset")


def draw_videos(dataset: str, subjects: int, clips: int, seed: int, size: str) -> list[Video]:
    """The videos of a dataset and what happens in them."""
    if size == "brief" or dataset == "casme3":
        return long_cast.draw_videos(dataset, subjects, clips, seed)
    return long_events.draw_videos(dataset, subjects, clips, seed, clear=size == "clear")


def write(dataset: str, videos: list[Video], data: Path, known: Path, *, size: str, seed: int, jobs: int) -> None:
    """Generate ``videos`` of ``dataset`` into the empty folder ``data``, and what is known of them into ``known``, an
    empty folder too."""
    groups: dict[int, list[Video]] = {}
    for video in videos:
        groups.setdefault(video.subject, []).append(video)
    tail = long_cast.TAIL if size == "brief" else round(long_events.TAIL * FPS[dataset])
    moves = {"small": motion.FILMED_LONG, "clear": motion.CLEAR_LONG}.get(size, motion.AS_FILMED)
    draw = _write_clips if dataset == "casme3" else partial(_write_videos, tail=tail, moves=moves)
    work = [(dataset, seed, group, data, known) for group in groups.values()]
    for _ in parallel.each(draw, work, jobs, f"{dataset}, synthetic subjects"):
        pass
    long_labels.write(dataset, data, videos)
    write_csv(known / "intervals.csv", COLUMNS, list(_intervals(dataset, videos)))
    if dataset != "casme3":
        write_csv(data / Path(EVENTS.path).name, EVENTS.names, list(events(dataset, videos)))


def events(dataset: str, videos: list[Video]) -> Iterator[dict[str, str | int]]:
    """The rows of ``synthetic-events.csv``: ``kind`` is micro, macro, blink, nod (or another turn of the head), talk or
    light; ``first`` and ``last`` are the frames that show it."""
    for video in videos:
        subject, name = long_labels.names(dataset, video)
        for event in video.events:
            yield {"dataset": dataset, "subject": f"{dataset}/{subject}", "video": name, "kind": event.kind,
                   "first": event.onset, "last": event.last}  # fmt: skip


def _intervals(dataset: str, videos: list[Video]) -> Iterator[dict[str, str | int]]:
    for video in videos:
        subject, name = long_labels.names(dataset, video)
        for event in video.events:
            clip = long_labels.clip_name(dataset, video, event) if _is_clip(dataset, event) else ""
            yield {
                "clip_id": clip and f"{dataset}/{subject}/{clip}",
                "subject": f"{dataset}/{subject}",
                "video": name,
                "kind": event.kind,
                "onset": event.onset,
                "apex": event.apex if event.labelled else event.peak,
                "offset": event.offset,
            }


def announced(dataset: str, subjects: int, clips: int, seed: int, size: str) -> list[dict[str, str]]:
    """The clips that :func:`write` would generate, as a reader finds them: clip_id, dataset, subject, emotion,
    objective and expression."""
    rows = []
    for video in draw_videos(dataset, subjects, clips, seed, size):
        subject = f"{dataset}/{long_labels.names(dataset, video)[0]}"
        for event in video.events:
            if _is_clip(dataset, event):
                rows.append({
                    "clip_id": f"{subject}/{long_labels.clip_name(dataset, video, event)}", "dataset": dataset,
                    "subject": subject, "emotion": long_labels.emotion(dataset, event),
                    "objective": long_labels.objective(dataset, event), "expression": event.kind,
                })  # fmt: skip
    return rows


def _is_clip(dataset: str, event: Event) -> bool:
    return event.labelled and (dataset != "casme3" or event.kind == "micro")


def _write_clips(work: Work) -> None:
    import cv2

    from mebench.synthetic import clip_scene, faces

    dataset, seed, videos, data, known = work
    cv2.setNumThreads(1)
    face = faces.make(random_stream(seed, dataset, str(videos[0].subject)))
    for video in videos:
        rng = random_stream(seed, dataset, str(video.subject), video.name)
        scene = clip_scene.Scene(face, video, FPS[dataset], rng)
        _write_cut_frames(video, scene.pictures, data)
        _write_flow(dataset, video, scene.flow, known)


def _write_videos(work: Work, tail: int, moves: Moves) -> None:
    import cv2

    from mebench.synthetic import faces, long_scene

    dataset, seed, videos, data, known = work
    cv2.setNumThreads(1)
    face = faces.make(random_stream(seed, dataset, str(videos[0].subject)))
    for video in videos:
        rng = random_stream(seed, dataset, str(video.subject), video.name)
        scene = long_scene.Scene(face, video, dataset, rng, tail, moves)
        _write_held_frames(dataset, video, scene.pictures(), data)
        _write_flow(dataset, video, scene.flow, known)


def _write_flow(dataset: str, video: Video, flow: Callable[[Event], np.ndarray], known: Path) -> None:
    """The known flow of each clip, and the frame that it leads to."""
    subject, _ = long_labels.names(dataset, video)
    for event in video.events:
        if _is_clip(dataset, event):
            file = known / subject / f"{long_labels.clip_name(dataset, video, event)}.npz"
            file.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(file, flow=flow(event), apex=np.int64(event.apex))


def _write_cut_frames(video: Video, pictures: Pictures, data: Path) -> None:
    """Every frame of the clips that are cut from a video; no other is drawn."""
    from mebench.synthetic import writers

    lost = {number for event in video.events for number in event.lost}
    for event in video.events:
        for number, picture in pictures(event.onset, event.offset) if event.kind == "micro" else ():
            path = data / long_labels.frame_path("casme3", video, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            if number not in lost:
                writers.write_frame("casme3", path, picture)


def _write_held_frames(
    dataset: str, video: Video, pictures: Iterable[tuple[range, np.ndarray]], data: Path
) -> None:  # fmt: skip
    """Every frame of a video. Those for which a picture holds are names of one file."""
    from mebench.synthetic import full, writers

    lost = {number for event in video.events for number in event.lost}
    (data / long_labels.frame_path(dataset, video, 1)).parent.mkdir(parents=True)
    for numbers, picture in pictures:
        here = [data / long_labels.frame_path(dataset, video, number) for number in numbers if number not in lost]
        for path in here:
            if path is here[0] or not full.linked(str(here[0]), str(path)):
                writers.write_picture(path, picture, JPEG)
