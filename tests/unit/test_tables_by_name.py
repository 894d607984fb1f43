"""A table is made by its name: it says what has to be run, and the plan knows that without having been asked before."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest

from mebench import cli, tables
from mebench.config.loading import load
from mebench.errors import UserError
from mebench.files import write_json
from mebench.plan import Plan
from mebench.plan.data_state import DataStates
from mebench.plan.expected_time import ExpectedTime
from mebench.plan.shards import Shards
from mebench.runs.run_costs import with_costs
from mebench.tables.scores import Score

PROJECT = Path(__file__).parents[2]
SMIC = {"smic": {"source": "synthetic"}}
OWN = {"smic": {"source": "/data/SMIC"}}
TWO = """title: Two tasks
task: smic-3
parts: {smic-3: {task: smic-3, title: SMIC}, samm-3: {task: samm-3, title: SAMM}}
columns: [[smic-3, uf1, UF1], [samm-3, uf1, UF1]]
"""


def plan(**keys) -> Plan:
    return Plan({"datasets": SMIC, "tasks": ["smic-3"], "models": ["majority"], "seeds": [0]} | keys)


def pairs(made: Plan) -> set[tuple[str, str]]:
    return {(run.task, run.model) for run in made.runs}


@pytest.fixture
def table(tmp_path):
    """Write a table's file; gives its path."""

    def write(text: str, name: str = "mine") -> str:
        (tmp_path / f"{name}.yaml").write_text(text)
        return str(tmp_path / f"{name}.yaml")

    return write


# --- what is run


def test_an_entry_of_the_configuration_keeps_its_settings_and_that_is_said():
    models = [{"model": "slstt", "preset": "small", "epochs": 7, "tasks": ["smic-3"]}]
    base = plan(models=models)
    made = base.of_table("slstt-ablations")
    specs = {run.model: run.spec for run in made.runs}
    assert specs["slstt"]["recipe"]["epochs"] == 7
    assert specs["slstt-mean"]["recipe"]["epochs"] == 60, "the small preset"
    assert base.own_settings("slstt-ablations") == ["slstt"]
    assert base.of_table("slstt-cde").own_settings("slstt-cde") == ["slstt"]
    assert plan().own_settings("slstt-ablations") == []
    assert pairs(base) == {("smic-3", "slstt")}, "the configuration itself stays"


def test_what_a_table_lacks_has_the_papers_size_on_real_data_and_the_small_one_on_stand_ins():
    sizes = [
        made.of_table("msmmt-smic").run("smic-3", "msmmt", 0).spec["options"].get("size")
        for made in (plan(datasets=OWN), plan(), plan(datasets={"smic": {"source": "synthetic", "size": "full"}}))
    ]
    assert sizes == [None, "small", None]
    preset = plan(datasets=SMIC).of_table("me-tst").run("casme3-spotting", "me_tst-casme3", 0).spec
    assert (preset["options"]["size"], preset["recipe"]["batch_size"]) == ("small", 256), "a preset of its own stays"


def test_a_rehearsal_rehearses_the_runs_of_a_table_too():
    made = plan(datasets=OWN, rehearsal=True).of_table("slstt-sde")
    assert {entry["size"] for entry in made.datasets.values()} == {"rehearsal"}
    assert {run.spec["recipe"]["epochs"] for run in made.runs if run.spec["training"] == "gradient"} == {2}


def test_a_dataset_that_is_not_configured_is_generated_beside_generated_ones_and_asked_for_beside_others():
    assert plan().of_table("casme3").datasets == {"casme3": {"source": "synthetic"}}
    with pytest.raises(UserError, match=r"the table casme3 needs the dataset casme3; add it to 'datasets'"):
        plan(datasets=OWN).of_table("casme3")


def test_a_table_that_shows_all_runs_its_own_models_only_where_the_task_is_not_configured():
    assert pairs(plan().of_table("smic-3")) == {("smic-3", "majority")}
    found = pairs(plan().of_table("casme2-5"))
    assert {("casme2-5", "slstt"), ("casme2-5", "majority")} <= found
    with pytest.raises(UserError, match=r"the table casme3-7 needs the task casme3-7; add it to 'tasks'"):
        plan().scores_of_table("casme3-7")


def test_tables_of_the_configuration_are_part_of_it(tmp_path):
    made = plan(tables=["smic-3", "slstt-sde"])
    assert list(made.tasks) == ["smic-3", "casme2-5", "samm-5", "casme2-3", "samm-3"]
    assert ("casme2-5", "slstt-mean") in pairs(made)
    assert made.tasks_of_table("slstt-sde")[0] == "smic-3"
    assert set(made.datasets) == {"smic", "casme2", "samm"}
    write_json(tmp_path / "config.json", made.configuration.document())
    again = Plan(load(tmp_path / "config.json"))
    assert [run.parameter for run in again.runs] == [run.parameter for run in made.runs]
    assert again.own_settings("slstt-sde") == []
    assert again.scores_of_table("slstt-sde") == made.scores_of_table("slstt-sde")


def test_a_table_adds_no_run_of_an_entry_for_all_tasks_on_the_tasks_it_adds(table):
    text = TWO + "models: [{model: stratified_random, tasks: [samm-3]}, {model: majority, tasks: [smic-3]}]\n"
    assert pairs(plan(tables=[table(text)])) == {("smic-3", "majority"), ("samm-3", "stratified_random")}


def test_an_entry_may_have_a_selection_of_its_own():
    made = plan(models=["ststnet", {"name": "inner", "model": "ststnet", "selection": "inner"}])
    assert {run.model: run.spec["selection"] for run in made.runs} == {"ststnet": "last", "inner": "inner"}
    study = plan().of_table("selection-flow")
    assert {run.spec["selection"] for run in study.runs} == {"inner", "test_peek"}
    with pytest.raises(UserError, match=r"selection: peek \(did you mean 'test_peek'"):
        plan(models=[{"model": "ststnet", "selection": "peek"}])
    with pytest.raises(UserError, match="'majority' has selection: inner, which is for models that are trained by"):
        plan(models=[{"model": "majority", "selection": "inner"}])


def test_commands_and_jobs_find_the_runs_of_a_table_by_their_names(tmp_path, capsys):
    made = plan(results=str(tmp_path / "results"))
    spec = made.of_table("slstt-sde").run("samm-3", "slstt-mean", 0)
    assert made.having("samm-3", "slstt-mean").named("samm-3/slstt-mean/seed0").parameter == spec.parameter
    assert made.having_run("samm-3/slstt-mean/seed0").tasks.keys() >= {"samm-3"}
    assert made.having("smic-3", "majority") is made
    assert made.having("smic-3", "nobody") is made
    shards = Shards(made, "fold")
    assert shards.folds(spec) == shards.count([spec]) == 8
    assert ExpectedTime(made).core_seconds("train", {"task": "samm-3", "model": "slstt-mean"}) > 4
    assert DataStates(made).looking("samm").dataset == "samm"
    (tmp_path / "config.yaml").write_text(json.dumps({"datasets": SMIC, "tasks": ["smic-3"], "models": ["majority"]}))
    for verb in ("plan", "status"):
        command = [verb, "--table", "slstt-sde", "--config", str(tmp_path / "config.yaml")]
        assert cli.main([*command]) in (0, None)
        said = capsys.readouterr().out
        assert "samm-3" in said
        assert "slstt-mean" in said
    assert cli.main(["plan", "--table", "slst-sde", "--config", str(tmp_path / "config.yaml")]) == 2
    assert "unknown table 'slst-sde' (did you mean 'slstt-sde'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("keys", "text", "message"),
    [
        ({}, TWO + "models: [ststnett]\n", "the table mine shows the model 'ststnett', .* did you mean 'ststnet'"),
        ({"models": [{"name": "net", "model": "ststnet"}]}, TWO + "models: [{name: net, model: htnet}]\n",
         "shows htnet as 'net', but the configuration has ststnet by that name"),
        ({}, TWO.replace("samm-3", "samm-33"), "needs the task samm-33 .*did you mean 'samm-3'"),
        ({}, TWO, "the table mine needs the task samm-3; add it to 'tasks'"),
        ({}, TWO + "models: [{model: mean_net, tasks: [smic-3]}]\n", "the model entry 'mean_net' serves spotting"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_one_clear_sentence(table, keys, text, message):
    with pytest.raises(UserError, match=message.replace(", .* did", r".*\(did").replace(" .*did", r".*\(did")):
        plan(**keys, tables=[table(text)])


# --- several tasks in one table


def score(task: str, model: str, **other) -> Score:
    base = {"title": model, "kind": "model", "seed": 0, "selection": "last", "origin": "licensed", "part": "all",
            "n": 9, "without_input": 0, "folds_done": 3, "folds_expected": 3, "metrics": {"uf1": 0.5}}  # fmt: skip
    return Score(**({"task": task, "model": model} | base | other))


def test_a_model_has_one_row_for_all_tasks_and_ranks_by_the_first_column(table):
    described = tables.describe(table(TWO))
    assert described.tasks == ("smic-3", "samm-3")
    made = tables.build(described, [
        score("smic-3", "a"), score("samm-3", "a", metrics={"uf1": 0.9}), score("smic-3", "b", metrics={"uf1": 0.7}),
        score("samm-3", "c", metrics={"uf1": 1.0}), score("smic-3", "a", part="smic", metrics={"uf1": 0.1}),
    ])  # fmt: skip
    assert [(row.model, row.rank) for row in made.rows] == [("b", 1), ("a", 2), ("c", None)]
    cells = {row.model: [round(row.cells[c.key].mean, 1) if c.key in row.cells else None for c in made.columns]
             for row in made.rows}  # fmt: skip
    assert cells == {"a": [0.5, 0.9], "b": [0.7, None], "c": [None, 1.0]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("task: samm-3", "task: samm-33"), "part 'samm-3': unknown task 'samm-33' .did you mean 'samm-3'"),
        (("title: SAMM", "titel: SAMM"), "unknown key 'titel' .did you mean 'title'"),
        ((", title: SAMM", ""), "the part 'samm-3' has no title"),
        (("[samm-3, uf1", "[samm-3, f1_spotting"), "unknown metric 'f1_spotting'"),
    ],
)
def test_a_wrong_part_is_one_clear_sentence(table, change, message):
    with pytest.raises(UserError, match=message):
        tables.describe(table(TWO.replace(*change)))


# --- what runs cost


def test_costs_are_read_from_the_records_of_runs(tmp_path):
    import fake_results as fake

    folder = fake.run(tmp_path, "ststnet", 0, wrong=3, origin="licensed")
    record = json.loads((folder / "run.json").read_text()) | {"devices": ["NVIDIA H100"], "seconds": 10.0}
    write_json(folder / "run.json", record)
    one, described = score(fake.TASK, "ststnet"), replace(tables.describe("cost"), models=())
    (found,) = with_costs(described, [one], tmp_path)
    assert found.metrics == {"uf1": 0.5, "parameters": 1683, "mflops": 0.679776, "fold_seconds": 2.0}
    assert found.conventions == "Trained on NVIDIA H100."
    assert with_costs(tables.describe("smic-3"), [one], tmp_path) == [one]
    made = tables.build(described, [score("smic-3", "ststnet", seed=seed, metrics=found.metrics) for seed in (0, 1)])
    line = next(line for line in tables.FORMATS["md"](made).splitlines() if "| ststnet |" in line)
    assert "| 1683 | 0.7 |" in line, "the same for every seed"


def test_the_page_of_tables_is_that_of_their_files():
    spec = importlib.util.spec_from_file_location("tables_page", PROJECT / "docs/tables.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.page() == tool.PAGE.read_text(encoding="utf-8"), "run: python docs/tables.py --write"
