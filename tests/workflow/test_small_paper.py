"""The full benchmark of paper.yaml run to its report once, every dataset and every model entry as small as they come.

The run itself is long and runs by name: ``pytest -m slow tests/workflow/test_small_paper.py``. What it took stands in
benchmarks/README.md.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import fold_zip
import pytest
import small_paper
import yaml
from project import PROJECT, served

from mebench import cards
from mebench.files import read_csv
from mebench.plan import Plan
from mebench.plots import samples

PAPER = yaml.safe_load((PROJECT / "paper.yaml").read_text(encoding="utf-8"))
PLAN = Plan(small_paper.shrunk(PAPER))
RUNS = {run.model: run for run in PLAN.runs}  # one of each entry
long = [
    pytest.mark.slow,
    pytest.mark.skipif("'slow' not in config.getoption('-m')", reason="minutes of two cores; run it with -m slow"),
]


# --- what is run ------------------------------------------------------------------------------------------------------


def test_every_dataset_task_and_entry_is_kept(monkeypatch):
    monkeypatch.setenv("MEBENCH_DATA", "/nowhere")
    paper = Plan(PAPER)
    assert PLAN.datasets.keys() == paper.datasets.keys()
    assert {(run.task, run.model) for run in PLAN.runs} == {(run.task, run.model) for run in paper.runs}
    for name in PLAN.datasets:
        assert PLAN.inputs.crop(name) == paper.inputs.crop(name)


@pytest.mark.parametrize("entry", RUNS)
def test_an_entry_is_as_small_as_its_model_comes(entry):
    spec = RUNS[entry].spec
    card = cards.card("models", spec["model"])
    if "small" in card.get("options", {}).get("size", []):
        assert spec["options"]["size"] == "small"
    assert spec["options"].get("pretrained", "none") == "none"
    if spec["training"] == "gradient":
        assert (spec["recipe"]["epochs"], spec["recipe"]["warmup_epochs"]) == (1, 0)


def test_what_an_entry_says_stays():
    assert RUNS["me_tst-casme3"].spec["recipe"]["batch_size"] == 256
    assert RUNS["me_tst_plus-casme3"].spec["recipe"]["batch_size"] == 256
    assert RUNS["me_tst_plus-casme3"].spec["options"]["variant"] == "plus"
    assert RUNS["hsta-macro"].spec["recipe"]["extra_clips"] == "macro"
    assert RUNS["slstt-mean"].spec["options"]["aggregator"] == "mean"


# --- how it ends ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    with served(tmp_path_factory.mktemp("small paper")) as project:
        folder = small_paper.prepare(project)
        project.run(*small_paper.COMMAND)
    return folder


class TestRun:
    pytestmark = long

    @pytest.mark.parametrize("task", PLAN.tasks)
    def test_every_fold_of_every_entry_is_done(self, results, task):
        for run in PLAN.runs_of(task):
            record = json.loads((results / f"runs/{run.id}/run.json").read_text())
            assert record["folds_done"] == record["folds_expected"] >= small_paper.SUBJECTS, run.id
            assert record["failed"] == [], run.id
            predicted = read_csv(results / f"runs/{run.id}/predictions.csv")
            assert {row["truth"] for row in predicted} == set(PLAN.tasks[task]["classes"]), run.id
            epochs = Counter(row["fold"] for row in read_csv(results / f"runs/{run.id}/history.csv"))
            trained = run.spec["training"] == "gradient"
            assert list(epochs.values()) == [1] * record["folds_done"] * trained, run.id

    @pytest.mark.parametrize("task", PLAN.tasks)
    def test_every_entry_has_its_row_and_the_oracle_is_right(self, results, task):
        names = {run.model for run in PLAN.runs_of(task)}
        scores = read_csv(results / f"scores/{task}.csv")
        assert {row["model"] for row in scores} == names
        assert {float(row["accuracy"]) for row in scores if row["model"] == "oracle"} == {1}
        rows = [row for row in read_csv(results / f"tables/{task}.csv") if row["block"] != "published"]
        assert sorted(row["model"] for row in rows) == sorted(names)

    @pytest.mark.parametrize("task", PLAN.tasks)
    def test_the_report_shows_each_input_of_a_task_in_a_picture(self, results, task):
        page = (results / "report.html").read_text(encoding="utf-8")
        assert PLAN.tasks[task]["title"] in page
        for plot in PLAN.paths.plots(task):
            assert (results / f"plots/{task}/{plot}.svg").stat().st_size
        for name in PLAN.paths.samples[task]:
            assert samples.title_and_caption(name)[0] in page

    def test_macro_expressions_were_trained_on(self, results):
        """They are in no fold's predictions, but in what a fold says it was trained on."""
        folds = {name: _trained_on(results / f"runs/casme3-7/{name}/seed0") for name in ("hsta", "hsta-macro")}
        assert folds["hsta"].keys() == folds["hsta-macro"].keys()
        assert all(folds["hsta-macro"][fold] > folds["hsta"][fold] for fold in folds["hsta"])

    def test_no_log_has_a_traceback(self, results):
        texts = dict(small_paper.logs(results))
        assert len(texts) > len(PLAN.runs)
        assert [path for path, text in texts.items() if "Traceback" in text] == []


def _trained_on(run: Path) -> dict[str, int]:
    """Training clips of each fold."""
    folds = [fold_zip.record(path) for path in fold_zip.files(run)]
    return {fold["fold"]: fold["clips"]["train"] for fold in folds}
