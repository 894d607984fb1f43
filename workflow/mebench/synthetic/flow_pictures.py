"""Small stand-in of published flow pictures: the flow of moving faces at 28 x 28, stretched to 0..255 by channel."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mebench.files import write_csv
from mebench.synthetic.cast import Clip, draw_clips, random_stream
from mebench.synthetic.writers import write_picture

SIDE = 28
COLUMNS = ("dataset", "subject", "clip", "emotion", "image")


def write(dataset: str, data: Path, *, subjects: int, clips: int, seed: int) -> None:
    """Write pictures (RGB: u, v, strain) and manifest.csv into the empty folder ``data``."""
    import cv2

    rows = []
    for clip in draw_clips(dataset, subjects, clips, seed):
        owner, subject = clip.subject.split("/")
        image = f"images/{clip.folder}.png"
        (data / image).parent.mkdir(exist_ok=True)
        picture = _picture(clip, random_stream(seed, dataset, clip.subject, clip.name))
        write_picture(data / image, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        rows.append({"dataset": owner, "subject": subject, "clip": clip.name, "emotion": clip.emotion, "image": image})
    write_csv(data / "manifest.csv", COLUMNS, rows)


def _picture(clip: Clip, rng: np.random.Generator) -> np.ndarray:
    """The flow of a clip from onset to apex as a picture, uint8 (28, 28, 3)."""
    from mebench.media.flow_field import resize
    from mebench.synthetic import faces, motion

    face = faces.make(rng)
    local = motion.from_units(motion.parsed_units(clip.units), face.landmarks, float(rng.uniform(0.9, 2.6)))
    flow = motion.flow(local, 1.0, motion.drifts(rng, 2)[-1]).astype(np.float32)
    x = resize(flow + rng.normal(0, 0.02, size=flow.shape).astype(np.float32), SIDE)
    low, high = x.min(axis=(1, 2), keepdims=True), x.max(axis=(1, 2), keepdims=True)
    return np.rint(255 * (x - low) / (high - low)).astype(np.uint8).transpose(1, 2, 0)
