"""What the documentation site is made of. `make docs` builds it, and fails where a page, link or anchor is missing."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hooks():
    """The module that puts the site together; it needs mkdocs only where mkdocs calls it."""
    sys.path.insert(0, str(PROJECT / "docs/site"))
    try:
        import hooks

        yield hooks
    finally:
        for name in (PROJECT / "docs/site", PROJECT / "docs"):
            while str(name) in sys.path:
                sys.path.remove(str(name))


class Loader(yaml.SafeLoader):
    """YAML with the one object that mkdocs.yml makes."""


Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: suffix)
SITE = yaml.load((PROJECT / "mkdocs.yml").read_text(), Loader=Loader)


def named(nav) -> list[str]:
    """The pages of a navigation."""
    return [page for entry in nav for page in ([entry] if isinstance(entry, str) else _of(next(iter(entry.values()))))]


def _of(value) -> list[str]:
    return [value] if isinstance(value, str) else named(value)


def test_the_navigation_has_every_page_once(hooks):
    assert sorted(named(SITE["nav"])) == sorted(hooks.pages())
    assert SITE["strict"] is True


def test_every_public_module_stands_on_one_page_of_the_api(hooks):
    texts = [text for _, _, text in hooks.api()]
    stated = sorted(re.findall(r"^::: mebench\.?(.*)$", "\n".join(texts), re.MULTILINE))
    assert stated == sorted(name for name in hooks.rooms.modules() if "._" not in f".{name}")
    assert len(texts) == 1 + len(hooks.rooms.ROOMS)


def test_a_link_to_what_is_no_page_is_text_on_the_site(hooks):
    text = "[a](../profiles/slurm) [`b`](data.md#faces) ![c](megc2019-flow.png) [d](https://x.org) `[e](../no)` [f](#g)"
    there = {*hooks.pages(), *hooks.shown()}
    made = hooks.as_page("docs/cluster.md", text, there)
    assert made == text.replace("[a](../profiles/slurm)", "a")


def test_the_drawing_of_the_rooms_has_each_room_and_each_arrow(hooks):
    text = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    arrows = re.findall(r"^  \w+ (?:-->|-\. upwards \.->) \w+$", text, re.MULTILINE)
    drawn = hooks.as_page("ARCHITECTURE.md", text, set())
    assert "```mermaid" not in drawn
    assert drawn.count("marker-end=") == len(arrows) > 20
    assert set(re.findall(r"<text [^>]*>(\w+)</text>", drawn)) == set(hooks.rooms.ROOMS)


def test_arrows_lead_down_and_dotted_ones_up(hooks):
    made = hooks.drawing.as_svg("flowchart TD\n  a --> b\n  b --> c\n  a --> c\n  c -. upwards .-> a\n")
    heights = dict(re.findall(r'<text x="[\d.]+" y="(\d+)">(\w)</text>', made))
    assert [name for _, name in sorted((int(y), name) for y, name in heights.items())] == ["a", "b", "c"]
    up = re.search(r'class="upwards"[^>]*d="M\d+ (\d+)C.* (\d+)"', made)
    assert int(up[1]) > int(up[2])


def test_docstrings_become_markdown():
    """Without mkdocs: the function alone, taken from its file."""
    tree = ast.parse((PROJECT / "docs/site/docstrings.py").read_text())
    kept = [node for node in tree.body if not isinstance(node, ast.ClassDef) and "griffe" not in ast.unparse(node)]
    names: dict = {}
    exec(compile(ast.Module(kept, []), "docstrings.py", "exec"), names)
    text = "A :class:`~mebench.tasks.Kind` of <task>, `<x>`, a < b and ``results/<y>``."
    expected = "A `mebench.tasks.Kind` of &lt;task>, `<x>`, a < b and ``results/<y>``."
    assert names["as_markdown"](text) == expected


def test_the_packages_of_the_site_are_locked_apart():
    wanted = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["docs"]
    lock = (PROJECT / "envs/docs.lock").read_text()
    for name in (re.match(r"[\w-]+", entry)[0] for entry in wanted):
        assert re.search(rf"^{name}==", lock, re.MULTILINE), name
    assert "://" not in lock
    assert "torch" not in lock
    assert "$(SITE)/bin/mkdocs build" in (PROJECT / "Makefile").read_text()
    assert "\nmake docs\n" in (PROJECT / ".ci/run").read_text()
