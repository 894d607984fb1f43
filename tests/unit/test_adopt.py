"""Models that train outside the engine: their cards in rule files, what they are given, and what is taken from them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from toy import CLASSES, Toy

from mebench import cards, cli
from mebench.config import recipes
from mebench.errors import UserError
from mebench.files import read_csv, read_json, write_csv
from mebench.inputs import store
from mebench.models import build
from mebench.plan import Plan
from mebench.plan.code import CodeDigests
from mebench.runs import run_record
from mebench.runs.adopt import adopt
from mebench.runs.handout import hand_out
from mebench.runs.paths import RunFiles
from mebench.runs.pool import pool
from mebench.runs.run_record import Title
from mebench.runs.scores import run_scores

ABOUT = Title("t", "model", "toy")
CARD = {"title": "Theirs", "kind": "model", "paper": None, "licence": "", "training": "rules", "parameters": 7,
        "inputs": {"kind": "apex_flow", "size": 28, "channels": ["u", "v", "strain"]},
        "resources": {"mem_mb": 1000, "runtime_min": 10, "gpu": 0}, "notes": "",
        "options": {"depth": [3, 5], "start": ["none", "FILE"]}}  # fmt: skip
RULE = """# what stands above

CARD = {card}


rule theirs:
    input:
        "<results>/runs/{{task}}/theirs/seed{{seed}}/folds.csv",
    output:
        "<results>/runs/{{task}}/theirs/seed{{seed}}/given.csv",
    shell:
        "touch {{output}}"
"""


@pytest.fixture
def rule_file(tmp_path: Path) -> Path:
    return written(tmp_path / "theirs.smk")


def written(path: Path, **changes) -> Path:
    """A rule file whose card has these changes; a key that is None is left out."""
    card = {key: value for key, value in {**CARD, **changes}.items() if value is not None or key == "paper"}
    lines = "".join(f"    {key!r}: {value!r},\n" for key, value in card.items())
    path.write_text(RULE.format(card=f"{{\n{lines}}}"))
    return path


class Theirs:
    """A run of a rule file on the toy task, with a ``given.csv`` that is right."""

    def __init__(self, toy: Toy, rule_file: Path, run: Path):
        self.toy, self.run, self.spec = toy, run, toy.spec(str(rule_file))
        self.data = ([toy.clips], [toy.inputs])
        self.folds = hand_out(RunFiles(run, self.spec, *self.data))
        self.rows = [{"clip_id": row["clip_id"], "prediction": CLASSES[0]} for row in self.folds]

    def give(self, rows: list[dict]) -> dict:
        write_csv(self.run / "given.csv", rows[0] if rows else ["clip_id", "prediction"], rows)
        return adopt(RunFiles(self.run, self.spec, *self.data), ABOUT)


@pytest.fixture
def theirs(toy, rule_file, tmp_path) -> Theirs:
    return Theirs(toy, rule_file, tmp_path / "run")


# --- the card --------------------------------------------------------------------------------------------------------


def test_the_card_is_read_out_of_a_file_that_is_no_python(rule_file):
    with pytest.raises(SyntaxError):
        compile(rule_file.read_text(), "theirs", "exec")
    assert cards.card("models", str(rule_file)) == {"name": "theirs", "recipe": {}, **CARD}


def test_comments_and_blank_lines_inside_the_card_are_no_end_of_it(rule_file):
    rule_file.write_text(rule_file.read_text().replace("    'kind'", "# at the margin\n\n    'kind'"))
    assert cards.card("models", str(rule_file))["notes"] == ""


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("CARD = {", "CART = {", "defines no CARD"),
        ("'parameters': 7,", "'parameters': [7,", r"theirs.smk line \d+ is not valid Python"),
        ("'parameters': 7,", "'parameters': count(),", "must be a plain literal"),
        ("CARD = {", "CARD = 3\nREST = {", "must be a plain literal"),
        ("'parameters': 7,", "", "lacks parameters"),
        ("'size': 28,", "", "lacks inputs: size"),
        ("'rules'", "'fit'", "training: fit; that of a rule file is 'rules'"),
    ],
)
def test_a_wrong_card_is_one_clear_sentence(rule_file, old, new, sentence):
    rule_file.write_text(rule_file.read_text().replace(old, new))
    with pytest.raises(UserError, match=sentence) as error:
        cards.card("models", str(rule_file))
    assert "theirs.smk" in str(error.value)


def test_the_line_of_a_mistake_is_that_of_the_file(rule_file):
    lines = rule_file.read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if "'licence'" in line)
    rule_file.write_text("\n".join([*lines[:at], "    'licence' 'MIT',,", *lines[at + 1 :]]))
    with pytest.raises(UserError, match=f"line {at + 1} is not valid Python"):
        cards.card("models", str(rule_file))


def test_a_rule_file_that_is_not_there_is_named():
    with pytest.raises(UserError, match=r"no file gone.smk .* give the path of a rule file"):
        cards.card("models", "gone.smk")


# --- the plan --------------------------------------------------------------------------------------------------------


def plan(*models, **keys) -> Plan:
    return Plan({"datasets": {"smic": {"source": "synthetic"}}, "tasks": ["smic-3"], "models": list(models), **keys})


def test_an_entry_has_options_and_no_recipe(rule_file):
    entry = recipes.resolve({"model": str(rule_file), "depth": 5})
    assert (entry["training"], entry["options"], entry["recipe"]) == ("rules", {"depth": 5}, {})
    spec = plan(str(rule_file), {"model": "ststnet", "preset": "small"}, selection="inner").runs[0].spec
    assert recipes.describe(spec) == ("Theirs", "model")
    assert spec["selection"] == "last"  # what the engine would select by reaches nobody else's code


def test_a_recipe_key_of_the_engine_is_refused(rule_file):
    with pytest.raises(UserError, match="has epochs, which is for models that are trained by gradient"):
        recipes.resolve({"model": str(rule_file), "epochs": 3})


def test_a_rule_that_writes_something_else_is_named(rule_file):
    with pytest.raises(UserError, match=r"'mine' needs a rule with the output .*/mine/seed\{seed\}/given.csv"):
        plan({"model": str(rule_file), "name": "mine"})
    rule_file.write_text(rule_file.read_text().replace("theirs/seed", "{model}/seed"))
    assert [run.model for run in plan({"model": str(rule_file), "name": "mine"}).runs] == ["mine"]


def test_the_rule_files_of_a_configuration_are_named_once(rule_file):
    rule_file.write_text(rule_file.read_text().replace("theirs/seed", "{model}/seed"))
    both = plan(str(rule_file), {"model": str(rule_file), "name": "deep", "depth": 5}, "majority")
    assert both.rule_files == [str(rule_file)]
    assert plan("majority").rule_files == []


@pytest.mark.parametrize("models", [["majority"], ["majority", "theirs.smk"], ["theirs.smk"]])
def test_every_entry_belongs_to_either_the_engine_or_a_rule(rule_file, models):
    """The constraints as Snakemake uses them: inside a path. A longer name that begins alike is another one."""
    import re

    found = plan(*(str(rule_file) if model == "theirs.smk" else model for model in models))
    names = {"majority": True, "theirs": "theirs.smk" not in models, "theirs-2": True}
    for name, here in names.items():
        path = f"runs/smic-3/{name}/seed0"
        assert bool(re.fullmatch(rf"runs/smic-3/(?P<model>{found.trained_here})/seed0", path)) == here
        assert bool(re.fullmatch(rf"runs/smic-3/(?P<model>{found.trained_outside})/seed0", path)) != here


def test_the_source_of_the_rule_file_is_part_of_what_its_rule_depends_on(rule_file):
    run = plan(str(rule_file)).runs[0]
    before = CodeDigests().run("folds", run)
    rule_file.write_text(rule_file.read_text() + "# more\n")
    assert CodeDigests().run("folds", run) != before


# --- what is given ---------------------------------------------------------------------------------------------------


def test_folds_csv_leads_to_the_array_of_every_clip(theirs):
    kept = store.load(theirs.toy.inputs)
    rows = read_csv(theirs.run / "folds.csv")
    assert rows == theirs.folds
    assert list(rows[0]) == ["clip_id", "dataset", "subject", "label", "file", "start", "shape", "fingerprint"]
    truth = {row["clip_id"]: (row["dataset"], row["subject"], row["emotion"]) for row in theirs.toy.rows}
    assert {row["clip_id"]: (row["dataset"], row["subject"], row["label"]) for row in rows} == truth
    for row in rows:
        shape = tuple(map(int, row["shape"].split("x")))
        start = int(row["start"])
        array = np.load(row["file"], mmap_mode="r")[start : start + np.prod(shape)].reshape(shape)
        assert np.array_equal(array, kept.get(row["clip_id"]))


def test_what_else_the_input_says_of_a_clip_has_a_column(toy, rule_file, tmp_path):
    rows = [row | {"apex_row": str(i)} for i, row in enumerate(read_csv(toy.inputs / "index.csv"))]
    write_csv(toy.inputs / "index.csv", rows[0], rows)
    folds = hand_out(RunFiles(tmp_path / "run", toy.spec(str(rule_file)), [toy.clips], [toy.inputs]))
    assert {row["clip_id"]: row["apex_row"] for row in folds} == {row["clip_id"]: row["apex_row"] for row in rows}


def test_channels_that_are_stored_otherwise_are_named(theirs, rule_file):
    rule_file.write_text(rule_file.read_text().replace("'u', 'v', 'strain'", "'v', 'u'"))
    with pytest.raises(UserError, match=r"holds the channels u, v, strain, but the card of .*theirs.smk names v, u;"):
        hand_out(RunFiles(theirs.run, theirs.toy.spec(str(rule_file)), *theirs.data))


def test_a_clip_without_input_is_not_given_and_is_on_record(theirs):
    rows = read_csv(theirs.toy.inputs / "index.csv")
    rows[0] |= {"status": "no_face", "reason": "no face", "part": "", "start": "", "shape": ""}
    write_csv(theirs.toy.inputs / "index.csv", rows[0], rows)
    folds = hand_out(RunFiles(theirs.run, theirs.spec, *theirs.data))
    assert rows[0]["clip_id"] not in {row["clip_id"] for row in folds}
    record = theirs.give([row for row in theirs.rows if row["clip_id"] != rows[0]["clip_id"]])
    assert record.without_input == {rows[0]["clip_id"]: "no face"}
    assert record.clips == len(rows) - 1


def test_the_fingerprint_changes_with_options_data_weights_and_rule_file(theirs, rule_file, tmp_path):
    def mark(spec=theirs.spec) -> str:
        (found,) = {row["fingerprint"] for row in hand_out(RunFiles(tmp_path / "again", spec, *theirs.data))}
        return found

    weights = tmp_path / "start.pt"
    weights.write_bytes(b"one")
    begun = theirs.spec | {"options": {"start": str(weights)}}
    marks = [mark(), mark(theirs.spec | {"seed": 1}), mark(theirs.spec | {"options": {"depth": 5}}), mark(begun)]
    weights.write_bytes(b"two")
    marks.append(mark(begun))
    rule_file.write_text(rule_file.read_text().replace("touch", "true &&"))
    marks.append(mark())
    meta = read_json(theirs.toy.inputs / "meta.json")
    (theirs.toy.inputs / "meta.json").write_text(json.dumps(meta | {"digest": "other"}))
    marks.append(mark())
    assert len(set(marks)) == len(marks)
    assert mark() == marks[-1]


# --- what is taken ---------------------------------------------------------------------------------------------------


def test_a_right_file_becomes_the_files_of_a_run(theirs):
    record = theirs.give(theirs.rows)
    rows = read_csv(theirs.run / "predictions.csv")
    assert list(rows[0]) == ["clip_id", "dataset", "subject", "fold", "seed", "truth", "prediction"]
    assert {row["prediction"] for row in rows} == {CLASSES[0]}
    assert all(row["fold"] == row["subject"] for row in rows)
    assert (theirs.run / "history.csv").read_text() == "fold,epoch,train_loss,train_accuracy\n"
    assert record == run_record.read(theirs.run)
    assert (record.folds_done, record.folds_expected, record.failed) == (6, 6, [])
    assert (record.clips, record.parameters, record.origin) == (24, 7, "synthetic")
    assert record.trained.startswith("outside the engine")
    assert {score.part for score in run_scores(theirs.run)} == {"all", "casme2", "smic"}


def test_the_record_has_what_that_of_a_pooled_run_has(theirs, tmp_path):
    from test_engine import train

    spec = theirs.toy.spec("majority")
    train(theirs.toy, tmp_path / "engine", spec)
    pooled = pool(RunFiles(tmp_path / "engine", spec, *theirs.data), ABOUT)
    assert set(theirs.give(theirs.rows).as_json()) == {*pooled.as_json(), "trained"}
    names = {path.name for path in (tmp_path / "engine").iterdir() if path.is_file()}
    names.remove("folds.json")  # what is counted of folds of the engine
    assert {path.name for path in theirs.run.iterdir()} == names | {"folds.csv", "given.csv"}


def test_the_truth_is_never_taken_from_there(theirs):
    truth = {row["clip_id"]: row["emotion"] for row in theirs.toy.rows}
    lies = [row | {"truth": row["prediction"], "subject": "me", "dataset": "mine"} for row in reversed(theirs.rows)]
    theirs.give(lies)
    rows = read_csv(theirs.run / "predictions.csv")
    assert {row["clip_id"]: row["truth"] for row in rows} == truth
    assert {row["dataset"] for row in rows} == {"casme2", "smic"}
    assert run_scores(theirs.run)[0].counted["accuracy"] < 1


def test_probabilities_are_kept_in_the_order_of_the_classes(theirs):
    theirs.give([row | {"p_surprise": "0.25", "p_positive": "1e-3", "p_negative": 1} for row in theirs.rows])
    row = read_csv(theirs.run / "predictions.csv")[0]
    assert list(row)[-3:] == ["p_negative", "p_positive", "p_surprise"]
    assert list(row.values())[-3:] == ["1.000000", "0.001000", "0.250000"]


def spelled(clip: str) -> str:
    """A clip_id of SMIC as other people write it."""
    return clip.replace("smic/s0", "SMIC-HS/S_") if clip.startswith("smic/s0") else clip


UNTIDY = {
    "semicolons and a mark": lambda text: "\ufeff" + text.replace(",", ";"),
    "blanks and capitals": lambda text: text.replace(CLASSES[0], f" {CLASSES[0].title()}\u00a0"),
    "CRLF and empty lines": lambda text: text.replace("\n", "\r\n\r\n"),
    "other spellings of clips": lambda text: "".join(map(spelled, text.splitlines(keepends=True))),
}


@pytest.mark.parametrize("untidy", UNTIDY)
def test_an_untidy_file_gives_the_same_bytes(theirs, untidy):
    theirs.give(theirs.rows)
    tidy = (theirs.run / "predictions.csv").read_bytes()
    given = theirs.run / "given.csv"
    text = UNTIDY[untidy](given.read_text())
    assert text != given.read_text()
    given.write_text(text, newline="")
    adopt(RunFiles(theirs.run, theirs.spec, *theirs.data), ABOUT)
    assert (theirs.run / "predictions.csv").read_bytes() == tidy


def changed(rows: list[dict], **values) -> list[dict]:
    return [rows[0] | values, *rows[1:]]


SHARES = {"p_negative": 1, "p_positive": 0, "p_surprise": 0}


def shared(rows: list[dict], text: str) -> list[dict]:
    """Probabilities for every clip, the last one of the first clip being ``text``."""
    return changed([row | SHARES for row in rows], p_surprise=text)


WRONG = {
    "has 1 clips not at all, the first is casme2/s00/c0": lambda rows: rows[1:],
    "has a header but no rows": lambda rows: [],
    "line 26 has the clip casme2/s00/c0 twice, as .* line 2 does": lambda rows: [*rows, rows[0]],
    "has 1 clips although they are no clips of this run": lambda rows: [*rows, {**rows[0], "clip_id": "x/y/z"}],
    "'surprised', which is no class of the task .did you mean 'surprise'": lambda r: changed(r, prediction="surprised"),
    "has the prediction '', which is no class": lambda rows: changed(rows, prediction=""),
    "has the columns p_negative; give one for every class": lambda rows: [row | {"p_negative": 1} for row in rows],
    "p_other; give one for every class": lambda rows: [row | SHARES | {"p_other": 0} for row in rows],
    "p_surprise: 'high', which is no number from 0 to 1": lambda rows: shared(rows, "high"),
    "p_surprise: 'nan', which is no number from 0 to 1": lambda rows: shared(rows, "nan"),
    "p_surprise: '1.5', which is no number from 0 to 1": lambda rows: shared(rows, "1.5"),
    "lacks the column prediction": lambda rows: [{"clip_id": row["clip_id"], "class": CLASSES[0]} for row in rows],
}


@pytest.mark.parametrize(("sentence", "damage"), WRONG.items())
def test_a_wrong_file_is_one_clear_sentence_and_leaves_nothing(theirs, sentence, damage):
    with pytest.raises(UserError, match=sentence) as error:
        theirs.give(damage(theirs.rows))
    assert "given.csv" in str(error.value)
    assert "\n" not in str(error.value)
    assert {path.name for path in theirs.run.iterdir()} == {"folds.csv", "given.csv"}


def test_no_file_at_all_is_named(theirs):
    with pytest.raises(UserError, match=r"cannot read .*given.csv"):
        adopt(RunFiles(theirs.run, theirs.spec, *theirs.data), ABOUT)


# --- the engine and the rules keep to themselves ---------------------------------------------------------------------


def test_the_engine_does_not_train_pool_or_build_such_a_model(theirs):
    with pytest.raises(UserError, match="is a rule file"):
        build(theirs.spec["model"], num_classes=3)
    with pytest.raises(UserError, match="outside the engine; 'mebench adopt'"):
        pool(RunFiles(theirs.run, theirs.spec, *theirs.data), ABOUT)


def test_a_model_of_the_engine_is_neither_handed_out_nor_adopted(toy, tmp_path):
    spec = toy.spec("majority")
    with pytest.raises(UserError, match="'mebench train'"):
        hand_out(RunFiles(tmp_path, spec, [toy.clips], [toy.inputs]))
    with pytest.raises(UserError, match="'mebench pool'"):
        adopt(RunFiles(tmp_path, spec, [toy.clips], [toy.inputs]), ABOUT)


def test_the_verbs_do_it_by_hand(theirs, capsys):
    shutil.rmtree(theirs.run)
    spec = ["--spec", json.dumps(theirs.spec), "--clips", str(theirs.toy.clips), "--inputs", str(theirs.toy.inputs)]
    assert cli.main(["folds", *spec, "--out", str(theirs.run)]) == 0
    assert cli.main(["adopt", *spec, "--out", str(theirs.run)]) == 2  # nothing was given yet
    write_csv(theirs.run / "given.csv", theirs.rows[0], theirs.rows)
    assert cli.main(["adopt", *spec, "--out", str(theirs.run)]) == 0
    assert read_json(theirs.run / "run.json")["title"] == "Theirs"
    assert cli.main(["train", *spec, "--out", str(theirs.run)]) == 2
    out, err = capsys.readouterr()
    assert "24 clips, 6 folds" in out
    assert "theirs" in err.splitlines()[-1]
    assert "run snakemake" in err.splitlines()[-1]
    assert "Traceback" not in err


def test_both_verbs_import_no_torch():
    modules = "mebench.verbs.folds, mebench.verbs.adopt, mebench.runs.handout, mebench.runs.adopt"
    code = f"import sys, {modules}; print('torch' in sys.modules, 'cv2' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found == "False False\n"
