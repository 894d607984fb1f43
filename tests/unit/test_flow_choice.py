"""The key ``flow``: what computes TV-L1, for all models or for one."""

from __future__ import annotations

import pytest

from mebench.config import input_names
from mebench.config.flow_choice import flow_of
from mebench.errors import UserError
from mebench.plan import Plan
from mebench.plan.runs import Run

DATASETS = {name: {"source": "synthetic"} for name in ("casme2", "samm", "smic", "samm_long")}


def inputs(*models, tasks=("smic-3", "sammlv-spotting"), **keys) -> dict[str, str]:
    """The input of each model entry."""
    made = Plan({"datasets": DATASETS, "tasks": list(tasks), "models": list(models), **keys})
    return {run.model: made.inputs.name(run, run.datasets[0]) for run in made.runs}


ENTRIES = ["ststnet", "msmmt", "bi_woof_svm", "mean_net", "oracle", "me_tst", "slstt", "mdmd"]


def test_one_key_chooses_what_computes_tv_l1_of_every_kind_of_input():
    assert inputs(*ENTRIES, flow="tvl1_torch") == {
        "ststnet": "apex_flow-28.tvl1_torch",
        "msmmt": "texture_motion-128.tvl1_torch",
        "bi_woof_svm": "apex_flow-140.tvl1_torch",
        "mean_net": "pair_flow-42.tvl1_torch",
        "oracle": "apex_flow-28.tvl1_torch",
        # Farnebäck and DIS stay
        "me_tst": "roi_flow-10",
        "slstt": "long_flow-384",
        "mdmd": "mdmd_feature-227",
    }


def test_without_the_key_specs_and_inputs_are_those_without_a_choice():
    assert inputs(*ENTRIES) == inputs(*ENTRIES, flow="tvl1")
    assert not any("tvl1" in name for name in inputs(*ENTRIES).values())


def test_an_entry_names_its_own():
    entries = [
        {"model": "ststnet", "flow": "tvl1"},
        {"model": "mean_net", "flow": "tvl1"},
        {"model": "slstt", "flow": "tvl1_torch"},
        {"model": "mdmd", "flow": "tvl1"},
    ]
    assert inputs(*entries, flow="tvl1_torch") == {
        "ststnet": "apex_flow-28",
        "mean_net": "pair_flow-42",
        "slstt": "long_flow-384.tvl1_torch",
        "mdmd": "mdmd_feature-227.tvl1",
    }
    assert inputs({"model": "ststnet", "flow": "tvl1_torch"}, "majority", tasks=["smic-3"]) == {
        "ststnet": "apex_flow-28.tvl1_torch",
        "majority": "apex_flow-28",
    }


@pytest.mark.parametrize(
    ("card", "named"),
    [
        ({"kind": "long_flow", "size": 28, "options": {"flow": "tvl1", "coding": "uv"}}, "long_flow-28.uv.tvl1_torch"),
        ({"kind": "mdmd_feature", "size": 60, "options": {"flow": "tvl1"}}, "mdmd_feature-60.tvl1_torch"),
        ({"kind": "tvl1", "size": None}, "tvl1_torch"),
    ],
)
def test_cards_of_ones_own_follow_the_key(card, named, tmp_path):
    text = {"channels": ["u"], "range": "pixels", "center": "none"} | card
    about = {"title": "Mine", "kind": "network", "paper": None, "licence": "MIT", "module": "Mine", "parameters": 1}
    resources = {"mem_mb": 1, "runtime_min": 1, "gpu": 0}
    own = about | {"flops": 1, "inputs": text, "recipe": {}, "resources": resources, "notes": ""}
    (tmp_path / "mine.py").write_text(f"CARD = {own!r}\n")
    name = inputs({"model": str(tmp_path / "mine.py")}, "majority", tasks=["smic-3"], flow="tvl1_torch")["mine"]
    assert name == named
    spec = input_names.parse(name)
    assert flow_of(text | {"kind": spec.kind, "options": spec.options}) == "tvl1_torch"


def spec_of(flow: str, task: str, dataset: str) -> Run:
    return Plan(
        {"datasets": {dataset: {"source": "synthetic"}}, "tasks": [task], "models": ["ststnet"], "flow": flow}
    ).runs[0]


def test_a_fold_of_one_is_never_taken_for_the_other_but_published_pictures_are_the_same():
    opencv, torch = (spec_of(flow, "smic-3", "smic") for flow in ("tvl1", "tvl1_torch"))
    assert opencv.parameter != torch.parameter
    opencv, torch = (spec_of(flow, "megc2019-flow", "flow_images") for flow in ("tvl1", "tvl1_torch"))
    assert opencv.parameter == torch.parameter


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"flow": "tvl1_toch"}, "at flow: 'tvl1_toch' is not one of the choices.*did you mean 'tvl1_torch'"),
        ({"models": [{"model": "ststnet", "flow": "dis"}]}, "'ststnet' has flow: dis"),
        ({"models": [{"model": "lbp_top_svm", "flow": "tvl1"}]}, "'lbp_top_svm' has flow: tvl1, but .* no TV-L1 flow"),
    ],
)
def test_what_cannot_be_chosen_is_said(keys, sentence):
    with pytest.raises(UserError, match=sentence):
        Plan({"datasets": DATASETS, "tasks": ["smic-3"], "models": ["ststnet"], **keys})
