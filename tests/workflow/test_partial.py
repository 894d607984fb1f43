"""One failure is one failure: tables and a report of what is there, at the end of the command that failed."""

from __future__ import annotations

import csv

import pytest
from project import served

MODEL = """
from torch import nn

CARD = {
    "title": "Broken", "kind": "model",
    "paper": {"title": "A network", "authors": "Me", "venue": "Nowhere", "year": 2026},
    "licence": "MIT", "module": "Broken", "parameters": 1, "flops": 1,
    "inputs": {"kind": "apex_flow", "size": 28, "channels": ["u", "v", "strain"], "range": "unit", "center": "none"},
    "recipe": {"optimizer": "adam", "lr": 1e-3, "batch_size": 64, "epochs": 1},
    "resources": {"mem_mb": 1500, "runtime_min": 30, "gpu": 0}, "notes": "",
}


class Broken(nn.Module):
    def __init__(self, num_classes: int):
        super().__init__()
        raise ValueError("this network cannot be built")
"""
CONTROL = """
CARD = {
    "title": "Dud", "kind": "control", "paper": None, "licence": "", "module": "Dud", "training": "fit",
    "torch": False, "shared": True, "parameters": 0, "flops": 0,
    "inputs": {"kind": "apex_flow", "size": 28, "channels": ["u", "v", "strain"], "range": "any", "center": "none"},
    "recipe": {}, "resources": {"mem_mb": 1000, "runtime_min": 10, "gpu": 0}, "notes": "",
}


class Dud:
    def __init__(self, num_classes):
        pass

    def fit(self, x, y):
        raise ValueError("this control cannot count")
"""
CONFIG = """
datasets:
  smic: {source: synthetic, subjects: 2, clips: 2}
  samm: {source: /nowhere}
  mmew: {source: /neither}
tasks: [smic-3, samm-3]
models:
  - {model: ststnet, epochs: 1}
  - {model: broken.py, name: broken, tasks: [smic-3]}
  - {model: dud.py, name: dud, tasks: [smic-3]}
  - majority
"""


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    """A project of which a model, a dataset and a dataset that no task needs have failed."""
    with served(tmp_path_factory.mktemp("partial")) as project:
        (project.folder / "broken.py").write_text(MODEL)
        (project.folder / "dud.py").write_text(CONTROL)
        project.configure(CONFIG)
        project.output = project.snakemake("--cores", "2", ok=False)
        yield project


def made_by_broken(name):
    return "/broken/" in name or "/dud/" in name


def rows(project, table):
    with open(project.folder / f"results/tables/{table}.csv", encoding="utf-8") as handle:
        return {row["model"]: row for row in csv.DictReader(handle) if row["model"] and row["block"] != "published"}


def test_the_command_says_what_is_missing_and_fails(failed):
    assert "Missing:" in failed.output
    assert "dataset mmew: the source '/neither' of mmew does not exist" in failed.output
    assert "The report of what is there: results/report.html" in failed.output
    assert "Traceback" not in failed.output


def test_the_page_says_at_its_top_what_is_missing_and_why(failed):
    page = (failed.folder / "results/report.html").read_text(encoding="utf-8")
    top = page[page.index("<h1") : page.index('<h2 id="tables"')]
    assert "INCOMPLETE" in top
    for sentence in ("this network cannot be built", "/nowhere", "/neither"):
        assert sentence in top
    assert "Confusion matrices" in page
    assert str(failed.folder) not in page


def test_what_is_there_is_in_the_tables_and_nothing_incomplete_is_ranked(failed):
    there = rows(failed, "smic-3")
    assert there["ststnet"]["rank"] == "1"
    assert (there["broken"]["block"], there["broken"]["rank"]) == ("missing", "")
    assert "cannot be built" in there["broken"]["note"]
    assert (there["dud"]["block"], there["majority"]["block"]) == ("missing", "control")
    assert "this control cannot count" in there["dud"]["note"], "it shares its job with majority, and fails alone"
    assert {row["block"] for row in rows(failed, "samm-3").values()} == {"missing"}
    for table in ("smic-3", "samm-3"):
        for suffix in ("md", "tex", "html"):
            assert "INCOMPLETE" in (failed.folder / f"results/tables/{table}.{suffix}").read_text(encoding="utf-8")


def test_a_table_that_is_asked_for_by_its_name_is_made_of_what_is_there(failed):
    text = "title: Asked\ntask: smic-3\nparts: {all: All}\ncolumns: [[all, uf1, UF1]]\nmodels: [ststnet, broken]\n"
    (failed.folder / "workflow/mebench/tables/asked.yaml").write_text(text)
    said = failed.snakemake("--cores", "2", "results/tables/asked.csv", ok=False)
    assert "this network cannot be built" in said
    assert "Traceback" not in said
    there = rows(failed, "asked")
    assert there["ststnet"]["rank"] == "1"
    assert (there["broken"]["block"], there["broken"]["rank"]) == ("missing", "")
    assert "INCOMPLETE" in (failed.folder / "results/tables/asked.md").read_text(encoding="utf-8")
    assert "tables results/tables/asked.csv" in failed.planned("results/tables/asked.csv")


def test_a_table_of_which_nothing_is_there_is_made_again_too(failed):
    text = "title: Bare\ntask: smic-3\nparts: {all: All}\ncolumns: [[all, uf1, UF1]]\nmodels: [broken]\n"
    (failed.folder / "workflow/mebench/tables/bare.yaml").write_text(text)
    failed.snakemake("--cores", "2", "results/tables/bare.csv", ok=False)
    assert rows(failed, "bare")["broken"]["block"] == "missing"
    assert "tables results/tables/bare.csv" in failed.planned("results/tables/bare.csv")


def test_the_next_start_makes_only_what_is_missing(failed, tmp_path):
    before = failed.folds()
    failed.configure(
        CONFIG.replace("/nowhere", "synthetic, subjects: 2, clips: 2").replace("  mmew: {source: /neither}\n", "")
        .replace("  - {model: broken.py, name: broken, tasks: [smic-3]}\n", "")
        .replace("  - {model: dud.py, name: dud, tasks: [smic-3]}\n", "")
    )  # fmt: skip
    planned = failed.planned()
    assert not [job for job in planned if job.startswith(("train", "score ", "input")) and "smic" in job]
    assert "tables results/tables/smic-3.csv" in planned
    assert "report results/report.html" in planned
    failed.snakemake("--cores", "2")
    assert {name: failed.folds()[name] for name in before if not made_by_broken(name)} == {
        name: stamp for name, stamp in before.items() if not made_by_broken(name)
    }
    page = (failed.folder / "results/report.html").read_text(encoding="utf-8")
    assert "INCOMPLETE" not in page
    assert failed.planned() == []
