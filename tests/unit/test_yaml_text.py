"""YAML that people write: what a scalar means, keys that stand twice, one sentence for each fault, wherever read."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mebench import yaml_text
from mebench.config.loading import load, load_config
from mebench.config.started import started
from mebench.errors import UserError
from mebench.plan import Plan
from mebench.plan.tables import table_task
from mebench.tables import table_file

PACKAGE = Path(yaml_text.__file__).parent

# section 10.3.2 of the YAML 1.2.2 specification: the core schema
MEANINGS = {
    "010": 10, "+7": 7, "-0": 0, "0o17": 15, "0x1F": 31, ".5": 0.5, "1.": 1.0, "1e3": 1000.0, "12e-1": 1.2,
    "-.inf": -math.inf, "~": None, "null": None, "true": True, "FALSE": False,
    "1:30": "1:30", "no": "no", "yes": "yes", "on": "on", "Off": "Off", "y": "y", "2024-01-01": "2024-01-01",
    "1_000": "1_000", "0b1": "0b1", "0o8": "0o8", "1.2.3": "1.2.3", "tRuE": "tRuE", "=": "=", "1,5": "1,5",
}  # fmt: skip


@pytest.mark.parametrize("written", MEANINGS)
def test_a_scalar_means_what_the_core_schema_says(written):
    (value,) = yaml_text.plain(yaml_text.parse(f"[{written}]" if "," not in written else f"- {written}", "x"))
    assert value == MEANINGS[written]
    assert type(value) is type(MEANINGS[written])


def test_not_a_number_is_a_number_and_quotes_make_a_text():
    assert math.isnan(yaml_text.parse(".nan", "x"))
    assert yaml_text.parse("['010', \"no\", !!str 1]", "x") == ["010", "no", "1"]


def test_a_number_keeps_its_text_for_places_that_take_one():
    assert yaml_text.texts(yaml_text.parse("[010, 1.50, 0x1F, 1e3]", "x")) == ["010", "1.50", "0x1F", "1e3"]


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=6)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS


@given(st.recursive(LEAVES, lambda below: st.lists(below) | st.dictionaries(TEXTS, below), max_leaves=8))
@settings(max_examples=60, deadline=None)
def test_what_another_program_writes_is_read_as_it_was(value):
    text = json.dumps(value, ensure_ascii=False)  # YAML holds JSON
    assert yaml_text.plain(yaml_text.parse(text, "x")) == value


def test_texts_that_pyyaml_puts_in_quotes_stay_texts():
    assert yaml_text.parse(yaml.safe_dump(["a", {"b": "no", "c": "010"}]), "x") == ["a", {"b": "no", "c": "010"}]


def test_merge_keys_add_what_a_mapping_lacks():
    text = "one: &one {a: 1, b: 2}\ntwo: {<<: *one, b: 3}\nthree: {<<: [{a: 5}, *one], c: 0}\n"
    read = yaml_text.parse(text, "x")
    assert read["two"] == {"a": 1, "b": 3}
    assert read["three"] == {"a": 5, "b": 2, "c": 0}


# --- every place that reads YAML, with every fault


def table(path: Path) -> None:
    table_file.read(str(path))


def extended(path: Path) -> None:
    outer = path.with_name("outer.yaml")
    outer.write_text(f"extends: {path}\n")
    table_file.read(str(outer))


READERS: dict[str, Callable[[Path], object]] = {
    "Plan.load": load,
    "settings alone": load_config,
    "Snakefile": lambda path: started([path], {}),
    "second file of --configfiles": lambda path: started([path.with_name("good.yaml"), path], {}),
    "table": table,
    "extended table": extended,
    "task of a table": lambda path: table_task(str(path)),
}
LAUGHS = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcde", "bcdef", strict=True)
)
FAULTS: dict[str, tuple[bytes, str]] = {
    "key twice": (b"title: x\ntitle: y\n", r"'title' stands in line 1 and again in line 2"),
    "key twice below": (b"models:\n  - model: x\n    lr: 1\n    lr: 2\n", r"'lr' stands in line 3 and again in line 4"),
    "key twice in braces": (b"seeds: {a: 1,\n  'a': 2}\n", r"'a' stands in line 1 and again in line 2"),
    "key twice, CRLF": (b"title: x\r\n# c\r\ntitle: y\r\n", r"'title' stands in line 1 and again in line 3"),
    "key twice, BOM": (b"\xef\xbb\xbftitle: x\ntitle: y\n", r"'title' stands in line 1 and again in line 2"),
    "merge twice": (b"a: &a {b: 1}\nc:\n  <<: *a\n  <<: *a\n", r"'<<' stands in line 3 and again in line 4"),
    "tab": (b"models:\n\t- x\n", r"line 2 is not valid YAML: a tab"),
    "open list": (b"seeds: [1\n", r"line \d is not valid YAML"),
    "two documents": (b"title: x\n---\ntitle: y\n", r"line 2 is not valid YAML: but found another document"),
    "unknown tag": (b"title: !!python/name:os.system\n", r"line 1: the tag !!python/name:os.system"),
    "wrong tag": (b"seeds: !!int abc\n", r"line 1: 'abc' is no !!int"),
    "unknown alias": (b"seeds: *x\n", r"line 1 is not valid YAML: found undefined alias"),
    "alias in itself": (b"seeds: &a [*a]\n", r"line 1: an alias"),
    "list as key": (b"? [a]\n: 1\n", r"line 1: a key is a list"),
    "empty key": (b"? \n: 1\n", r"line 1: a key is empty"),
    "aliases of aliases": (LAUGHS.encode(), r"more than 100,000 values"),
    "deep": (b"seeds: " + b"[" * 5000, r"more than 100 levels"),
    "deep without brackets": (b"- " * 5000, r"more than 100 levels"),
    "UTF-16": ("title: x\n".encode("utf-16"), r"is a text in UTF-16; save it as UTF-8"),
    "UTF-32": ("title: x\n".encode("utf-32"), r"is a text in UTF-32; save it as UTF-8"),
    "GBK": ("title: x\ncaption: 微表情\n".encode("gbk"), r"line 2 is not a text in UTF-8"),
    "NUL": (b"title: \x00\n", r"is not valid YAML: unacceptable character"),
    "list at the top": (b"- title\n", r"must (be a mapping|hold)|has no line 'task"),
    "word at the top": (b"title\n", r"must (be a mapping|hold)|has no line 'task"),
    "zero at the top": (b"0\n", r"must (be a mapping|hold)|has no line 'task"),
    "no file": (b"", r"cannot read|there is no file"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("reader", READERS)
def test_every_reader_says_every_fault_in_one_sentence_with_the_file(tmp_path, reader, fault):
    content, sentence = FAULTS[fault]
    path = tmp_path / "bad.yaml"
    (tmp_path / "good.yaml").write_text("seeds: [0]\n")
    if content:
        path.write_bytes(content)
    with pytest.raises(UserError, match=sentence) as caught:
        READERS[reader](path)
    assert "bad.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


DAMAGE = [b"no", b"010", b"~", b"*a", b"&a", b"<<: ", b"!!x ", b"\t", b"\x00", b"\xff", b"[", b"}", b": ", b"- ", b"\n",
          b"'", b"9" * 5000, b"? ", b"%", b"${X}", b"0x", b"\xe2\x80\xa8"]  # fmt: skip


@pytest.mark.parametrize("name", ["config.yaml", "workflow/mebench/tables/megc2019.yaml"])
def test_random_damage_is_read_or_a_sentence(tmp_path, name):
    rng, said = random.Random(name), []
    original = (PACKAGE.parents[1] / name).read_bytes()
    for _ in range(60):
        content = bytearray(original)
        at = rng.randrange(len(content))
        content[at : at + rng.choice([0, 0, 1, 4])] = rng.choice(DAMAGE)
        (tmp_path / "bad.yaml").write_bytes(content)
        try:
            Plan.load(tmp_path / "bad.yaml") if name == "config.yaml" else table(tmp_path / "bad.yaml")
        except UserError as error:
            said.append(str(error))
    assert all(said)
    assert said


def test_no_other_module_reads_yaml():
    sources = [*PACKAGE.rglob("*.py"), *PACKAGE.parent.rglob("*.smk"), PACKAGE.parents[1] / "Snakefile"]
    importing = [
        path.name for path in sources if re.search(r"^\s*(import|from) (ruamel|yaml\b)", path.read_text(), re.M)
    ]
    # add_entry.py looks where entries stand in a text, and never at what they mean
    assert sorted(importing) == ["add_entry.py", "yaml_text.py"], (
        "one module reads YAML, so that it means the same everywhere"
    )
