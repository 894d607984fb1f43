"""The walks of docs/add-a-kind-of-task.md and docs/add-a-task.md, followed as they stand, and the configuration of
docs/casme2-on-a-disk.md."""

from __future__ import annotations

import csv
import re

import pytest
import yaml
from project import Project, served
from walk import follow, page

from mebench import cards, tasks
from mebench.config import own_tasks
from mebench.config.kinds import KindCard
from mebench.config.schema import checked

KIND, TASK, DISK = (page(name) for name in ("add-a-kind-of-task", "add-a-task", "casme2-on-a-disk"))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project in which both walks were followed; ``printed`` is what they printed."""
    with served(tmp_path_factory.mktemp("tasks"), coarse=True) as made:
        made.printed = follow(made, KIND), follow(made, TASK)
        yield made


def rows(path):
    with open(path, encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def measured(project: Project, table: str) -> dict[str, dict[str, str]]:
    """The rows of a table that were measured here, controls included, by model."""
    found = rows(project.folder / f"results/tables/{table}.csv")
    return {row["model"]: row for row in found if row["block"] != "published"}


def test_a_kind_of_task_is_one_file(project):
    predicted = rows(project.folder / "results/runs/casme2-units/layer/seed0/predictions.csv")
    said = [({*row["truth"].split("+")} - {""}, {u for u in ["4", "7", "12"] if float(row[f"p_{u}"]) >= 0.5})
            for row in predicted]  # fmt: skip
    right, wrong = sum(len(a & b) for a, b in said), sum(len(a ^ b) for a, b in said)
    row = measured(project, "casme2-units")["layer"]
    assert float(row["all_f1_mean"]) == pytest.approx(2 * right / (2 * right + wrong), abs=1e-6)
    assert float(row["all_wrong_mean"]) == pytest.approx(wrong / len(predicted), abs=1e-6)
    assert any({"4", "7"} <= truth for truth, _ in said)  # several answers for one clip
    assert "One layer" in project.printed[0]
    assert "A dot is a clip: filled" in (project.folder / "results/report.html").read_text(encoding="utf-8")
    plots = {path.stem for path in (project.folder / "results/plots/casme2-units").glob("*.svg")}
    assert plots == {"curves", "scores", "input-apex_flow-28"}


def test_another_threshold_trains_nothing(project):
    project.edit("units.yaml", "units: [4, 7, 12]", "units: [4, 7, 12], stage: {threshold: 0.3}")
    jobs = {job.split()[0] for job in project.planned("--configfile", "units.yaml")}
    project.edit("units.yaml", ", stage: {threshold: 0.3}", "")
    assert {"score", "report"} <= jobs
    assert not {"train", "inputs"} & jobs


def test_tasks_of_ones_own_come_to_their_tables(project):
    clips = rows(project.folder / "results/datasets/casme2/clips.csv")
    emotions = ("disgust", "fear", "sadness", "happiness")
    wanted = {clip["clip_id"] for clip in clips if clip["emotion"] in emotions} - {"casme2/sub01/EP06_01"}
    assert len(wanted) < sum(clip["emotion"] in emotions for clip in clips)
    runs = project.folder / "results/runs"
    assert {row["clip_id"] for row in rows(runs / "casme2-valence/ststnet/seed0/predictions.csv")} == wanted
    truth = {row["clip_id"]: row["truth"] for row in rows(runs / "casme2-two-objective/majority/seed0/predictions.csv")}
    assert truth == {clip["clip_id"]: clip["objective"] for clip in clips if clip["objective"] in ("III", "IV")}
    assert set(measured(project, "casme2-valence")) == {"ststnet", "majority"}
    assert set(measured(project, "casme2-two-objective")) == {"majority"}
    assert "CASME II, negative or positive" in project.printed[1]


def keys(page: str, title: str) -> list[str]:
    """The names in the first column of the tables of a chapter."""
    text = page.split(f"\n## {title}\n")[1].split("\n## ")[0]
    firsts = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]
    return re.findall(r"`(\w+)", " ".join(firsts))


def test_the_pages_list_every_key_and_every_method():
    card = tasks.card({})
    assert {*keys(TASK, "The keys")} == {*own_tasks.ALWAYS, *card["definition"]}
    assert {*keys(KIND, "The card")} == (KindCard.__required_keys__ | KindCard.__optional_keys__) - {"name"}
    classes = (tasks.Kind, tasks.Scoring, tasks.Objective)
    public = {name for kind in classes for name in vars(kind) if not name.startswith("_")}
    assert {*keys(KIND, "The class")} == public


def test_the_configuration_for_a_copy_on_a_disk_is_one():
    (block,) = re.findall(r"```yaml\n(.*?)```", DISK, re.DOTALL)
    found = checked(yaml.safe_load(block))
    assert found["tasks"] == ["casme2-5"]
    expected = cards.card("datasets", "casme2")["expected"]
    assert f"{expected['clips']} clips of {expected['subjects']} subjects" in DISK
