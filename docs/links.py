"""Links between the pages of the repository: ``python docs/links.py`` names each that leads nowhere.

Checked are relative links of all Markdown pages, with their anchors (as GitHub makes them of headings), and the pages
of docs/ that code, tests and other pages cite by path, with or without an anchor. Addresses on the web are not looked
at.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]
LINK = re.compile(r"\]\(([^)\s]+)\)")
CITED = re.compile(r"\bdocs/[\w-]+\.md(?:#[\w-]+)?")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")


def pages(project: Path = PROJECT) -> list[Path]:
    """All Markdown pages of the repository."""
    folders = (".github", "benchmarks", "config", "docs", "tests")
    found = [*project.glob("*.md"), *(path for name in folders for path in (project / name).rglob("*.md"))]
    return sorted([*found, project / "results/README.md"])


def sources(project: Path = PROJECT) -> list[Path]:
    """Files that may cite a page: code, tests, configurations."""
    kinds = ("*.py", "*.smk", "*.yaml", "*.yml", "*.toml")
    folders = ("benchmarks", "docs", "envs", "profiles", "tests", "workflow")
    found = [path for kind in kinds for name in folders for path in (project / name).rglob(kind)]
    return sorted([*found, *(path for kind in kinds for path in project.glob(kind))])


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    seen: dict[str, int] = {}
    made = set()
    for heading in re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE):
        words = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")
        made.add(f"{slug}-{seen[slug]}" if slug in seen else slug)
        seen[slug] = seen.get(slug, 0) + 1
    return made


def faults(project: Path = PROJECT) -> list[str]:
    """A sentence for each link and each cited page that leads nowhere."""
    texts = {page: page.read_text(encoding="utf-8") for page in pages(project)}
    found = []
    for page, text in texts.items():
        prose = CODE.sub("", FENCE.sub("", text))
        for link in LINK.findall(prose):
            if "://" not in link and (why := _fault(page, link)):
                found.append(f"{page.relative_to(project)}: {link} {why}")
    for path in [*texts, *sources(project)]:
        for cited in sorted(set(CITED.findall(path.read_text(encoding="utf-8")))):
            if why := _fault(project / "README.md", cited):
                found.append(f"{path.relative_to(project)}: {cited} {why}")
    return found


def _fault(page: Path, link: str) -> str:
    """Why a link from a page leads nowhere; '' where it does not."""
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    if not target.exists():
        return "does not exist"
    if anchor and (target.suffix != ".md" or anchor not in anchors(target.read_text(encoding="utf-8"))):
        return "has no such heading"
    return ""


if __name__ == "__main__":
    problems = faults()
    sys.exit("\n".join(problems) if problems else 0)
