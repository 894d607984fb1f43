"""The configurations beside config.yaml and paper.yaml: what they run, and that they share results."""

from __future__ import annotations

from pathlib import Path

import pytest

from mebench import cards
from mebench.plan import Plan

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def plans(monkeypatch, tmp_path):
    monkeypatch.setenv("MEGC2019_FLOW", str(tmp_path))
    names = ("config.megc2019-flow.yaml", "config.megc2019-flow-baselines.yaml")
    return [Plan.load(PROJECT / name) for name in names]


def test_every_model_that_reads_28x28_flow_is_among_the_baselines_on_the_flow_pictures(plans):
    inputs = {name: cards.card("models", name)["inputs"] for name in cards.names("models")}
    eats = {name for name, wanted in inputs.items() if (wanted["kind"], wanted.get("size")) == ("apex_flow", 28)}
    assert {"ststnet", "off_apexnet", "dual_inception", "htnet"} <= eats
    left_out = eats - {run.spec["model"] for run in plans[1].runs}
    assert not left_out, f"add to config.megc2019-flow-baselines.yaml: {left_out}"


def test_runs_of_the_short_configuration_are_runs_of_the_long_one(plans):
    """Both write into one folder: what one has trained the other finds done."""
    short, long = ({(run.task, run.model, run.seed): (run.parameter, plan.paths.folder(run)) for run in plan.runs}
                   for plan in plans)  # fmt: skip
    assert short.items() <= long.items()


def test_each_keeps_the_cards_recipe(plans):
    own = ("shuffled_labels", "ststnet-plain")  # a control, and a preset that is not the paper's
    for run in plans[1].runs:
        if run.spec["training"] == "gradient" and run.model not in own:
            card = cards.card("models", run.spec["model"])
            changes = card.get("changes", {})
            said = card["recipe"]
            for option, value in run.spec["options"].items():
                said = said | changes.get(option, {}).get(value, {}).get("recipe", {})
            assert said.items() <= run.spec["recipe"].items(), run.model


def test_the_tour_has_the_four_papers_six_baselines_and_the_controls_and_each_task_has_a_network():
    plan = Plan.load(PROJECT / "config.yaml")
    kinds = {run.spec["model"]: cards.card("models", run.spec["model"])["kind"] for run in plan.runs}
    papers, spotters = {"slstt", "hsta", "msmmt", "me_tst"}, {"mdmd"}
    models = {name for name, kind in kinds.items() if kind == "model"}
    assert papers | spotters <= models
    assert len(models - papers - spotters) == 6
    assert {name for name in cards.names("models") if cards.card("models", name)["kind"] == "control"} <= kinds.keys()
    trained = {
        run.task for run in plan.runs if run.spec["training"] == "gradient" and kinds[run.spec["model"]] != "control"
    }
    assert trained == set(plan.tasks) == {"megc2019", "smic-3", "sammlv-spotting"}
    assert len(plan.configuration.seeds) == 2


def test_the_long_tour_writes_elsewhere():
    """Its datasets have other clips."""
    short, long = (Plan.load(PROJECT / name).results for name in ("config.yaml", "config.long-tour.yaml"))
    assert short != long


def test_the_ablations_of_msmmt_change_one_thing_each_and_join_the_results_of_the_papers(monkeypatch, tmp_path):
    """docs/model-sources.md#msmmt."""
    monkeypatch.setenv("MEBENCH_DATA", str(tmp_path))
    ablations, paper = (Plan.load(PROJECT / name) for name in ("config.msmmt-ablations.yaml", "paper.yaml"))
    assert ablations.results == paper.results
    whole = {(run.task, run.seed): (run.parameter, ablations.paths.folder(run))
             for run in ablations.runs if run.model == "msmmt"}  # fmt: skip
    assert whole == {(run.task, run.seed): (run.parameter, paper.paths.folder(run))
                     for run in paper.runs if run.model == "msmmt"}  # fmt: skip
    changed = {name: entry["options"] for name, entry in ablations.entries.items() if entry["model"] == "msmmt"}
    assert sorted(str(options) for options in changed.values()) == sorted(map(str, [
        {}, {"modalities": "texture"}, {"modalities": "motion"}, {"scales": 8}, {"scales": 16}, {"scales": 32},
        {"weighting": "last"}, {"weighting": "uniform"}, {"contrastive": 0.0}, {"texture": "diff"},
        {"encoder": "separate"},
    ]))  # fmt: skip
    for entry in ablations.entries.values():
        if entry["model"] == "msmmt":
            assert entry["recipe"] == ablations.entries["msmmt"]["recipe"]
