"""The walks of docs/add-a-dataset.md, add-a-table.md, add-a-metric.md and add-a-plot.md, followed as they stand."""

from __future__ import annotations

import csv
import re
import sys
from dataclasses import fields

import pytest
from project import Project
from walk import page, run_commands, write_files
from zygote import zygote

from mebench import tasks
from mebench.clips.card import DatasetCard
from mebench.tables import table_file

NAMES = ("table", "metric", "plot", "dataset")
PAGES = {name: page(f"add-a-{name}") for name in NAMES}
DIGEST = "from mebench.runs import code_of_fold; print(code_of_fold.engine_digest({'task': {}}))"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project in which all four walks were followed; ``printed`` is what they printed, ``digests`` the code of a fold
    before and after the edits that the pages ask for."""
    folder = tmp_path_factory.mktemp("walks")
    made = Project(folder / "project")
    before = digest(made)
    for text in PAGES.values():
        write_files(made, text)
    edits = [line for text in PAGES.values() for line in text.splitlines() if line.startswith("git apply ")]
    made.run("bash", "-euc", "\n".join(edits))  # the server below imports the package once, so they come first
    with zygote(folder / "zygote", made.folder / "workflow", coarse=True) as made.server:
        made.printed = {name: run_commands(made, without(text, edits)) for name, text in PAGES.items()}
        made.digests = before, digest(made)
        yield made


def without(text: str, lines: list[str]) -> str:
    """A page without some of its lines."""
    return "".join(line for line in text.splitlines(keepends=True) if line.rstrip("\n") not in lines)


def digest(project: Project) -> str:
    """The digest of the code that every fold of recognition depends on."""
    return project.run("python", "-c", DIGEST).stdout


def rows(path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def table(project: Project, name: str) -> dict[str, dict[str, str]]:
    """The rows that were measured here, by model."""
    found = rows(project.folder / f"results/tables/{name}.csv")
    return {row["model"]: row for row in found if row["block"] != "published"}


def test_a_table_is_one_file(project):
    measured = table(project, "smic-precision")
    assert set(measured) == {"majority", "stratified_random", "oracle"}, "the last is the table's own"
    predicted = rows(project.folder / "results/runs/smic-3/majority/seed0/predictions.csv")
    truth = sorted({row["truth"] for row in predicted})
    recall = [[row["prediction"] == c for row in predicted if row["truth"] == c] for c in truth]
    uar = sum(sum(hits) / len(hits) for hits in recall) / 3
    assert float(measured["majority"]["all_uar_mean"]) == pytest.approx(uar, abs=1e-6)
    printed = [row for row in rows(project.folder / "results/tables/smic-precision.csv") if row["block"] == "published"]
    assert printed == [], "no published figure stands beside generated data"
    assert "SYNTHETIC DATA" in project.printed["table"]
    assert (project.folder / "mine/smic-precision.tex").is_file()
    assert (project.folder / "results/tables/smic-precision.html").is_file()


def test_a_table_of_the_package_is_made_by_its_name_and_runs_what_it_names_alone(project):
    text = "title: T\ntask: smic-3\nparts: {all: All}\ncolumns: [[all, uf1, UF1]]\n"
    entries = "models: [majority, {name: again, model: stratified_random, tasks: [smic-3]}]\n"
    (project.folder / "workflow/mebench/tables/by-name.yaml").write_text(text + entries)
    target = ("results/tables/by-name.csv", "--configfile", "kappa.yaml")
    jobs = [job.split()[0] for job in project.planned(*target)]
    assert [job for job in jobs if job != "together_smic-3"] == ["score", "tables", "train"]
    project.snakemake("--cores", "1", *target)
    assert set(table(project, "by-name")) == {"majority", "again"}
    assert project.planned(*target) == []
    for file in ("by-nam.csv", "by-nam.statistics.json"):
        said = project.snakemake("-n", f"results/tables/{file}", "--configfile", "kappa.yaml", ok=False)
        assert "unknown table 'by-nam' (did you mean 'by-name'" in said
        assert "Traceback" not in said
        assert "InputFunctionException" not in said


def test_a_table_of_ones_own_that_is_changed_is_made_again_and_nothing_else(project):
    project.edit("smic-kappa.yaml", "beyond chance", "beyond that of chance")
    planned = project.planned("results/tables/smic-kappa.csv", "--configfile", "kappa.yaml")
    project.edit("smic-kappa.yaml", "beyond that of chance", "beyond chance")
    # the walk after it had other controls, so that the job of all of them is there again
    assert {job.split()[0] for job in planned} - {"together_smic-3"} == {"tables"}


def test_a_metric_is_a_function_and_a_line(project):
    kappa = {model: float(row["all_kappa_mean"]) for model, row in table(project, "smic-kappa").items()}
    assert kappa["oracle"] == 1
    predicted = rows(project.folder / "results/runs/smic-3/stratified_random/seed0/predictions.csv")
    classes = sorted({row["truth"] for row in predicted})
    share = {name: [sum(row[name] == c for row in predicted) / len(predicted) for c in classes]
             for name in ("truth", "prediction")}  # fmt: skip
    chance = sum(a * b for a, b in zip(*share.values(), strict=True))
    agree = sum(row["truth"] == row["prediction"] for row in predicted) / len(predicted)
    assert kappa["stratified_random"] == pytest.approx((agree - chance) / (1 - chance), abs=1e-6)


def test_a_metric_that_nothing_counts_is_one_sentence(project):
    project.edit("workflow/mebench/tasks/recognition.py", '{"kappa": kappa}', '{"kapa": kappa}')
    score = ["mebench.cli", "score", "--runs", "results/runs/smic-3/majority/seed0", "--out", "mine/scores.csv"]
    said = project.run(sys.executable, "-m", *score, ok=False).stderr
    project.edit("workflow/mebench/tasks/recognition.py", '{"kapa": kappa}', '{"kappa": kappa}')
    assert "names the metric kappa, but neither its score nor METRICS" in said
    assert "Traceback" not in said


def test_a_metric_and_a_plot_train_nothing_again(project):
    before, after = project.digests
    assert before == after


def test_a_plot_is_one_file_and_a_line(project):
    plots = project.folder / "results/plots/smic-3"
    for suffix in ("svg", "png"):
        assert (plots / f"sureness.{suffix}").is_file()
        assert (project.folder / f"mine/sureness.{suffix}").is_file()


def test_a_dataset_is_one_file(project):
    printed = project.printed["dataset"]
    assert "garden: 12 clips of 3 subjects, 0 dropped" in printed
    assert "the middle frame" in (project.folder / "mine/report.md").read_text()
    predicted = rows(project.folder / "results/runs/garden-3/ststnet/seed0/predictions.csv")
    labels = rows(project.folder / "pretend/garden/labels.csv")
    spelled = {"sad": "sadness", "Happy": "happiness", "surprised": "surprise"}
    assert {row["clip_id"]: row["truth"] for row in predicted} == {
        f"garden/{row['person']}/{row['clip']}": spelled[row["feeling"]] for row in labels}  # fmt: skip
    assert set(table(project, "garden-3")) == {"ststnet", "majority"}
    report = (project.folder / "results/report.html").read_text(encoding="utf-8")
    assert "Garden, 3 classes" in report
    assert "Faces in a Garden" in report
    assert "garden: Garden" in project.run("mebench", "datasets").stdout


def test_a_reader_that_is_changed_reads_again(project):
    project.edit("datasets/garden.py", 'expression="micro"', 'expression="macro"')
    jobs = {job.split()[0] for job in project.planned("--configfile", "garden.yaml")}
    project.edit("datasets/garden.py", 'expression="macro"', 'expression="micro"')
    assert "index" in jobs


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("smic-precision.yaml]", "gone.yaml]", "there is no file gone.yaml for the table"),
        ("[smic-3, smic-precision.yaml]", "[smic-3, other/smic-3.yaml]", "two tables are called 'smic-3'"),
        ("  smic:", "  gardn: {source: pretend/garden}\n  smic:", "unknown dataset 'gardn'.*did you mean 'garden'"),
    ],
)
def test_a_table_or_dataset_that_is_not_there_is_one_sentence(project, old, new, sentence):
    project.edit("table.yaml", old, new)
    said = project.snakemake("-n", "--configfile", "table.yaml", ok=False)
    project.edit("table.yaml", new, old)
    assert re.search(sentence, said)
    assert "Traceback" not in said


def keys(name: str) -> set[str]:
    """The names in the first column of the tables of a page."""
    firsts = [line.split(" | ")[0] for line in PAGES[name].splitlines() if line.startswith("| `")]
    return set(re.findall(r"`(\w+)`", " ".join(firsts)))


def test_the_pages_list_every_key():
    written = (table_file.Written, table_file.WrittenRow, table_file.WrittenPart)
    assert keys("table") == {key for one in written for key in one.__annotations__}
    assert keys("dataset") == {field.name for field in fields(DatasetCard)} - {"name"}
    assert set(next(iter(tasks.metrics("recognition").values()))) <= {"title", "range", "best"}
