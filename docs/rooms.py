"""The rooms of the package as the imports of its code make them: ``python docs/rooms.py --write``.

Writes a table and a drawing between the markers of ARCHITECTURE.md; without ``--write`` it prints them. Imports are
read from syntax trees, nothing is imported. Imports that only a type checker follows (``if TYPE_CHECKING:``) are left
out, because they do not exist when the program runs.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PACKAGE = PROJECT / "workflow/mebench"
PAGE = PROJECT / "ARCHITECTURE.md"
BEGIN, END = "<!-- rooms: begin, written by docs/rooms.py -->", "<!-- rooms: end -->"

# From the top to the bottom: a module may import from its own room and from rooms further down.
# room -> its modules and folders, and what happens in it
ROOMS: dict[str, tuple[tuple[str, ...], str]] = {
    "cli": (("cli", "verbs"), "the command line: one verb for each rule, one file for each verb"),
    "catalogue": (("catalogue",), "the page and the bibliography of models, made from their cards"),
    "archive": (("archive",), "results as one file: packed, restored from predictions, merged with those of others"),
    "report": (("report",), "the HTML report, the partial report after a failure, `provenance.json`"),
    "watch": (("watch",), "status, failures, explain: what people ask while a benchmark runs"),
    "doctor": (("doctor",), "what this machine and the copies of the datasets lack"),
    "plan": (("plan",), "every run and every file, known when the Snakefile is parsed; their cost; in how many jobs"),
    "footage": (("footage",), "footage of one's own: its frames and inputs, what a network says of them"),
    "plots": (("plots",), "one file for each plot, a function of predictions, histories, inputs or clips"),
    "runs": (
        ("runs",),
        "shards, workers, locks, checkpoints, records, pooling, scores, runs outside the engine, GPU leases",
    ),
    "tables": (("tables",), "one YAML file for each table; the writers of CSV, Markdown, LaTeX and HTML"),
    "audit": (("audit",), "can a result be believed: one check a file, and printed figures that no matrix gives"),
    "training": (("training",), "one fold: its samples, loop, optimiser, augmentation and selection of the epoch"),
    "models": (("models",), "one file for each model: card and network"),
    "tasks": (("tasks",), "one file for each kind of task: samples, targets, loss, predictions, scores"),
    "spotting": (
        ("spotting",),
        "from scores of frames to intervals, and the tables of scores, intervals and labels that people hand in",
    ),
    "statistics": (
        ("statistics",),
        "how sure figures and differences are: resampling of subjects, tests on the same clips, ranks and power",
    ),
    "metrics": (
        ("metrics",),
        "UF1, UAR and accuracy, as formulas of counts; intervals, matchers and STRS",
    ),
    "inputs": (("inputs",), "one file for each kind of input (flow, stacks of frames, ...), and the store of arrays"),
    "faces": (("faces",), "one detection and 68 landmarks for each clip, contact sheets"),
    "acquisition": (("acquisition",), "from the `source` of a dataset to a folder: downloads, archives, their record"),
    "synthetic": (("synthetic",), "the generator of the stand-ins, in the native layout of the datasets"),
    "datasets": (("datasets",), "one file for each dataset: card and reader"),
    "workbooks": (("workbooks",), "workbooks of labels: found, their sheets and tables read as a person sees them"),
    "indexing": (
        ("indexing",),
        "from a reading to `clips.csv`: checks, the owner's decisions, apex by motion, report",
    ),
    "media": (("media",), "frames on disk: listing, decoding and digesting them; the geometry of crops and flow"),
    "config": (
        ("config",),
        "`config.yaml`: schema, recipes, augmentations, names of inputs, and what can be known to fail",
    ),
    "clips": (("clips",), "what a reader returns, and the one spelling of subjects, emotions and numbers"),
    "protocols": (("protocols",), "leave one subject out; the definitions of the tasks, as data"),
    "digests": (("sources", "codedigest"), "digests of the code that a result depends on"),
    "ground": (
        (
            "",
            "cards",
            "checkout",
            "errors",
            "files",
            "formats",
            "given_table",
            "given_values",
            "hours",
            "instruction_set",
            "letters",
            "log",
            "model_card",
            "names",
            "origins",
            "owner_paths",
            "papers",
            "parallel",
            "predicted",
            "progress",
            "yaml_text",
        ),
        "reading cards, `UserError`, files that are whole or absent, their columns, keys and names, predictions, "
        "several processes, progress and messages, letters and fonts, the papers that cards cite, YAML and paths that "
        "people write",
    ),
}


@dataclass(frozen=True, order=True)
class Import:
    """``module`` imports ``target``, both without the leading ``mebench.``; ``deferred``: inside a function."""

    module: str
    target: str
    deferred: bool


def modules(package: Path = PACKAGE) -> dict[str, Path]:
    """The file of each module; that of the package itself is ''."""
    files = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return files


def imports(package: Path = PACKAGE) -> set[Import]:
    """All imports of one module of the package by another."""
    files = modules(package)
    found = set()
    for module, path in files.items():
        for node, deferred in _statements(ast.parse(path.read_text(encoding="utf-8"))):
            found |= {Import(module, target, deferred) for target in _targets(node, files) if target != module}
    return found


def _statements(node: ast.AST, deferred: bool = False) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            yield from _statements(ast.Module(child.orelse, []), deferred)
        elif isinstance(child, ast.Import | ast.ImportFrom):
            yield child, deferred
        else:
            yield from _statements(child, deferred or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef))


def _targets(node: ast.Import | ast.ImportFrom, files: dict[str, Path]) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom):
        if node.level:
            raise SystemExit(f"line {node.lineno} has a relative import; write from mebench... import ...")
        wholes = [f"{node.module}.{alias.name}" for alias in node.names]
    else:
        wholes = [alias.name for alias in node.names]
    for whole in wholes:
        head, _, inner = whole.partition(".")
        if head == "mebench":
            yield inner if inner in files else inner.rpartition(".")[0]


def room(module: str) -> str:
    """The room of a module."""
    first = module.partition(".")[0]
    for name, (members, _) in ROOMS.items():
        if first in members:
            return name
    raise SystemExit(f"the module {module} is in no room; name it in ROOMS of docs/rooms.py")


def upwards(found: Iterable[Import]) -> set[tuple[str, str]]:
    """The imports from a room further up."""
    order = list(ROOMS)
    return {(i.module, i.target) for i in found if order.index(room(i.module)) > order.index(room(i.target))}


def private(found: Iterable[Import]) -> set[tuple[str, str]]:
    """The imports of underscore modules of another room."""
    return {
        (i.module, i.target)
        for i in found
        if room(i.module) != room(i.target) and any(part.startswith("_") for part in i.target.split("."))
    }


def circles(found: Iterable[Import]) -> set[tuple[str, ...]]:
    """Sets of modules that import each other, directly or over others; each sorted."""
    reach: dict[str, set[str]] = {}
    for one in found:
        reach.setdefault(one.module, set()).add(one.target)
    nodes = {*reach, *(target for targets in reach.values() for target in targets)}
    everything = {node: _reachable(node, reach) for node in nodes}
    both = {node: {other for other in everything[node] if node in everything[other]} for node in nodes}
    return {tuple(sorted(group)) for group in both.values() if group}


def _reachable(start: str, reach: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    todo = list(reach.get(start, ()))
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo.extend(reach.get(node, ()))
    return seen


def between(found: Iterable[Import]) -> dict[str, set[str]]:
    """The rooms that each room imports from."""
    edges: dict[str, set[str]] = {name: set() for name in ROOMS}
    for one in found:
        if room(one.module) != room(one.target):
            edges[room(one.module)].add(room(one.target))
    return edges


def section() -> str:
    """The table and the drawing, as Markdown."""
    edges = between(imports())
    lines = ["| room | its files | what happens in it | imports from |", "| --- | --- | --- | --- |"]
    for name, (members, about) in ROOMS.items():
        files = " ".join(f"`{_shown(member)}`" for member in members)
        below = ", ".join(other for other in ROOMS if other in edges[name]) or "nothing"
        lines.append(f"| **{name}** | {files} | {about} | {below} |")
    lines += ["", "Arrows lead from a room to those that it imports. An arrow that follows from others is not drawn."]
    lines += ["", "```mermaid", "flowchart TD"]
    lines += [f"  {name} --> {other}" for name in ROOMS for other in ROOMS if other in edges[name]
              and not any(other in _reachable(step, edges) for step in edges[name])]  # fmt: skip
    lines += ["```", "", "No import leads upwards, and no modules import each other in a circle, not even by an import "
              "inside a function."]  # fmt: skip
    return "\n".join(lines)


def _shown(member: str) -> str:
    if not member:
        return "__init__.py"
    return f"{member}/" if (PACKAGE / member).is_dir() else f"{member}.py"


def written(page: str) -> str:
    """The page with the section between its markers."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{section()}\n\n{END}{tail}"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(section())
