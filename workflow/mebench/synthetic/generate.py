"""Generated datasets: made-up faces with known motion, in the native layout of the real datasets.

The readers that run on them are therefore the readers that run on the licensed data. Nothing measured on
them is a result on the real datasets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from mebench import parallel
from mebench.clips.entry import GeneratorOptions
from mebench.clips.spelling import subject_name
from mebench.errors import UserError, did_you_mean
from mebench.files import whole_folder, write_json
from mebench.synthetic.marker import FULL_SIZES, MARKER

if TYPE_CHECKING:
    from mebench.synthetic.cast import Clip
    from mebench.synthetic.faces import Face
    from mebench.synthetic.motion import Moves


class Defaults(TypedDict):
    """The options that a generated dataset has unless others are asked for."""

    subjects: int
    clips: int
    seed: int


DEFAULTS: Defaults = {"subjects": 8, "clips": 6, "seed": 0}
FEWER: Defaults = {"subjects": 6, "clips": 4, "seed": 0}  # of long videos, each of which lasts 20 s and more
OPTIONS = (*DEFAULTS, "size")
SIZES = ("small", "clear", "brief", "full", "rehearsal")
NAMES = ("casme", "casme2", "mmew", "samm", "smic", "smic_nir", "smic_vis")
PICTURES = ("flow_images",)
LONG = ("casme3", "casme3_long", "casme_sq", "samm_long", "smic_long")  # cut from, or delivered as, long videos
VIDEOS = tuple(name for name in LONG if name != "casme3")  # delivered as long videos, which can be brief too
GENERATOR, OF_VIDEOS = 2, 3  # raised whenever the same parameters would give other pictures


def defaults(dataset: str, size: str) -> Defaults:
    """How many subjects, and clips of each on average, a dataset of a size has unless others are asked for."""
    return FEWER if dataset in VIDEOS and size in ("small", "clear") else DEFAULTS


def generator(dataset: str) -> int:
    """The version of the generator of a dataset."""
    return OF_VIDEOS if dataset in VIDEOS else GENERATOR


# parameters: the keys of a dataset's entry in the configuration, which callers pass on by name
def write(
    dataset: str,
    root: Path,
    truth: Path,
    *,
    subjects: int | None = None,
    clips: int | None = None,
    seed: int = DEFAULTS["seed"],
    size: str = "small",
    jobs: int = 1,
) -> None:
    """Generate ``dataset`` below ``root`` and its known flow below ``truth``; both are whole or absent.

    The size small is ``subjects`` subjects with ``clips`` clips each on average. So is clear, clips in which little
    moves but expressions, which move further, and brief, the size of long videos that last a few seconds; full is as
    many of both as the real dataset has, with frames in which nothing moves and no known flow; rehearsal is as many
    too, and faces move. ``truth/<subject>/<clip>.npz`` holds ``flow``,
    float32 (2, H, W): where each pixel of the onset frame is at the apex, minus where it was, u right and v
    down in pixels, and ``apex``, the frame number it is true for (the one that the dataset's reader takes).
    The same arguments give the same pictures, with any number of ``jobs``.
    """
    ready = defaults(dataset, size)
    subjects, clips = ready["subjects"] if subjects is None else subjects, ready["clips"] if clips is None else clips
    _check(dataset, size, subjects, clips, seed)
    counts = {"subjects": subjects, "clips": clips}
    if size == "full":
        _write_full(dataset, root, truth, seed)
    elif size == "rehearsal":
        _write_rehearsal(dataset, root, truth, seed, jobs)
    elif dataset in NAMES:
        _write_small(dataset, root, truth, counts, seed, size, jobs)
    elif dataset in PICTURES:
        from mebench.synthetic import flow_pictures

        with whole_folder(truth), whole_folder(root) as data:
            flow_pictures.write(dataset, data, **counts, seed=seed)
            _mark(data, dataset, "small", seed, counts)
    else:
        from mebench.synthetic import long

        videos = long.draw_videos(dataset, subjects, clips, seed, size)
        with whole_folder(truth) as known, whole_folder(root) as data:
            long.write(dataset, videos, data, known, size=size, seed=seed, jobs=jobs)
            _mark(data, dataset, size, seed, counts)


def _check(dataset: str, size: str, subjects: int, clips: int, seed: int) -> None:
    """Raise a UserError for what cannot be generated."""
    from mebench.synthetic import full

    known_here = sorted({*NAMES, *PICTURES, *LONG})
    if dataset not in known_here:
        raise UserError(f"{dataset} cannot be generated{did_you_mean(dataset, known_here)}")
    for name, value, least in (("subjects", subjects, 2), ("clips", clips, 1), ("seed", seed, 0)):
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise UserError(
                f"{name} of the synthetic {dataset} must be a whole number of at least {least}, not {value!r}"
            )
    if size not in SIZES:
        raise UserError(f"the size of the synthetic {dataset} is {' or '.join(SIZES)}, not {size!r}")
    if size == "full" and dataset not in full.names():
        raise UserError(f"{dataset} is only generated at small size; remove size: full from the configuration")
    if size == "clear" and dataset not in (*NAMES, *VIDEOS):
        raise UserError(f"{dataset} cannot be generated clear; remove size: clear from the configuration")
    if size == "brief" and dataset not in VIDEOS:
        raise UserError(f"{dataset} has no long videos, which alone can be brief; remove size: brief from the "
                        "configuration")  # fmt: skip


def announced(dataset: str, options: GeneratorOptions) -> list[dict[str, str]] | None:
    """Rows with clip_id, dataset, subject, emotion, objective and expression of the clips that :func:`write` would
    generate with such ``options``, without generating any; None where they are not known before (full, rehearsal)."""
    size = options.get("size", "small")
    if size in FULL_SIZES or dataset not in {*NAMES, *PICTURES, *LONG}:
        return None
    ready = defaults(dataset, size)
    subjects, clips = options.get("subjects", ready["subjects"]), options.get("clips", ready["clips"])
    seed = options.get("seed", ready["seed"])
    if dataset in LONG:
        from mebench.synthetic import long

        return long.announced(dataset, subjects, clips, seed, size)
    from mebench.synthetic import cast as casting

    rows = []
    for clip in casting.draw_clips(dataset, subjects, clips, seed):
        owner, _, name = clip.subject.rpartition("/")  # flow pictures are of subjects of several datasets
        owner = owner or dataset
        subject = f"{owner}/{_subject(owner, name)}"
        grouped = casting.objective(dataset, clip.emotion) if dataset in ("casme2", "samm") else ""
        rows.append({"clip_id": f"{subject}/{clip.name}", "dataset": owner, "subject": subject,
                     "emotion": clip.emotion, "objective": grouped,
                     "expression": "" if dataset in PICTURES else "micro"})  # fmt: skip
    return rows


def _subject(dataset: str, name: str) -> str:
    """A subject as the dataset's reader spells it; the slow cameras of SMIC film those of the fast one."""
    return subject_name("smic" if dataset.startswith("smic_") else dataset, name)


def _mark(data: Path, dataset: str, size: str, seed: int, counts: Mapping[str, int]) -> None:
    about = {"dataset": dataset, "size": size, "seed": seed, "generator": generator(dataset), **counts}
    write_json(data / MARKER, {**about, "note": "generated, not the real dataset"})


def _write_full(dataset: str, root: Path, truth: Path, seed: int) -> None:
    from mebench.clips.card import dataset_card
    from mebench.synthetic import full

    with whole_folder(truth), whole_folder(root) as data:
        full.write(dataset, data, seed)
        _mark(data, dataset, "full", seed, dataset_card(dataset).expected)


def _write_rehearsal(dataset: str, root: Path, truth: Path, seed: int, jobs: int) -> None:
    from mebench.clips.card import dataset_card
    from mebench.synthetic import flow_pictures, rehearsal

    with whole_folder(truth) as known, whole_folder(root) as data:
        if dataset in PICTURES:
            flow_pictures.write_composite(dataset, data, seed=seed)
        else:
            rehearsal.write(dataset, data, known, partial(_subject, dataset), seed=seed, jobs=jobs)
        _mark(data, dataset, "rehearsal", seed, dataset_card(dataset).expected)


def _write_small(
    dataset: str, root: Path, truth: Path, counts: Mapping[str, int], seed: int, size: str, jobs: int
) -> None:
    from mebench.synthetic import cast as casting
    from mebench.synthetic import writers

    cast = casting.draw_clips(dataset, counts["subjects"], counts["clips"], seed)
    with whole_folder(truth) as known, whole_folder(root) as data:
        by_subject: dict[str, list[Clip]] = {}
        for clip in cast:
            by_subject.setdefault(clip.subject, []).append(clip)
        work = [(dataset, seed, size == "clear", group, data, known) for group in by_subject.values()]
        for _ in parallel.each(_write_subject, work, jobs, f"{dataset}, synthetic subjects"):
            pass
        writers.write_labels(dataset, data, cast)
        writers.write_siblings(dataset, data, cast)
        _mark(data, dataset, size, seed, counts)


def _write_subject(work: tuple[str, int, bool, list[Clip], Path, Path]) -> None:
    import cv2

    from mebench.synthetic import faces, motion
    from mebench.synthetic.cast import random_stream

    dataset, seed, clear, clips, data, known = work
    cv2.setNumThreads(1)
    stream = random_stream(seed, dataset, clips[0].subject)
    face, liveliness = faces.make(stream), stream.uniform(0.75, 1.25)
    moves = motion.CLEAR if clear else motion.AS_FILMED
    for clip in clips:
        rng = random_stream(seed, dataset, clip.subject, clip.name)
        pixels = moves.further * float(np.clip(rng.uniform(0.9, 2.6) * liveliness, 0.5, 3.0))
        _write_clip(dataset, clip, face, replace(moves, further=pixels), rng, data, known)


# parameters: a clip, what shows in it, and where it goes
def _write_clip(
    dataset: str, clip: Clip, face: Face, moves: Moves, rng: np.random.Generator, data: Path, known: Path
) -> None:
    """``moves.further``: the largest displacement of the expression in pixels."""
    from mebench.synthetic import motion, writers

    units = motion.parsed_units(clip.units)
    local = motion.from_units(units, face.landmarks, moves.further)
    furrows = motion.furrows(units, face.landmarks, moves.furrow) if moves.furrow else None
    numbers = np.arange(clip.onset, clip.offset + 1)
    amounts = motion.rise_and_fall(numbers, clip.onset, clip.peak, clip.offset)
    drifts = motion.drifts(rng, len(numbers), moves.rest)
    lamp = _lamp(rng, len(numbers), moves.rest)
    (data / writers.frame_path(dataset, clip, clip.onset)).parent.mkdir(parents=True, exist_ok=True)
    points = None
    for number, amount, drift, light in zip(numbers, amounts.tolist(), drifts, lamp, strict=True):
        points = motion.came_from(local, amount, drift, points)
        light = light * furrows(points, amount) if furrows else light
        picture = face.look_up(points) * light + rng.normal(0, 1.5, size=(*points.shape[1:], 1))
        writers.write_frame(dataset, data / writers.frame_path(dataset, clip, int(number)), picture)
    step = clip.read_apex - clip.onset
    flow = motion.flow(local, float(amounts[step]), drifts[step]).astype(np.float32)
    file = known / _subject(dataset, clip.subject) / f"{clip.name}.npz"
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, flow=flow, apex=np.int64(clip.read_apex))


def _lamp(rng: np.random.Generator, count: int, share: float = 1.0) -> list[np.ndarray]:
    """Brightness (H, W, 1) of each frame: the lamp flickers a little and its light moves over the face; by a ``share``
    of that."""
    from mebench.synthetic.motion import grid

    x, y = (axis / axis.max() - 0.5 for axis in grid())
    gains, steps = 1 + share * rng.normal(0, 0.004, size=count), np.linspace(0, 1, count)
    slope_x, slope_y, change = share * rng.normal(0, 0.03, size=3)
    return [(gain + step * (change + slope_x * x + slope_y * y))[..., None]
            for gain, step in zip(gains.tolist(), steps.tolist(), strict=True)]  # fmt: skip
