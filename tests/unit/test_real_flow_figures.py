"""The figures of docs/megc2019-flow.md against the counts of each fold that lie beside it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mebench.catalogue import facts
from mebench.metrics.recognition import from_confusion

DOCS = Path(__file__).parents[2] / "docs"
COUNTS = pd.read_csv(DOCS / "megc2019-flow-folds.csv")
CLASSES = ["negative", "positive", "surprise"]
PAGE = (DOCS / "megc2019-flow.md").read_text(encoding="utf-8")


def script(name: str):
    """A script of the docs as a module."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


picture, intervals = script("megc2019_flow"), script("megc2019_flow_intervals")
RUNS = sorted(set(zip(COUNTS["run"], COUNTS["seed"], COUNTS["epochs"], strict=True)))


def pooled(rows: pd.DataFrame) -> dict[str, float | None]:
    return from_confusion(rows.groupby("truth")[CLASSES].sum().reindex(CLASSES).fillna(0).to_numpy())


@pytest.mark.parametrize(("run", "seed", "epochs"), RUNS)
def test_the_page_says_what_the_counts_give(run, seed, epochs):
    rows = COUNTS[(COUNTS["run"] == run) & (COUNTS["seed"] == seed) & (COUNTS["epochs"] == epochs)]
    folds = rows["subject"].nunique()
    assert folds == 68 or f"{folds} of 68 folds" in PAGE
    for found in (pooled(rows), *(pooled(part) for _, part in rows.groupby(rows["subject"].str.split("/").str[0]))):
        for metric in ("uf1", "uar"):
            assert f"{found[metric]:.4f}" in PAGE, metric


@pytest.mark.parametrize("run", intervals.TITLES)
def test_the_row_of_a_model_has_its_figures_at_the_last_epoch(run):
    (row,) = (row for row in picture.table(PAGE, "seeds here") if row["model"] == intervals.TITLES[run])
    found = pooled(COUNTS[(COUNTS["run"] == run) & (COUNTS["epochs"] == "last")])
    assert (row["UF1 here"], row["UAR here"]) == (f"{found['uf1']:.4f}", f"{found['uar']:.4f}")


@pytest.mark.parametrize(
    ("title", "model", "method", "peeked"),
    [
        ("HTNet", "htnet", "HTNet", "yes"),
        ("OFF-ApexNet", "off_apexnet", "OFF-ApexNet (re-run", "unknown"),
        ("Dual-Inception", "dual_inception", "Dual-Inception", "no"),
    ],
)
def test_published_figures_of_the_page_are_those_of_the_tables(title, model, method, peeked):
    (row,) = (row for row in picture.table(PAGE, "seeds here") if row["model"] == title)
    (figure,) = (f for f in facts.published(model) if f.method.startswith(method) and f.part == "Full")
    assert row["published UF1 / UAR"].startswith(f"{figure.values['uf1']} / {figure.values['uar']}")
    assert row["peeked"].strip("*").split(":")[0] == figure.peeked == peeked


def test_what_peeking_adds_is_the_difference_of_what_stands_beside_it():
    rows = picture.table(PAGE, "added")
    assert len(rows) >= 6
    for row in rows:
        added = float(row["peeked"]) - float(row["last epoch"])
        assert float(row["added"]) == pytest.approx(added, abs=0.00051), row["model"]


def test_the_picture_shows_what_the_page_says():
    shown = json.loads(Image.open(picture.PICTURE).text["Description"])
    assert shown == json.loads(json.dumps(picture.rows(PAGE))), "the page has moved on: python docs/megc2019_flow.py"
    by_model = {row["model"]: row for row in shown}
    htnet = by_model["HTNet"]
    assert (htnet["last"], htnet["peeked"], htnet["published"]) == (0.7145, 0.8821, [[0.8603, "yes"]])
    assert by_model["OFF-ApexNet, MEB's network and recipe"]["published"] == [[0.7032, "no"], [0.839, "yes"]]
    assert by_model["majority class"]["peeked"] is None
    assert set(picture.CONTROLS) == {row["model"] for row in shown[-3:]}


def test_the_intervals_of_the_page_are_those_of_the_counts():
    said = [list(row.values()) for row in picture.table(PAGE, "95 %")]
    assert said == intervals.rows()
    differences = [[float(end) for end in cell.split(" to ")] for row in said for cell in row[3:] if cell]
    held = sum(low <= 0 <= high for low, high in differences)
    assert (held, len(differences)) == (9, 10), "the page says nine of ten"


def test_intervals_are_paired_over_subjects():
    truth = np.zeros((30, 3, 3), dtype=int)
    truth[np.arange(30), np.arange(30) % 3, np.arange(30) % 3] = 2  # two clips a subject, all of them right
    assert intervals.interval(truth) == (1, 1)
    guess = truth.copy()
    guess[::2] = np.roll(guess[::2], 1, axis=2)  # every other subject wrong
    assert intervals.interval(guess, guess) == (0, 0)  # what a subject brings, it brings to both
    low, high = intervals.interval(guess)
    assert low < 0.5 < high
    assert high - low == pytest.approx(2 * 1.96 * (0.25 / 30) ** 0.5, rel=0.2)  # of a share of 30 subjects
    assert intervals.interval(truth, guess) == pytest.approx((1 - high, 1 - low))


def test_uf1_of_the_intervals_is_that_of_the_benchmark():
    counts = np.random.default_rng(0).integers(0, 9, (20, 3, 3))
    assert intervals.uf1(counts) == pytest.approx([from_confusion(one)["uf1"] for one in counts])
