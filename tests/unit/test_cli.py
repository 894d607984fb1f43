"""The public command line, as others script against it."""

from __future__ import annotations

import json

import pytest

from mebench import cli
from mebench.files import write_csv

CLASSES = ("negative", "positive", "surprise")
# STSTNet's own prediction log per dataset (rows truth); see test_recognition for the source
LOG = {"smic": [[54, 10, 6], [17, 30, 4], [14, 1, 28]], "casme2": [[83, 5, 0], [12, 19, 1], [2, 0, 23]],
       "samm": [[82, 7, 3], [11, 13, 2], [5, 2, 8]]}  # fmt: skip


@pytest.fixture
def log(tmp_path):
    cells = [(d, t, p, n) for d, matrix in LOG.items() for t, row in enumerate(matrix) for p, n in enumerate(row)]
    rows = [
        {"clip_id": f"{d}/{t}{p}{i}", "dataset": d, "truth": CLASSES[t], "prediction": CLASSES[p]}
        for d, t, p, n in cells
        for i in range(n)
    ]
    write_csv(tmp_path / "predictions.csv", rows[0], rows)
    return tmp_path / "predictions.csv"


def test_score_prints_the_golden_numbers_overall_and_per_part(log, capsys):
    assert cli.main(["score", str(log), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"n", "classes", "confusion", "accuracy", "uf1", "uar", "macro_precision", "parts"}
    assert (found["n"], found["classes"]) == (442, list(CLASSES))
    assert found["confusion"] == [[219, 22, 9], [40, 62, 7], [21, 3, 59]]
    assert [round(found[k], 4) for k in ("accuracy", "uf1", "uar", "macro_precision")] == [
        0.7692,
        0.7353,
        0.7186,
        0.7605,
    ]
    parts = {d: (round(part["uf1"], 4), round(part["uar"], 4), part["n"]) for d, part in found["parts"].items()}
    assert parts == {"smic": (0.6801, 0.6703, 164), "casme2": (0.8382, 0.8190, 145), "samm": (0.6588, 0.6415, 133)}
    assert found["parts"]["smic"]["confusion"] == LOG["smic"]


def test_score_for_people(log, capsys):
    assert cli.main(["score", str(log)]) == 0
    assert "all            442   0.7353   0.7186    0.7692" in capsys.readouterr().out


def test_classes_fix_the_label_set_and_its_order(tmp_path, capsys):
    path = tmp_path / "p.csv"
    path.write_text("truth,prediction\nb,b\na,b\n")
    assert cli.main(["score", str(path), "--json", "--classes", "b,a,c"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["classes"], found["confusion"]) == (["b", "a", "c"], [[1, 0, 0], [1, 0, 0], [0, 0, 0]])
    assert "parts" not in found


@pytest.mark.parametrize(
    ("content", "arguments", "sentence"),
    [
        (None, [], "cannot read"),
        ("truth,prediction\n", [], "has a header but no rows"),
        ("truth,guess\na,b\n", [], "lacks the column prediction"),
        ("truth,prediction\na,b\n", ["--classes", "a,c"], "is no class of this task"),
        ("clip_id,truth,prediction\nx,a,a\nx,a,a\n", [], "has the clip x twice"),
        ("truth,prediction\na,a\n", ["--out", "x.csv"], "give either one PREDICTIONS.csv"),
    ],
)
def test_bad_predictions_are_one_sentence_and_exit_code_2(tmp_path, capsys, content, arguments, sentence):
    path = tmp_path / "p.csv"
    if content is not None:
        path.write_text(content)
    assert cli.main(["score", str(path), "--json", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert sentence in captured.err
    assert captured.err.count("\n") == 1


def test_models_as_json_have_what_others_read(capsys):
    assert cli.main(["models", "--json"]) == 0
    found = {card["name"]: card for card in json.loads(capsys.readouterr().out)}
    assert {"ststnet", "off_apexnet", "majority", "stratified_random", "shuffled_labels", "oracle"} <= set(found)
    assert all({"name", "paper", "inputs", "parameters"} <= set(card) for card in found.values())


@pytest.mark.parametrize("form", ["--json", "--markdown", None])
def test_lists_print(form, capsys):
    assert cli.main(["models", *([form] if form else [])]) == 0
    assert "STSTNet" in capsys.readouterr().out


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_explains_itself(verb, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([verb, "--help"])
    assert stop.value.code == 0
    assert "usage: mebench" in capsys.readouterr().out


def test_all_verbs_of_the_workflow_are_there():
    assert list(cli.VERBS[: len(cli.ORDER)]) == list(cli.ORDER)
    assert {"models", "datasets", "doctor"} <= set(cli.VERBS)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--run", "megc2019/stsnet/seed0"], "no run 'megc2019/stsnet/seed0' (did you mean 'megc2019/ststnet/seed0'?)"),
        ([], "give --run"),
        (["--spec", "{", "--clips", "a", "--inputs", "b", "--out", "c"], "--spec is not valid JSON"),
        (["--run", "megc2019/ststnet/seed0", "--shard", "one"], "write it as INDEX-of-COUNT"),
    ],
)
def test_train_says_what_is_wrong_with_its_arguments(arguments, sentence, capsys):
    assert cli.main(["train", *arguments]) == 2
    assert sentence in capsys.readouterr().err
