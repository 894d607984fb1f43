"""A table is made from the scores of the models that it shows, and of no others."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import fake_results as fake
import pytest

from mebench import cli
from mebench.errors import UserError
from mebench.files import write_json
from mebench.plan import Plan
from mebench.runs.scores import run_scores

MODELS = ["majority", "off_apexnet", "ststnet"]
CONFIG = {"datasets": {name: {"source": "synthetic"} for name in ("casme2", "samm", "smic")},
          "tasks": [fake.TASK], "models": MODELS, "seeds": [0, 1]}  # fmt: skip
SURE = ("letters", "_low", "_high", "_spread_subjects")
OWN = "title: Mine\ntask: megc2019\nparts: {all: All}\ncolumns: [[all, uar, UAR]]\n"


def configured(folder: Path, **keys) -> Plan:
    config = CONFIG | {"results": str(folder / "results")} | keys
    (folder / "config.yaml").write_text(json.dumps(config))
    return Plan.load(folder / "config.yaml")


def score(folder: Path, *models: str) -> None:
    """Write the scores of these models, as the rule ``score`` does."""
    for model in models:
        runs = sorted((folder / "results/runs" / fake.TASK / model).glob("seed*"))
        scores = [one.as_json() for run in runs for one in run_scores(run)]
        write_json(folder / "results/scores" / fake.TASK / f"{model}.json", scores)


def made(folder: Path, table: str, *more: str) -> dict[str, bytes]:
    assert cli.main(["tables", table, "--out", str(folder / "t"), *more]) in (0, None)
    return {path.name.removeprefix("t"): path.read_bytes() for path in folder.glob("t.*")}


@pytest.fixture
def results(tmp_path):
    fake.fill(tmp_path / "results", "licensed")
    return tmp_path


def plain(files):
    """The rows of the CSV file without letters and intervals."""
    rows = csv.DictReader(io.StringIO(files[".csv"].decode()))
    return [{name: value for name, value in row.items() if not name.endswith(SURE)} for row in rows]


def test_the_same_bytes_from_the_scores_of_the_models_as_from_those_of_the_task(results):
    configured(results)
    score(results, *MODELS)
    config = ["--config", str(results / "config.yaml")]
    whole = made(results, "megc2019", "--scores", str(results / f"results/scores/{fake.TASK}.csv"), *config)
    own = made(results, "megc2019", *config)
    assert plain(own) == plain(whole), "but for intervals and letters, for which predictions are needed"
    assert b"scores alone" in whole[".md"]
    assert b"scores alone" not in own[".md"]


def test_a_table_that_lists_models_waits_for_no_other(results):
    (results / "base.yaml").write_text(OWN + "models: [ststnet, majority]\n")
    (results / "mine.yaml").write_text(f"extends: {results}/base.yaml\ntask: megc2019\ntitle: Two\n")
    plan = configured(results, tables=[str(results / "mine.yaml"), "megc2019"])
    score(results, "ststnet", "majority")
    there = sorted(str(path) for path in (results / "results/scores" / fake.TASK).glob("*.json"))
    assert sorted(plan.scores_of_table("mine")) == there
    assert plan.scores_of_table("megc2019") == plan.paths.scores_of_models(fake.TASK)
    table = made(results, str(results / "mine.yaml"), "--config", str(results / "config.yaml"))
    assert b"ststnet" in table[".csv"]
    assert b"off_apexnet" not in table[".csv"]


def test_a_table_of_a_model_that_is_not_there_is_an_error_when_the_configuration_is_read(tmp_path):
    (tmp_path / "mine.yaml").write_text(OWN + "models: [ststnett]\n")
    with pytest.raises(UserError, match=r"the table mine shows the model 'ststnett'.*did you mean 'ststnet'"):
        configured(tmp_path, tables=[str(tmp_path / "mine.yaml")])


def test_a_table_of_nothing_is_refused(tmp_path, capsys):
    assert cli.main(["tables", "megc2019", "--out", str(tmp_path / "t")]) == 2
    assert "give --scores CSV, or --config FILE" in capsys.readouterr().err
