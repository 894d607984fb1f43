"""The samples of a task joined with their inputs, by clip_id and never by position."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mebench.errors import UserError
from mebench.inputs import store
from mebench.training.records import data_digest, task_rows, usable


@dataclass(frozen=True)
class TaskData:
    """All clips of a task, sorted by clip_id: ``x`` (N, C, H, W) float32 and ``y`` (N,) int64 on the CPU."""

    clip_ids: list[str]
    datasets: list[str]
    subjects: list[str]
    classes: list[str]
    x: torch.Tensor
    y: torch.Tensor
    digest: str


def load(task: dict[str, Any], clips: list[Path], inputs: list[Path], card_inputs: dict[str, Any]) -> TaskData:
    """Read a task's labels and the inputs that a model's card asks for."""
    rows, _ = usable(task_rows(task, clips), inputs)
    stores = [store.load(folder) for folder in inputs]
    where = {clip: kept for kept in stores for clip in kept.ids}
    x = np.stack([prepare(where[row["clip_id"]].get(row["clip_id"]), where[row["clip_id"]].meta, card_inputs)
                  for row in rows])  # fmt: skip
    return TaskData(
        clip_ids=[row["clip_id"] for row in rows],
        datasets=[row["dataset"] for row in rows],
        subjects=[row["subject"] for row in rows],
        classes=list(task["classes"]),
        x=torch.from_numpy(x),
        y=torch.tensor([task["classes"].index(row["label"]) for row in rows]),
        digest=data_digest(rows, inputs),
    )


def prepare(array: np.ndarray, meta: dict[str, Any], card_inputs: dict[str, Any]) -> np.ndarray:
    """One clip's input (C, H, W) float32: the card's channels, in its order and range. Nothing here is fitted on
    other clips.

    Ranges: ``pixels`` (flow as computed), ``byte`` (each channel of each picture stretched to whole numbers 0..255,
    as the flow pictures of STSTNet and its successors are stored), ``unit`` (byte / 255), ``any`` (as stored).
    """
    x = np.asarray(array[[meta["channels"].index(c) for c in card_inputs["channels"]]], dtype=np.float32)
    wanted, stored = card_inputs["range"], meta["scale"]
    if wanted == "pixels" and stored == "picture":
        raise UserError(
            "this model asks for flow in pixels, but these inputs are pictures stretched to 0..255, "
            "which have lost it; use video data, or a model that reads flow pictures"
        )
    if wanted in ("byte", "unit") and stored == "pixels":
        low, high = x.min(axis=(1, 2), keepdims=True), x.max(axis=(1, 2), keepdims=True)
        x = np.round(255 * (x - low) / np.maximum(high - low, np.finfo(np.float32).tiny))
    return x / np.float32(255) if wanted == "unit" else x
