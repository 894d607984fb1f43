"""Cards of models that lie anywhere: whole, and without a word that would be read as something else."""

from __future__ import annotations

import copy

import pytest

from mebench import cards, models
from mebench.config import card_check, recipes
from mebench.errors import UserError
from mebench.plan import Plan

FILE = """
from mebench.models import ststnet

CARD = {card!r}

STSTNet = ststnet.STSTNet
"""


@pytest.fixture
def mine(tmp_path):
    """Write a model's file whose card is that of STSTNet, changed; the path of the file."""

    def write(change=lambda card: None, text: str = FILE) -> str:
        card = copy.deepcopy(cards.card("models", "ststnet"))
        card.pop("name")
        change(card)
        path = tmp_path / "mine.py"
        path.write_text(text.format(card=card))
        return str(path)

    return write


def test_every_registered_card_is_sound():
    for name in cards.names("models"):
        card_check.check(cards.card("models", name), cards.locate("models", name), recipes.KEYS)


def put(*keys):
    """A change of the card: everything but the last of ``keys`` leads to a place, the last is what is put there."""

    def change(card):
        *way, last, value = keys
        for key in way:
            card = card.setdefault(key, {})
        card[last] = value

    return change


def drop(*keys):
    def change(card):
        *way, last = keys
        for key in way:
            card = card[key]
        del card[last]

    return change


WRONG = [
    (drop("module"), "lacks module"),
    (drop("recipe"), "lacks recipe"),
    (drop("resources"), "lacks resources"),
    (drop("resources", "mem_mb"), "lacks resources: mem_mb"),
    (drop("inputs", "range"), "lacks inputs: range"),
    (drop("inputs"), "lacks inputs"),
    (put("deviations", "another rate"), "has deviations: another rate, which is no list"),
    (put("deviations", [{"what": "a", "form": "b"}]), "unknown key 'form' in the deviation 1"),
    (put("deviations", [{"what": "a", "source": "b"}, {"what": "a"}]), "lacks source of the deviation 2"),
    (put("deviations", [{"what": "a", "source": 3}]), "has a deviation 1 that is no text"),
    (put("training", "fitt"), "has training: fitt .*did you mean 'fit'"),
    (put("inputs", "range", "unti"), "has inputs: range: unti .*did you mean 'unit'"),
    (put("inputs", "center", "trainmean"), "has inputs: center: trainmean .*did you mean 'train_mean'"),
    (put("inputs", "kind", "apexflow"), "has inputs: kind: apexflow .*did you mean 'apex_flow'"),
    (put("inputs", "channels", "u"), "channels: u, which is no list of names"),
    (put("inputs", ["u"]), r"has inputs: \['u'\], which is no mapping"),
    (put("recipe", "lrate", 1), "unknown key 'lrate' in recipe .*did you mean"),
    (put("presets", "quick", {"epoch": 3}), "unknown key 'epoch' in presets: quick .*did you mean 'epochs'"),
    (put("presets", "quick", {"resources": {"gpus": 0}}), "unknown key 'gpus' in presets: quick: resources"),
    (
        put("measured", [{"options": {}, "device": "a GPU", "seconds_per_fold": 3, "share_of_peak": 0.1, "clips": 9}]),
        "has a measured record without seconds, epochs; benchmarks/folds.py",
    ),
    (put("options", "deep", True), "options: deep: True, which is no list of choices"),
    (put("changes", "varaint", {}), "changes of the unknown option 'varaint' .*did you mean 'variant'"),
    (put("changes", "variant", "port", "input", {}), "unknown key 'input' in changes: variant: port"),
    (put("changes", "variant", "port", "recipe", "epoch", 3), "unknown key 'epoch' in changes: variant: port: recipe"),
    (put("changes", "variant", "port", "inputs", "range", "bit"), "has changes: variant: port: inputs: range: bit"),
]


@pytest.mark.parametrize(("change", "sentence"), WRONG)
def test_what_is_missing_or_means_nothing_is_named(mine, change, sentence):
    path = mine(change)
    with pytest.raises(UserError, match=rf"^the CARD of {path} .*{sentence}.*docs/add-a-model.md"):
        Plan({"datasets": {"smic": {"source": "synthetic"}}, "tasks": ["smic-3"], "models": [{"model": path}]})


def test_a_sound_one_is_planned_and_built(mine):
    path = mine()
    plan = Plan({"datasets": {"smic": {"source": "synthetic"}}, "tasks": ["smic-3"], "models": [path]})
    assert plan.runs[0].spec["recipe"]["epochs"] == 500
    assert models.build(path, num_classes=3, variant="port") is not None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (FILE + "def broken(:\n", "line 7 of .*mine.py is not valid Python"),
        (FILE + "import no_such_package\n", "line 7: ModuleNotFoundError: No module named 'no_such_package'"),
        (FILE + "x = y\n", "line 7: NameError: name 'y' is not defined"),
    ],
)
def test_a_file_that_cannot_be_imported_is_one_sentence(mine, text, sentence):
    path = mine(text=text)
    with pytest.raises(UserError, match=f"cannot be imported: {sentence}"):
        models.build(path, num_classes=3)


def test_a_class_that_does_not_take_the_cards_options_is_one_sentence(mine):
    path = mine(put("options", "deep", [True, False]))
    with pytest.raises(UserError, match="STSTNet cannot be made as its card promises: .*'deep'"):
        models.build(path, num_classes=3, deep=True)


def test_a_file_that_is_no_utf8_is_one_sentence(tmp_path):
    path = tmp_path / "mine.py"
    path.write_bytes(b"CARD = {'title': '\xe9'}\n")
    with pytest.raises(UserError, match="is not a text in UTF-8"):
        cards.card("models", str(path))


@pytest.mark.parametrize("before", ["", "import os\n\n"])
@pytest.mark.parametrize(
    "card", ["{\n    'title': 'a',\n    'title': 'b'}", "{'title': 'a',\n  'x': [{'k': 1,\n'k': 2}]}"]
)
def test_a_key_twice_in_a_card_names_both_lines(tmp_path, before, card):
    path = tmp_path / "mine.py"
    path.write_text(f"{before}CARD = {card}\n")
    first = before.count("\n") + 2
    with pytest.raises(UserError, match=f"has the key '(title|k)' in line {first} and again in line {first + 1}"):
        cards.card("models", str(path))
