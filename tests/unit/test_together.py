"""Models that take seconds share a job: which do, what it asks for, and that one that fails takes no other along."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from fold_zip import stamps
from runs_on_disk import SUBJECTS, TASK, Bench

from mebench import cli
from mebench.files import read_csv, read_json
from mebench.plan import Plan
from mebench.plan.shards import Shards
from mebench.watch.broken import broken
from mebench.watch.runs import Watcher

OWN = """
CARD = {
    "title": "Mine", "kind": "control", "paper": None, "licence": "", "module": "Mine", "training": "fit",
    "torch": False, "shared": True, "parameters": 0, "flops": 0,
    "inputs": {"kind": "apex_flow", "size": 28, "channels": ["u", "v", "strain"], "range": "any", "center": "none"},
    "recipe": {}, "resources": {"mem_mb": 1000, "runtime_min": 10, "gpu": 0}, "notes": "",
}


class Mine:
    def __init__(self, num_classes):
        self.classes = num_classes

    def fit(self, x, y):
        assert len(x) == len(y)

    def predict(self, x, seed):
        raise ValueError("no answer")
"""
ANSWER = "import numpy as np\n        return np.eye(self.classes)[[int(one.mean() > 0) for one in x]]"
WORDS = ["together", "--task", TASK, "--seeds", "0,1", "--config", "config.yaml", "--models"]


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bench = Bench(tmp_path)
    (tmp_path / "mine.py").write_text(OWN)
    config = yaml.safe_load((tmp_path / "config.yaml").read_text())
    config["models"] += [{"model": "mine.py", "name": "mine"}, "oracle"]
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    bench.data()
    (tmp_path / "results/datasets/flow_images/videos.csv").write_text("video_id,dataset,subject\n")
    return bench


def test_one_that_fails_is_said_and_the_others_have_their_scores(bench, capsys):
    assert cli.main([*WORDS, "mine", "majority", "oracle"]) == 2
    said = capsys.readouterr()
    assert re.search(rf"1 of 3 models of {TASK} failed: mine: no fold of .*mine/seed0 is done.*no answer", said.err)
    scores = {name: read_json(Path(f"results/scores/{TASK}/{name}.json")) for name in ("majority", "oracle")}
    assert {record["uf1"] for record in scores["oracle"]} == {1.0}
    assert {record["seed"] for record in scores["majority"]} == {0, 1}
    assert not Path(f"results/scores/{TASK}/mine.json").exists()
    before = {seed: stamps(bench.plan_folder("majority", seed)) for seed in (0, 1)}
    (bench.root / "mine.py").write_text(OWN.replace('raise ValueError("no answer")', ANSWER))
    assert cli.main([*WORDS, "mine", "majority", "oracle"]) == 0
    assert {seed: stamps(bench.plan_folder("majority", seed)) for seed in (0, 1)} == before
    assert len(read_csv(bench.plan_folder("mine") / "predictions.csv")) == 3 * len(SUBJECTS)


def test_the_folds_are_those_of_the_commands_for_one_model(bench):
    assert cli.main([*WORDS, "majority"]) == 0
    run = bench.plan_folder("majority")
    together = {path.name: path.read_bytes() for path in (run.parent / "seed0").glob("*.csv")}
    before = stamps(run)
    named = ["--run", f"{TASK}/majority", "--seeds", "0,1", "--config", "config.yaml"]
    assert cli.main(["train", *named]) == 0
    assert stamps(run) == before, "they hold"
    assert cli.main(["score", *named]) in (0, None)
    assert {path.name: path.read_bytes() for path in (run.parent / "seed0").glob("*.csv")} == together


def test_what_such_a_job_said_stands_at_its_task_and_at_the_run_that_failed(bench):
    log = bench.root / f"results/logs/together/{TASK}.log"
    log.parent.mkdir(parents=True)
    log.write_text(f"mebench together: 1 of 3 models of {TASK} failed: mine: no answer at all\n")
    from mebench.report.gaps import Reasons

    states = Watcher(bench.plan).look()
    found = broken(bench.plan, states, 3)
    assert [(one.rule, one.target) for one in found] == [("together", TASK)]
    said = {state.run.id: Reasons(bench.plan, found).run_reason(state) for state in states}
    assert said[f"{TASK}/mine/seed0"] == "no answer at all"
    assert "no answer" not in said[f"{TASK}/majority/seed0"]


def configured(**keys) -> Plan:
    return Plan({"datasets": {"smic": {"source": "synthetic"}}, "tasks": ["smic-3"], "seeds": [0, 1], **keys})


def test_cards_say_which_models_share_a_job_and_the_setting_gives_them_jobs_of_their_own():
    plan = configured(models=["ststnet", "majority", {"model": "bi_woof_svm", "name": "woof"}])
    shards = Shards(plan, "fold")
    assert shards.together("smic-3") == ["majority", "woof"]
    alone = re.compile(shards.alone)
    names, beside = ("ststnet", "majority", "woof"), "results/runs/smic-3/"
    assert [name for name in names if alone.match(f"{beside}{name}/shards", len(beside))] == ["ststnet"]
    other = "results/runs/samm-3/"  # of a table that the configuration does not have
    assert all(alone.match(f"{other}{name}/shards", len(other)) for name in names)
    scores = "results/scores/smic-3/"
    assert [name for name in names if alone.match(f"{scores}{name}.json", len(scores))] == ["ststnet"]
    assert shards.minutes_together("smic-3") == 10 + 2 * 30
    named = Shards(plan, "auto,woof=2")
    assert named.together("smic-3") == ["majority"]
    assert re.compile(named.alone).match("woof/shards")
