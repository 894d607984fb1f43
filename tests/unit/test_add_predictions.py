"""Predictions of any code: their entry in the configuration, their runs, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from runs_on_disk import SUBJECTS, TASK, Bench
from toy import CLASSES

from mebench import cli
from mebench.config.add_entry import with_entry
from mebench.errors import UserError
from mebench.files import read_csv, read_json, write_csv, write_json
from mebench.plan import Plan
from mebench.tables.table import Row

ENTRY = {"name": "theirs", "predictions": "theirs.csv", "task": "smic-3", "selection": "last"}
LINE = "{name: theirs, predictions: theirs.csv, task: smic-3, selection: last}"


@pytest.mark.parametrize(("before", "after"), [
    ("models:\n  - a # one\n  # two\n  - {model: b}  # three\n\nseeds: [0]\n",
     f"models:\n  - a # one\n  # two\n  - {{model: b}}  # three\n  - {LINE}\n\nseeds: [0]\n"),
    ("models:\n- model: a\n  epochs: 3 # few\nseeds: [0]",
     f"models:\n- model: a\n  epochs: 3 # few\n- {LINE}\nseeds: [0]"),
    ("models: [a, {model: b}] # all\n", f"models: [a, {{model: b}},\n  {LINE}] # all\n"),
    ("models: [a,\n  b,  # last\n]\n", f"models: [a,\n  b,\n  {LINE},  # last\n]\n"),
    ("models:\n  - a", f"models:\n  - a\n  - {LINE}\n"),
    ("seeds: [0]\n", f"seeds: [0]\n\nmodels:\n  - ststnet  # the default, where no models are named\n  - {LINE}\n"),
    ("", f"models:\n  - ststnet  # the default, where no models are named\n  - {LINE}\n"),
])  # fmt: skip
def test_an_entry_is_added_and_all_else_stays(before, after):
    found = with_entry(before, ENTRY, Path("config.yaml"))
    assert found == after
    assert yaml.safe_load(found)["models"][-1] == ENTRY


def test_a_name_that_needs_quotes_has_them():
    odd = ENTRY | {"predictions": "my, odd: file.csv"}
    assert yaml.safe_load(with_entry("models: [a]", odd, Path("x")))["models"][-1] == odd


@pytest.mark.parametrize(("text", "what"), [("models: a", "that are no list"), ("models: [a", "is not valid YAML")])
def test_a_configuration_that_cannot_be_read_is_left_alone(text, what):
    with pytest.raises(UserError, match=what):
        with_entry(text, ENTRY, Path("config.yaml"))


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bench = Bench(tmp_path)
    bench.data()
    sources = tmp_path / "results/sources/flow_images"
    (tmp_path / "pictures").mkdir()
    write_json(sources / "source.json", {"root": str(tmp_path / "pictures"), "origin": "folder"})
    write_json(
        tmp_path / "results/datasets/flow_images/decisions.json", {"excluded": {}, "corrected": {}, "videos": {}}
    )
    (tmp_path / "results/datasets/flow_images/videos.csv").write_text("video_id,dataset,subject\n")
    return bench


def theirs(path: str = "theirs.csv", wrong: int = 5, **more: str) -> None:
    clips = [(f"{subject}/c{k}", CLASSES[k]) for subject in SUBJECTS for k in range(3)]
    rows = [{"clip_id": clip, "prediction": label if place % wrong else CLASSES[0], **more}
            for place, (clip, label) in enumerate(reversed(clips))]  # fmt: skip
    write_csv(Path(path), rows[0], rows)


def added(*more: str) -> int:
    return cli.main(["add-predictions", "theirs.csv", "--model", "theirs", "--task", TASK, *more])


def made() -> dict[str, str]:
    """The row of the added predictions in the table of its task, made as the workflow does."""
    for verb in ("adopt", "score"):
        assert cli.main([verb, "--run", f"{TASK}/theirs", "--seeds", "0", "--config", "config.yaml"]) == 0
    words = ["--task", TASK, "--seeds", "0,1", "--config", "config.yaml", "--models", "majority"]
    assert cli.main(["together", *words]) == 0
    (Path("own.yaml")).write_text(f"extends: {TASK}\ntask: {TASK}\nmodels: [majority, theirs]\npublished: []\n")
    config = yaml.safe_load(Path("config.yaml").read_text())
    Path("config.yaml").write_text(yaml.safe_dump(config | {"tables": ["own.yaml"]}))
    assert cli.main(["tables", "own.yaml", "--config", "config.yaml", "--out", "results/tables/own"]) == 0
    return {row["model"]: row for row in read_csv(Path("results/tables/own.csv"))}["theirs"]


def test_predictions_become_a_row(bench, capsys):
    theirs(seed="0")
    before = Path("config.yaml").read_text()
    assert added("--selection", "last") == 0
    said = capsys.readouterr().out
    assert "1 seed on megc2019-flow, selection last" in said
    assert f"mebench audit theirs.csv --task {TASK} --clips results/datasets/flow_images/clips.csv" in said
    assert Path("config.yaml").read_text() != before
    plan = Plan.load("config.yaml")
    run = plan.run(TASK, "theirs", 0)
    assert [one.seed for one in plan.paths.with_seeds(TASK, "theirs")] == [0]  # the configuration has two
    assert (plan.paths.given(run), plan.paths.inputs(run), run.spec["selection"]) == ("theirs.csv", [], "last")
    row = made()
    assert (row["selection"], row["origin"], row["clips"], row["audit"]) == ("last", "pictures", "12", "pass")
    rows = read_csv(Path(f"results/runs/{TASK}/theirs/seed0/predictions.csv"))
    assert sum(one["truth"] != one["prediction"] for one in rows) == 2
    record = read_json(Path(f"results/runs/{TASK}/theirs/seed0/run.json"))
    assert record["trained"] == "outside the engine: theirs.csv"
    audit = {
        one["name"]: one["verdict"] for one in read_json(Path(f"results/scores/{TASK}/theirs.json"))[0]["audit_checks"]
    }
    assert {name for name, verdict in audit.items() if verdict == "pass"} == {"clips_once", "order"}


@pytest.mark.parametrize("selection", ["unknown", "test_peek"])
def test_what_is_peeked_or_unknown_is_shown_and_not_ranked(bench, selection):
    theirs(wrong=99)
    assert added("--selection", selection) == 0
    row = made()
    assert (row["rank"], row["selection"]) == ("", selection)
    whole = Row("measured", "theirs", {}, selection="last", folds_done=4, folds_expected=4)
    assert whole.compared
    assert not replace(whole, selection=selection).compared
    assert ("not ranked" in row["note"]) == (selection == "unknown")
    assert row["audit"] == ("fail" if selection == "test_peek" else "pass")


def test_a_truth_that_the_file_changes_is_found(bench, capsys):
    theirs()
    rows = read_csv(Path("theirs.csv"))
    truths = {row["clip_id"]: CLASSES[int(row["clip_id"][-1])] for row in rows}
    write_csv(Path("theirs.csv"), [*rows[0], "truth"], [row | {"truth": truths[row["clip_id"]]} for row in rows])
    assert added() == 0
    assert made()["audit"] == "pass"
    capsys.readouterr()
    write_csv(Path("theirs.csv"), [*rows[0], "truth"], [row | {"truth": "positive"} for row in rows])
    assert cli.main(["audit", f"{TASK}/theirs"]) == 1
    assert "with another truth than annotated" in capsys.readouterr().out


def counts(path: str, by_subject: bool, more: int = 0) -> None:
    """Counts of all clips, every third of which is called negative; ``more`` clips are counted than there are."""
    rows = []
    for subject in SUBJECTS if by_subject else ["all"]:
        for label in CLASSES:
            clips = 1 if by_subject else len(SUBJECTS)
            called = {name: clips * (name == label) for name in CLASSES}
            if label == "surprise" and subject in ("all", "smic/s02"):
                called |= {"negative": 1 + more, "surprise": clips - 1}
            rows.append({"run": "a", **({"subject": subject} if by_subject else {}), "truth": label, **called})
    write_csv(Path(path), rows[0], rows)


@pytest.mark.parametrize(("by_subject", "said", "interval"), [
    (True, "Given as counts of subjects", True), (False, "Given as a confusion matrix alone", False),
])  # fmt: skip
def test_counts_and_a_matrix_become_a_row(bench, by_subject, said, interval):
    counts("theirs.csv", by_subject)
    assert (
        cli.main(["add-predictions", "theirs.csv::run=a", "--model", "theirs", "--task", TASK, "--selection", "last"])
        == 0
    )
    row = made()
    assert float(row["all_accuracy_mean"]) == pytest.approx(11 / 12, abs=1e-6)
    assert said in row["note"]
    assert (row["clips"], row["audit"]) == ("12", "incomplete")
    figures = read_json(Path("results/tables/own.statistics.json"))["figures"]
    (uf1,) = [one for one in figures if (one["model"], one["part"], one["metric"]) == ("theirs", "all", "uf1")]
    assert (uf1["low"] is not None) == interval
    assert uf1["value"] == pytest.approx(float(row["all_uf1_mean"]))


@pytest.mark.parametrize("by_subject", [True, False])
def test_counts_of_other_clips_are_refused(bench, by_subject, capsys):
    counts("theirs.csv", by_subject, more=1)
    assert added() == 0
    assert cli.main(["adopt", "--run", f"{TASK}/theirs", "--seeds", "0", "--config", "config.yaml"]) == 2
    said = capsys.readouterr().err
    assert "clips of surprise of" in said
    assert "are annotated; give counts of all clips of the task" in said


def test_what_is_there_is_refused_and_the_file_stays(bench, capsys):
    theirs()
    assert added() == 0
    before = Path("config.yaml").read_text()
    assert added() == 2
    assert cli.main(["add-predictions", "theirs.csv", "--model", "again", "--task", TASK]) == 2
    assert cli.main(["add-predictions", "theirs.csv", "--model", "b", "--task", "megc2019-flew"]) == 2
    assert cli.main(["add-predictions", "none.csv", "--model", "b", "--task", TASK]) == 2
    assert cli.main(["add-predictions", "config.yaml", "--model", "b", "--task", TASK]) == 2
    said = capsys.readouterr().err
    for what in ("an entry called 'theirs' already", "already, as 'theirs'", "did you mean 'megc2019-flow'",
                 "cannot read none.csv", "config.yaml has neither a column prediction nor"):  # fmt: skip
        assert what in said
    assert Path("config.yaml").read_text() == before
    assert not list(Path().glob(".config*"))


@pytest.mark.parametrize(("change", "what"), [
    ({"selektion": "last"}, "has the key 'selektion', which an entry with predictions does not have"),
    ({"selection": "best"}, r"has selection: best \(did you mean"),
    ({"task": None}, "lacks 'task'"),
    ({"predictions": "none.csv"}, "there is no file none.csv of predictions"),
    ({"task": "smic-3"}, "is for the task smic-3, which is not among the tasks"),
])  # fmt: skip
def test_an_entry_that_cannot_be_meant_is_one_sentence(bench, change, what):
    theirs()
    config = yaml.safe_load(Path("config.yaml").read_text())
    entry = {key: value for key, value in (ENTRY | {"task": TASK} | change).items() if value}
    config["models"].append(entry)
    Path("config.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(UserError, match=what):
        Plan.load("config.yaml")


def test_a_rehearsal_leaves_them_out(bench):
    theirs()
    assert added() == 0
    config = yaml.safe_load(Path("config.yaml").read_text())
    assert "theirs" not in Plan(config | {"rehearsal": True}).entries
