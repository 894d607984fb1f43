"""Paths of a configuration: one meaning of ``~`` and ``${VARIABLE}`` for each key that takes a path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mebench import yaml_text
from mebench.cards import PACKAGE
from mebench.config.schema import SCHEMA, checked
from mebench.errors import UserError
from mebench.owner_paths import expanded
from mebench.plan import Plan
from mebench.tables import table_file

BASE: dict[str, object] = {"datasets": {"smic": {"source": "synthetic"}}, "tasks": ["smic-3"], "models": ["majority"]}
TABLE = "title: T\ntask: smic-3\nparts: {all: Full}\ncolumns: [[all, uf1, UF1]]\n"


def smic(**keys: object) -> dict[str, object]:
    return {**BASE, "datasets": {"smic": {"source": "synthetic", **keys}}}


def own_kind(path: str) -> dict[str, object]:
    task = {"name": "mine", "kind": path, "datasets": ["smic"], "classes": ["negative", "positive", "surprise"]}
    task["labels"] = {"smic": {name: name for name in task["classes"]}}
    return {**BASE, "tasks": [task]}


def weights(path: str) -> dict[str, object]:
    return {**BASE, "models": [{"model": "hsta", "preset": "small", "pretrained": path}]}


def extends(path: str) -> str:
    Path("outer.yaml").write_text(f"extends: {path}\n")
    table_file.read("outer.yaml")
    return str(table_file.table_path(path))


# key of the configuration -> (name of a file there, what becomes of its path)
def given(path: str) -> str:
    """The file of predictions of an entry that has it at ``path``."""
    return Plan({**BASE, "models": [{"predictions": path, "name": "m", "task": BASE["tasks"][0]}]}).model_names[0]


PLACES: dict[str, tuple[str, Callable[[str], str]]] = {
    "results": ("out", lambda path: Plan({**BASE, "results": path}).results),
    "datasets.source": ("copy", lambda path: checked(smic(source=path))["datasets"]["smic"]["source"]),
    "datasets.landmarks": ("l.csv", lambda path: checked(smic(landmarks=path))["datasets"]["smic"]["landmarks"]),
    "tasks.kind": ("recognition.py", lambda path: str(Plan(own_kind(path)).tasks["mine"]["kind"])),
    "models": ("mine.py", lambda path: Plan({**BASE, "models": [path]}).model_names[0]),
    "models.model": ("mine.py", lambda path: Plan({**BASE, "models": [{"model": path, "name": "m"}]}).model_names[0]),
    "models.predictions": ("p.csv", given),
    "models.pretrained": ("w.pth", lambda path: str(Plan(weights(path)).entries["hsta"]["options"]["pretrained"])),
    "tables": ("mine.yaml", lambda path: next(iter(Plan({**BASE, "tables": [path]}).tables.values()))),
    "tables: extends": ("mine.yaml", extends),
}
# texts of the schema that are no paths
WORDS = {
    "datasets.sha256", "datasets.exclude", "datasets.corrections.emotion", "datasets.corrections.reason", "tasks",
    "tasks.name", "tasks.title", "tasks.datasets", "models.name", "models.tasks", "models.task", "models.selection",
}  # fmt: skip


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "home"
    (folder / "copy").mkdir(parents=True)
    (folder / "mine.py").write_text((PACKAGE / "models/majority.py").read_text())
    (folder / "recognition.py").write_text((PACKAGE / "tasks/recognition.py").read_text())
    (folder / "mine.yaml").write_text(TABLE)
    (folder / "p.csv").write_text("clip_id,prediction\nsmic/s01/a,negative\n")
    for name in ("w.pth", "l.csv"):
        (folder / name).write_text("")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("MINE", str(folder))
    monkeypatch.delenv("NOWHERE", raising=False)
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("start", ["~", "${HOME}", "${MINE}"])
def test_every_path_is_expanded(home, place, start):
    name, taken = PLACES[place]
    assert taken(f"{start}/{name}") == f"{home}/{name}"
    assert not Path("~").exists()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("start", "sentence"),
    [("${NOWHERE}", "variable NOWHERE is not set"), ("${EMPTY}", "variable EMPTY is empty"),
     ("~nobody-here", "no home folder is known for ~nobody-here"), ("$HOME", r"write \$\{HOME\}"),
     ("${HOME", "is not closed")],
)  # fmt: skip
def test_every_path_without_a_meaning_is_refused_in_one_sentence(home, place, start, sentence):
    name, taken = PLACES[place]
    with pytest.raises(UserError, match=sentence):
        taken(f"{start}/{name}")


@pytest.mark.parametrize("path", ["data/~/x", "https://host/~me/x.zip", "/data/$RECYCLE.BIN/x", "a b/微", "./~x", "x~"])
def test_other_paths_stay_as_they_are(path):
    assert expanded(path, "source") == path


def test_a_folder_that_is_called_like_a_variable_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("$DATA").mkdir()
    assert expanded("$DATA", "source") == "$DATA"


def test_provenance_does_not_tell_where_the_home_is(home):
    assert str(home) not in Plan({**BASE, "results": "~/out", "models": ["~/mine.py"]}).config_json


def texts_of(schema: Mapping[str, object], place: str = "") -> set[str]:
    """The places of a schema that hold texts."""
    found = {place} if schema.get("type") == "string" else set()
    for key, below in schema.get("properties", {}).items():
        found |= texts_of(below, f"{place}.{key}".lstrip("."))
    for key in ("additionalProperties", "items"):
        if isinstance(schema.get(key), Mapping):
            found |= texts_of(schema[key], place)
    for below in schema.get("anyOf", []):
        found |= texts_of(below, place)
    return found


def test_each_text_of_the_schema_is_a_path_above_or_a_word():
    paths = {place for place in PLACES if ":" not in place and place != "models.pretrained"}
    assert texts_of(yaml_text.read(SCHEMA)) == paths | WORDS, "say of a new key whether it takes a path"
