"""YAML that people write, read in one way: by the core schema of YAML 1.2, each key once, no tags but its own.

So ``010`` is ten, and ``no``, ``1:30`` and ``2024-01-01`` are texts. Keys are texts. A number keeps the text that it
was written with, for places that take a text: the name ``2024``. Merge keys (``<<``) work as in YAML 1.1.
"""

from __future__ import annotations

import codecs
import functools
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mebench.errors import UserError

if TYPE_CHECKING:
    from yaml import MappingNode, Node, SafeLoader, ScalarNode, YAMLError

Value = object  # None, bool, Whole, Real, str, and lists and dicts of them
MOST_VALUES = 100_000  # aliases of aliases can make a short file as large as the memory
DEEPEST = 100  # levels of lists and mappings
PLAIN = "plain"  # the tag of a scalar without quotes
CORE = "tag:yaml.org,2002:"
NULL = re.compile(r"~|null|Null|NULL|")
TRUE, FALSE = re.compile(r"true|True|TRUE"), re.compile(r"false|False|FALSE")
WHOLE = re.compile(r"[-+]?[0-9]{1,400}")  # a longer one is a text: Python refuses to print it
OTHER_BASE = re.compile(r"0o[0-7]{1,400}|0x[0-9a-fA-F]{1,400}")
REAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
MARKS = {"UTF-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE), "UTF-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)}


class Whole(int):
    """A whole number, and the text that it was ``written`` with."""

    written: str


class Real(float):
    """A number, and the text that it was ``written`` with."""

    written: str


def read(path: str | os.PathLike) -> Value:
    """What a YAML file holds; None where it is empty. A UserError names the file and the line."""
    return parse(text(path), str(path))


def text(path: str | os.PathLike, what: str = "") -> str:
    """The text of a file, which has to be UTF-8; ``what`` it is, such as 'the configuration '."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {what}{path}: {error.strerror}") from error
    for name, marks in MARKS.items():
        if content.startswith(marks):
            raise UserError(f"{path} is a text in {name}; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path} line {line} is not a text in UTF-8 ({error.reason}); save it as UTF-8") from error


def parse(written: str, where: str) -> Value:
    """What a text in YAML holds; ``where`` is what errors call it."""
    import yaml

    try:
        _check_depth(written, where)
        root = yaml.compose(written, Loader=_loader())
        return None if root is None else _Tree(where).value(root)
    except yaml.YAMLError as error:
        raise UserError(f"{where}{_place_and_problem(error, written)}") from error


def _place_and_problem(error: YAMLError, written: str) -> str:
    problem = " ".join(str(getattr(error, "problem", None) or error).split())
    mark = getattr(error, "problem_mark", None)
    if not mark:
        return f" is not valid YAML: {problem}"
    line = re.split("\r\n|\n|\r", written)[mark.line : mark.line + 1]
    if line and "\t" in line[0][: mark.column + 1]:
        problem = "a tab stands where only blanks may stand"
    return f" line {mark.line + 1} is not valid YAML: {problem}"


def _check_depth(written: str, where: str) -> None:
    """A UserError where so much is nested that the parser, which calls itself for each level, would crash."""
    import yaml

    if len(written) < 20_000 and sum(map(written.count, "[{-?")) < DEEPEST:
        return  # too short to be so deep
    depth = 0
    for event in yaml.parse(written, Loader=_loader()):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise UserError(f"{where} line {event.start_mark.line + 1}: more than {DEEPEST} levels are nested")


def scalar(written: str) -> Value:
    """What a text without quotes means: nothing, a truth value, a number or itself."""
    if WHOLE.fullmatch(written):
        return _number(Whole(written), written)
    if OTHER_BASE.fullmatch(written):
        return _number(Whole(int(written, 0)), written)
    if REAL.fullmatch(written):
        return _number(Real(written), written)
    if NOT_FINITE.fullmatch(written):
        return _number(Real(written.replace(".", "")), written)
    if NULL.fullmatch(written):
        return None
    if TRUE.fullmatch(written) or FALSE.fullmatch(written):
        return bool(TRUE.fullmatch(written))
    return written


def plain(value: Value) -> Value:
    """A value with its numbers as plain numbers, without the texts that they were written with."""
    if isinstance(value, Mapping):
        return {key: plain(below) for key, below in value.items()}
    if isinstance(value, list):
        return [plain(below) for below in value]
    if isinstance(value, Whole):
        return int(value)
    return float(value) if isinstance(value, Real) else value


def texts(value: Value) -> Value:
    """A value with its numbers as the texts that they were written with."""
    if isinstance(value, Mapping):
        return {key: texts(below) for key, below in value.items()}
    if isinstance(value, list):
        return [texts(below) for below in value]
    return value.written if isinstance(value, Whole | Real) else value


def _number(number: Whole | Real, written: str) -> Whole | Real:
    number.written = written
    return number


@functools.cache
def _loader() -> type[SafeLoader]:
    """PyYAML's parser, in C where it is there, that marks each scalar without quotes and gives no meaning to any."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Marks scalars."""

    Loader.yaml_implicit_resolvers = {None: [(PLAIN, re.compile(""))]}

    return Loader


class _Tree:
    """From the nodes of PyYAML's parser to values."""

    def __init__(self, where: str):
        self.where, self.count, self.above = where, 0, set[int]()

    def error(self, node: Node, sentence: str) -> UserError:
        return UserError(f"{self.where} line {node.start_mark.line + 1}: {sentence}")

    def value(self, node: Node) -> Value:
        self.count += 1
        if self.count > MOST_VALUES:
            raise self.error(node, f"the file has more than {MOST_VALUES:,} values, aliases (*) counted; split it")
        if id(node) in self.above:
            raise self.error(node, "an alias (*) stands inside the value that it names")
        self.above.add(id(node))
        try:
            return self._value(node)
        finally:
            self.above.discard(id(node))

    def _value(self, node: Node) -> Value:
        if node.id == "scalar":
            return self._scalar(node)
        if node.id == "sequence" and node.tag == f"{CORE}seq":
            return [self.value(below) for below in node.value]
        if node.id == "mapping" and node.tag == f"{CORE}map":
            return self._mapping(node)
        raise self._unknown(node)

    def _unknown(self, node: Node) -> UserError:
        return self.error(node, f"the tag {node.tag.replace(CORE, '!!')} is not understood; remove it")

    def _scalar(self, node: ScalarNode) -> Value:
        if node.tag == f"{CORE}str":
            return node.value
        value = scalar(node.value)
        kinds = {"null": type(None), "bool": bool, "int": Whole, "float": (Whole, Real)}
        kind = kinds.get(node.tag.removeprefix(CORE), object if node.tag == PLAIN else None)
        if kind is None:
            raise self._unknown(node)
        if not isinstance(value, kind):  # type: ignore[arg-type]
            raise self.error(node, f"'{node.value}' is no {node.tag.replace(CORE, '!!')}")
        return value

    def _mapping(self, node: MappingNode) -> dict[str, Value]:
        own: dict[str, Value] = {}
        merged: dict[str, Value] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            key, line = self._key(key_node), key_node.start_mark.line + 1
            if key in lines:
                both = f"line {lines[key]} and again in line {line}"
                raise UserError(f"{self.where}: the key '{key}' stands in {both}; keep one of them")
            lines[key] = line
            if key == "<<" and key_node.tag == PLAIN:
                merged = self._merged(value_node)
            else:
                own[key] = self.value(value_node)
        return {**merged, **own}

    def _key(self, node: Node) -> str:
        if node.id != "scalar":
            raise self.error(node, "a key is a list or a mapping; write a word")
        if not node.value:
            raise self.error(node, "a key is empty; write a word before the colon")
        return node.value

    def _merged(self, node: Node) -> dict[str, Value]:
        value = self.value(node)
        parts = value if isinstance(value, list) else [value]
        merged: dict[str, Value] = {}
        for part in parts:
            if not isinstance(part, dict):
                raise self.error(node, "'<<' takes a mapping, or a list of mappings")
            merged = {**part, **merged}
        return merged
