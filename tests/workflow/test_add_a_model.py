"""The walks of docs/add-a-model.md, followed as they stand: every file, every line, every command."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from project import PROJECT, Project

from mebench.config import input_names, recipes

PAGE = (PROJECT / "docs/add-a-model.md").read_text(encoding="utf-8")
# what stands above a block of code, its language, and the code
BLOCK = re.compile(r"^([^\n]*)\n\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w/]+\.\w+)`:$")
CONFIG = """
datasets:
  flow_images: {{source: {pictures}, accept: [counts]}}
tasks: [megc2019-flow]
models:
  - majority
seeds: {seeds}
"""


def section(title: str) -> str:
    """A chapter of the page."""
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def follow(project: Project, text: str) -> str:
    """Do what the blocks of a chapter say, in their order; what the commands print."""
    printed = ""
    for above, language, code in BLOCK.findall(text):
        path = FILE.search(above)
        if language == "sh":
            printed += project.run("bash", "-euc", code).stdout
        elif path and path[1] != "config.yaml":
            (project.folder / path[1]).parent.mkdir(exist_ok=True)
            (project.folder / path[1]).write_text(code)
        else:
            first, *lines = code.splitlines(keepends=True)
            assert first == "models:\n"
            project.edit("config.yaml", first, first + "".join(lines))
    return printed


def column(path: Path, name: str) -> dict[str, str]:
    """A column of a CSV file, by clip."""
    with open(path) as handle:
        return {row["clip_id"]: row[name] for row in csv.DictReader(handle)}


def fresh(folder: Path, seeds: list[int]) -> Project:
    """A project in which nothing has run yet, with one control on a handful of pictures."""
    project = Project(folder)
    project.configure(CONFIG.format(pictures=project.pictures, seeds=seeds))
    return project


def test_a_network_is_one_file_and_one_line(tmp_path):
    project = fresh(tmp_path / "project", seeds=[0])
    printed = follow(project, section("A network"))
    assert re.search(r"^=+ \d+ passed", printed, re.MULTILINE)
    row = next(line for line in printed.splitlines() if line.startswith("| "))
    assert "MyNet (small)" in row
    page = (project.folder / "results/report.html").read_text()
    assert "A Network of Mine" in page
    record = json.loads((project.folder / "results/runs/megc2019-flow/my_net/seed0/run.json").read_text())
    assert (record["parameters"], record["folds_done"]) == (9843, 5)
    assert "my_net" in project.run("mebench", "models").stdout


@pytest.fixture(scope="module")
def walked(tmp_path_factory) -> tuple[Project, str]:
    """A project in which the second walk was followed, and what it printed."""
    project = fresh(tmp_path_factory.mktemp("outside") / "project", seeds=[0, 1])
    return project, follow(project, section("Somebody's own code"))


def test_somebodys_own_code_is_a_rule_file_and_one_line(walked):
    project, printed = walked
    assert "My official code" in next(line for line in printed.splitlines() if line.startswith("| "))
    runs = [project.folder / f"results/runs/megc2019-flow/my_official/seed{seed}" for seed in (0, 1)]
    for run in runs:
        pooled = column(run / "predictions.csv", "prediction")
        assert pooled == column(run / "given.csv", "prediction")
        assert len(pooled) == 15
        record = json.loads((run / "run.json").read_text())
        assert (record["folds_done"], record["folds_expected"], record["clips"]) == (5, 5, 15)
        assert record["trained"] == "outside the engine, by the rule in official/my_official.smk"
        assert record["kind"] == "model"
    assert (runs[0] / "given.csv").read_bytes() != (runs[1] / "given.csv").read_bytes()  # the seed reached the code
    page = (project.folder / "results/report.html").read_text()
    assert "Trees of Mine" in page
    assert project.planned() == []


def test_the_truth_is_joined_from_the_clips(walked):
    project, _ = walked
    runs = project.folder / "results/runs/megc2019-flow"
    own, engine = (column(runs / name / "seed0/predictions.csv", "truth") for name in ("my_official", "majority"))
    assert own == engine


def test_the_rule_file_has_no_lint_and_is_formatted(walked):
    project, _ = walked
    assert "Congratulations" in project.snakemake("--lint")
    project.run("snakefmt", "--check", "official/my_official.smk")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("official/my_official.smk", '"MIT"', '"BSD"'),  # of the card alone
        ("official/my_official.smk", "python {input.code}", "python -u {input.code}"),
        ("official/my_official.py", "ExtraTreesClassifier(", "ExtraTreesClassifier(n_estimators=50, "),
    ],
)
def test_a_change_runs_that_rule_again_and_nothing_else(walked, file, old, new):
    project, _ = walked
    before = (project.folder / file).read_text()
    project.edit(file, old, new)
    jobs = {job.split()[0] for job in project.planned()}
    (project.folder / file).write_text(before)
    assert {"my_official", "adopt", "score_adopted", "scores", "report"} <= jobs
    assert not {"train", "score", "inputs", "index", "fetch"} & jobs


def test_training_it_by_hand_is_one_clear_sentence(walked):
    project, _ = walked
    for verb in ("train", "pool"):
        done = project.run("mebench", verb, "--run", "megc2019-flow/my_official/seed0", ok=False)
        assert "my_official.smk" in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
    project.run("mebench", "folds", "--run", "megc2019-flow/my_official/seed0")
    project.run("mebench", "adopt", "--run", "megc2019-flow/my_official/seed0")


def rows_of(title: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    text = PAGE.split(f"\n### {title}\n")[1].split("\n### ")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")
    ]


def test_the_page_lists_every_recipe_key_with_its_default_and_its_choices():
    rows = {key.strip("`"): (default, other) for key, default, other, _ in rows_of("Recipe keys")}
    listed = recipes.RECIPE | {"stack": recipes.KEYS["stack"]}  # negatives stand on the page of spotting
    assert {key: default for key, (default, _) in rows.items()} == {k: str(v) for k, v in listed.items()}
    choices = {key: ", ".join(c for c in values if c != recipes.RECIPE[key]) for key, values in recipes.CHOICES.items()}
    assert {key: other for key, (_, other) in rows.items() if other} == choices | {"augment": "words"}


def test_the_page_lists_every_kind_of_input():
    assert {row[0].strip("`") for row in rows_of("Inputs")} == set(input_names.KINDS) - set(input_names.FLOWS)
