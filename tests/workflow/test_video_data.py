"""From frames of faces to tables: detection, crops and flow as jobs of a real run."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from project import Project

CONFIG = """
datasets:
  smic: {source: synthetic, subjects: 3, clips: 3, crop: detected}
tasks: [smic-3]
models: [{model: ststnet, preset: small, epochs: 2}, majority]
seeds: [0]
"""


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """A finished run on generated faces that are looked for, its inputs made in two jobs each."""
    project = Project(tmp_path_factory.mktemp("videos") / "a project")  # a blank in the path is nothing special
    project.configure(CONFIG)
    project.snakemake("--set-scatter", "inputs=2")
    return project


def test_crops_by_landmarks_are_made_and_used(videos):
    results = videos.folder / "results"
    with open(results / "faces/smic/faces.csv") as handle:
        faces = list(csv.DictReader(handle))
    assert {row["status"] for row in faces} == {"ok"}
    meta = json.loads((results / "inputs/smic/apex_flow-28.eyes/meta.json").read_text())
    assert meta["options"] == {"flow": "tvl1", "crop": "eyes"}
    with open(results / "inputs/smic/tvl1.eyes/index.csv") as handle:
        shapes = {row["shape"] for row in csv.DictReader(handle)}
    assert all(len(set(shape.split("x")[1:])) == 1 for shape in shapes)  # squares, of the faces' own sizes
    assert not (results / "inputs/smic/tvl1").exists()


def test_the_page_shows_crops_and_counts(videos):
    page = (videos.folder / "results/report.html").read_text()
    assert "SYNTHETIC" in page
    assert "sheet-1.png" in page
    assert (videos.folder / "results/faces/smic/sheet-1.png").stat().st_size > 20_000
    assert (videos.folder / "results/plots/datasets/smic.png").stat().st_size > 20_000


def test_another_number_of_jobs_makes_no_flow_again(videos):
    parts = sorted((videos.folder / "results/inputs").rglob("parts/*.npy"))
    before = [path.stat().st_mtime_ns for path in parts]
    assert {path.stem.split("+")[0] for path in parts} == {"smic-s01", "smic-s02", "smic-s03"}
    videos.snakemake("--set-scatter", "inputs=3")
    assert [path.stat().st_mtime_ns for path in parts] == before


def test_a_clip_without_a_face_is_left_out_and_said(videos):
    faces = videos.folder / "results/faces/smic"
    with open(faces / "faces.csv") as handle:
        rows = list(csv.DictReader(handle))
    alone = [row["clip_id"] for row in rows]
    subject = max({c.rsplit("/", 1)[0] for c in alone}, key=lambda s: sum(c.startswith(s) for c in alone))
    lost = next(clip for clip in alone if clip.startswith(subject))
    points = np.full((68, 2), -1e6)
    landmarks = videos.folder / "points.csv"
    with open(landmarks, "w") as handle:
        names = [f"{axis}{i}" for i in range(68) for axis in "xy"]
        handle.write(",".join(["clip_id", *names]) + "\n" + ",".join([lost, *map(str, points.ravel())]) + "\n")
    videos.edit("config.yaml", "crop: detected", "crop: detected, landmarks: points.csv")
    videos.snakemake()
    record = json.loads((videos.folder / "results/runs/smic-3/majority/seed0/run.json").read_text())
    assert list(record["without_input"]) == [lost]
    assert record["clips"] == len(alone) - 1
    table = (videos.folder / "results/tables/smic-3.md").read_text()
    assert f"{len(alone) - 1} of {len(alone)} clips" in table
