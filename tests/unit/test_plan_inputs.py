"""Which input a run reads of each dataset, and what that input is made from."""

from __future__ import annotations

import pytest

from mebench.plan import Plan


def plan(model: str = "ststnet", **samm) -> Plan:
    datasets = {
        "samm": {"source": "synthetic"} | samm,
        "smic": {"source": "synthetic"},
        "casme2": {"source": "synthetic"},
    }
    return Plan({"datasets": datasets, "tasks": ["megc2019"], "models": [model], "seeds": [0]})


def test_generated_faces_fill_their_frames():
    made = plan()
    assert made.paths.inputs(made.runs[0]) == [
        f"results/inputs/{name}/apex_flow-28/meta.json" for name in ("casme2", "samm", "smic")
    ]
    assert made.paths.made_from("samm", "apex_flow-28") == ["results/inputs/samm/tvl1/meta.json"]
    assert made.arguments.truth("samm", "tvl1") == ["--truth", "results/sources/samm/truth"]


def test_detected_faces_change_the_input_of_their_dataset_alone():
    made = plan(crop="detected")
    assert [path.split("/")[3] for path in made.paths.inputs(made.runs[0])] == [
        "apex_flow-28",
        "apex_flow-28.eyes",
        "apex_flow-28",
    ]
    assert made.paths.made_from("samm", "apex_flow-28.eyes") == ["results/inputs/samm/tvl1.eyes/meta.json"]
    assert made.paths.made_from("samm", "tvl1.eyes") == ["results/faces/samm/meta.json"]
    # the known flow is that of whole frames
    assert made.arguments.truth("samm", "tvl1.eyes") == []


@pytest.mark.parametrize(
    ("model", "samm"),
    [
        ("hsta", "frames-224"),  # no detection, alignment or crop (docs/model-sources.md#hsta)
        ("capsulenet", "frames-224.eyes"),
        ("slstt", "long_flow-384.nose"),
        ("msmmt", "texture_motion-128.eyes"),
    ],
)
def test_each_model_gets_the_crop_of_its_card_where_faces_are_detected(model, samm):
    made = plan(model, crop="detected")
    found = {path.split("/")[2]: path.split("/")[3] for path in made.paths.inputs(made.runs[0])}
    whole = samm.removesuffix(".eyes").removesuffix(".nose")
    assert found == {"casme2": whole, "samm": samm, "smic": whole}


def test_raw_frames_of_the_owner_are_cropped_by_landmarks(tmp_path):
    made = plan(source=str(tmp_path))
    assert made.inputs.crop("samm") == "detected"  # SAMM delivers whole frames
    assert made.inputs.crop("casme2") == "provided"


def test_the_owners_decisions_reach_the_commands(tmp_path):
    made = plan(source=str(tmp_path), accept=["counts"], apex="flow_max", landmarks="points.csv", sha256="0" * 64)
    assert made.arguments.index("samm") == ["--apex", "flow_max", "--accept", "counts"]
    assert made.arguments.faces("samm") == ["--crop", "detected", "--landmarks", "points.csv"]
    assert made.arguments.source_options("samm") == '{"sha256":"' + "0" * 64 + '"}'
    assert made.arguments.source_options("smic") == "{}"


def test_a_dataset_without_a_task_is_read_all_the_same():
    datasets = {name: {"source": "synthetic"} for name in ("smic", "samm_long")}
    made = Plan({"datasets": datasets, "tasks": ["smic-3"], "models": ["majority"], "seeds": [0]})
    assert list(made.datasets) == ["samm_long", "smic"]
    assert made.inputs.with_faces == ["samm_long", "smic"]
    assert made.paths.made_from("samm_long", "roi_flow-10") == []


def test_crops_are_checked_where_nobody_has_decided(tmp_path):
    def words(**entry):
        datasets = {name: {"source": "synthetic"} for name in ("casme2", "samm", "smic")}
        datasets["casme2"] = {"source": str(tmp_path)} | entry
        made = Plan({"datasets": datasets, "tasks": ["megc2019"], "models": ["majority"], "seeds": [0]})
        return made.arguments.index("casme2")

    assert words() == ["--crops"]
    assert words(crop="provided") == words(crop="detected") == words(source="synthetic") == []
