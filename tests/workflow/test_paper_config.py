"""The full benchmark of paper.yaml: planned as a whole before anything is there, each model with the paper's recipe."""

from __future__ import annotations

from collections import Counter

import pytest
from project import PROJECT, Project

from mebench import cards
from mebench.config import recipes
from mebench.plan import Plan
from mebench.plan.shards import Shards


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEBENCH_DATA", str(tmp_path_factory.mktemp("no data here")))
        return Plan.load(PROJECT / "paper.yaml")


def test_every_registered_model_is_in_the_full_benchmark(plan):
    left_out = set(cards.names("models")) - {run.spec["model"] for run in plan.runs}
    assert not left_out, f"add to paper.yaml: {left_out}"


@pytest.mark.parametrize(
    ("model", "tasks"),
    [
        ("slstt", {"megc2019", "casme2-5", "samm-5", "smic-3"}),
        ("hsta", {"casme3-7", "casme3-objective", "casme2-3", "samm-3", "smic-3"}),
        ("msmmt", {"megc2019", "casme2-5", "samm-5", "smic-3"}),
        ("me_tst", {"casme3-4", "samm-5", "casme3-spotting", "sammlv-spotting"}),
    ],
)
def test_the_four_papers_run_on_their_datasets_over_three_seeds(plan, model, tasks):
    runs = [run for run in plan.runs if run.spec["model"] == model]
    assert {run.task for run in runs} == tasks
    assert set(Counter((run.task, run.model) for run in runs).values()) == {3}


def test_nothing_in_it_is_small_and_every_recipe_is_the_cards(plan):
    for run in plan.runs:
        title, _ = recipes.describe(run.spec)
        assert "small" not in title
        assert "own recipe" not in title or run.spec["recipe"]["extra_clips"] == "macro"
        assert run.spec["options"].get("pretrained", "imagenet") != "none" or run.spec["model"] == "hsta"


def test_a_dry_run_lists_every_job_before_any_data_are_there(tmp_path, monkeypatch):
    monkeypatch.setenv("MEBENCH_DATA", str(tmp_path / "nothing"))
    project = Project(tmp_path / "project")
    (project.folder / "paper.yaml").write_text((PROJECT / "paper.yaml").read_text())
    planned = Counter(job.split()[0] for job in project.planned("--configfile", "paper.yaml"))
    plan = Plan.load(PROJECT / "paper.yaml")
    together = {task: len(Shards(plan).together(task)) for task in plan.tasks}
    pairs = {(run.task, run.model) for run in plan.runs}
    assert planned["train"] == planned["score"] == len(pairs) - sum(together.values())
    assert {name for name in planned if name.startswith("together_")} == {f"together_{task}" for task in plan.tasks}
    assert planned["faces"] == 6


def test_the_dry_run_of_a_table_lists_what_it_needs_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setenv("MEBENCH_DATA", str(tmp_path / "nothing"))
    project = Project(tmp_path / "project")
    (project.folder / "paper.yaml").write_text((PROJECT / "paper.yaml").read_text())
    jobs = project.planned("results/paper/tables/hsta-casme3.csv", "--configfile", "paper.yaml")
    of_table = Plan.load(PROJECT / "paper.yaml").of_table("hsta-casme3")
    counts = Counter(job.split()[0] for job in jobs)
    assert (counts["fetch"], counts["index"], counts["tables"], counts["report"]) == (5, 5, 1, 0)
    scored = {tuple(job.split("/runs/")[1].split("/")[:2]) for job in jobs if job.startswith(("score ", "together_"))}
    together = {f"together_{task}" for task in ("casme2-3", "samm-3", "smic-3", "casme3-7", "casme3-4")}
    assert {name for name in counts if name.startswith("together_")} == together
    own = {(run.task, run.model) for run in of_table.runs}
    assert scored <= own
    trained = {tuple(job.split("/runs/")[1].split("/")[:2]) for job in jobs if job.startswith("train ")}
    assert trained <= own
    assert len(trained) == counts["train"] == counts["score"]


def test_a_table_of_a_dataset_that_is_not_configured_is_planned_on_a_generated_one(tmp_path):
    project = Project(tmp_path / "project")
    project.configure((PROJECT / "config.yaml").read_text())
    counts = Counter(job.split()[0] for job in project.planned("results/tables/selection-flow.csv"))
    assert counts == {"resolve": 1, "fetch": 1, "index": 1, "inputs": 1, "train": 7, "score": 7, "tables": 1}


def test_its_rehearsal_lists_the_same_jobs_without_a_word_of_where_data_are(tmp_path, monkeypatch):
    monkeypatch.delenv("MEBENCH_DATA", raising=False)
    project = Project(tmp_path / "project")
    (project.folder / "paper.yaml").write_text((PROJECT / "paper.yaml").read_text())
    planned = project.planned("--configfile", "paper.yaml", "--config", "rehearsal=true", "shards=auto")
    counts = Counter(job.split()[0] for job in planned)
    assert (counts["fetch"], counts["score"], counts["tables"], counts["report"]) == (6, 119, 11, 1)
    assert sum(count for name, count in counts.items() if name.startswith("together_")) == 11
    assert all(" results/paper-rehearsal/" in job for job in planned)


def test_a_configuration_on_the_command_line_stands_alone(tmp_path, monkeypatch):
    """Nothing of config.yaml is mixed into it: neither its other datasets, nor seeds, nor what it says of a dataset."""
    monkeypatch.setenv("MEBENCH_DATA", str(tmp_path / "nothing"))
    project = Project(tmp_path / "project")
    project.configure("""
datasets:
  casme2: {source: synthetic, accept: [counts], apex: flow_max}
  samm: {source: synthetic}
tasks: [casme2-3]
models: [ststnet]
seeds: [0, 1, 2]
tables: [casme2-55]
""")
    (project.folder / "mine.yaml").write_text("""
datasets: {casme2: {source: "${MEBENCH_DATA}"}}
tasks: [casme2-5, casme2-3]
models: [majority]
""")
    text = project.snakemake("--dry-run", "--printshellcmds", "--configfile", "mine.yaml")
    planned = Counter(job.split()[0] for job in project.planned("--configfile", "mine.yaml"))
    made = (planned["fetch"], planned["together_casme2-5"], planned["together_casme2-3"], planned["tables"])
    assert made == (1, 1, 1, 2)
    assert "mebench index casme2" in text
    assert "flow_max" not in text
    assert "counts" not in text
    project.snakemake("--dry-run", ok=False)  # config.yaml itself asks for a table that nobody knows
