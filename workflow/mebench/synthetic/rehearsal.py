"""Stand-ins for a rehearsal: the counts, subjects, classes and quirks of full size, on small faces that move.

Every clip has as many frames as at full size, but few pictures: each holds until the next one, and its frames are names
of one file. Long videos end soon after their last label, so that there is little between their expressions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mebench import parallel
from mebench.clips.card import dataset_card
from mebench.clips.spelling import trailing_integer
from mebench.synthetic import cast as casting
from mebench.synthetic import full, writers
from mebench.synthetic.cast import random_stream
from mebench.synthetic.shown import Take, short

SUBJECTS = {"casme": 19, "mmew": 36}  # which nobody has counted as a card's labels; their clips are the card's
# faces are drawn by number. A detector hardly finds these, so no subject has one of them
FACES = 170
HARD = {8, 12, 14, 20, 27, 29, 41, 42, 45, 46, 47, 52, 56, 58, 59, 68, 72, 74, 76, 80, 82, 84, 88, 95, 96, 109, 113,
        115, 119, 122, 133, 138, 153, 154, 158, 160}  # fmt: skip
APART = {"samm": 30, "samm_long": 30, "smic": 70, "smic_long": 70}  # people of several datasets are not one another
JPEG = (1, 90)  # quality; 1 is cv2.IMWRITE_JPEG_QUALITY


@dataclass(frozen=True)
class Job:
    """One folder of frames to draw; ``names`` are those of its frames."""

    folder: Path
    names: tuple[str, ...]
    grey: bool
    take: Take


class Frames(full.Frames):
    """Notes the folders with a take, to be drawn together; writes the others at once."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.jobs: list[Job] = []

    def write(
        self, folder: str | Path, names: Iterable[str], *, grey: bool = False, face: bool = False,
        take: Take | None = None,
    ) -> None:  # fmt: skip
        """Write or note the frames ``names`` of ``folder``, which is below the root."""
        if take is None:
            super().write(folder, names, grey=grey, face=face)
            return
        (self.root / folder).mkdir(parents=True, exist_ok=True)
        self.jobs.append(Job(self.root / folder, tuple(names), grey, take))


Spelled = Callable[[str], str]


def write(dataset: str, data: Path, known: Path, spelled: Spelled, *, seed: int, jobs: int) -> None:
    """Write the stand-in into the empty folder ``data``, and the known flow of some clips into ``known``; ``spelled``
    is a subject as the dataset's reader has it."""
    frames = Frames(data)
    if dataset in SUBJECTS:
        _write_counted(dataset, frames, seed)
    else:
        full.write_frames(dataset, frames, seed)
    groups: dict[str, list[Job]] = {}
    for job in frames.jobs:
        groups.setdefault(job.take.subject, []).append(job)
    card = dataset_card(dataset)
    fps = card.fps if card.delivers == "videos" else None
    work = [(dataset, seed, fps, group, known / spelled(subject)) for subject, group in groups.items()]
    for _ in parallel.each(_draw_subject, work, jobs, f"{dataset}, subjects of the rehearsal"):
        pass


def _write_counted(dataset: str, frames: Frames, seed: int) -> None:
    """A dataset of which nobody has published who shows what: as many clips as its card counts, falling by subject."""
    total, subjects = dataset_card(dataset).expected["clips"], SUBJECTS[dataset]
    counts = casting.clips_per_subject(subjects, total // subjects)
    counts[0] += total - sum(counts)
    cast = casting.draw_counted(dataset, counts, seed)
    for clip in cast:
        paths = [Path(writers.frame_path(dataset, clip, n)) for n in range(clip.onset, clip.offset + 1)]
        take = short(clip.subject, clip.name, clip.emotion, clip.onset, clip.read_apex, clip.offset)
        frames.write(paths[0].parent, [path.name for path in paths], take=take)
    writers.write_labels(dataset, frames.root, cast)


def _draw_subject(work: tuple[str, int, int | None, list[Job], Path]) -> None:
    """Draw all folders of a subject, and write the known flow of its clips; of long videos that of the first."""
    import cv2

    from mebench.synthetic import faces, rehearsal_scene

    dataset, seed, fps, jobs, known = work
    cv2.setNumThreads(1)
    face = faces.make(random_stream(0, "rehearsal", str(face_number(dataset, jobs[0].take.subject))))
    wanted = 1 if fps else len(jobs)  # the known flow of long videos would fill disks
    for job in jobs:
        rng = random_stream(seed, dataset, *job.folder.parts[-3:])
        scene = rehearsal_scene.Scene(face, job.take, list(map(_number, job.names)), fps, rng)
        for places, picture in scene.pictures(job.grey):
            _write_held(job, places, picture)
        micro = [shown for shown in job.take.expressions if shown.kind == "micro" and shown.clip]
        for shown in micro[:wanted]:
            known.mkdir(parents=True, exist_ok=True)
            file = known / f"{shown.clip}.npz"
            np.savez_compressed(file, flow=scene.flow(shown), apex=np.int64(shown.apex))
            wanted -= 1


def _number(name: str) -> int:
    number = trailing_integer(name.rpartition(".")[0])
    assert number is not None, name
    return number


def face_number(dataset: str, subject: str) -> int:
    """Which face a subject has; the same in the short and the long stand-in of a dataset."""
    good = [number for number in range(FACES) if number not in HARD]
    return good[((trailing_integer(subject) or 0) + APART.get(dataset, 0)) % len(good)]


def _write_held(job: Job, places: list[int], picture: np.ndarray) -> None:
    """Write a picture under the first of the names for which it holds; the others are names of the same file."""
    files = [f"{job.folder}/{job.names[place]}" for place in places]
    options = JPEG if files[0].endswith(".jpg") else ()
    writers.write_picture(Path(files[0]), picture, options)
    for file in files[1:]:
        if not full.linked(files[0], file):
            writers.write_picture(Path(file), picture, options)
