"""Plots of statistics, and of what predictions say besides figures: the numbers behind them."""

from __future__ import annotations

from types import SimpleNamespace

import fake_results as fake
import matplotlib.pyplot as plt
import numpy as np
import pytest

from mebench.errors import UserError
from mebench.origins import MARKS
from mebench.plots import (
    agreement,
    calibration,
    classes,
    cost,
    difficulty,
    forest,
    inflation,
    known_figures,
    looks,
    runs,
    seconds,
    style,
    together,
)

MODELS = ("ststnet", "off_apexnet", "majority")


@pytest.fixture(autouse=True)
def _no_figure_stays():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    root = fake.fill(tmp_path_factory.mktemp("statistics") / "results")
    fake.statistics(root)
    return root


@pytest.fixture(scope="module")
def task(results):
    folders = [results / "runs" / fake.TASK / model / f"seed{seed}" for model in MODELS for seed in (0, 1)]
    stores = [results / "inputs" / name / "apex_flow-28" for name in ("casme2", "smic")]
    return runs.load(folders, statistics=results / "tables/megc2019.statistics.json", samples={"apex_flow-28": stores})


def texts(figure):
    return [t.get_text() for t in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


@pytest.mark.parametrize("plot", [forest, inflation, cost, seconds])
def test_plots_of_statistics_are_marked_have_the_same_bytes_twice_and_ask_for_their_file(plot, task, tmp_path):
    written = [style.save(plot.draw(task), tmp_path / name) for name in ("one", "two")]
    assert [path.read_bytes() for path in written[0]] == [path.read_bytes() for path in written[1]]
    assert any(MARKS["synthetic"] in text for text in texts(plot.draw(task)))
    alone = runs.load([run.folder for model in task.models for run in model.runs])
    with pytest.raises(UserError, match="after --statistics"):
        plot.draw(alone)


def test_the_forest_shows_figures_letters_and_differences_to_the_best(task):
    assert [(row.model, row.value, row.letters) for row in forest.sorted_rows(task)] == [
        ("ststnet", 0.8, "a"), ("off_apexnet", 0.7, "a"), ("ststnet", 0.95, ""), ("majority", pytest.approx(0.6), "")
    ]  # fmt: skip
    assert forest.to_the_best(task, "ststnet")["off_apexnet"].difference == pytest.approx(0.1)
    shown = texts(forest.draw(task))
    assert "0.800  a" in shown
    assert "p 0.40" in shown
    assert "Some results have 2 seeds." in shown


def test_inflation_starts_at_the_honest_figure(task):
    ((model, _, honest, one),) = inflation.added(task)
    assert (model.record.model, honest, one.difference) == ("ststnet", 0.8, 0.15)


def test_a_task_has_the_plots_that_it_has_the_data_for(task):
    folders = [run.folder for model in task.models for run in model.runs]
    without = together.plot_names(runs.load(folders))
    assert tuple(without) == fake.RUN_PLOTS
    assert set(together.plot_names(task)) - set(without) == {"forest", "inflation", "cost", "seconds"}
    honest = runs.load([folder for folder in folders if "ststnet" not in str(folder)], statistics=task.statistics)
    assert "inflation" not in together.plot_names(honest)


def test_the_cost_has_networks_alone(task):
    assert [(number, model.record.model) for number, model, _, _ in cost.points(task, cost.parameters)] == [
        (1683, "ststnet"), (1683, "off_apexnet")
    ]  # fmt: skip
    assert cost.operations(task.models[0]) > 1e5
    assert seconds.seconds(task.models[0]) == pytest.approx(1 / 5)  # a second for five folds


def test_reliability_counts_every_prediction_of_every_seed(task):
    """All have a probability of 0.7; 3 wrong of 20 in the pattern of every third, fourth."""
    own = calibration.reliability(task.models[0])
    right = [row["truth"] == row["prediction"] for run in task.models[0].runs for row in run.predictions]
    assert own.counts.tolist() == [0, 0, 0, 0, 0, 0, 0, len(right), 0, 0]
    assert own.right[7] == pytest.approx(np.mean(right))
    assert own.error == pytest.approx(abs(0.7 - np.mean(right)))


def test_the_hardest_clips_are_those_that_most_models_miss(task):
    hard = difficulty.hardest(task)
    assert [one.share for one in hard] == sorted((one.share for one in hard), reverse=True)
    first = hard[0]
    rows = [
        row
        for model in task.models[:2]
        for run in model.runs
        for row in run.predictions
        if row["clip_id"] == first.clip
    ]
    assert all(row["truth"] != row["prediction"] for row in rows), "clip 0 is wrong in every run"
    assert first.said != first.truth
    pictures = difficulty.flow_pictures(task, [one.clip for one in hard])
    assert {len(picture) for picture in pictures.values()} == {28}
    assert set(pictures) == {one.clip for one in hard}


def test_agreement_is_one_with_itself_and_symmetric(task):
    said = [agreement.answers(model) for model in task.models[:2]]
    assert agreement.agreement([said[0][0]], [dict(said[0][0])]) == 1
    assert agreement.agreement(*said) == pytest.approx(agreement.agreement(*reversed(said)))
    assert np.isnan(agreement.agreement(one := [said[0][0]], one)), "one seed agrees with no other"


def test_the_mean_of_the_classes_is_uf1(task):
    model = task.models[0]
    scores = [run.scores(run.predictions)["uf1"] for run in model.runs]
    assert np.mean(classes.f1_of_classes(model)) == pytest.approx(np.mean(scores))


def test_a_model_has_one_look_in_all_tasks_and_its_own_in_each():
    tasks = [["a", "b", "c"], ["d", "b", "e"], ["c", "d", "f", "e"]]
    places = looks.places(tasks)
    for models in tasks:
        assert len({places[model] for model in models}) == len(models)
    assert max(places.values()) < 5, "places are taken again where they are free"


def test_models_of_a_task_look_as_the_benchmark_says(task):
    folders = [run.folder for model in task.models for run in model.runs]
    other = runs.load(folders, places={"ststnet": 3, "off_apexnet": 1})
    assert [look.colour for _, look in looks.looks(other)][:2] == [looks.COLOURS[3], looks.COLOURS[1]]
    assert [look.colour for _, look in looks.looks(task)] == [looks.COLOURS[0], looks.COLOURS[1], looks.GREYS[0]]


@pytest.mark.parametrize(("selection", "looked_for"), [
    ("last", "last"), ("inner", "inner"), ("unknown", "unknown"), ("test_peek", "last"),
])  # fmt: skip
def test_the_figure_of_a_model_is_the_honest_one_of_its_selection(selection, looked_for):
    """A given file of which nobody knows how its epochs were chosen has its figure under that name."""
    record = SimpleNamespace(model="mine", selection=selection, task="megc2019")
    figure = SimpleNamespace(value=0.5, low=0.4, high=0.6)
    statistics = SimpleNamespace(
        figure=lambda model, chosen, *_: figure if chosen == looked_for else None,
        letters=lambda *_: {("mine", looked_for): "a"},
    )
    task = SimpleNamespace(known_statistics=statistics, metric=SimpleNamespace(name="uf1"), record=record)
    found = known_figures.known(task, SimpleNamespace(record=record))
    assert (found.value, found.low, found.high, found.letters) == (0.5, 0.4, 0.6, "a")
