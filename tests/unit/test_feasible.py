"""What cannot work is said when the configuration is read."""

from __future__ import annotations

import pytest

from mebench import cards
from mebench.errors import UserError
from mebench.plan import Plan
from mebench.protocols.tasks import TASKS

SMALL = {"source": "synthetic", "subjects": 3}


def plan(**keys):
    return Plan({"datasets": {"smic": SMALL, "flow_images": {"source": "/pictures"}}, "tasks": ["smic-3"],
                 "models": ["ststnet"], **keys})  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"tasks": ["smic-3", "megc2019-flow"], "models": ["hsta"]},
         "'hsta' cannot run on the task megc2019-flow: it reads the input frames, but flow_images delivers flow "
         "pictures of 28 pixels; give the entry tasks: [smic-3]"),
        ({"tasks": ["megc2019-flow"], "models": ["resnet18"]}, "it reads flow of 224 x 224 pixels, but flow_images"),
        ({"selection": "inner", "datasets": {"smic": {"source": "synthetic", "subjects": 2}}},
         "selection: inner needs at least three subjects, but the task smic-3 has 2"),
        ({"datasets": {"smic": {"source": "/data", "subjects": 2}}}, "smic has subjects, which only go with"),
        ({"datasets": {"smic": {"source": "synthetic", "size": "full", "clips": 2}}}, "remove clips"),
        ({"datasets": {"smic": SMALL, "casme3": {"source": "synthetic", "size": "clear"}}},
         "cannot be generated clear"),
        ({"datasets": {"smic": {"source": "synthetic", "size": "brief"}}}, "no long videos, which alone can be brief"),
        ({"datasets": {"smic": SMALL, "casme": {"source": "synthetic", "size": "full"}}},
         "casme is only generated at small size"),
        ({"datasets": {"smic": {"source": "synthetic", "sha256": "0" * 64}}}, "sha256, which is that of an archive"),
        ({"models": [{"model": "msmmt", "epochs": 1}]}, "warm-up"),
        ({"tasks": ["casme3-7"], "datasets": {"casme3": SMALL, "casme3_long": SMALL},
          "models": [{"model": "me_tst", "extra_clips": "macro"}]},
         "one array for each long video of casme3_long, not for each clip; leave out extra_clips"),
    ],
)  # fmt: skip
def test_it_is_one_sentence(keys, sentence):
    with pytest.raises(UserError) as error:
        plan(**keys)
    assert sentence in str(error.value)


def test_what_can_work_is_planned():
    assert plan(tasks=["smic-3", "megc2019-flow"]).runs
    assert plan(selection="inner").runs
    assert plan(selection="inner", datasets={"smic": {"source": "/somewhere"}}).runs  # nobody has counted yet


def test_the_list_of_full_size_is_that_of_the_generator():
    from mebench.config import feasible
    from mebench.synthetic import full, generate

    assert sorted(feasible.FULL) == full.names()
    for name in cards.names("datasets"):
        for size in ("small", "brief"):
            counted = feasible.subjects(name, {"source": "synthetic", "size": size})
            assert counted == generate.defaults(name, size)["subjects"], (name, size)


def test_the_kinds_that_are_made_of_recordings_are_those_whose_makers_say_so():
    import importlib

    from mebench.config import input_names

    for kind, about in input_names.KINDS.items():
        assert about.get("per", "clip") == importlib.import_module(f"mebench.inputs.{kind}").Input.PER, kind


def test_every_task_has_a_table():
    from mebench import tables
    from mebench.plan.tables import table_names, table_task

    for name in TASKS:
        assert name in table_names()
        assert table_task(name) == name
        assert tables.describe(name).task == name


# --- tasks of the configuration's own --------------------------------------------------------------------------------

KIND = {
    "title": "Mine", "module": "Mine", "definition": [], "history": "train_error", "selection": {},
    "metrics": {"mae": {"title": "MAE"}}, "columns": {"all": [["mae", "MAE"]], "part": []}, "caption": "", "plots": {},
}  # fmt: skip


@pytest.mark.parametrize(
    ("card", "sentence"),
    [
        ({key: value for key, value in KIND.items() if key != "metrics"} | {"columns": {}},
         "lacks metrics, columns: all, columns: part; docs/add-a-kind-of-task.md"),
        (KIND | {"columns": {"all": [["mea", "MAE"]], "part": []}}, "columns: all of the unknown metric 'mea'"),
    ],
)  # fmt: skip
def test_the_card_of_an_own_kind_is_checked(tmp_path, card, sentence):
    (tmp_path / "mine.py").write_text(f"CARD = {card!r}\n")
    entry = {"name": "my-task", "kind": str(tmp_path / "mine.py"), "datasets": ["smic"]}
    with pytest.raises(UserError, match=sentence):
        Plan({"datasets": {"smic": {"source": "synthetic"}}, "tasks": [entry], "models": ["majority"]})


def test_an_own_task_of_recognition_has_its_own_classes():
    entry = {"name": "smiles", "datasets": ["smic"], "classes": ["no", "yes"],
             "labels": {"smic": {"negative": "no", "surprise": "no", "positive": "yes"}}}  # fmt: skip
    made = Plan({"datasets": {"smic": {"source": "synthetic"}}, "tasks": [entry], "models": ["ststnet", "majority"]})
    assert made.runs[0].spec["task"] == {"name": "smiles", "classes": ["no", "yes"], "labels": entry["labels"],
                                         "drop": {}, "protocol": "loso"}  # fmt: skip
    assert list(made.tables) == ["smiles"]
    assert made.arguments.define("smiles")[0] == "--define"
