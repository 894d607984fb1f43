"""A tiny task with clips and inputs on disk, made in no time and without any real data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from mebench.files import write_csv, write_json

CLASSES = ["negative", "positive", "surprise"]
COLUMNS = ["clip_id", "dataset", "subject", "video", "onset", "apex", "offset", "apex_source", "emotion"]
COLUMNS += ["aus", "fps", "frames", "repairs"]


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
        self.inputs.mkdir(parents=True)
        np.save(self.inputs / "x.npy", np.stack([arrays[i] for i in at]).astype(np.float32))
        write_csv(
            self.inputs / "index.csv",
            ["clip_id", "status"],
            [{"clip_id": r["clip_id"], "status": "ok"} for r in self.rows],
        )
        write_json(self.inputs / "meta.json", {"kind": "apex_flow", "size": 28, "channels": ["u", "v", "strain"],
                                               "scale": "pixels", "origin": "synthetic", "digest": "toy"})  # fmt: skip

    def spec(self, model: str | dict = "ststnet", seed: int = 0, selection: str = "last", epochs: int = 4) -> dict:
        """The spec of a run on this task, as the plan would write it."""
        from mebench import recipes

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
