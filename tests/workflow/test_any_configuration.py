"""Any configuration runs to its report: a covering array of configurations, each really run through Snakemake.

A row is a model on a task in a configuration. The values of a row are its model, the kind of input that the model
reads, its task, the selection of epochs, the source of the data, the number of seeds, in how many jobs a run is
submitted, whether faces are looked for, what is taken for a missing apex, and whether macro-expressions are trained
on. Nothing is listed here: models, tasks and what goes with what are read from the cards, so that a new one enters by
itself. ``allpairspy`` chooses the configurations, rows are dealt to them here, those that bring most new pairs for the
time that they take first, and a test counts on its own whether every valid pair of values stands in a row. Which model
of a task stands first is no factor: tests/unit/test_sample_pictures.py holds that the order does not matter.

Two configurations run at a time, and each may run two jobs, so that a core has work while Snakemake thinks. Those with
the same data and ways with frames share their results folder, and so their data, faces and inputs, which take more time
than anything else: there are as few such places as pairs allow. The longer array has every triple
with a model and a task; it runs by name, with ``pytest -m slow tests/workflow/test_any_configuration.py``.

Where data are not generated, ``shards=fold`` makes a job for every published subject, most of them empty; there three
jobs are asked for, as each dataset has three subjects.
"""

from __future__ import annotations

import csv
import functools
import itertools
import json
import math
import os
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from allpairspy import AllPairs
from project import Project, served

from mebench import cards
from mebench.clips.card import dataset_card
from mebench.config import feasible, kinds, recipes
from mebench.protocols.tasks import TASKS

CHOICES = {
    "selection": ["last", "inner", "test_peek"],
    "source": ["synthetic", "folder", "archive"],
    "seeds": [1, 2],
    "shards": ["1", "fold"],
    "crop": ["provided", "detected"],
    "apex": ["mid", "flow_max"],
    "extra": ["none", "macro"],
}
PLACE = ("source", "crop", "apex")  # what data, faces and inputs depend on
ONLY = os.environ.get("MEBENCH_TEST_TASKS", "").split()  # some tasks alone, to look at one by hand
CHOSEN = [name for name in TASKS if not ONLY or name in ONLY]
MODELS = cards.names("models")
SUBJECTS, CLIPS = 3, 2
VIDEOS = [name for name in cards.names("datasets") if cards.card("datasets", name)["delivers"] == "videos"]
Row = dict[str, Any]
IF_ASKED = pytest.mark.skipif("'slow' not in config.getoption('-m')", reason="a long campaign; run it with -m slow")


def card(name: str) -> dict[str, Any]:
    return cards.card("models", name)


def by_gradient(model: str) -> bool:
    return card(model).get("training", "gradient") == "gradient"


def kind_of(model: str) -> str:
    return card(model)["inputs"]["kind"]


def pictures(task: str) -> bool:
    """Whether a task's datasets deliver flow pictures, which are no frames."""
    return any(cards.card("datasets", name)["delivers"] == "pictures" for name in TASKS[task]["datasets"])


@functools.cache
def goes(model: str, task: str) -> bool:
    """Whether a model, as small as it comes, serves the kind of a task and can read what its datasets deliver."""
    serves = card(model).get("serves", [kinds.DEFAULT])
    return kinds.name_of(TASKS[task]) in serves and reads(model, TASKS[task]["datasets"], task)


def reads(model: str, datasets: Iterable[str], task: str) -> bool:
    wanted = json.loads(read_by(model))
    return not any(feasible.unreadable(wanted, dataset_card(name), TASKS[task]) for name in datasets)


def row_of(model: str, task: str, configuration: Row) -> Row:
    """The values of a row; what cannot be said of its task or model is left out."""
    row = {"model": model, "kind": kind_of(model), "task": task, **configuration}
    if pictures(task):
        del row["crop"], row["apex"]
    if not ("macro" in TASKS[task] and by_gradient(model) and reads(model, TASKS[task]["macro"], task)):
        row["extra"] = "none"
    return row


def pairs(row: Row) -> set[tuple]:
    return set(itertools.combinations(row.items(), 2))


def said(model: str, task: str) -> dict[str, list]:
    """The values that each factor may have for a model on a task; one factor's do not depend on another's."""
    ends = [row_of(model, task, {key: values[i] for key, values in CHOICES.items()}) for i in (0, -1)]
    fixed = {key: [value] for key, value in ends[0].items()}
    return fixed | {key: CHOICES[key] for key in CHOICES if key in ends[0] and ends[0][key] != ends[1][key]}


@functools.cache
def wanted(long: bool) -> frozenset[tuple]:
    """Every pair of values that some valid row has, counted from what may be said of each model on each task; in the
    long array also every triple of a model, a task and a value. No library is asked."""
    found: set[tuple] = set()
    for model, task in itertools.product(MODELS, CHOSEN):
        if goes(model, task):
            values = [[(key, value) for value in own] for key, own in said(model, task).items()]
            found |= {
                pair for one, other in itertools.combinations(values, 2) for pair in itertools.product(one, other)
            }
            if long:
                found |= {(("model", model), ("task", task), value) for own in values[3:] for value in own}
    return frozenset(found)


def combinations(row: Row) -> set[tuple]:
    """The pairs of a row, and its triples with model and task."""
    items = list(row.items())
    return pairs(row) | {(("model", row["model"]), ("task", row["task"]), item) for item in items[3:]}


def configurations() -> list[Row]:
    """As few as have every pair of values, in as few places: all pairs of the places with all else, of which those are
    kept that bring most new pairs of values."""
    rest = [key for key in CHOICES if key not in PLACE]
    places = [tuple(values) for values in AllPairs([CHOICES[key] for key in PLACE])]
    listed = AllPairs([places, *(CHOICES[key] for key in rest)])
    every = [dict(zip((*PLACE, *rest), (*place, *values), strict=True)) for place, *values in listed]
    every = [{key: one[key] for key in CHOICES} for one in every]  # as rows have them, for pairs are in their order
    chosen, todo = [], set().union(*map(pairs, every))
    while todo:
        chosen.append(max(every, key=lambda one: len(pairs(one) & todo)))
        todo -= pairs(chosen[-1])
    return chosen


@functools.cache
def array(long: bool) -> list[tuple[Row, list[Row]]]:
    """(configuration, its rows), chosen one by one: most new pairs for the time that the row takes."""
    every = configurations()
    bits = {pair: 1 << i for i, pair in enumerate(sorted(wanted(long), key=str))}
    candidates = []
    for k, configuration in enumerate(every):
        for row in (row_of(m, t, configuration) for m in MODELS for t in CHOSEN if goes(m, t)):
            mask = sum(bits.get(pair, 0) for pair in combinations(row))
            candidates.append((mask, k, row, left_by(k, row, configuration)))
    todo, dealt, there = (1 << len(bits)) - 1, [[] for _ in every], set()
    while todo:
        candidates = [one for one in candidates if one[0] & todo]
        assert candidates, f"no configuration has {[pair for pair, bit in bits.items() if bit & todo][:5]}"
        mask, k, row, left = max(
            candidates, key=lambda c: (c[0] & todo).bit_count() / seconds(every[c[1]], c[3] - there)
        )
        dealt[k].append(row)
        todo &= ~mask
        there |= left
    return [(c, rows) for c, rows in zip(every, dealt, strict=True) if rows]


def left_by(k: int, row: Row, configuration: Row) -> set[tuple]:
    """What later rows need not make again: the configuration, a task's table and plots in it, and in its place the data
    and faces of each dataset and the input."""
    place, datasets = tuple(configuration[key] for key in PLACE), TASKS[row["task"]]["datasets"]
    shared = {(*place, name) for name in datasets} | {(*place, name, read_by(row["model"])) for name in datasets}
    return {(k,), (k, row["task"])} | shared


def seconds(configuration: Row, made: set[tuple]) -> float:
    """About how long a row takes for which these things have to be made."""
    jobs = SUBJECTS if configuration["shards"] == "fold" else 1
    return 0.4 + 0.4 * configuration["seeds"] * jobs + math.fsum(map(price, made))


@functools.cache
def price(made: tuple) -> float:
    """About how long it takes to make one of the things that :func:`left_by` names."""
    if len(made) <= 2:
        return 3.0 if len(made) == 1 else 2.2  # the start of a configuration; a task
    _, crop, _, dataset, *read = made
    longer = 3 if dataset in VIDEOS else 1
    return 1.2 * longer if read else 1.0 + (1.5 if crop == "detected" else 0)


def size(configuration: Row, rows: list[Row]) -> float:
    """About how long a whole configuration takes."""
    made = set().union(*(left_by(0, row, configuration) for row in rows))
    return sum(seconds(configuration, set()) for _ in rows) + math.fsum(map(price, made))


@functools.cache
def read_by(model: str) -> str:
    """The input of a model, as small as it comes, as text."""
    small = {"preset": "small"} if "small" in card(model).get("presets", {}) else {}
    return json.dumps(recipes.resolve({"model": model} | small)["inputs"], sort_keys=True)


def entry(row: Row, name: str) -> dict[str, Any]:
    """A model of a configuration: its small preset where it has one, for one epoch."""
    small = {"preset": "small"} if "small" in card(row["model"]).get("presets", {}) else {}
    brief = {"epochs": 1, "warmup_epochs": 0} if by_gradient(row["model"]) else {}
    extra = {"extra_clips": "macro"} if row["extra"] == "macro" else {}
    return {"name": name, "model": row["model"], "tasks": [row["task"]], **small, **brief, **extra}


def configured(index: int, configuration: Row, rows: list[Row], copies: dict[str, dict[str, str]]) -> dict[str, Any]:
    """The text of a configuration. Those with the same data and ways with frames share their results folder."""
    names = {name for row in rows for name in TASKS[row["task"]]["datasets"]}
    names |= {name for row in rows if row["extra"] == "macro" for name in TASKS[row["task"]]["macro"]}
    shared = "-".join(configuration[key] for key in PLACE)
    models = [entry(row, f"{row['model']}-{index}-{row['task']}") for row in rows]
    return {
        "results": f"results/{shared}",
        "datasets": {name: dataset(name, configuration, copies) for name in sorted(names)},
        "tasks": sorted({row["task"] for row in rows}),
        "models": models,
        "seeds": list(range(configuration["seeds"])),
        "selection": configuration["selection"],
    }


def generated(name: str) -> dict[str, Any]:
    """How a dataset is generated: few clips, and long videos that are short."""
    return {"subjects": SUBJECTS, "clips": CLIPS} | ({"size": "brief"} if name in VIDEOS else {})


def dataset(name: str, configuration: Row, copies: dict[str, dict[str, str]]) -> dict[str, Any]:
    if configuration["source"] == "synthetic":
        found = {"source": "synthetic"} | generated(name)
    else:
        found = {"source": copies[name][configuration["source"]], "accept": ["counts", "edition"]}
    if cards.card("datasets", name)["delivers"] == "pictures":
        return found
    return found | {key: configuration[key] for key in ("crop", "apex")}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project whose jobs are forks of one server, with a copy of every dataset as a folder and as an archive."""
    with served(tmp_path_factory.mktemp("any configuration"), coarse=True) as made:
        made.copies = copies_of(made)
        yield made


def copies_of(project: Project) -> dict[str, dict[str, str]]:
    """Dataset -> what an owner would name as its source: a folder, an archive."""
    needed = {name for task in CHOSEN for name in (*TASKS[task]["datasets"], *TASKS[task].get("macro", {}))}
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(sorted(needed), pool.map(functools.partial(copy_of, project), sorted(needed)), strict=True))


def copy_of(project: Project, name: str) -> dict[str, str]:
    folder = project.folder / "copies" / name
    options = json.dumps(generated(name))
    run(project, "mebench", "fetch", name, "--source", "synthetic", "--options", options,
        "--out", str(folder / "source.json"))  # fmt: skip
    archive = shutil.make_archive(str(folder / name), "zip", folder / "data")
    return {"folder": str(folder / "data"), "archive": archive}


def run(project: Project, *command: str) -> str:
    done = subprocess.run(command, cwd=project.folder, env=project.environment, capture_output=True, text=True)
    text = done.stdout + done.stderr
    assert done.returncode == 0, f"{' '.join(command)}\n{text[-6000:]}\n{logs(project.folder / 'results')}"
    return text


def logs(results: Path) -> str:
    """The ends of the logs that hold an error."""
    texts = {path: path.read_text() for path in results.glob("*/logs/**/*.log")}
    return "\n".join(f"{path}: {text[-800:]}" for path, text in texts.items() if "Error" in text or "mebench " in text)


def run_and_check(project: Project, place: str, index: int, configuration: Row, rows: list[Row]) -> None:
    """Run a configuration to its report in a folder of the project, and look at what lies there."""
    config = configured(index, configuration, rows, project.copies)
    folder = project.folder / place
    folder.mkdir(exist_ok=True)
    file = folder / f"configuration-{index}.yaml"
    file.write_text(yaml.safe_dump(config))
    shards = configuration["shards"]
    if shards == "fold" and configuration["source"] != "synthetic":
        shards = str(SUBJECTS)
    run(project, "snakemake", "--cores", "2", "--max-threads", "1", "--directory", place, "--configfile", str(file),
        "--quiet", "--config", f"shards={shards}")  # fmt: skip
    results = folder / config["results"]
    page = (results / "report.html").read_text()
    for row in rows:
        check(results, row, config, page)
    for path in (results / "logs").rglob("*.log"):
        assert "Traceback" not in path.read_text(), path


def started(project: Project, chosen: list[tuple[Row, list[Row]]], first: int) -> dict[int, Future]:
    """Start all configurations, two at a time, the longest first; those that share a results folder one after another,
    each folder in a place of its own."""
    folders: dict[tuple, list[int]] = {}
    for index, (configuration, _) in enumerate(chosen):
        folders.setdefault(tuple(configuration[key] for key in PLACE), []).append(index)
    took = [size(configuration, rows) for configuration, rows in chosen]
    futures: dict[int, Future] = {index: Future() for index in range(len(chosen))}

    def run_folder(place: str, indices: list[int]) -> None:
        for index in indices:
            try:
                futures[index].set_result(run_and_check(project, place, first + index, *chosen[index]))
            except BaseException as error:
                futures[index].set_exception(error)

    pool = ThreadPoolExecutor(2)
    for indices in sorted(folders.values(), key=lambda own: -sum(took[i] for i in own)):
        pool.submit(run_folder, f"place{indices[0]}", indices)
    pool.shutdown(wait=False)
    return futures


def check(results: Path, row: Row, config: dict[str, Any], page: str) -> None:
    """A row came to its end: all folds, all scores, an oracle that is right, tables, its name on the page."""
    task = row["task"]
    names = [e["name"] for e in config["models"] if task in e["tasks"]]
    for name, seed in itertools.product(names, config["seeds"]):
        record = json.loads((results / f"runs/{task}/{name}/seed{seed}/run.json").read_text())
        assert record["folds_done"] == record["folds_expected"] >= SUBJECTS - 1, (row, record)
        assert record["failed"] == [], (row, record)
    with open(results / f"scores/{task}.csv") as handle:
        scores = list(csv.DictReader(handle))
    assert {line["model"] for line in scores} == set(names), row
    oracles = [line for line in scores if line["model"].startswith("oracle")]
    assert all(float(line["accuracy"]) == 1 for line in oracles), row
    for suffix in ("csv", "html"):
        assert (results / f"tables/{task}.{suffix}").stat().st_size, row
    assert task in page or TASKS[task]["title"] in page, row


@pytest.mark.parametrize("long", [False, pytest.param(True, marks=[pytest.mark.slow, IF_ASKED])], ids=["short", "long"])
def test_every_valid_pair_stands_in_a_row(long):
    rows = [row for _, rows in array(long) for row in rows]
    assert {pair for row in rows for pair in combinations(row)} >= wanted(long)
    for name, known in (("model", MODELS), ("task", CHOSEN)):
        assert {row[name] for row in rows} >= {x for x in known if name == "task" or any(goes(x, t) for t in CHOSEN)}


SHORT = array(False)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The long array takes seconds to choose, and is chosen only where it is run."""
    if "long_index" in metafunc.fixturenames:
        metafunc.parametrize("long_index", range(len(array(True)) if "slow" in metafunc.config.getoption("-m") else 0))


@pytest.fixture(scope="module")
def short(project):
    return started(project, SHORT, 0)


@pytest.fixture(scope="module")
def long(project):
    return started(project, array(True), 1000)


@pytest.mark.parametrize("index", range(len(SHORT)))
def test_a_configuration_runs_to_its_report(short, index):
    short[index].result()


@pytest.mark.slow
@IF_ASKED
def test_every_model_on_every_task_runs_to_its_report(long, long_index):
    long[long_index].result()
