"""Stand-ins of published flow pictures: the flow of moving faces at 28 x 28, stretched to 0..255 by channel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mebench.files import write_csv
from mebench.protocols.tasks import MEGC2019_DROP, MEGC2019_LABELS
from mebench.synthetic import full_casme2, full_samm, smic_counts
from mebench.synthetic.cast import WAYS, draw_clips, random_stream
from mebench.synthetic.writers import write_picture

if TYPE_CHECKING:
    from mebench.synthetic.faces import Face

SIDE = 28
COLUMNS = ("dataset", "subject", "clip", "emotion", "image")


def write(dataset: str, data: Path, *, subjects: int, clips: int, seed: int) -> None:
    """Write pictures (RGB: u, v, strain) and manifest.csv into the empty folder ``data``."""
    from mebench.synthetic import faces

    pictures = []
    for clip in draw_clips(dataset, subjects, clips, seed):
        rng = random_stream(seed, dataset, clip.subject, clip.name)
        picture = _picture(clip.units, faces.make(rng), rng)
        pictures.append((clip.subject, clip.name, clip.emotion, clip.folder, picture))
    _write(data, pictures)


def write_composite(dataset: str, data: Path, *, seed: int) -> None:
    """Write a picture of each clip of the official list of MEGC2019, and manifest.csv, into the empty folder
    ``data``."""
    from mebench.synthetic import faces

    pictures, face_of = [], {}
    for clip_id, emotion in sorted(_composite(seed)):
        owner, subject, name = clip_id.split("/")
        rng = random_stream(seed, dataset, clip_id)
        if (owner, subject) not in face_of:
            face_of[owner, subject] = faces.make(rng)
        picture = _picture(str(rng.choice(WAYS[emotion])), face_of[owner, subject], rng)
        pictures.append((f"{owner}/{subject}", name, emotion, f"{owner}_{subject}_{name}", picture))
    _write(data, pictures)


def _composite(seed: int) -> Iterator[tuple[str, str]]:
    """(clip_id, class of the composite) of its clips in the stand-ins of full size."""
    rows = [(f"casme2/sub{row.subject}/{row.name}", row.emotion) for row in full_casme2.roster(seed)]
    rows += [(f"samm/{row.subject}/{row.name}", row.emotion.lower()) for row in full_samm.roster(seed)]
    rows += [(f"smic/s{int(subject):02d}/{name}", emotion) for subject, name, emotion in smic_counts.clips("HS")]
    for clip_id, emotion in rows:
        label = MEGC2019_LABELS[clip_id.partition("/")[0]].get(emotion)
        if label and clip_id not in MEGC2019_DROP:
            yield clip_id, label


def _write(data: Path, pictures: Iterable[tuple[str, str, str, str, np.ndarray]]) -> None:
    """Write pictures, given as (dataset/subject, clip, emotion, name of the file, pixels), and their manifest."""
    import cv2

    rows = []
    for owned, name, emotion, file, pixels in pictures:
        owner, subject = owned.split("/")
        image = f"images/{file}.png"
        (data / image).parent.mkdir(exist_ok=True)
        write_picture(data / image, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        rows.append({"dataset": owner, "subject": subject, "clip": name, "emotion": emotion, "image": image})
    write_csv(data / "manifest.csv", COLUMNS, rows)


def _picture(units: str, face: Face, rng: np.random.Generator) -> np.ndarray:
    """The flow of a clip that shows action ``units``, from onset to apex, as a picture, uint8 (28, 28, 3)."""
    from mebench.media.flow_field import resize
    from mebench.synthetic import motion

    local = motion.from_units(motion.parsed_units(units), face.landmarks, float(rng.uniform(0.9, 2.6)))
    flow = motion.flow(local, 1.0, motion.drifts(rng, 2)[-1]).astype(np.float32)
    x = resize(flow + rng.normal(0, 0.02, size=flow.shape).astype(np.float32), SIDE)
    low, high = x.min(axis=(1, 2), keepdims=True), x.max(axis=(1, 2), keepdims=True)
    return np.rint(255 * (x - low) / (high - low)).astype(np.uint8).transpose(1, 2, 0)
