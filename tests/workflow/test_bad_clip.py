"""Bad clips stop a run with all their names; left out or corrected by the configuration, the run finishes and says
so."""

from __future__ import annotations

import json

import pytest
from project import served

from mebench import cards
from mebench.files import read_csv
from mebench.media.folders import list_frames
from mebench.synthetic import generate
from mebench.synthetic.marker import MARKER

CONFIG = """
datasets:
  smic: {{source: {source}, crop: provided, accept: [counts], exclude: {exclude}, corrections: {corrections}}}
  flow_images: {{source: {pictures}, accept: [counts]}}
tasks: [smic-3, megc2019-flow]
models: [majority]
"""


@pytest.fixture
def smic(tmp_path):
    """Generated SMIC that counts as a copy of one's own, with a still clip and a damaged one."""
    root = tmp_path / "smic"
    generate.write("smic", root, tmp_path / "truth", subjects=3, clips=3)
    (root / MARKER).unlink()
    clips = cards.load("datasets", "smic").read(root).clips
    still = clips[0]
    broken = next(clip for clip in clips if clip.subject != still.subject)
    other = next(clip for clip in clips if clip.subject not in (still.subject, broken.subject))

    def frame(clip, name):
        return list_frames(root / clip.frames)[clip.frame(name)]

    frame(still, "apex").write_bytes(frame(still, "onset").read_bytes())
    frame(broken, "apex").write_bytes(frame(broken, "apex").read_bytes()[:60])
    return root, still.clip_id, broken.clip_id, other


@pytest.fixture
def project(tmp_path):
    with served(tmp_path / "served") as made:
        yield made


def test_bad_clips_are_left_out_and_an_apex_is_corrected(smic, project):
    root, still, broken, other = smic
    results = project.folder / "results"

    def configure(exclude, corrections=None):
        texts = {"exclude": json.dumps(exclude), "corrections": json.dumps(corrections or {})}
        project.configure(CONFIG.format(source=root, pictures=project.pictures, **texts))

    configure({})
    target = ["--cores", "2", "results/tables/smic-3.csv", "results/scores/smic-3.csv"]
    project.snakemake(*target, ok=False)
    said = "".join(path.read_text() for path in (results / "logs/inputs").rglob("*.log"))
    assert "2 clips are bad" in said
    assert f'"{still}":' in said
    assert f'"{broken}":' in said
    configure({still: "still", broken: "damaged"})
    project.snakemake(*target)
    assert "Left out by configuration (2)" in (results / "datasets/smic/report.md").read_text()
    run = results / "runs/smic-3/majority/seed0/run.json"
    assert json.loads(run.read_text())["excluded"] == {still: "still", broken: "damaged"}
    page = (results / "tables/smic-3.md").read_text().replace("\\_", "_")
    assert f"2 clips left out by configuration: {still}: still" in page
    (meta,) = results.glob("inputs/smic/tvl1*/meta.json")
    stamps = {path: path.stat().st_mtime_ns for path in (meta.parent / "parts").glob("*.npy")}
    before = project.folds()
    exclude = {still: "still", broken: "damaged", other.clip_id: "looked away"}
    configure(exclude)
    project.snakemake(*target)
    mine = other.subject.replace("/", "-")
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items() if not path.stem.startswith(mine))
    assert other.clip_id in json.loads(run.read_text())["excluded"]
    left = {row["subject"].replace("/", "-") for row in read_csv(results / "datasets/smic/clips.csv")}
    again = {name.rpartition("/")[2] for name, stamp in project.folds().items() if stamp != before[name]}
    assert again == left, "a subject whose only clip is left out has no fold any more"
    target.append("results/tables/megc2019-flow.csv")
    project.snakemake(*target)
    assert project.planned(*target[2:]) == []
    clip, apex = corrected_apex(project)
    configure(exclude, {clip: {"apex": apex, "reason": "looked at the frames"}})
    correct_one(project, target, clip, apex)


def corrected_apex(project):
    """(a clip of SMIC, another frame for its apex)."""
    row = read_csv(project.folder / "results/datasets/smic/clips.csv")[0]
    return row["clip_id"], int(row["apex"]) + 1


def correct_one(project, target, clip, apex):
    """Run with the corrected apex: on record everywhere, and only what depends on the clip is made again."""
    results = project.folder / "results"
    stamps = {path: path.stat().st_mtime_ns for path in results.glob("inputs/*/*/parts/*.npy")}
    before = project.folds()
    planned = project.planned(*target[2:])
    assert "index results/datasets/smic/clips.csv" in planned
    assert not [job for job in planned if "flow_images" in job or "megc2019-flow" in job or job.startswith("fetch")]
    project.snakemake(*target)
    (row,) = (row for row in read_csv(results / "datasets/smic/clips.csv") if row["clip_id"] == clip)
    said = f"apex {apex - 1} -> {apex}: looked at the frames"
    assert (row["apex"], row["apex_source"], row["repairs"].endswith(said)) == (str(apex), "corrected", True)
    report = (results / "datasets/smic/report.md").read_text()
    assert f"## Corrected by configuration (1)\n\n- `{clip}`: {said}" in report
    assert json.loads((results / "runs/smic-3/majority/seed0/run.json").read_text())["corrected"] == {clip: said}
    scores = {row["part"]: (row["corrected"], row["corrections"]) for row in read_csv(results / "scores/smic-3.csv")}
    assert scores["all"] == ("1", f"{clip}: {said}")
    page = (results / "tables/smic-3.md").read_text().replace("\\_", "_")
    assert f"1 clip corrected by configuration: {clip}: apex {apex - 1} -" in page
    made = {path for path, stamp in stamps.items() if path.stat().st_mtime_ns != stamp}
    mine = row["subject"].replace("/", "-")
    assert made
    assert all(path.stem.startswith(mine) for path in made), "only arrays of the subject are made again"
    again = {name for name, stamp in project.folds().items() if stamp != before[name]}
    left = {one["subject"].replace("/", "-") for one in read_csv(results / "datasets/smic/clips.csv")}
    assert again == {f"smic-3/majority/seed0/folds/{subject}" for subject in left}
    assert project.planned(*target[2:]) == []
