"""Following a page: the files that it shows are written, its commands run, in their order."""

from __future__ import annotations

import re
from collections.abc import Iterator

from project import PROJECT, Project

# what stands above a block of code, its language, and the code
BLOCK = re.compile(r"^([^\n]*)\n\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w./-]+)`:$")


def page(name: str) -> str:
    """The text of a page of docs/."""
    return (PROJECT / f"docs/{name}.md").read_text(encoding="utf-8")


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """(file, content) of each file that a page shows, and ('', commands) of each block of commands."""
    found = BLOCK.findall(text)
    assert len(found) == len(re.findall(r"^```\w", text, re.MULTILINE)), "a block without a sentence above it"
    for above, language, code in found:
        yield ("" if language == "sh" else FILE.search(above)[1]), code


def write_files(project: Project, text: str) -> None:
    """Write the files that a page shows."""
    for file, code in blocks(text):
        if file:
            (project.folder / file).parent.mkdir(exist_ok=True)
            (project.folder / file).write_text(code)


def run_commands(project: Project, text: str) -> str:
    """Run the commands of a page; what they print."""
    return "".join(project.run("bash", "-euc", code).stdout for file, code in blocks(text) if not file)


def follow(project: Project, text: str) -> str:
    """Do what the blocks of a page say, in their order; what the commands print."""
    printed = ""
    for file, code in blocks(text):
        if file:
            (project.folder / file).parent.mkdir(exist_ok=True)
            (project.folder / file).write_text(code)
        else:
            printed += project.run("bash", "-euc", code).stdout
    return printed
