"""Which code the result of each rule depends on, as digests of source files: parameters of the rules.

Snakemake sees a change of a command, not of the code behind it. Digests are taken when a job needs them, not when the
Snakefile is parsed.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path

from mebench import cards, sources
from mebench.config import input_names
from mebench.model_card import is_light
from mebench.plan.runs import Run

PACKAGE = Path(__file__).parents[1]
TABLE_TEMPLATES = (
    "tables/templates/folded.html.j2",
    "tables/templates/page.html.j2",
    "tables/templates/table.css",
    "tables/templates/table.html.j2",
    "tables/templates/table.js",
    "tables/templates/table.md.j2",
    "tables/templates/table.tex.j2",
)
PAGE = ("page.html.j2", "glance.html.j2", "plots.html.j2", "runs.html.j2", "report.css", "report.js")
# the files that a rule's result depends on, besides what they import
AREAS: dict[str, tuple[str, ...]] = {
    "fetch": ("verbs/fetch.py",),
    "faces": ("verbs/faces.py",),
    "train": ("training/fold.py", "training/data.py", "protocols/loso.py"),
    "light": ("runs/light.py", "training/light.py", "protocols/loso.py"),
    "folds": ("runs/handout.py",),
    "adopt": ("runs/adopt.py",),
    "final": ("runs/final.py", "training/fold.py", "training/data.py", "protocols/loso.py"),
    "final_card": ("runs/final_card.py",),
    "score": ("verbs/score.py", "runs/model_scores.py", "metrics/recognition.py"),
    "scores": ("verbs/score.py", "runs/scores.py"),
    "tables": (
        "verbs/tables.py",
        *TABLE_TEMPLATES,
        *sorted(f"tables/{path.name}" for path in (PACKAGE / "tables").glob("*.yaml")),
    ),
    "plots": ("verbs/plots.py", *sorted(f"plots/{path.name}" for path in (PACKAGE / "plots").glob("*.py"))),
    "report": ("verbs/report.py", *(f"report/{name}" for name in PAGE), *TABLE_TEMPLATES),
}


class CodeDigests:
    """Digests of code, each taken once, when the first job asks for it: hundreds of jobs ask for the same."""

    def __init__(self) -> None:
        self._fingerprint, self._model = functools.cache(sources.fingerprint), functools.cache(sources.model_digest)

    def area(self, area: str) -> str:
        """The code of a rule."""
        return self._fingerprint(*AREAS[area])

    def run(self, area: str, run: Run) -> str:
        """The same of a rule that makes something of one run: with the code of its model and of its kind of task."""
        model = run.spec["model"]
        return self.task(area, run.spec["task"]) + ("" if cards.is_given_file(model) else self._model(model))

    def training(self, run: Run) -> str:
        """The code that trains a run: with torch, or without."""
        return self.run("light" if is_light(run.spec["model"]) else "train", run)

    def together(self, runs: Iterable[Run]) -> list[str]:
        """The code that trains and scores the runs of several models."""
        return sorted({self.training(run) + self.run("score", run) for run in runs})

    def task(self, area: str, task: Mapping[str, object]) -> str:
        """The same of a rule that makes something of all runs of a task: with the code of its kind."""
        return self._fingerprint(*AREAS[area], sources.kind_file(task))

    def index(self, dataset: str) -> str:
        """The code that reads a dataset."""
        return self._fingerprint("verbs/index.py", cards.locate("datasets", dataset).resolve())

    def input(self, name: str) -> str:
        """The code that makes an input: its kind's file, and that of its flow."""
        spec = input_names.parse(name)
        files = [f"inputs/{kind}.py" for kind in (spec.kind, spec.options.get("flow")) if kind]
        return self._fingerprint("verbs/inputs.py", *files)
