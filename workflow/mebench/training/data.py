"""The samples of a run joined with their inputs, by clip_id and never by position."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mebench.errors import UserError
from mebench.inputs import frames, store
from mebench.protocols import loso
from mebench.training.records import run_rows
from mebench.training.source import IN_MEMORY, OnDisk

# of the pictures that networks were pretrained on
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class TaskData:
    """Clips of a run: ``x`` (N, ...) float32 and ``y`` (N,) int64, in memory or on disk.

    The first ``tested`` rows are the clips of the task, sorted by clip_id; the others are extra clips that may be
    trained on and are never predicted. ``cache`` keeps features that are computed once for all folds.
    """

    clip_ids: list[str]
    datasets: list[str]
    subjects: list[str]
    classes: list[str]
    x: torch.Tensor | OnDisk
    y: torch.Tensor
    digest: str
    tested: int | None = None
    scale: str = "pixels"  # of the stored numbers, see inputs/maker.py
    cache: dict[str, torch.Tensor] = field(default_factory=dict, compare=False, repr=False)

    def folds(self) -> dict[str, tuple[list[int], list[int]]]:
        """Subject -> (training rows, test rows); extra clips of the held-out subject are in neither."""
        n = len(self.subjects) if self.tested is None else self.tested
        extra = range(n, len(self.subjects))
        return {
            subject: (train + [i for i in extra if self.subjects[i] != subject], test)
            for subject, (train, test) in loso.folds(self.subjects[:n]).items()
        }

    def is_extra(self, row: int) -> bool:
        """Whether the row is a clip to train on only."""
        return self.tested is not None and row >= self.tested


def load(spec: dict[str, Any], clips: list[Path], inputs: list[Path]) -> TaskData:
    """Read the labels of a run's clips and the inputs that its model asks for."""
    found = run_rows(spec, clips, inputs)
    rows, wanted, classes = [*found.rows, *found.extra], spec["inputs"], list(spec["task"]["classes"])
    where = {clip: kept for folder in inputs for kept in (store.load(folder),) for clip in kept.ids}
    ids = [row["clip_id"] for row in rows]
    read = partial(_read, ids, where, wanted)
    x = OnDisk(len(rows), read)
    if not drawn_anew(wanted) and 4 * np.prod(x.shape, dtype=np.int64) <= IN_MEMORY:
        x = torch.from_numpy(np.stack([read(row, None) for row in range(len(rows))]))
    return TaskData(
        clip_ids=ids,
        datasets=[row["dataset"] for row in rows],
        subjects=[row["subject"] for row in rows],
        classes=classes,
        x=x,
        y=torch.tensor([classes.index(row["label"]) for row in rows]),
        digest=found.digest,
        tested=len(found.rows),
        scale=where[ids[0]].meta["scale"],
    )


def drawn_anew(card_inputs: dict[str, Any]) -> bool:
    """Whether a model sees other frames of a clip in every epoch."""
    return card_inputs.get("frames", 0) > 0


def _read(
    ids: list[str], where: dict[str, store.Store], wanted: dict[str, Any], row: int, draw: np.random.Generator | None
) -> np.ndarray:
    clip, kept = ids[row], where[ids[row]]
    if wanted["kind"] == "frames":
        places = (kept.extra(clip, "onset_row"), kept.extra(clip, "apex_row"))
        array = frames.stack(kept.get(clip), *places, wanted["frames"], draw)
    elif wanted["kind"] == "roi_flow":
        array = kept.get(clip)[0]  # the first window of the clip, which begins at its onset
    else:
        array = kept.get(clip)
    return prepare(array, kept.meta, wanted)


# which axis of one clip's array is that of its channels
CHANNEL_AXIS = {"long_flow": 1, "frames": 1}


def prepare(array: np.ndarray, meta: dict[str, Any], card_inputs: dict[str, Any]) -> np.ndarray:
    """One clip's input as float32: the card's channels, in its order and range. Nothing here is fitted on other clips.

    Ranges: ``pixels`` (flow as computed), ``byte`` (each channel of each picture stretched to whole numbers 0..255,
    as the flow pictures of STSTNet and its successors are stored; photographs as they are), ``unit`` (byte / 255),
    ``imagenet`` (unit, less the mean of ImageNet's pictures, over their deviation), ``any`` (as stored).
    """
    axis = CHANNEL_AXIS.get(meta.get("kind"), 0)
    x, wanted, stored = np.asarray(array), card_inputs["range"], meta["scale"]
    if list(card_inputs["channels"]) != list(meta["channels"]):
        x = np.take(x, [meta["channels"].index(c) for c in card_inputs["channels"]], axis=axis)
    x = x.astype(np.float32)
    if wanted == "pixels" and stored != "pixels":
        raise UserError(
            "this model asks for flow in pixels, but these inputs are pictures stretched to 0..255, "
            "which have lost it; use video data, or a model that reads flow pictures"
        )
    if wanted in ("byte", "unit", "imagenet") and stored == "pixels":
        low, high = x.min(axis=(-2, -1), keepdims=True), x.max(axis=(-2, -1), keepdims=True)
        x = np.round(255 * (x - low) / np.maximum(high - low, np.finfo(np.float32).tiny))
    if wanted in ("unit", "imagenet"):
        x = x / np.float32(255)
    if wanted == "imagenet":
        shape = [-1 if i == axis else 1 for i in range(x.ndim)]
        mean, std = (np.float32(v).reshape(shape) for v in (IMAGENET_MEAN, IMAGENET_STD))
        x = (x - mean) / std
    return x
