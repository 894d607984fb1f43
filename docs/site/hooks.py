"""What the site is made of: the pages where they lie in the repository, what they show, and a page for each room.

A page keeps its place, so that its links work on a code host and on the site. A link to a file that is no page of the
site (a folder, a program) becomes plain text there.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT / "docs"), str(PROJECT / "docs/site")]

import drawing  # noqa: E402
import links  # noqa: E402
import rooms  # noqa: E402

LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
FENCE = re.compile(r"(^```.*?^```$|`[^`\n]*`)", re.MULTILINE | re.DOTALL)
MERMAID = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = (".png", ".svg", ".csv", ".bib", ".cff")  # files besides pages that a link may lead to
API = "api"
NETWORK = re.compile(r"https://unpkg\.com/iframe-worker/[\w.]+")  # the theme's only script from elsewhere


def pages() -> dict[str, Path]:
    """The pages of the site: address in the site, which is that in the repository -> file."""
    found = {path.relative_to(PROJECT).as_posix(): path for path in links.pages(PROJECT)}
    return {name: path for name, path in found.items() if not name.startswith((".github/", "tests/"))}


def shown() -> dict[str, Path]:
    """The files besides pages that pages lead to."""
    found = {}
    for path in pages().values():
        for _, _, target in LINK.findall(path.read_text(encoding="utf-8")):
            file = Path(os.path.normpath(path.parent / target.partition("#")[0]))
            if file.is_file() and (file.suffix in SHOWN or file.name == "LICENSE"):
                found[file.relative_to(PROJECT).as_posix()] = file
    return found


def as_page(name: str, text: str, there: set[str]) -> str:
    """A page for the site: links to what is not ``there`` are plain text, and the drawing is drawn."""
    folder = (PROJECT / name).parent

    def link(match: re.Match[str]) -> str:
        mark, words, target = match.groups()
        place = target.partition("#")[0]
        file = Path(os.path.normpath(folder / place))
        known = file.is_relative_to(PROJECT) and file.relative_to(PROJECT).as_posix() in there
        if known or not place or "://" in target:
            return match[0]
        return words if mark else words or target

    text = MERMAID.sub(lambda match: drawing.as_svg(match[1]), text)
    parts = FENCE.split(text)
    return "".join(part if i % 2 else LINK.sub(link, part) for i, part in enumerate(parts))


def api() -> Iterator[tuple[str, str, str]]:
    """Address, title and text of the API pages: one for each room, and a list of the rooms."""
    public = [name for name in rooms.modules() if not any(part.startswith("_") for part in name.split("."))]
    rows = ["| room | what happens in it |", "| --- | --- |"]
    made = []
    for room, (_, about) in rooms.ROOMS.items():
        modules = [f"mebench.{name}".rstrip(".") for name in public if rooms.room(name) == room]
        rows.append(f"| [{room}]({room}.md) | {about} |")
        blocks = [f"::: {module}" for module in modules]
        made.append((f"{API}/{room}.md", room, "\n\n".join([f"# {room}", f"{about[0].upper()}{about[1:]}.", *blocks])))
    text = "From the docstrings. A room is a folder of the package, or a few modules of it ([why](../ARCHITECTURE.md))."
    yield f"{API}/index.md", "API", "\n\n".join(["# API", text, "\n".join(rows)]) + "\n"
    yield from made


def on_config(config: Any) -> Any:
    """Add the API pages to the navigation."""
    (first, _, _), *others = api()
    config.nav = [*config.nav, {"API": [first, *({title: name} for name, title, _ in others)]}]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add pages, what they show, and the API pages; programs that lie beside this one are no part of the site."""
    from mkdocs.structure.files import File

    for file in list(files):
        if file.src_uri.endswith((".py", ".pyc")):
            files.remove(file)
    there = {*pages(), *shown()}
    for name, path in pages().items():
        text = as_page(name, path.read_text(encoding="utf-8"), there)
        files.append(File.generated(config, name, content=text))
    for name, path in shown().items():
        files.append(File.generated(config, name, abs_src_path=str(path)))
    for name, _, text in api():
        files.append(File.generated(config, name, content=text))
    return files


def on_post_page(output: str, page: Any, config: Any) -> str:
    """A page asks nothing of the network: worker.js does what a script from elsewhere would."""
    from mkdocs.utils import get_relative_url

    return NETWORK.sub(get_relative_url("worker.js", page.url), output)


def on_post_template(output: str, template_name: str, config: Any) -> str:
    """The same for the page that says that there is no such page."""
    return NETWORK.sub("worker.js", output)
