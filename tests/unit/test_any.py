"""Where the package says nothing about a type: ``Any``, and bare ``dict``, ``list`` and the like in annotations.

A place is explained where ``# any: why`` stands in its line, in the first line of its statement, or in the line above
that. There are none without an explanation, and few with one.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PACKAGE = PROJECT / "workflow/mebench"
BARE = {"dict", "list", "tuple", "set", "frozenset", "type", "Callable", "Iterable", "Iterator", "Mapping",
        "MutableMapping", "Sequence", "Collection", "Counter", "defaultdict"}  # fmt: skip
MOST_EXPLAINED = 10


def places(source: str) -> list[tuple[int, bool]]:
    """(line, whether it is explained) of each place in a file, one for each name that says nothing."""
    lines, found = source.splitlines(), []
    for first, node in _types(ast.parse(source), 0):
        near = {node.lineno, first, first - 1} - {0}
        found.append((node.lineno, any("# any: " in lines[number - 1] for number in near)))
    return found


def _types(node: ast.AST, first: int) -> Iterator[tuple[int, ast.AST]]:
    """(first line of its statement, name) of each name that says nothing, at any depth."""
    if isinstance(node, ast.stmt):
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
    if (isinstance(node, ast.Name) and node.id == "Any") or (isinstance(node, ast.Attribute) and node.attr == "Any"):
        yield first, node
    annotation = getattr(node, "annotation", None) or getattr(node, "returns", None)
    if annotation:
        yield from ((first, one) for one in _bare(annotation))
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in BARE:
        yield first, node.value
    for child in ast.iter_child_nodes(node):
        yield from _types(child, first)


def _bare(node: ast.AST) -> Iterator[ast.Name]:
    """The generics of an annotation that have no arguments."""
    if isinstance(node, ast.Name) and node.id in BARE:
        yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.Subscript) and child is node.value):
            yield from _bare(child)


def _rooms():
    spec = importlib.util.spec_from_file_location("rooms_of_any", PROJECT / "docs/rooms.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def counts() -> tuple[Counter[str], list[str]]:
    """(unexplained places of each room, explained places)."""
    rooms, unexplained, explained = _rooms(), Counter(), []
    for module, path in rooms.modules().items():
        for line, said in places(path.read_text(encoding="utf-8")):
            if said:
                explained.append(f"{path.relative_to(PACKAGE)}:{line}")
            else:
                unexplained[rooms.room(module)] += 1
    return unexplained, explained


def test_every_place_is_explained():
    unexplained, _ = counts()
    assert not unexplained, "say what it is, or why nobody can: # any: why"


def test_few_places_are_explained():
    _, explained = counts()
    assert len(explained) <= MOST_EXPLAINED, explained


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(a: Any, b: dict[str, Any]) -> list: ...", [False] * 3),
        ("def f(a: Callable[..., int], b: dict[str, int]) -> list[str] | tuple: ...", [False]),
        ("a: typing.Any = dict(b=1)", [False]),
        ("Clip = Mapping[str, Any]", [False]),
        ("Row = dict", [False]),
        ("a = dict(b=list((1, 2)))\nisinstance(a, dict)", []),
        ("# any: a value of JSON\ndef f(\n    a: Any,\n): ...", [True]),
        ("a: Any  # any: a value of JSON\n\nb: Any", [True, False]),
        ("@cache\ndef f(a: dict): ...  # any: it is free", [True]),
    ],
)
def test_places_are_counted(source, expected):
    assert [said for _, said in places(source)] == expected


if __name__ == "__main__":
    print(dict(sorted(counts()[0].items())), sum(counts()[0].values()), counts()[1])
