"""The samples of a task joined with their inputs, by clip_id and never by position."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mebench.errors import UserError
from mebench.files import read_csv, read_json
from mebench.training.records import data_digest, task_rows


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
    rows = task_rows(task, clips)
    where: dict[str, tuple[np.ndarray, int, dict]] = {}
    for folder in inputs:
        meta = read_json(folder / "meta.json")
        array = np.load(folder / "x.npy", mmap_mode="r")
        index = read_csv(folder / "index.csv", ("clip_id",))
        if len(index) != len(array):
            raise UserError(f"{folder} is damaged: {len(index)} clips but {len(array)} arrays; delete it and run again")
        where |= {row["clip_id"]: (array, i, meta) for i, row in enumerate(index)}
    missing = [row["clip_id"] for row in rows if row["clip_id"] not in where]
    if missing:
        raise UserError(
            f"{len(missing)} of {len(rows)} clips of task {task['name']} have no input in "
            f"{', '.join(map(str, inputs))}, the first is {missing[0]}; make the inputs again (mebench inputs)"
        )
    x = np.stack([prepare(*where[row["clip_id"]], card_inputs) for row in rows])
    return TaskData(
        clip_ids=[row["clip_id"] for row in rows],
        datasets=[row["dataset"] for row in rows],
        subjects=[row["subject"] for row in rows],
        classes=list(task["classes"]),
        x=torch.from_numpy(x),
        y=torch.tensor([task["classes"].index(row["label"]) for row in rows]),
        digest=data_digest(rows, inputs),
    )


def prepare(array: np.ndarray, i: int, meta: dict[str, Any], card_inputs: dict[str, Any]) -> np.ndarray:
    """One clip's input (C, H, W) float32: the card's channels, in its order and range. Nothing here is fitted on
    other clips.

    Ranges: ``pixels`` (flow as computed), ``byte`` (each channel of each picture stretched to whole numbers 0..255,
    as the flow pictures of STSTNet and its successors are stored), ``unit`` (byte / 255), ``any`` (as stored).
    """
    x = np.asarray(array[i][[meta["channels"].index(c) for c in card_inputs["channels"]]], dtype=np.float32)
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
