"""Plots: the numbers behind them, their marks, and bytes that depend on nothing else."""

from __future__ import annotations

import argparse
import re
import shutil

import fake_results as fake
import numpy as np
import pytest

from mebench.errors import UserError
from mebench.plots import confusion, curves, flow, runs, seeds, style, subjects
from mebench.verbs import plots as verb

DATASETS = ("casme2", "smic")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return fake.fill(tmp_path_factory.mktemp("plots") / "results")


@pytest.fixture(scope="module")
def task(results):
    return runs.load(folders(results))


def folders(results):
    # the order in which the plan names them
    return [
        results / "runs" / fake.TASK / m / f"seed{s}" for m in ("majority", "ststnet", "off_apexnet") for s in (0, 1)
    ]


def plot(*words):
    parser = argparse.ArgumentParser()
    verb.arguments(parser)
    verb.main(parser.parse_args([str(word) for word in words]))


def texts(figure):
    return [t.get_text() for t in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def arguments(kind, results):
    if kind != "flow":
        return ["--runs", *folders(results)]
    inputs = [results / "inputs" / d / "apex_flow-28" for d in DATASETS]
    return ["--inputs", *inputs, "--clips", *(results / "datasets" / d / "clips.csv" for d in DATASETS)]


@pytest.mark.parametrize("kind", ["confusion", "subjects", "curves", "seeds", "flow"])
def test_same_bytes_twice_without_dates(kind, results, tmp_path):
    for name in ("one", "two"):
        plot(kind, *arguments(kind, results), "--out", tmp_path / name)
    for suffix in ("svg", "png"):
        first = (tmp_path / f"one.{suffix}").read_bytes()
        assert first == (tmp_path / f"two.{suffix}").read_bytes()
        assert len(first) > 5000
    assert not re.search(r"dc:date|20\d\d-\d\d-\d\d", (tmp_path / "one.svg").read_text())


def test_confusion_counts_are_pooled_over_seeds(task):
    model = next(m for m in task.models if m.about["model"] == "ststnet")
    counts = confusion.pooled(model)
    assert counts.sum() == 2 * len(fake.CLIPS)
    assert counts.diagonal().sum() == sum(r["truth"] == r["prediction"] for run in model.runs for r in run.predictions)
    shown = texts(confusion.draw(task))
    assert str(counts[0, 0]) in shown


def test_controls_come_last_and_incomplete_models_say_so(task):
    assert [model.control for model in task.models] == [False, False, True]
    labels = [model.label for model in task.models]
    assert labels == ["STSTNet", "OFF-ApexNet (4/5 folds)", "Majority class"]


def test_synthetic_data_are_marked_and_real_ones_are_not(task, tmp_path):
    drawings = (confusion.draw, subjects.draw, curves.draw, seeds.draw)
    assert all(any(style.SYNTHETIC in t for t in texts(draw(task))) for draw in drawings)
    real = runs.load([fake.run(tmp_path, "ststnet", 0, 3, "licensed")])
    assert not any("SYNTHETIC" in t for draw in drawings for t in texts(draw(real)))


def test_subjects_show_the_mean_accuracy_over_seeds(task):
    shown = texts(subjects.draw(task))
    model = next(m for m in task.models if m.about["model"] == "ststnet")
    mean = np.mean([
        np.mean([r["truth"] == r["prediction"] for r in run.predictions if r["subject"] == "smic/s01"])
        for run in model.runs
    ])  # fmt: skip
    assert f"{100 * mean:.0f}" in shown
    assert "casme2: 3 subjects" in shown
    assert "sub01\n4" in shown  # the subject and its clips


def test_a_fold_that_failed_is_blank_and_not_zero(tmp_path):
    full = fake.run(tmp_path, "ststnet", 0, 3, "licensed")
    broken = fake.run(tmp_path, "off_apexnet", 0, 3, "licensed", done=4)
    figure = subjects.draw(runs.load([full, broken]))
    image = figure.axes[1].images[0].get_array()  # the panel of smic: s01, s02
    assert np.isnan(np.ma.getdata(image)[1, 1])
    assert not np.isnan(np.ma.getdata(image)[0, 1])


def test_peeked_results_stand_beside_the_honest_ones(task):
    model = next(m for m in task.models if m.about["model"] == "ststnet")
    honest, peeked = seeds.points(model, "uf1")
    assert len(honest) == len(peeked) == 2
    assert min(peeked) > max(honest)
    assert any("peeked" in t for t in texts(seeds.draw(task)))
    gain = np.mean(peeked) - np.mean(honest)
    assert f"{gain:+.3f}" in texts(seeds.draw(task))
    assert any("test accuracy (peeked)" in t for t in texts(curves.draw(task)))


def test_without_trained_models_the_curves_say_why_they_are_empty(tmp_path):
    only = runs.load([fake.run(tmp_path, "majority", 0, None, "licensed", kind="control", epochs=0)])
    assert any("No learning curves" in t for t in texts(curves.draw(only)))


def test_68_subjects_are_split_into_readable_strips():
    names = [f"samm/{i:03d}" for i in range(40)] + [f"smic/s{i:02d}" for i in range(28)]
    strips = subjects._strips(names)
    assert max(len(part) for _, part in strips) <= subjects.MOST
    assert [name for _, part in strips for name in part] == names


def test_the_colour_wheel_is_white_at_rest_and_tells_directions():
    u, v = np.array([[1.0, 0.0, -1.0, 0.0]]), np.array([[0.0, 0.0, 0.0, -1.0]])
    right, rest, left, up = flow.wheel_picture(u, v)[0]
    assert np.allclose(rest, 1)
    assert np.allclose(right, (1, 0, 0))  # hue 0
    assert np.allclose(left, (0, 1, 1))  # the opposite hue
    assert np.allclose(up, (0.5, 1, 0))  # a quarter turn: rows grow downwards, so -v is up


def test_flow_shows_the_classes_of_a_task_or_the_emotions(results):
    inputs = [results / "inputs" / d / "apex_flow-28" for d in DATASETS]
    clips = [results / "datasets" / d / "clips.csv" for d in DATASETS]
    assert {"disgust", "negative"} <= set(texts(flow.draw(inputs, clips)))
    shown = set(texts(flow.draw(inputs, clips, "megc2019")))
    assert set(fake.CLASSES) <= shown
    assert "disgust" not in shown


def test_bad_input_is_one_clear_sentence(results, tmp_path):
    with pytest.raises(UserError, match="unknown plot 'confusions'.*did you mean 'confusion'"):
        plot("confusions", "--out", tmp_path / "x")
    with pytest.raises(UserError, match="the plot flow needs --inputs"):
        plot("flow", "--out", tmp_path / "x")
    with pytest.raises(UserError, match="there is no run folder"):
        runs.load([tmp_path / "nothing"])
    with pytest.raises(UserError, match="same model and seed"):
        runs.load([folders(results)[0]] * 2)
    other = tmp_path / "other"
    shutil.copytree(folders(results)[0], other)
    (other / "run.json").write_text((other / "run.json").read_text().replace('"megc2019"', '"smic-3"'))
    with pytest.raises(UserError, match="differ in their task: megc2019 and smic-3"):
        runs.load([folders(results)[0], other])
    (other / "run.json").write_text("{")
    with pytest.raises(UserError, match="not valid JSON"):
        runs.load([other])
    inputs, clips = results / "inputs" / "smic" / "apex_flow-28", results / "datasets" / "casme2" / "clips.csv"
    with pytest.raises(UserError, match="hold no clip casme2/sub01"):
        flow.draw([inputs], [clips])
    assert not list(tmp_path.glob("x.*"))
