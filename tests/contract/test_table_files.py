"""Every table file of the package: it can be read, planned on real data and on generated ones, and made of scores."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from mebench import cards, tables
from mebench.files import write_json
from mebench.model_card import model_card
from mebench.plan import Plan
from mebench.plan.shards import Shards
from mebench.plan.shown_tables import described, scores_shown
from mebench.plan.table_runs import pairs
from mebench.plan.tables import name_of, needs, shipped
from mebench.protocols.tasks import TASKS
from mebench.tables.cost import COST

PROJECT = Path(__file__).parents[2]
OTHERS = ("config.msmmt-ablations.yaml", "config.megc2019-flow-baselines.yaml", "paper.yaml")
REAL = {"casme2", "samm", "smic", "casme3", "casme3_long", "samm_long", "casme_sq", "flow_images"}


@pytest.fixture(scope="module")
def real():
    """A configuration of all real datasets, none of which is there, with a task and a model that no table asks for."""
    datasets = {name: {"source": f"/nowhere/{name}"} for name in REAL}
    return Plan({"datasets": datasets, "tasks": ["samm-8"], "models": ["stratified_random"], "seeds": [0, 1]})


@pytest.fixture(scope="module")
def generated():
    """The configuration as shipped."""
    return Plan.load(PROJECT / "config.yaml")


@pytest.mark.parametrize("name", shipped())
def test_what_a_file_names_is_there(name):
    described, wanted = tables.describe(name), needs(name)
    assert described.columns
    assert set(wanted.tasks) == set(described.tasks) <= set(TASKS)
    assert {column.part for column in described.columns} <= set(described.parts)
    quoted = {letter for row in described.published for letter in row.source}
    assert quoted == set(described.sources) or name in ("casme3-spotting", "sammlv-spotting"), "a legend of nothing"
    assert {row.model for row in described.published} <= {"", *cards.names("models")}
    shown = {column.key for column in described.columns}
    for row in described.published:
        assert not row.values or shown & set(row.values), f"{row.method} has figures in no column"
    asked = wanted.models or wanted.default_models
    assert asked, "it says what has to be run"
    assert max(Counter(map(name_of, asked)).values()) == 1


@pytest.mark.parametrize("name", shipped())
def test_on_real_data_it_needs_its_own_runs_and_nothing_else(name, real):
    plan, wanted = real.of_table(name), needs(name)
    assert list(plan.tables) == [name]
    assert {(run.task, run.model) for run in plan.runs} == set(pairs(real.configuration, wanted))
    assert {run.task for run in plan.runs} == set(wanted.tasks)
    assert set(plan.datasets) == {dataset for run in plan.runs for dataset in run.datasets}
    assert {run.seed for run in plan.runs} == {0, 1}
    assert not any("small" in json.dumps(run.spec["options"]) for run in plan.runs), "the paper's size on real data"
    for run in plan.runs:
        assert real.having(run.task, run.model).run(run.task, run.model, run.seed).parameter == run.parameter
    scores = {f"results/scores/{task}/{model}.json" for task, model in pairs(real.configuration, wanted)}
    assert set(real.scores_of_table(name)) == set(plan.scores_of_table(name)) == scores


@pytest.mark.parametrize("name", shipped())
def test_no_job_of_several_models_makes_one_that_the_table_does_not_show(name, generated, monkeypatch, tmp_path):
    monkeypatch.setenv("MEBENCH_DATA", str(tmp_path))
    for base in (generated, Plan.load(PROJECT / "paper.yaml")):
        shards, shown = Shards(base), set(pairs(base.configuration, needs(name)))
        for task in set(needs(name).tasks) & set(base.tasks):
            together = {(task, model) for model in shards.together(task)}
            assert together <= shown or not together & shown, task


def test_the_runs_of_a_table_are_no_runs_of_the_configuration_that_does_not_name_it(real):
    assert {(run.task, run.model) for run in real.runs} == {("samm-8", "stratified_random")}
    assert list(real.tables) == ["samm-8"]
    assert Shards(real).together("casme2-5") == []


@pytest.mark.parametrize("name", shipped())
def test_on_the_configuration_as_shipped_nothing_is_larger_than_small(name, generated):
    """What it lacks is generated, and its models have their small presets where they have one."""
    plan = generated.of_table(name)
    assert all(entry["source"] == "synthetic" for entry in plan.datasets.values())
    for run in plan.runs:
        assert run.spec["options"].get("pretrained", "none") == "none", f"{run.id} would read weights of another size"
        if "small" in model_card(run.spec["model"]).get("options", {}).get("size", []):
            assert run.spec["options"].get("size") in ("small", "flow28"), run.id


def test_an_entry_is_the_same_in_every_table_and_configuration(real, monkeypatch, tmp_path):
    """So what one table has trained, another finds done."""
    monkeypatch.setenv("MEBENCH_DATA", str(tmp_path))
    monkeypatch.setenv("MEGC2019_FLOW", str(tmp_path))
    known = {}
    plans = [*(real.of_table(name) for name in shipped()), *(Plan.load(PROJECT / name) for name in OTHERS)]
    for plan in plans:
        for run in plan.runs:
            if run.seed == 0 and (plan.selection == run.spec["selection"] == "last" or "-" in run.model):
                spec = {**run.spec, "selection": ""}
                assert known.setdefault((run.task, run.model), spec) == spec, run.id


def fabricated(plan: Plan, table: str) -> None:
    """Scores of every run of a table, as its kind of task writes them."""
    for task in plan.tasks:
        metrics = [name for name in plan.kinds[task]["metrics"] if name not in COST]
        for model in plan.paths.models_of(task):
            scores = [
                {"task": task, "model": model, "title": model, "kind": "model", "seed": run.seed, "origin": "synthetic",
                 "selection": selection, "part": part, "n": 9, "without_input": 0, "folds_done": 3, "folds_expected": 3,
                 "excluded": 0, "exclusions": "", "corrected": 0, "corrections": "",
                 "task_kind": plan.kinds[task]["name"], **dict.fromkeys(metrics, 0.5)}
                for run in plan.paths.with_seeds(task, model)
                for selection in (["last", "test_peek"] if run.spec["selection"] == "test_peek" else
                                  [run.spec["selection"]])
                for part in ("all", *plan.tasks[task]["labels"])
            ]  # fmt: skip
            write_json(Path(plan.paths.model_scores(task, model)), scores)


@pytest.mark.parametrize("name", shipped())
def test_it_is_made_of_synthetic_scores_which_stand_beside_no_published_figure(name, generated, tmp_path):
    base = generated.of_table(name)
    plan = base.elsewhere(str(tmp_path / "results"), [run for run in base.runs if run.seed == 0])
    fabricated(plan, name)
    description = described(plan, name)
    table = tables.build(description, scores_shown(plan, name, description))
    assert {row.block for row in table.rows} == {"measured"}
    assert {row.origin for row in table.rows} == {"synthetic"}
    assert {row.model for row in table.rows} == {model for _, model in pairs(base.configuration, needs(name))}
    assert "(SYNTHETIC DATA)" in table.title
    assert table.caption[0].startswith("SYNTHETIC DATA, not a result on the real dataset.")
    shown = pairs(base.configuration, needs(name))
    for column in table.columns:
        there = {row.model for row in table.rows if column.key in row.cells}
        assert (
            there == {model for task, model in shown if task == table.place(column.part).task} or column.metric in COST
        )
    for path in tables.write(table, tmp_path / name):
        assert "SYNTHETIC" in path.read_text(encoding="utf-8") or path.suffix == ".csv"
    assert ",synthetic," in (tmp_path / f"{name}.csv").read_text(encoding="utf-8")
