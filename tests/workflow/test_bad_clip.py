"""Bad clips stop a run with all their names; left out by the configuration, the run finishes and says so."""

from __future__ import annotations

import json

import pytest
from project import Project

from mebench import cards
from mebench.datasets import _synthetic
from mebench.datasets._folders import list_frames
from mebench.datasets._source import MARKER
from mebench.files import read_csv

CONFIG = """
datasets:
  smic: {{source: {source}, crop: provided, accept: [counts], exclude: {exclude}}}
tasks: [smic-3]
models: [majority]
"""


@pytest.fixture
def smic(tmp_path):
    """Generated SMIC that counts as a copy of one's own, with a still clip and a damaged one."""
    root = tmp_path / "smic"
    _synthetic.write("smic", root, tmp_path / "truth", subjects=3, clips=3)
    (root / MARKER).unlink()
    clips = cards.load("datasets", "smic").read(root).clips
    still = clips[0]
    broken = next(clip for clip in clips if clip["subject"] != still["subject"])
    other = next(clip for clip in clips if clip["subject"] not in (still["subject"], broken["subject"]))

    def frame(clip, name):
        return list_frames(root / clip["frames"])[clip[name]]

    frame(still, "apex").write_bytes(frame(still, "onset").read_bytes())
    frame(broken, "apex").write_bytes(frame(broken, "apex").read_bytes()[:60])
    return root, still["clip_id"], broken["clip_id"], other


def test_bad_clips_are_left_out(smic, tmp_path):
    root, still, broken, other = smic
    project = Project(tmp_path / "project")
    results = project.folder / "results"

    def configure(**exclude):
        project.configure(CONFIG.format(source=root, exclude=json.dumps(exclude)))

    configure()
    target = ["--cores", "2", "results/tables/smic-3.csv"]
    project.snakemake(*target, ok=False)
    said = "".join(path.read_text() for path in (results / "logs/inputs").rglob("*.log"))
    assert "2 clips are bad" in said
    assert f'"{still}":' in said
    assert f'"{broken}":' in said
    configure(**{still: "still", broken: "damaged"})
    project.snakemake(*target)
    assert "Left out by configuration (2)" in (results / "datasets/smic/report.md").read_text()
    (run,) = results.rglob("run.json")
    assert json.loads(run.read_text())["excluded"] == {still: "still", broken: "damaged"}
    page = (results / "tables/smic-3.md").read_text().replace("\\_", "_")
    assert f"2 clips left out by configuration: {still}: still" in page
    (meta,) = results.glob("inputs/smic/tvl1*/meta.json")
    stamps = {path: path.stat().st_mtime_ns for path in (meta.parent / "parts").glob("*.npy")}
    before = project.folds()
    configure(**{still: "still", broken: "damaged", other["clip_id"]: "looked away"})
    project.snakemake(*target)
    mine = other["subject"].replace("/", "-")
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items() if not path.stem.startswith(mine))
    assert other["clip_id"] in json.loads(run.read_text())["excluded"]
    left = {row["subject"].replace("/", "-") for row in read_csv(results / "datasets/smic/clips.csv")}
    again = {name.rpartition("/")[2] for name, stamp in project.folds().items() if stamp != before[name]}
    assert again == left, "a subject whose only clip is left out has no fold any more"
    assert project.planned(*target[2:]) == []
