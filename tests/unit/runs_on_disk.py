"""A configured benchmark of two models whose clips, inputs, folds and locks are on disk, without any training."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from toy import CLASSES, COLUMNS, write_store

from mebench.files import file_digest, write_csv, write_json
from mebench.plan import Plan
from mebench.runs import run_record
from mebench.runs.fingerprint import fingerprint, parts_of
from mebench.runs.paths import fold_folder, running_file
from mebench.runs.run_record import RunRecord
from mebench.training.rows import run_rows

TASK = "megc2019-flow"
SUBJECTS = ["casme2/sub01", "casme2/sub02", "smic/s01", "smic/s02"]


class Bench:
    """The project folder ``root``, in which the tests run; ``entry`` is the entry of STSTNet."""

    def __init__(self, root: Path):
        self.root = root
        self.configure()

    def configure(self, **entry: Any) -> None:
        config = {"datasets": {"flow_images": {"source": str(self.root / "pictures")}}, "tasks": [TASK],
                  "models": [{"model": "ststnet", "epochs": 10, **entry}, "majority"], "seeds": [0, 1]}  # fmt: skip
        (self.root / "config.yaml").write_text(yaml.safe_dump(config))

    @property
    def plan(self) -> Plan:
        return Plan.load(self.root / "config.yaml")

    def data(self, seed: int = 0) -> None:
        """clips.csv and the input; another ``seed`` makes other arrays."""
        rows = [dict.fromkeys(COLUMNS, "") | {"clip_id": f"{s}/c{k}", "dataset": s.split("/")[0], "subject": s,
                                              "emotion": CLASSES[k]} for s in SUBJECTS for k in range(3)]  # fmt: skip
        write_csv(self.root / "results/datasets/flow_images/clips.csv", COLUMNS, rows)
        x = np.random.default_rng(seed).normal(size=(len(rows), 3, 28, 28)).astype(np.float32)
        write_store(self.root / "results/inputs/flow_images/apex_flow-28", [row["clip_id"] for row in rows], x)

    def fold(self, fold: str, status: str = "done", model: str = "ststnet", seed: int = 0, **more: Any) -> Path:
        """The folder of a fold, as the engine leaves it."""
        files = self.plan.files(self.plan.run(TASK, model, seed))
        spec, clips, inputs, run = files.spec, files.clips, files.inputs, files.run
        data = run_rows(spec, clips, inputs).digest
        folder = fold_folder(run, fold)
        write_csv(folder / "predictions.csv", ["clip_id"], [{"clip_id": fold}])
        record = {"fold": fold, "status": status, "message": "" if status == "done" else "it went wrong",
                  "fingerprint": fingerprint(spec, data, fold), "made_from": parts_of(spec, data, fold).as_json(),
                  "seconds": 60.0, "peak_memory_mb": 512.4, "device": "cpu (x86_64)", "resumed_at_epoch": 0,
                  "finished": "2026-01-02T03:04:05+00:00", "spec": spec,
                  "where": {"node": "gpu07", "scheduler": "slurm", "job": "4711"},
                  "files": {"predictions.csv": file_digest(folder / "predictions.csv")}}  # fmt: skip
        write_json(folder / "fold.json", record | more)
        return folder

    def lock(self, fold: str, age: float = 0, model: str = "ststnet", **more: Any) -> Path:
        """The lock of a fold whose job gave its last sign ``age`` seconds ago."""
        path = running_file(self.plan_folder(model), fold)
        beat = time.time() - age
        about = {"fold": fold, "epoch": 4, "epochs": 10, "loss": 0.25, "node": socket.gethostname(),
                 "pid": os.getpid(), "token": "x", "since": beat - 90}  # fmt: skip
        write_json(path, about | more)
        os.utime(path, (beat, beat))
        return path

    def pooled(self, done: int, model: str = "ststnet", seed: int = 0, failed: tuple[str, ...] = ()) -> Path:
        """run.json of a run with so many folds done, and those that ran out of memory."""
        files = self.plan.files(self.plan.run(TASK, model, seed))
        spec, run = files.spec, files.run
        record = RunRecord(
            task=TASK, model=model, title=model, kind="model", seed=seed, selection=spec["selection"],
            origin="synthetic", spec=spec, clips=0, folds_expected=len(SUBJECTS), folds_done=done,
            failed=[{"fold": fold, "status": "out_of_memory", "message": ""} for fold in failed],
        )  # fmt: skip
        run_record.write(run, record)
        return run / run_record.FILE

    def plan_folder(self, model: str, seed: int = 0) -> Path:
        return self.root / "results/runs" / TASK / model / f"seed{seed}"

    def log(self, text: str, model: str = "ststnet", shard: str = "1-of-1") -> Path:
        path = self.root / "results/logs/train" / TASK / model / f"{shard}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path
