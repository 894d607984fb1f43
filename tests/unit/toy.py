"""A tiny task with clips and inputs on disk, made in no time and without any real data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from mebench.files import write_csv
from mebench.inputs import store

CLASSES = ["negative", "positive", "surprise"]
COLUMNS = ["clip_id", "dataset", "subject", "video", "onset", "apex", "offset", "apex_source", "emotion"]
COLUMNS += ["objective", "expression", "aus", "fps", "frames", "repairs"]


def write_store(folder: Path, ids: list[str], x: np.ndarray, origin: str = "synthetic", **meta) -> None:
    """An ``apex_flow`` store of ``x``, row i of it being the clip ``ids[i]``."""
    rows = []
    with store.part_writer(folder, "all") as part:
        for clip, array in zip(ids, x, strict=True):
            shape = "x".join(map(str, array.shape))
            place = {"part": "all", "start": part.append(array), "shape": shape}
            rows.append({"clip_id": clip, "status": "ok", "reason": "", **place})
        numbers = part.finish()
    about = {"kind": "apex_flow", "size": x.shape[-1], "channels": ["u", "v", "strain"], "scale": "pixels"}
    store.finish(folder, rows, (), about | {"origin": origin, "parts": {"all": numbers}} | meta)


class Toy:
    """Six subjects of two datasets, 28x28 flow whose class shows in the sign of u: learnable, but not trivially."""

    def __init__(self, root: Path, subjects: int = 6, clips: int = 4, order: int | None = None):
        rng = np.random.default_rng(3)
        rows, arrays = [], []
        for s in range(subjects):
            dataset = ("casme2", "smic")[s % 2]
            for c in range(clips):
                label = (s + c) % 3
                subject = f"{dataset}/s{s:02d}"
                row = {"clip_id": f"{subject}/c{c}", "dataset": dataset, "subject": subject, "emotion": CLASSES[label]}
                rows.append(dict.fromkeys(COLUMNS, "") | row)
                arrays.append(
                    rng.normal(size=(3, 28, 28)) + np.array([label - 1, 1 - label, label == 2])[:, None, None]
                )
        at = np.random.default_rng(order).permutation(len(rows)) if order is not None else np.arange(len(rows))
        self.rows = [rows[i] for i in at]
        self.clips, self.inputs = root / "clips.csv", root / "apex_flow-28"
        write_csv(self.clips, COLUMNS, self.rows)
        write_store(
            self.inputs, [row["clip_id"] for row in self.rows], np.stack([arrays[i] for i in at]).astype(np.float32)
        )

    def spec(self, model: str | dict = "ststnet", seed: int = 0, selection: str = "last", epochs: int = 4) -> dict:
        """The spec of a run on this task, as the plan would write it."""
        from mebench.config import recipes

        entry = {"model": model} if isinstance(model, str) else dict(model)
        if model in ("ststnet", "off_apexnet", "shuffled_labels") or isinstance(model, dict):
            entry = {"epochs": epochs, **entry}
        resolved = recipes.resolve(entry)
        spec = {key: resolved[key] for key in ("model", "training", "options", "inputs", "recipe")}
        same = dict(zip(CLASSES, CLASSES, strict=True))
        task = {
            "name": "toy",
            "classes": CLASSES,
            "labels": {"casme2": same, "smic": same},
            "drop": {},
            "protocol": "loso",
        }
        return json.loads(
            json.dumps(spec | {"label": resolved["name"], "seed": seed, "selection": selection, "task": task})
        )


def data_of(ids: list[str], datasets: list[str], subjects: list[str], classes: list[str], x, y, digest: str = "",
            tested: int | None = None):  # fmt: skip
    """The samples of a recognition task that lies on no disk; short lists of ids stand for as many as there are."""
    from mebench import tasks
    from mebench.training.data import TaskData

    rows = zip(ids + [""] * (len(subjects) - len(ids)), datasets, subjects, strict=True)
    samples = [dict(zip(("clip_id", "dataset", "subject"), row, strict=True)) for row in rows]
    kind = tasks.kind_of({"name": "toy", "classes": classes, "labels": {}, "drop": {}})
    return TaskData(kind, samples, x, y, digest, tested)


def loop_on(model, recipe: dict, x, y, train, seed: int = 0, inputs: dict | None = None):
    """The training loop of a fold of a recognition task."""
    from mebench.tasks.recognition import CrossEntropy
    from mebench.training.loop import Loop, TrainingSet

    objective = CrossEntropy(recipe, y[list(train)], int(y.max()) + 1)
    return Loop(model, recipe, TrainingSet(x, y, train, seed), objective, inputs)


def run_fold(spec, data, name, train, test, device="cpu", on_epoch=lambda epoch, loss: None, **limits):
    """Train and predict one fold."""
    import torch

    from mebench.training import fold
    from mebench.training.limits import Limits

    job = fold.FoldJob(spec, data, name, train, test, torch.device(device))
    return fold.run_fold(job, on_epoch, Limits(**limits))
