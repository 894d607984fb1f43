"""The configuration and the plan: defaults, and one clear sentence for what is wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml

from mebench import cards
from mebench.config import recipes
from mebench.config.loading import load_config
from mebench.config.schema import SCHEMA, checked
from mebench.config.spec import Recipe
from mebench.errors import UserError
from mebench.plan import Plan
from mebench.protocols import tasks

LABELS = {"negative": "0", "positive": "1", "surprise": "no"}
SYNTHETIC = {name: {"source": "synthetic"} for name in ("casme2", "samm", "smic")}


def plan(**keys) -> Plan:
    return Plan({"datasets": SYNTHETIC, **keys})


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"modles": ["ststnet"]}, "unknown key 'modles'.*did you mean 'models'"),
        (
            {"datasets": {"casme2": {"source": "x", "subject": 3}}},
            "at datasets.casme2: unknown key 'subject'.*did you mean 'subjects'",
        ),
        ({"seeds": ["a"]}, "at seeds.0: must be integer, but it is 'a'"),
        ({"selection": "lst"}, "at selection: 'lst' is not one of the choices.*did you mean 'last'"),
        ({"models": ["stsnet"]}, "unknown model 'stsnet'.*did you mean 'ststnet'"),
        ({"models": ["gone.py"]}, "no file gone.py"),
        ({"models": [{"model": "ststnet", "epoch": 3}]}, "unknown key 'epoch'.*did you mean 'epochs'"),
        ({"models": [{"model": "ststnet", "epochs": 0}]}, "epochs: 0; it must be a whole number above 0"),
        ({"models": [{"model": "ststnet", "epochs": 2.5}]}, "epochs: 2.5; it must be a whole number"),
        ({"models": [{"model": "ststnet", "warmup_epochs": 5, "epochs": 5}]}, "leaves nothing of epochs: 5"),
        ({"models": [{"model": "ststnet", "ema": 1.5}]}, "ema: 1.5; it must be below 1"),
        ({"models": [{"model": "ststnet", "augment": ""}]}, "write words such as"),
        ({"models": [{"model": "ststnet", "tasks": ["smc-3"]}]}, "is for the task smc-3, which is not among"),
        ({"models": [{"model": "ststnet", "extra_clips": "macro"}]}, "macro, but the task megc2019 has none"),
        ({"models": [{"model": "ststnet", "lr": "fast"}]}, "lr: fast, which is not a number"),
        ({"models": [{"model": "ststnet", "optimizer": "adm"}]}, "did you mean 'adam'"),
        ({"models": [{"model": "ststnet", "variant": "prt"}]}, "choose one of paper, port"),
        ({"models": [{"model": "ststnet", "preset": "smal"}]}, "did you mean 'small'"),
        ({"models": [{"model": "ststnet", "name": "a/b"}]}, "becomes a folder name"),
        ({"models": [{"model": "ststnet", "name": ".."}]}, "becomes a folder name; begin with a letter or a digit"),
        ({"models": [{"model": "ststnet", "preset": ["small"]}]}, r"no preset '\['small'\]'"),
        ({"models": [{"model": 3}]}, "at models.0"),
        ({"models": [{"model": "ststnet", 3: 4}]}, "unknown key '3'"),
        ({"models": [{"model": "ststnet", "augment": "flop"}]}, "unknown word 'flop'.*did you mean 'flip'"),
        ({"models": [{"model": "ststnet", "augment": "scale:0.5:2"}]}, "scale does not go with apex_flow"),
        (
            {"models": [{"model": "ststnet", "schedule": "onecycle", "warmup_epochs": 1}]},
            "has a warm-up of its own",
        ),
        ({"models": [{"model": "ststnet", "schedule": "cosine", "min_lr": 1}]}, "min_lr: 1 is above lr: 5e-05"),
        ({"models": [{"model": "ststnet", "epochs": 5, "warmup_epochs": 5}]}, "which leaves nothing of epochs: 5"),
        (
            {"models": [{"model": "lbp_top_svm", "labels": "shuffled"}]},
            "has labels, which is for models",
        ),
        ({"models": ["ststnet", "ststnet"]}, "two model entries are called 'ststnet'"),
        ({"tasks": ["megc2018"]}, "unknown task 'megc2018'.*did you mean 'megc2019'"),
        ({"datasets": {}}, "needs the dataset casme2; add it to 'datasets'"),
        ({"datasets": {**SYNTHETIC, "sam": {"source": "x"}}}, "unknown dataset 'sam'.*did you mean 'samm'"),
        ({"tables": ["megc2018"]}, "unknown table 'megc2018'.*did you mean 'megc2019'"),
        ({"tables": ["samm-8"]}, "the table samm-8 needs the task samm-8; add it to 'tasks'"),
    ],
)
def test_a_wrong_configuration_is_one_clear_sentence(config, sentence):
    with pytest.raises(UserError, match=sentence):
        plan(**config)


def test_an_unset_environment_variable_in_a_source_is_named():
    with pytest.raises(UserError, match="environment variable MEBENCH_NOWHERE is not set"):
        checked({"datasets": {"casme2": {"source": "${MEBENCH_NOWHERE}/x"}}})


def test_an_environment_variable_in_a_source_is_read(monkeypatch):
    monkeypatch.setenv("MEBENCH_SOMEWHERE", "/data")
    assert (
        checked({"datasets": {"casme2": {"source": "${MEBENCH_SOMEWHERE}/x"}}})["datasets"]["casme2"]["source"]
        == "/data/x"
    )


def test_yaml_that_is_no_yaml_names_file_and_line(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("tasks: [a\nmodels: : :\n")
    with pytest.raises(UserError, match=r"c.yaml line \d is not valid YAML"):
        load_config(path)
    with pytest.raises(UserError, match="cannot read the configuration .*nowhere.yaml"):
        load_config(tmp_path / "nowhere.yaml")


def test_every_key_has_a_default():
    assert checked({}) == checked({"tasks": ["megc2019"], "seeds": [0], "selection": "last", "models": ["ststnet"]})


def test_later_settings_win_card_variant_preset_entry():
    entries = plan(models=["ststnet", {"name": "a", "model": "ststnet", "variant": "port"},
                           {"name": "b", "model": "ststnet", "preset": "small", "epochs": 7}]).entries  # fmt: skip
    assert (entries["ststnet"]["recipe"]["epochs"], entries["ststnet"]["inputs"]["center"]) == (500, "train_mean")
    assert (entries["a"]["recipe"]["epochs"], entries["a"]["recipe"]["order"]) == (800, "by_class")
    assert entries["a"]["inputs"]["channels"] == ["strain", "v", "u"]
    assert (entries["b"]["recipe"]["epochs"], entries["b"]["recipe"]["lr"]) == (7, 1e-3)


def test_one_run_per_task_model_and_seed():
    runs = plan(tasks=["megc2019", "smic-3"], models=["ststnet", "oracle"], seeds=[0, 4]).runs
    assert [run.id for run in runs[:3]] == ["megc2019/ststnet/seed0", "megc2019/ststnet/seed4", "megc2019/oracle/seed0"]
    assert len({run.id for run in runs}) == 8


def test_a_process_may_read_a_configuration_with_tasks_of_its_own_twice(monkeypatch):
    """As the partial report does after a failure; both plans have the definition of their own configuration."""
    monkeypatch.setattr(tasks, "TASKS", dict(tasks.TASKS))
    for title in ("first", "second"):
        entry = {"name": "mine", "title": title, "datasets": ["smic"], "classes": ["positive"],
                 "labels": {"smic": {"positive": "positive"}}}  # fmt: skip
        plan = Plan({"datasets": {"smic": {"source": "synthetic"}}, "tasks": [entry], "models": ["majority"]})
        tasks.define(plan.own_tasks)
        assert plan.tasks["mine"]["title"] == tasks.task("mine")["title"] == title


def test_the_places_of_the_data_do_not_reach_the_published_configuration():
    assert "/secret" not in Plan({"datasets": {**SYNTHETIC, "samm": {"source": "/secret/SAMM"}}}).config_json


def test_the_long_tour_tries_every_model():
    left_out = set(cards.names("models")) - {run.spec["model"] for run in Plan.load("config.long-tour.yaml").runs}
    assert not left_out, f"add to config.long-tour.yaml: {left_out}"


@pytest.mark.parametrize("name", ["config.yaml", "config.long-tour.yaml"])
def test_the_tours_run_anywhere(name):
    """Small, without weights from the network, without a GPU."""
    for run in Plan.load(name).runs:
        assert run.spec["options"].get("pretrained", "none") == "none", run.model
        assert run.resources["gpu"] == 0, run.model
        small = ("(small)", "(size: small, own recipe)")
        assert not run.spec["recipe"] or recipes.describe(run.spec)[0].endswith(small), run.model


def test_the_keys_of_a_recipe_are_those_of_its_type_with_defaults_of_these_types():
    types = {key: type(default).__name__ for key, default in recipes.KEYS.items()}
    assert types == {key: getattr(kind, "__forward_arg__", kind) for key, kind in Recipe.__annotations__.items()}


def test_planning_imports_nothing_heavy_and_takes_under_a_tenth_of_a_second():
    """Median of five processes that only plan; every cluster job parses the Snakefile again."""
    code = (
        "import sys, time; t = time.process_time(); from mebench.plan import Plan, code; p = Plan.load('config.yaml');"
        "c = code.CodeDigests(); [c.run('train', r) for r in p.runs]; s = time.process_time() - t;"
        "print(s, [m for m in ('torch', 'cv2', 'pandas', 'numpy', 'matplotlib') if m in sys.modules])"
    )
    outputs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(5)
    ]
    seconds = sorted(float(out.split()[0]) for out in outputs)[2]
    assert all(out.split(maxsplit=1)[1].strip() == "[]" for out in outputs)
    assert seconds < 0.3, "three times the goal of 0.1 s, so that a busy machine does not fail the suite"


def test_the_schema_describes_every_key():
    with open(SCHEMA) as handle:
        for key, value in yaml.safe_load(handle)["properties"].items():
            assert "default" in value, key


@pytest.mark.parametrize(
    ("entry", "title"),
    [
        ("ststnet", "STSTNet"),
        ({"model": "ststnet", "preset": "small"}, "STSTNet (small)"),
        ({"model": "ststnet", "epochs": 3}, "STSTNet (own recipe)"),
        ({"model": "ststnet", "name": "port", "variant": "port"}, "STSTNet (port)"),
        ({"model": "ststnet", "name": "dealt", "labels": "shuffled"}, "STSTNet (dealt)"),
        ({"model": "ststnet", "name": "quick", "variant": "port", "epochs": 3}, "STSTNet (quick, own recipe)"),
        ("majority", "Majority class"),
        ({"model": "htnet", "size": "small", "preset": "small"}, "HTNet (small)"),
        ({"model": "htnet", "size": "small", "name": "tiny"}, "HTNet (tiny)"),
        ({"model": "capsulenet", "pretrained": "none"}, "CapsuleNet (pretrained: none)"),
        ({"model": "capsulenet", "pretrained": "none", "name": "caps"}, "CapsuleNet (caps, pretrained: none)"),
    ],
)
def test_a_title_names_whatever_is_not_the_papers_recipe(entry, title):
    assert recipes.describe(plan(models=[entry]).runs[0].spec)[0] == title


@pytest.mark.parametrize("verb", ["pool", "score", "tables"])
def test_cheap_rules_import_no_torch(verb):
    """They run once per run; importing torch would take ten times as long as their work."""
    modules = {"pool": "runs.pool", "score": "runs.scores", "tables": "tables"}
    code = (
        f"import sys, mebench.verbs.{verb}, mebench.verbs.train, mebench.{modules[verb]}; print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def of_classes(tmp_path, classes: str, labels: str) -> Plan:
    (tmp_path / "c.yaml").write_text(
        "datasets: {smic: {source: synthetic}}\nmodels: [majority]\ntasks:\n"
        f"  - {{name: 7, datasets: [smic], classes: {classes}, labels: {{smic: {labels}}}}}\n"
    )
    return Plan.load(tmp_path / "c.yaml")


def test_classes_may_look_like_numbers_and_truth_values_of_old_yaml(tmp_path):
    task = of_classes(tmp_path, "[0, 1, no]", "{negative: 0, positive: 1, surprise: no}").tasks["7"]
    assert (task["classes"], task["labels"]) == (["0", "1", "no"], {"smic": LABELS})


@pytest.mark.parametrize(
    ("classes", "labels", "sentence"),
    [("[a, true]", "{negative: a}", "the task 7 has classes: .*write a list of texts"),
     ("a", "{negative: a}", "write a list of texts"), ("[a, a]", "{negative: a}", "has the class a twice"),
     ("[negative]", "{negative: negativ}", "to negativ, which is none of its classes .did you mean 'negative'")],
)  # fmt: skip
def test_classes_that_make_no_sense(tmp_path, classes, labels, sentence):
    with pytest.raises(UserError, match=sentence):
        of_classes(tmp_path, classes, labels)
