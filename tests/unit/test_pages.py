"""The pages: links lead somewhere, commands and files that they name are there, and nothing is cited that a reader
has not got."""

from __future__ import annotations

import argparse
import importlib.util
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
DOCS = "docs"  # apart, so that pages that exist in no checkout are not taken for cited ones
SPEC = importlib.util.spec_from_file_location("links", PROJECT / "docs/links.py")
links = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(links)


def test_all_links_and_all_cited_pages_are_there():
    assert links.faults() == []


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("README.md", "[x](gone.md)", "README.md: gone.md does not exist"),
        (f"{DOCS}/a.md", "[x](b.md#no-such)\n", f"{DOCS}/a.md: b.md#no-such has no such heading"),
        (f"{DOCS}/a.md", "# One, two\n[x](#one-two) [y](#one)", f"{DOCS}/a.md: #one has no such heading"),
        ("tests/a.py", f'"""{DOCS}/b.md#two-words: ok, {DOCS}/c.md."""', f"tests/a.py: {DOCS}/c.md does not exist"),
    ],
)
def test_a_broken_link_is_named(tmp_path, file, text, fault):
    for name, written in (
        ("README.md", ""),
        ("results/README.md", ""),
        (f"{DOCS}/b.md", "## Two words\n"),
        (file, text),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(written)
    assert links.faults(tmp_path) == [fault]


def test_links_in_code_are_no_links(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results/README.md").write_text("")
    (tmp_path / "README.md").write_text("```md\n[x](gone.md)\n```\nand `[y](gone.md)`")
    assert links.faults(tmp_path) == []


def test_no_file_names_what_a_reader_has_not_got():
    """Folders that lie beside some checkouts only; tests name papers, and pages of the repository."""
    outside = re.compile(r"\b(?:fac" r"ts|sha" r"red)/|\bfact sheet")
    files = [*links.pages(), *links.sources(), PROJECT / "Makefile", PROJECT / "Snakefile"]
    naming = [str(path.relative_to(PROJECT)) for path in files if outside.search(path.read_text(encoding="utf-8"))]
    assert naming == []


# --- commands and files that pages name -----------------------------------------------------------------------------

CODE = re.compile(r"^```(\w*)\n(.*?)^```$|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|[|;&(] ?|exec )mebench ([a-z][a-z-]*)([^|;&\n#)]*)", re.MULTILINE)
NAMED = re.compile(r"[\w.-]+/[\w./-]*(?:\.(?:py|smk|yaml|yml|sh|md|lock|json|j2)|/)")
OWN = re.compile(r"^(?:results|benchmark)/|(?:^|/)(?:my[_-]|mine/)")  # what a run makes, and what a reader writes
PLACES = (PROJECT, PROJECT / "workflow", PROJECT / "workflow/mebench")
PAGES = pytest.mark.parametrize("page", links.pages(), ids=lambda page: str(page.relative_to(PROJECT)))


def code(page: Path) -> list[str]:
    """What stands in code on a page, in blocks and in lines."""
    return [block or inline for _, block, inline in CODE.findall(page.read_text(encoding="utf-8"))]


def options(verb: str) -> set[str]:
    """The options of a verb that is there."""
    parser = argparse.ArgumentParser()
    importlib.import_module(f"mebench.verbs.{verb.replace('-', '_')}").arguments(parser)
    return set(re.findall(r"--[a-z][a-z-]*", parser.format_help()))


@PAGES
def test_commands_that_a_page_names_are_there(page):
    text = "\n".join(code(page)).replace("\\\n", " ")
    for verb, rest in COMMAND.findall(text):
        own = re.sub(r"""(["']).*?\1""", "", rest.partition(" -- ")[0])  # what is left is no other program's
        assert set(re.findall(r"(?<= )--[a-z][a-z-]*", own)) <= options(verb), f"mebench {verb}{rest}"
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"^make ((?:[a-z-]+(?: |$))+)", text, re.MULTILINE)
    assert {word for words in named for word in words.split()} <= targets


@PAGES
def test_files_that_a_page_names_are_there(page):
    """Of the repository, or of the package; a file that the page itself has the reader write is none of them."""
    inline = [inline for _, _, inline in CODE.findall(page.read_text(encoding="utf-8")) if NAMED.fullmatch(inline)]
    written = re.findall(r"`([\w./-]+)`:$", page.read_text(encoding="utf-8"), re.MULTILINE)
    kept = [name for name in inline if name not in written and not OWN.search(name)]
    missing = [name for name in kept if not any((place / name).exists() for place in (*PLACES, page.parent))]
    assert missing == []


@PAGES
def test_modules_that_a_page_names_are_there(page):
    named = {name for text in code(page) for name in re.findall(r"\bmebench(?:\.[a-z_]+)+\b", text)}
    written = re.findall(r"`workflow/([\w/]+)\.py`:$", page.read_text(encoding="utf-8"), re.MULTILINE)
    named -= {"mebench.yaml", *(path.replace("/", ".") for path in written)}
    assert [name for name in sorted(named) if not is_there(name)] == []


def is_there(name: str) -> bool:
    """Whether a dotted name is a module of the package, or a name in one."""
    place = PROJECT.joinpath("workflow", *name.split("."))
    if place.is_dir() or place.with_suffix(".py").is_file():
        return True
    modules = (place.parent.with_suffix(".py"), place.parent / "__init__.py")
    texts = [path.read_text(encoding="utf-8") for path in modules if path.is_file()]
    return any(re.search(rf"^(?:def |class )?{place.name}\b", text, re.MULTILINE) for text in texts)


def test_a_module_that_is_not_there_would_be_noticed():
    assert is_there("mebench.models.build")
    assert is_there("mebench.clips.reading")
    assert not is_there("mebench.datasets._reading")
    assert not is_there("mebench.models.biuld")


def test_the_readme_is_read_in_two_minutes():
    """At 250 words a minute, without blocks of code and addresses of links."""
    text = links.FENCE.sub("", (PROJECT / "README.md").read_text(encoding="utf-8"))
    assert len(re.findall(r"[A-Za-z][\w'-]*", re.sub(r"\]\([^)]*\)", "]", text))) < 500
