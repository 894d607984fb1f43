"""The samples of a run joined with their inputs, by clip_id and never by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NotRequired, TypedDict, cast

import numpy as np
import torch

from mebench import tasks
from mebench.config.spec import ModelInputs, RunSpec
from mebench.errors import UserError
from mebench.inputs import frames, store
from mebench.protocols import loso
from mebench.tasks import Kind, Row
from mebench.training.batches import IN_MEMORY, OnDisk
from mebench.training.rows import run_rows

# of the pictures that networks were pretrained on
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class TaskData:
    """Samples of a run: ``x`` (N, ...) float32 and targets ``y`` (N, ...), in memory or on disk.

    The first ``tested`` samples are those of the task, in the order of their kind. The others are extra samples that
    may be trained on and are never predicted. ``cache`` keeps features that are computed once for all folds.
    """

    kind: Kind
    samples: list[Row]
    x: torch.Tensor | OnDisk
    y: torch.Tensor
    digest: str
    tested: int | None = None
    scale: str = "pixels"  # of the stored numbers, see inputs/maker.py
    cache: dict[str, torch.Tensor] = field(default_factory=dict, compare=False, repr=False)

    @property
    def clip_ids(self) -> list[str]:
        return [sample["clip_id"] for sample in self.samples]

    @property
    def subjects(self) -> list[str]:
        return [sample["subject"] for sample in self.samples]

    def folds(self) -> dict[str, tuple[list[int], list[int]]]:
        """Subject -> (training rows, test rows). Extra clips of the subject that is left out are in neither list."""
        subjects = self.subjects
        n = len(subjects) if self.tested is None else self.tested
        extra = range(n, len(subjects))
        return {
            subject: (train + [i for i in extra if subjects[i] != subject], test)
            for subject, (train, test) in loso.folds(subjects[:n]).items()
        }

    def is_extra(self, row: int) -> bool:
        """Whether the row is a clip for training only."""
        return self.tested is not None and row >= self.tested


def load(spec: RunSpec, clips: Sequence[Path], inputs: Sequence[Path]) -> TaskData:
    """Read the samples of a run, their targets, and the inputs of its model."""
    rows, kind = run_rows(spec, clips, inputs), tasks.kind_of(spec["task"])
    samples, wanted = [*rows.rows, *rows.extra], spec["inputs"]
    where = {clip: kept for folder in inputs for kept in (store.load(folder),) for clip in kept.ids}
    read = partial(_read, kind, samples, where, wanted)
    x: torch.Tensor | OnDisk = OnDisk(len(samples), read)
    if not drawn_anew(wanted) and 4 * np.prod(x.shape, dtype=np.int64) <= IN_MEMORY:
        x = torch.from_numpy(np.stack([read(row, None) for row in range(len(samples))]))
    return TaskData(
        kind=kind,
        samples=samples,
        x=x,
        y=torch.from_numpy(kind.targets(samples)),
        digest=rows.digest,
        tested=len(rows.rows),
        scale=where[samples[0]["clip_id"]].meta["scale"],
    )


def one_input(kind: Kind, sample: Row, stored: store.Store, wanted: ModelInputs) -> np.ndarray:
    """What a network reads of one sample that is no part of a run, float32: as in :func:`load`, as it is tested."""
    return _read(kind, [sample], {sample["clip_id"]: stored}, wanted, 0, None)


def drawn_anew(card_inputs: ModelInputs) -> bool:
    """Whether a model sees other frames of a clip in each epoch."""
    return card_inputs.get("frames", 0) > 0


def _read(
    kind: Kind, samples: list[Row], where: dict[str, store.Store], wanted: ModelInputs, row: int,
    draw: np.random.Generator | None,
) -> np.ndarray:  # fmt: skip
    clip, kept = samples[row]["clip_id"], where[samples[row]["clip_id"]]
    array = kept.get(clip)
    if wanted["kind"] == "frames":
        places = (kept.extra(clip, "onset_row"), kept.extra(clip, "apex_row"))
        array = frames.stack(array, *places, wanted["frames"], draw)
    return prepare(kind.arrays(samples[row], array, wanted["kind"]), cast(InputMeta, kept.meta), wanted)


class InputMeta(TypedDict):
    """What models need of the meta.json of an input."""

    kind: NotRequired[str]
    channels: list[str]
    scale: str


# which axis of one clip's array is that of its channels
CHANNEL_AXIS = {"long_flow": 1, "frames": 1}


def prepare(array: np.ndarray, meta: InputMeta, card_inputs: ModelInputs) -> np.ndarray:
    """The input of one clip as float32, with the card's channels in its order and range. Nothing here is fitted on
    other clips.

    Ranges: ``pixels`` (flow as computed), ``byte`` (each channel of each picture is stretched to whole numbers 0..255,
    as in the stored flow pictures of STSTNet and its successors; photographs stay as they are), ``unit`` (byte / 255),
    ``imagenet`` (unit, minus the mean of ImageNet's pictures, divided by their deviation), ``any`` (as stored).
    """
    axis = CHANNEL_AXIS.get(meta.get("kind", ""), 0)
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
        mean, std = (np.array(v, dtype=np.float32).reshape(shape) for v in (IMAGENET_MEAN, IMAGENET_STD))
        x = (x - mean) / std
    return x
