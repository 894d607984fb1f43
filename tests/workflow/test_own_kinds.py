"""Two kinds of task that are not in the package, one file each, from the configuration to table, plot and report.

One predicts a number for each clip and is scored by its mean absolute error. The other scores the frames of the windows
of long recordings: several samples a recording, several rows a sample, and a stage after pooling whose threshold trains
nothing again.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from project import Project, served

from mebench.inputs.roi_regions import names

PLACE = '''
"""Where in a clip its apex lies: 0 at the onset, 1 at the offset."""

import numpy as np

from mebench.plots import style
from mebench.tasks import Kind, Objective

CARD = {
    "title": "Place of the apex", "module": "Place", "definition": ["unit"], "history": "train_error",
    "selection": {"inner": "inner_error"}, "metrics": {"mae": {"title": "MAE", "best": "min"}},
    "columns": {"all": [["mae", "MAE"]], "part": [["mae", "MAE"]]}, "caption": "Mean absolute error.",
    "plots": {"curves": ["Curves", "Loss."], "errors": ["Errors", "One dot a clip."]},
}


class Error(Objective):
    def loss(self, outputs, y):
        return (outputs[:, 0] - y).abs().mean()

    def agreement(self, outputs, y):
        return (outputs[:, 0] - y).abs().sum()


class Place(Kind):
    needed = ("truth", "prediction")
    outputs = 1

    def samples(self, clips, recordings=()):
        rows = []
        for clip in clips:
            first, apex, last = (int(clip[name]) for name in ("onset", "apex", "offset"))
            about = {name: clip[name] for name in ("clip_id", "dataset", "subject")}
            rows.append(about | {"place": f"{(apex - first) / (last - first):.4f}"})
        return sorted(rows, key=lambda row: row["clip_id"])

    def targets(self, samples):
        return np.array([float(row["place"]) for row in samples], dtype=np.float32)

    def objective(self, recipe, y):
        return Error()

    def quality(self, selection, predictions, y):
        return -float(abs(predictions[:, 0] - y).mean())

    def columns(self):
        return ["clip_id", "dataset", "subject", "fold", "seed", "truth", "prediction"]

    def rows(self, sample, target, prediction):
        about = {name: sample[name] for name in ("clip_id", "dataset", "subject")}
        return [about | {"truth": f"{target:.4f}", "prediction": f"{prediction[0]:.4f}"}]

    def score(self, rows):
        errors = [abs(float(row["truth"]) - float(row["prediction"])) for row in rows]
        return {"n": len(rows), "mae": sum(errors) / len(errors)}


def errors(task):
    figure = style.figure(4, 3)
    axes = figure.subplots()
    for model in task.models:
        rows = [row for run in model.runs for row in run.predictions]
        axes.plot([float(r["truth"]) for r in rows], [float(r["prediction"]) for r in rows], "o", label=model.label)
    axes.legend()
    return figure


PLOTS = {"errors": errors}
'''

FRAMES = '''
"""Which frames of long recordings belong to an expression; a sample is a window of some positions."""

import numpy as np
import torch.nn.functional as F

from mebench.tasks import Kind, Objective

CARD = {
    "title": "Frames of expressions", "module": "Frames", "sample": "recording", "definition": [],
    "history": "train_hits", "selection": {}, "stage": {"threshold": 0.5},
    "metrics": {"f1": {"title": "F1", "range": [0, 1]}}, "columns": {"all": [["f1", "F1"]], "part": []},
    "caption": "F1 of frames.", "plots": {"curves": ["Curves", "Loss."]},
}


class Frame(Objective):
    def loss(self, outputs, y):
        return F.binary_cross_entropy_with_logits(outputs, y)

    def agreement(self, outputs, y):
        return ((outputs > 0) == (y > 0.5)).float().mean(dim=1).sum()

    def predictions(self, outputs):
        return outputs.float().sigmoid()


class Frames(Kind):
    key = ("clip_id", "window", "place")
    needed = ("truth", "score")
    outputs = LENGTH = 30  # positions of a window; the next begins half of them later

    def samples(self, clips, recordings=()):
        found = []
        for video in recordings:
            spans = [(int(clip["onset"]), int(clip["offset"])) for clip in clips if clip["frames"] == video["frames"]]
            for window in range(int(video.get("windows") or 0)):
                about = {name: video[name] for name in ("dataset", "subject")}
                first, step = int(video["first"]) + window * self.LENGTH // 2 * int(video["step"]), int(video["step"])
                frames = range(first, first + self.LENGTH * step, step)
                inside = ["1" if any(a <= frame <= b for a, b in spans) else "0" for frame in frames]
                about |= {"clip_id": video["video_id"], "window": f"{window:04}"}
                found.append(about | {"truth": "".join(inside)})
        return found

    def arrays(self, sample, stored, kind):
        return stored[int(sample["window"])]

    def targets(self, samples):
        return np.array([[float(c) for c in row["truth"]] for row in samples], dtype=np.float32)

    def objective(self, recipe, y):
        return Frame()

    def columns(self):
        return ["clip_id", "dataset", "subject", "fold", "seed", "window", "place", "truth", "score"]

    def keys(self, samples):
        return {(row["clip_id"], row["window"], str(i)) for row in samples for i in range(self.LENGTH)}

    def rows(self, sample, target, prediction):
        about = {name: sample[name] for name in ("clip_id", "dataset", "subject", "window")}
        pairs = enumerate(zip(target, prediction, strict=True))
        return [about | {"place": i, "truth": int(t), "score": f"{p:.6f}"} for i, (t, p) in pairs]

    def stage(self, rows, parameters):
        return [row | {"said": str(int(float(row["score"]) >= parameters["threshold"]))} for row in rows]

    def score(self, rows):
        both = sum(row["truth"] == row["said"] == "1" for row in rows)
        either = sum((row["truth"] == "1") + (row["said"] == "1") for row in rows)
        said = sum(row["said"] == "1" for row in rows)
        return {"n": len(rows), "f1": 2 * both / either if either else None, "said": said}
'''

MODEL = """
import time

import torch
from torch import nn

CARD = {
    "title": "Plain", "kind": "model", "serves": ["place", "frames"],
    "paper": {"title": "A network", "authors": "Me", "venue": "Nowhere", "year": 2026},
    "licence": "MIT", "module": "Plain", "parameters": 1, "flops": 1, "options": {"slow": [False, True]},
    "inputs": %s,
    "recipe": {"optimizer": "adam", "lr": 1e-2, "batch_size": 8, "epochs": 3},
    "resources": {"mem_mb": 1500, "runtime_min": 30, "gpu": 0}, "notes": "",
}


class Plain(nn.Module):
    def __init__(self, num_classes: int, slow: bool = False):
        super().__init__()
        self.slow, self.layer = slow, nn.LazyLinear(num_classes)
        self.layer(%s)

    def forward(self, x):
        time.sleep(0.2 if self.slow and self.training else 0)
        return self.layer(x.flatten(1)%s)
"""
FLOW = '{"kind": "apex_flow", "size": 28, "channels": ["u", "v"], "range": "pixels", "center": "none"}'
CONFIG = """
datasets:
  smic: {source: synthetic, subjects: 3, clips: 2}
  samm_long: {source: synthetic, size: brief, subjects: 3, clips: 2}
tasks:
  - {name: apex-place, kind: place.py, datasets: [smic], title: Where the apex lies}
  - {name: expression-frames, kind: frames.py, datasets: [samm_long], stage: {threshold: 0.4}}
models:
  - {name: of-clips, model: of_clips.py, tasks: [apex-place]}
  - {name: of-recordings, model: of_recordings.py, slow: true, tasks: [expression-frames]}
seeds: [0]
"""


RUN = "results/runs/expression-frames/of-recordings/seed0"


def killed_after_a_fold(project: Project) -> dict[str, int]:
    """Train by hand, and kill the job as soon as a fold is finished; when each fold that it left was written."""
    job = subprocess.Popen(
        [str(Path(sys.executable).with_name("mebench")), "train", "--run", "expression-frames/of-recordings/seed0"],
        cwd=project.folder, env=project.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while not project.folds():
        assert job.poll() is None, "the job ended before it finished a fold"
        time.sleep(0.05)
    job.kill()
    job.wait()
    return project.folds()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with both kinds, whose training of recordings was killed after a fold and began anew."""
    with served(tmp_path_factory.mktemp("own kinds"), coarse=True) as made:
        for name, text in (("place", PLACE), ("frames", FRAMES)):
            (made.folder / f"{name}.py").write_text(text)
        (made.folder / "of_clips.py").write_text(MODEL % (FLOW, "torch.zeros(1, 2 * 28 * 28)", ""))
        wanted = f'{{"kind": "roi_flow", "size": 10, "channels": {names(10)}, "range": "any", "center": "none"}}'
        (made.folder / "of_recordings.py").write_text(MODEL % (wanted, "torch.zeros(1, 10 * 30)", ""))
        made.configure(CONFIG)
        made.snakemake("--cores", "2", "--until", "inputs")
        made.survivors = killed_after_a_fold(made)
        made.output = made.snakemake("--cores", "2", "--config", "shards=2")
        yield made


def rows(path):
    with open(path, encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def test_both_come_to_their_tables_plots_and_report(project):
    results = project.folder / "results"
    (row,) = [row for row in rows(results / "tables/apex-place.csv") if row["block"] == "measured"]
    predicted = rows(results / "runs/apex-place/of-clips/seed0/predictions.csv")
    mae = sum(abs(float(r["truth"]) - float(r["prediction"])) for r in predicted) / len(predicted)
    assert float(row["all_mae_mean"]) == pytest.approx(mae, abs=1e-6)
    assert row["rank"] == "1"
    assert {path.stem for path in (results / "plots/apex-place").glob("*.svg")} == {
        "curves", "errors", "input-apex_flow-28"}  # fmt: skip
    assert {path.stem for path in (results / "plots/expression-frames").glob("*.svg")} == {
        "curves", "input-roi_flow-10"}  # fmt: skip
    page = (results / "report.html").read_text(encoding="utf-8")
    for text in (
        "Where the apex lies",
        "expression-frames",
        "One dot a clip.",
        "<small>MAE</small>",
        "<small>F1</small>",
    ):
        assert text in page
    assert "train_error" in (results / "runs/apex-place/of-clips/seed0/history.csv").read_text()


def test_plan_and_status_know_them_too(project):
    planned = project.run("mebench", "plan").stdout
    assert "apex-place" in planned
    assert "expression-frames" in planned
    assert "6 of 6 folds done, 2 of 2 runs pooled" in project.run("mebench", "status").stdout


def test_a_sample_has_many_rows_and_a_recording_many_samples(project):
    predicted = rows(project.folder / RUN / "predictions.csv")
    about = json.loads((project.folder / RUN / "run.json").read_text())
    assert about["rows"] == len(predicted) == 30 * about["clips"]
    assert about["folds_done"] == about["folds_expected"] == 3
    windows = {(row["clip_id"], row["window"]) for row in predicted}
    assert len(windows) == about["clips"] > len({clip for clip, _ in windows})
    assert {row["truth"] for row in predicted} == {"0", "1"}


def test_a_killed_job_loses_no_finished_fold(project):
    assert project.survivors
    assert project.survivors.items() <= project.folds().items()
    shards = sorted(path.name for path in ((project.folder / RUN).parent / "shards").iterdir())
    assert shards == ["1-of-2.json", "2-of-2.json"]


def test_another_threshold_trains_nothing_and_changes_the_scores(project):
    scores = project.folder / "results/scores/expression-frames.json"
    folds, before = project.folds(), json.loads(scores.read_text())
    project.edit("config.yaml", "threshold: 0.4", "threshold: 0.0")
    planned = project.planned("--config", "shards=2")
    assert not [job for job in planned if job.split()[0] in ("train", "inputs")]
    project.snakemake("--cores", "2", "--config", "shards=2")
    after = json.loads(scores.read_text())
    assert after[0]["said"] == after[0]["n"] > before[0]["said"]
    assert project.folds() == folds


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("kind: place.py, ", "", "the task apex-place lacks classes, labels, which the kind recognition needs"),
        ("title: Where", "tilte: Where", "the task apex-place has the unknown key 'tilte'"),
        ("threshold: 0", "treshold: 0", "the task expression-frames has the unknown stage parameter 'treshold'"),
        ("of_clips.py, tasks: [apex-place]", "ststnet, tasks: [apex-place]",
         "serves recognition, but the task apex-place is of the kind place"),
        ("tasks: [apex-place]}", "order: balanced, tasks: [apex-place]}", "has no classes; write order: shuffled"),
        ("name: apex-place,", "name: smic-3,", "the task smic-3 is there already"),
        ("seeds: [0]", "seeds: [0]\nselection: inner", "of the kind frames, which has no selection: inner; write "
         "selection: last"),
    ],
)  # fmt: skip
def test_a_wrong_task_is_one_sentence_before_anything_runs(project, old, new, sentence):
    config = (project.folder / "config.yaml").read_text()
    project.edit("config.yaml", old, new)
    try:
        said = project.snakemake("-n", ok=False)
    finally:
        project.configure(config)
    assert sentence in said
    assert "Traceback" not in said
