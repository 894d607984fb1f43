"""Macro-expressions of the long videos as extra training clips: with a label, of the same people, never tested."""

from __future__ import annotations

import json

import pytest
import torch
from toy import run_fold

from mebench import cli
from mebench.config import recipes
from mebench.errors import UserError
from mebench.files import read_csv
from mebench.plan import Plan
from mebench.runs.paths import RunFiles
from mebench.runs.pool import pool
from mebench.runs.run_record import Title
from mebench.training.data import load
from mebench.training.rows import run_rows

BOTH = ("casme3", "casme3_long")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three subjects of CAS(ME)^3 as clips and as long videos, with the frames that HSTA samples from."""
    root = tmp_path_factory.mktemp("macro")
    for name in BOTH:
        at = root / name
        where = ["--root", f"{at}/source.json"]
        options = {"subjects": 3, "clips": 6} | ({"size": "brief"} if name == "casme3_long" else {})
        made = ["--source", "synthetic", "--options", json.dumps(options), "--out", f"{at}/source.json"]
        assert cli.main(["fetch", name, *made]) == 0
        assert cli.main(["index", name, *where, "--out", f"{at}/clips.csv"]) == 0
        made = ["--clips", f"{at}/clips.csv", *where, "--out", f"{at}/frames-64"]
        assert cli.main(["inputs", name, "frames-64", *made]) == 0
    return root


def files(root):
    return [root / name / "clips.csv" for name in BOTH], [root / name / "frames-64" for name in BOTH]


def spec(root, **entry) -> dict:
    """A run of HSTA on the emotions that are there, with macro-expressions."""
    emotions = {row["emotion"] for row in read_csv(root / "casme3" / "clips.csv")}
    resolved = recipes.resolve({"model": "hsta", "preset": "small", "extra_clips": "macro", "epochs": 1,
                                "warmup_epochs": 0, **entry})  # fmt: skip
    task = {"name": "t", "classes": sorted(emotions), "labels": {"casme3": {e: e for e in emotions}}, "drop": {}}
    task |= {"protocol": "loso", "macro": {"casme3_long": "casme3"}}
    keys = ("model", "training", "options", "inputs", "recipe")
    return {key: resolved[key] for key in keys} | {"label": "hsta", "seed": 0, "selection": "last", "task": task}


def test_macro_expressions_join_the_training_clips_of_the_other_subjects(made):
    data = load(spec(made), *files(made))
    extra = range(data.tested, len(data.clip_ids))
    assert len(extra) >= 3
    rows = {row["clip_id"]: row for row in read_csv(made / "casme3_long" / "clips.csv")}
    assert {rows[data.clip_ids[i]]["expression"] for i in extra} == {"macro"}
    assert {data.subjects[i] for i in extra} <= set(data.subjects[: data.tested])
    ids = data.clip_ids
    for subject, (train, test) in data.folds().items():
        person = subject.split("/")[1]
        assert any(i in extra for i in train)
        assert all(f"/{person}/" not in ids[i] for i in train)
        assert all(i < data.tested for i in test)


def test_such_a_fold_trains_and_is_pooled_over_the_clips_of_the_task_alone(made, tmp_path):
    from mebench.runs.shard import Execution, run_shard

    wanted = spec(made)
    data = load(wanted, *files(made))
    (records,) = run_shard([RunFiles(tmp_path, wanted, [], [])], lambda: data, (1, 1), Execution("cpu"))
    assert [r.status for r in records] == ["done"] * 3
    record = pool(RunFiles(tmp_path, wanted, *files(made)), Title("HSTA", "model", "t"))
    assert record.clips == data.tested
    tested = {row["clip_id"] for row in read_csv(tmp_path / "predictions.csv")}
    assert tested == set(data.clip_ids[: data.tested])


def test_inner_validation_does_not_look_at_extra_clips(made, monkeypatch):
    wanted = spec(made) | {"selection": "inner"}
    data = load(wanted, *files(made))
    seen = []
    from mebench.training.loop import Loop

    plain = Loop.predict
    monkeypatch.setattr(Loop, "predict", lambda self, rows: seen.append(rows) or plain(self, rows))
    fold, (train, test) = next(iter(data.folds().items()))
    run_fold(wanted, data, fold, train, test, torch.device("cpu"))
    assert all(row < data.tested for rows in seen for row in rows)


def test_without_the_option_the_long_videos_are_left_alone(made):
    plain = spec(made, extra_clips="none")
    assert run_rows(plain, *files(made)).extra == []


def test_no_labelled_macro_expression_is_one_clear_sentence(made):
    wanted = spec(made)
    with pytest.raises(UserError, match="extra_clips: macro, but none of the clips is a macro-expression"):
        run_rows(wanted, [made / "casme3" / "clips.csv"], [made / "casme3" / "frames-64"])


def test_the_plan_gives_such_a_run_the_clips_and_inputs_of_both_datasets():
    datasets = {name: {"source": "synthetic"} for name in BOTH}
    entry = {"model": "hsta", "preset": "small", "extra_clips": "macro"}
    plan = Plan({"datasets": datasets, "tasks": ["casme3-7"], "models": [entry], "seeds": [0]})
    (run,) = plan.runs
    assert [path.split("/")[2] for path in plan.paths.clips(run.datasets)] == list(BOTH)
    assert [path.split("/")[2] for path in plan.paths.inputs(run)] == list(BOTH)
    assert run.spec["task"]["macro"] == {"casme3_long": "casme3"}
    with pytest.raises(UserError, match="are clips of the dataset casme3_long; add it to 'datasets'"):
        Plan({"datasets": {"casme3": {"source": "synthetic"}}, "tasks": ["casme3-7"], "models": [entry]})
