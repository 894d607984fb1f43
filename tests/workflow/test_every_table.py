"""Every table file is made by its name: really, on small stand-ins, and in a dry run for data that are not there.

The configuration has one task, which no table shows, and every dataset, so that each table's own tasks and entries are
what is run. In the project's copy of the package every recipe ends after one epoch; nothing else differs. Tables share
one folder of results, and so data, inputs and runs. A new table enters by its file.

All of them are long and run by name: ``pytest -m slow tests/workflow/test_every_table.py``; what that took stands in
benchmarks/README.md. Those of ``BRIEF`` are in every run of the tests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import small_paper
import yaml
from project import Project
from zygote import zygote

from mebench import cards
from mebench.files import read_csv
from mebench.plan import Plan
from mebench.plan.tables import needs, shipped
from mebench.protocols.tasks import TASKS
from mebench.tables import describe

BRIEF = ("msmmt-smic",)  # few models on one small dataset
SHOWN = {task for table in shipped() for task in needs(table).tasks}
WITHOUT_TABLE = next(task for task in TASKS if task not in SHOWN)
CONFIG = {
    "datasets": {name: small_paper.stand_in(name, {}) for name in cards.names("datasets")},
    "tasks": [WITHOUT_TABLE],
    "models": ["majority"],
    "seeds": [0],
}
FILES = (".csv", ".md", ".html", ".tex", ".statistics.json", ".figures.csv", ".differences.csv")
RULES = {"resolve", "fetch", "index", "faces", "input_parts", "inputs", "train", "score", "tables"}
EPOCHS = re.compile(r'("(?:warmup_)?epochs": )\d+')
long = [
    pytest.mark.slow,
    pytest.mark.skipif("'slow' not in config.getoption('-m')", reason="minutes of two cores; run it with -m slow"),
]
TABLES = [table if table in BRIEF else pytest.param(table, marks=long) for table in shipped()]
Pair = tuple[str, str]  # of a task and a model entry


def end_after_one_epoch(project: Project) -> None:
    """Write one epoch into every recipe and preset of the project's cards."""
    for path in (project.folder / "workflow/mebench/models").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(EPOCHS.sub(lambda found: found[1] + str(int("warmup" not in found[1])), text), encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("every table")
    made = Project(folder / "project")
    end_after_one_epoch(made)
    made.configure(yaml.safe_dump(CONFIG))
    (made.folder / "paper.yaml").write_text(yaml.safe_dump(of_owner(made.folder / "nothing")), encoding="utf-8")
    with zygote(folder / "zygote", made.folder / "workflow") as made.server:
        yield made


def of_owner(folder: Path) -> dict:
    """The same configuration with an owner's copies, none of which is there yet."""
    return CONFIG | {"datasets": {name: {"source": str(folder / name)} for name in CONFIG["datasets"]}}


def written(project: Project) -> dict[str, int]:
    """When each file of predictions, clips and tables was written."""
    results = project.folder / "results"
    files = [file for pattern in ("runs/*/*/seed0/predictions.csv", "datasets/*/clips.csv", "tables/*.csv")
             for file in results.glob(pattern)]  # fmt: skip
    return {str(file.relative_to(results)): file.stat().st_mtime_ns for file in files}


def planned_pairs(project: Project, table: str, *more: str) -> set[Pair]:
    """What ``mebench plan --table`` would run."""
    record = json.loads(project.run("mebench", "plan", "--table", table, "--json", *more).stdout)
    return {(row["task"], row["model"]) for row in record["models"]}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_file_is_made_by_its_name_of_what_it_needs_alone(project, table):
    target = (f"results/tables/{table}.csv", "--cores", "2", *small_paper.ONE_THREAD)
    pairs, before = planned_pairs(project, table), written(project)
    project.snakemake(*target)
    after = written(project)
    new = {file for file in after if after[file] != before.get(file)}
    runs = {f"runs/{task}/{model}/seed0/predictions.csv" for task, model in pairs}
    datasets = {f"datasets/{name}/clips.csv" for name in Plan(CONFIG).of_table(table).datasets}
    tables = {f"tables/{table}{suffix}" for suffix in FILES if suffix.endswith(".csv")}
    assert new <= runs | datasets | tables
    assert runs | datasets | tables <= after.keys()
    look_at(project.folder / "results/tables", table, pairs)
    assert project.planned(*target) == [], "it was made in one go"


def look_at(folder: Path, table: str, pairs: set[Pair]) -> None:
    """All files of a table are there, with a row of each model that has figures, and none that was published."""
    texts = {suffix: (folder / f"{table}{suffix}").read_text(encoding="utf-8") for suffix in FILES}
    for suffix in (".md", ".html", ".tex"):
        assert "SYNTHETIC DATA" in texts[suffix], suffix
    rows = read_csv(folder / f"{table}.csv")
    assert "published" not in {row["block"] for row in rows}
    shown = [(row["model"], row["selection"]) for row in rows]  # a peeked run has a row of its last epochs, too
    assert len(shown) == len(set(shown))
    assert {row["model"] for row in rows} == {model for _, model in pairs}
    described = describe(table)
    for row in rows:
        for task in {task for task, model in pairs if model == row["model"]}:
            columns = [column for column in described.columns if described.place(column.part).task == task]
            assert any(row[f"{column.part}_{column.metric}_mean"] for column in columns), (row["model"], task)


@pytest.mark.parametrize("table", TABLES)
def test_a_dry_run_for_the_real_data_lists_what_a_table_needs_alone(project, table):
    pairs = planned_pairs(project, table, "--config", "paper.yaml")
    jobs = project.planned(f"results/tables/{table}.csv", "--configfile", "paper.yaml")
    assert {job.split()[0] for job in jobs} <= RULES
    scored = {tuple(job.split("/runs/")[1].split("/")[:2]) for job in jobs if job.startswith("score ")}
    assert scored == pairs
    read = {job.split("/datasets/")[1].split("/")[0] for job in jobs if job.startswith("index ")}
    assert read == set(Plan(of_owner(Path("/nothing"))).of_table(table).datasets)


@pytest.mark.slow
@long[1]
def test_all_tables_together_have_nothing_left_to_do(project):
    assert project.planned(*[f"results/tables/{table}.csv" for table in shipped()]) == []
