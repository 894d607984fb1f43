"""Every model of the shipped configuration that recognises, from frames to its row in the table, for one epoch on a
handful of clips."""

from __future__ import annotations

import json

import pytest
import yaml
from project import PROJECT, served

from mebench import cards
from mebench.plan import Plan
from mebench.plots import samples

CONFIG = {
    "datasets": {"smic": {"source": "synthetic", "subjects": 2, "clips": 3}},
    "tasks": ["smic-3"],
    "seeds": [0],
}


RECOGNISING = {name for name in cards.names("models")
               if "recognition" in cards.card("models", name).get("serves", ["recognition"])}  # fmt: skip


def briefly(entry: str | dict) -> str | dict:
    """An entry of config.long-tour.yaml for the task alone, trained for one epoch."""
    if isinstance(entry, str):
        return entry
    by_gradient = cards.card("models", entry["model"]).get("training", "gradient") == "gradient"
    return entry | {"tasks": CONFIG["tasks"]} | ({"epochs": 1, "warmup_epochs": 0} if by_gradient else {})


def model_of(entry: str | dict) -> str:
    """The model of an entry."""
    return entry if isinstance(entry, str) else entry["model"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A finished run of all of them."""
    with served(tmp_path_factory.mktemp("every model")) as project:
        models = yaml.safe_load((PROJECT / "config.long-tour.yaml").read_text(encoding="utf-8"))["models"]
        # SLSTT first, which reads no flow from onset to apex: pictures must not depend on the order
        models = sorted(
            (one for one in models if model_of(one) in RECOGNISING), key=lambda one: model_of(one) != "slstt"
        )
        project.configure(yaml.safe_dump(CONFIG | {"models": [briefly(entry) for entry in models]}))
        project.snakemake("--cores", "2")
        yield project


def test_every_model_reads_its_input_and_predicts_every_clip(trained):
    records = {path.parent.parent.name: json.loads(path.read_text())
               for path in (trained.folder / "results/runs/smic-3").glob("*/seed0/run.json")}  # fmt: skip
    assert records.keys() == RECOGNISING
    clips = {record["clips"] for record in records.values()}
    assert len(clips) == 1
    assert 2 <= clips.pop() <= 6
    for name, record in records.items():
        assert (record["folds_done"], record["folds_expected"], record["failed"]) == (2, 2, []), name
        assert record["origin"] == "synthetic", name


def test_every_model_has_a_row_in_the_table(trained):
    table = (trained.folder / "results/tables/smic-3.md").read_text(encoding="utf-8")
    for name in RECOGNISING:
        assert cards.card("models", name)["title"] in table, name


def test_every_input_that_a_model_reads_has_its_picture_in_the_report(trained):
    shown = {path.stem for path in (trained.folder / "results/plots/smic-3").glob("input-*.png")}
    plan = Plan.load(trained.folder / "config.yaml")
    assert shown == {f"input-{name}" for name in plan.paths.samples["smic-3"]}
    page = (trained.folder / "results/report.html").read_text(encoding="utf-8")
    for name in plan.paths.samples["smic-3"]:
        assert samples.title_and_caption(name)[0] in page, name


def test_inputs_of_every_kind_were_made(trained):
    kinds = {path.name.split("-")[0].split(".")[0] for path in (trained.folder / "results/inputs/smic").iterdir()}
    assert {"apex_flow", "long_flow", "frames", "texture_motion", "lbp_top", "roi_flow"} <= kinds
