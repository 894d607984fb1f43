"""Runs of other data than their task expects: said in the row and by plan, never ranked, whatever the cause."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mebench import cli, formats, tables
from mebench.acquisition.announced import card_of
from mebench.clips.card import dataset_card
from mebench.clips.reading import Reading
from mebench.files import read_csv, write_csv, write_json
from mebench.indexing import checks
from mebench.plan import Plan
from mebench.protocols.tasks import TASKS, TaskDefinition, task
from mebench.runs import run_record
from mebench.runs.expectation import deviations
from mebench.runs.paths import DatasetFiles
from mebench.runs.run_record import RunRecord
from mebench.runs.scores import write_scores
from mebench.synthetic import generate
from mebench.synthetic.marker import MARKER
from mebench.tables.scores import Score

Clip = dict[str, str]
OPTIONS = {"subjects": 3, "clips": 4, "seed": 1}


class Copy:
    """The clips.csv of a dataset, its source.json and the folder that it names."""

    def __init__(
        self, folder: Path, dataset: str, clips: Iterable[Mapping[str, str]], marker: dict[str, object] | None
    ):
        root = folder / "data" / dataset
        root.mkdir(parents=True)
        if marker is not None:
            write_json(root / MARKER, {"dataset": dataset, **marker})
        self.dataset, self.root, self.source = dataset, root, folder / "sources" / dataset / "source.json"
        write_json(self.source, {"root": str(root)})
        self.clips = folder / "datasets" / dataset / "clips.csv"
        self.rows: list[Clip] = [{name: row.get(name, "") for name in formats.CLIPS.names} for row in clips]
        self.write(self.rows)
        self.files = DatasetFiles(dataset, self.source, self.clips, marker is not None)

    def write(self, rows: Iterable[Clip]) -> None:
        write_csv(self.clips, formats.CLIPS.names, rows)


def real(folder: Path, name: str) -> list[Copy]:
    """Copies that are as a task of this benchmark expects."""
    definition = TASKS[name]
    expected, classes = definition["expected"], definition["expected"]["classes"]
    emotions = {label: emotion for one in definition["labels"].values() for emotion, label in one.items()}
    labels = [label for label, count in classes.items() for _ in range(count)]
    datasets = definition["datasets"]
    rows: dict[str, list[Clip]] = {one: [] for one in datasets}
    for i, label in enumerate(labels):
        number = i % expected["subjects"]
        dataset = datasets[number % len(datasets)]
        owner = next(iter(definition["labels"])) if dataset == "flow_images" else dataset
        emotion = next(e for e, own in definition["labels"][owner].items() if own == label)
        subject = f"{owner}/p{number}"
        rows[dataset].append({"clip_id": f"{subject}/{i}", "dataset": owner, "subject": subject, "emotion": emotion,
                              definition.get("label_from", "emotion"): emotion})  # fmt: skip
    assert emotions
    return [Copy(folder, one, rows[one], None) for one in datasets]


def found(definition: TaskDefinition, copies: list[Copy]) -> list[str]:
    """What differs; a run's spec has those keys of its task alone that decide results."""
    in_spec = {key: value for key, value in definition.items() if key not in ("title", "datasets", "expected")}
    return deviations(in_spec, [copy.files for copy in copies])


@pytest.mark.parametrize(
    "name", [name for name in TASKS if name in ("megc2019-flow", "casme2-5", "casme3-7", "smic-3")]
)
def test_a_task_of_this_benchmark_says_what_it_expects(tmp_path, name):
    copies = real(tmp_path, name)
    assert found(task(name), copies) == []
    rows, clips = copies[0].rows, task(name)["expected"]["clips"]
    copies[0].write(rows[1:])
    assert f"clips {clips - 1} instead of {clips}" in found(task(name), copies)
    copies[0].write([*rows, rows[0] | {"clip_id": "casme2/p0/more"}])
    assert f"clips {clips + 1} instead of {clips}" in found(task(name), copies)
    other = next(row for row in rows if row["emotion"] != rows[0]["emotion"])
    copies[0].write([rows[0] | {"emotion": other["emotion"]}, *rows[1:]])
    assert len(found(task(name), copies)) == 2, "one class has a clip less, another one more"
    copies[0].write([row | {"dataset": "CASME IX"} if row is rows[0] else row for row in rows])
    assert found(task(name), copies)
    subjects = task(name)["expected"]["subjects"]
    last = rows[-1]["subject"]
    copies[0].write([row | {"subject": rows[0]["subject"]} if row["subject"] == last else row for row in rows])
    assert f"subjects {subjects - 1} instead of {subjects}" in found(task(name), copies)


def test_the_composite_of_three_datasets(tmp_path):
    copies = real(tmp_path, "megc2019")
    assert found(task("megc2019"), copies) == []
    copies[1].write(copies[1].rows[:5])
    assert any("instead of 442" in text for text in found(task("megc2019"), copies))


@pytest.mark.parametrize("dataset", sorted({*generate.NAMES, *generate.LONG, *generate.PICTURES}))
def test_generated_data_are_what_their_generator_announced(tmp_path, dataset):
    rows = generate.announced(dataset, OPTIONS)
    copy = Copy(tmp_path, dataset, rows, {"size": "small", **OPTIONS})
    name = next((name for name, one in TASKS.items() if one["datasets"] == [dataset]), None)
    definition = task(name) if name else own(dataset)
    assert found(definition, [copy]) == []
    copy.write(copy.rows[:-1])
    assert f"clips {len(rows) - 1} instead of {len(rows)}" in found(definition, [copy])
    card = card_of(dataset_card(dataset), copy.root)
    assert card.expected["clips"] == len(rows)
    assert checks.counts(card, Reading([]))[0].differs


def test_generated_data_of_full_size_are_expected_to_be_as_the_real_ones(tmp_path):
    copies = [Copy(tmp_path, "smic", generate.announced("smic", OPTIONS), {"size": "full"})]
    assert found(task("smic-3"), copies)[0].endswith("instead of 164")


def test_generated_data_whose_folder_is_gone_are_compared_with_nothing(tmp_path):
    copy = Copy(tmp_path, "smic", generate.announced("smic", OPTIONS)[:-1], {"size": "small", **OPTIONS})
    copy.source.unlink()
    assert found(task("smic-3"), [copy]) == []
    assert found(task("smic-3"), [Copy(tmp_path / "real", "smic", copy.rows, None)])
    real_copy = replace(copy.files, synthetic=False)
    assert deviations(task("smic-3"), [real_copy])[0].endswith("instead of 164")


def own(dataset: str) -> TaskDefinition:
    return {"name": "mine", "datasets": [dataset], "classes": ["a"], "labels": {dataset: {"happiness": "a"}},
            "drop": {}, "expected": {"clips": 1, "subjects": 1}}  # fmt: skip


def test_a_task_of_ones_own_expects_what_the_cards_of_its_datasets_count(tmp_path):
    copy = real(tmp_path, "casme2-7")[0]
    copy.write([row | {"subject": f"casme2/{i % 26}"} for i, row in enumerate(copy.rows)])
    assert found(own("casme2"), [copy]) == []
    copy.write(read_csv(copy.clips)[:-1])
    assert found(own("casme2"), [copy]) == ["clips 254 instead of 255", "surprise 24 instead of 25"]


# --- what people see


RECORD = RunRecord(
    task="smic-3", model="majority", title="Majority", kind="model", seed=0, selection="last", origin="licensed",
    spec={"task": task("smic-3")}, clips=4, folds_expected=2, folds_done=2, rows=4,
)  # fmt: skip


def scores_of(folder: Path, differs: list[str]) -> Path:
    run = folder / "run"
    rows = [
        {"clip_id": f"smic/s{i % 2}/{i}", "dataset": "smic", "subject": f"smic/s{i % 2}", "fold": "x", "seed": 0,
         "truth": truth, "prediction": truth}
        for i, truth in enumerate(("negative", "positive", "surprise", "surprise"))
    ]  # fmt: skip
    write_csv(run / "predictions.csv", rows[0], rows)
    run_record.write(run, replace(RECORD, deviations=differs))
    write_scores([run], folder / "smic-3.csv")
    return folder / "smic-3.csv"


def test_scores_of_other_data_say_so_and_those_of_good_data_stay_as_they_are(tmp_path):
    good, other = (
        scores_of(tmp_path / "good", []),
        scores_of(tmp_path / "other", ["clips 4 instead of 164", "x 1 instead of 2"]),
    )
    assert "deviations" not in good.read_text() + good.with_suffix(".json").read_text()
    assert read_csv(other)[0]["deviations"] == "clips 4 instead of 164, x 1 instead of 2"
    assert (
        json.loads(other.with_suffix(".json").read_text())[0]["deviations"]
        == "clips 4 instead of 164, x 1 instead of 2"
    )
    assert [list(row)[:-1] for row in read_csv(other)] == [list(row) for row in read_csv(good)]


def test_a_row_of_other_data_says_so_in_every_format_and_is_not_ranked(tmp_path):
    good = tables.read_scores(scores_of(tmp_path / "good", []))
    other = [
        replace(one, model="other", title="Other")
        for one in tables.read_scores(scores_of(tmp_path / "o", ["clips 4 instead of 164"]))
    ]
    table = tables.build(tables.describe("smic-3"), [*good, *other])
    ranks = {row.model: row.rank for row in table.block("measured")}
    assert ranks == {"majority": 1, "other": None}
    tables.write(table, tmp_path / "t")
    for suffix in ("md", "tex", "html"):
        assert "Other data than the task expects: clips 4 instead of 164" in (tmp_path / f"t.{suffix}").read_text()
    assert "clips 4 instead of 164" in (tmp_path / "t.csv").read_text()


def test_one_seed_of_other_data_is_enough(tmp_path):
    scores = tables.read_scores(scores_of(tmp_path / "good", []))
    mixed: list[Score] = [*scores, *(replace(one, seed=1, deviations="clips 3 instead of 4") for one in scores)]
    (row,) = tables.build(tables.describe("smic-3"), mixed).block("measured")
    assert (row.rank, row.complete, row.deviations) == (None, False, "clips 3 instead of 4")


def project(folder: Path, lost: int) -> Path:
    """A configuration of a generated SMIC that is indexed, without its last clips."""
    options = {"subjects": 3, "clips": 4, "seed": 1}
    rows = generate.announced("smic", OPTIONS)
    Copy(folder / "results", "smic", rows[: len(rows) - lost], {"size": "small", **options})
    (folder / "c.yaml").write_text(
        f"results: {folder}/results\ndatasets:\n  smic: {{source: synthetic, subjects: 3, clips: 4, seed: 1}}\n"
        "tasks: [smic-3]\nmodels: [majority]\n"
    )
    return folder / "c.yaml"


def test_plan_says_it(tmp_path, capsys):
    few = project(tmp_path / "few", 1)
    assert cli.main(["plan", "--config", str(few)]) == 0
    assert "other data than the task expects, never ranked: clips 11 instead of 12" in capsys.readouterr().out
    assert cli.main(["plan", "--config", str(few), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["deviations"]["smic-3"]
    assert cli.main(["plan", "--config", str(project(tmp_path / "all", 0))]) == 0
    assert "other data" not in capsys.readouterr().out


def test_a_plan_names_the_files_that_tell(tmp_path):
    plan = Plan.load(project(tmp_path, 0))
    (files,) = plan.files(plan.runs[0]).datasets
    assert (files.dataset, files.synthetic) == ("smic", True)
    assert files.source.is_file()
    assert files.clips.is_file()
