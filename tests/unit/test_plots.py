"""Plots: the numbers behind them, their marks, and bytes that depend on nothing else."""

from __future__ import annotations

import argparse
import re
import shutil

import fake_results as fake
import matplotlib.pyplot as plt
import numpy as np
import pytest

from mebench.errors import UserError
from mebench.files import read_csv, read_json, write_csv, write_json
from mebench.inputs import store
from mebench.origins import MARKS
from mebench.plots import (
    agreement,
    classes,
    clips,
    confusion,
    curves,
    dataset,
    difficulty,
    runs,
    seeds,
    style,
    subjects,
    timeline,
)
from mebench.plots.samples import drawing, flow
from mebench.verbs import plots as verb

DATASETS = ("casme2", "smic")


@pytest.fixture(autouse=True)
def _no_figure_stays():
    yield
    plt.close("all")


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
    if kind == "dataset":
        return ["--clips", results / "datasets" / "casme2" / "clips.csv"]
    if kind != "input":
        return ["--runs", *folders(results)]
    inputs = [results / "inputs" / d / "apex_flow-28" for d in DATASETS]
    return ["--inputs", *inputs, "--clips", *(results / "datasets" / d / "clips.csv" for d in DATASETS)]


@pytest.mark.parametrize("kind", [*fake.RUN_PLOTS, "input", "dataset"])
def test_same_bytes_twice_without_dates(kind, results, tmp_path):
    for name in ("one", "two"):
        plot(kind, *arguments(kind, results), "--out", tmp_path / name)
    for suffix in ("svg", "png"):
        first = (tmp_path / f"one.{suffix}").read_bytes()
        assert first == (tmp_path / f"two.{suffix}").read_bytes()
        assert len(first) > 5000
    assert not re.search(r"dc:date|20\d\d-\d\d-\d\d", (tmp_path / "one.svg").read_text())


def test_all_plots_of_a_task_at_once_are_the_same_as_one_at_a_time(results, tmp_path):
    words = arguments("input", results)
    stores, clips = words[1 : 1 + len(DATASETS)], words[2 + len(DATASETS) :]
    plot("task", "--task", "megc2019", "--runs", *folders(results), "--sample", "apex_flow-28", *stores,
         "--clips", *clips, "--out", tmp_path / "all")  # fmt: skip
    assert {path.stem for path in (tmp_path / "all").iterdir()} == {*fake.RUN_PLOTS, "input-apex_flow-28"}
    for kind in fake.RUN_PLOTS:
        plot(kind, *arguments(kind, results), "--sample", "apex_flow-28", *stores, "--out", tmp_path / "one" / kind)
        for suffix in ("svg", "png"):
            assert (tmp_path / "all" / f"{kind}.{suffix}").read_bytes() == (
                tmp_path / "one" / f"{kind}.{suffix}"
            ).read_bytes()


def test_figures_of_all_datasets_are_called_after_them(results, tmp_path):
    plot("datasets", "--clips", *arguments("input", results)[2 + len(DATASETS) :], "--out", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{d}.{suffix}" for d in DATASETS for suffix in ("svg", "png")
    }


def test_confusion_counts_are_pooled_over_seeds(task):
    model = next(m for m in task.models if m.record.model == "ststnet")
    counts = confusion.pooled(model)
    assert counts.sum() == 2 * len(fake.CLIPS)
    assert counts.diagonal().sum() == sum(r["truth"] == r["prediction"] for run in model.runs for r in run.predictions)
    shown = texts(confusion.draw(task))
    assert any(text.startswith(f"{counts[0, 0]}\n") for text in shown)


def test_controls_come_last_and_incomplete_models_say_so(task):
    assert [model.control for model in task.models] == [False, False, True]
    labels = [model.label for model in task.models]
    assert labels == ["STSTNet", "OFF-ApexNet (4/5 folds)", "Majority class"]


def test_synthetic_data_are_marked_and_real_ones_are_not(task, tmp_path):
    drawings = (confusion.draw, subjects.draw, curves.draw, seeds.draw)
    assert all(any(MARKS["synthetic"] in t for t in texts(draw(task))) for draw in drawings)
    real = runs.load([fake.run(tmp_path, "ststnet", 0, 3, "licensed")])
    assert not any("SYNTHETIC" in t for draw in drawings for t in texts(draw(real)))


def test_subjects_show_the_mean_accuracy_over_seeds(task):
    shown = texts(subjects.draw(task))
    model = next(m for m in task.models if m.record.model == "ststnet")
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
    model = next(m for m in task.models if m.record.model == "ststnet")
    honest, peeked = seeds.points(model, "uf1")
    assert len(honest) == len(peeked) == 2
    assert min(peeked) > max(honest)
    assert any("peeked" in t for t in texts(seeds.draw(task)))
    gain = np.mean(peeked) - np.mean(honest)
    assert f"{gain:+.3f}" in texts(seeds.draw(task))
    assert any("test accuracy (peeked)" in t for t in texts(curves.draw(task)))


def test_predictions_that_somebody_chose_on_the_test_subjects_are_marked_in_every_plot(tmp_path):
    own, theirs = (fake.run(tmp_path, name, 0, 3, "licensed", selection=selection)
                   for name, selection in (("ststnet", "last"), ("off_apexnet", "test_peek")))  # fmt: skip
    (theirs / "predictions.test_peek.csv").unlink()  # what is given has one file of predictions
    task = runs.load([own, theirs])
    model = next(m for m in task.models if m.record.model == "off_apexnet")
    honest, peeked = seeds.points(model, "uf1")
    assert (len(honest), len(peeked)) == (0, 1)
    for draw in (seeds.draw, confusion.draw, subjects.draw, classes.draw, agreement.draw, difficulty.draw):
        shown = [text.replace("\n", " ") for text in texts(draw(task))]
        assert any(f"{model.record.title}, peeked" in text for text in shown), draw
        assert not any(f"{task.models[0].record.title}, peeked" in text for text in shown), draw


def test_one_epoch_is_a_point_with_its_middle_half(tmp_path):
    brief = curves.draw(runs.load([fake.run(tmp_path, "ststnet", 0, 3, "licensed", epochs=1)]))
    (line,) = brief.axes[0].lines
    assert (len(line.get_xdata()), line.get_marker()) == (1, "o")
    assert len(brief.axes[0].collections) == 1
    longer = curves.draw(runs.load([fake.run(tmp_path, "ststnet", 1, 3, "licensed", epochs=3)]))
    assert [line.get_marker() for line in longer.axes[0].lines] == [""]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("STSTNet", "STSTNet"),
        ("Shuffled labels (STSTNet) (own recipe)", "Shuffled labels (STSTNet)\n(own recipe)"),
        ("A model (of many words in a bracket)", "A model\n(of many words in a\nbracket)"),
    ],
)
def test_a_title_is_broken_before_a_bracket_where_that_is_enough(text, shown):
    assert style.wrapped(text, 2) == shown


@pytest.mark.parametrize("drawn", [confusion, curves])
def test_long_names_of_models_stay_within_their_panels(tmp_path, drawn):
    """Else the titles of neighbours run into each other, and the last one out of the figure."""
    models = ("ststnet", "off_apexnet")
    folders = [fake.run(tmp_path, model, 0, 3, "licensed") for model in models]
    title = "A model (re-implementation from its abstract) (pretrained: none, size: small)"
    for folder in folders:
        write_json(folder / "run.json", read_json(folder / "run.json") | {"title": title})
    figure = drawn.draw(runs.load(folders))
    figure.draw_without_rendering()
    boxes = [ax.title.get_window_extent() for ax in figure.axes if ax.title.get_text()]
    assert len(boxes) == len(models)
    assert boxes[0].x1 < boxes[1].x0
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)


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
    assert {"disgust", "negative"} <= set(texts(drawing.draw(inputs, clips)))
    shown = set(texts(drawing.draw(inputs, clips, "megc2019")))
    assert set(fake.CLASSES) <= shown
    assert "disgust" not in shown


def test_clips_left_out_are_said_in_a_models_name(tmp_path):
    only = runs.load([fake.run(tmp_path, "ststnet", 0, 3, "licensed", done=4, without=("casme2/sub01/c0",))])
    assert only.models[0].label == "STSTNet (4/5 folds, 1 clip left out)"


# --- flow with arrows ----------------------------------------------------------------------------------------------


def arrows(figure):
    return [artist for ax in figure.axes for artist in ax.collections if hasattr(artist, "U")]


def test_an_arrow_is_the_mean_motion_of_its_block():
    u = np.zeros((28, 28))
    u[:4, 4:8] = np.arange(16).reshape(4, 4)
    mean = flow.coarse(u)
    assert mean.shape == (7, 7)
    assert mean[0, 1] == 7.5
    assert mean.sum() == 7.5
    assert flow.coarse(np.ones((4, 5))).shape == (4, 5)


def test_the_longest_arrow_fills_its_block_and_its_length_is_written(tmp_path):
    x = np.zeros((1, 3, 28, 28), dtype=np.float32)
    x[0, 0], x[0, 1, 14:] = 0.3, -0.4  # 0.3 px to the right; the lower half moves 0.4 px up, too
    fake.write_store(tmp_path / "in", ["casme2/sub01/c0"], x, "folder")
    row = dict.fromkeys(fake.COLUMNS, "") | {"clip_id": "casme2/sub01/c0", "dataset": "casme2", "emotion": "fear"}
    write_csv(tmp_path / "clips.csv", fake.COLUMNS, [row])
    figure = drawing.draw([tmp_path / "in"], [tmp_path / "clips.csv"])
    (quiver,) = arrows(figure)
    assert len(quiver.U) == 49
    assert np.hypot(quiver.U, quiver.V).max() / quiver.scale == pytest.approx(28 / 7)
    assert quiver.V.min() < 0  # as in the picture: rows grow downwards, and so does v
    assert quiver.axes.yaxis_inverted()
    assert any("longest arrow 0.5 px" in text for text in texts(figure))


def test_arrows_of_published_pictures_have_no_length_in_pixels(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (1, 3, 28, 28)).astype(np.uint8)
    fake.write_store(tmp_path / "in", ["casme2/sub01/c0"], x, "pictures", scale="picture")
    row = dict.fromkeys(fake.COLUMNS, "") | {"clip_id": "casme2/sub01/c0", "dataset": "casme2", "emotion": "fear"}
    write_csv(tmp_path / "clips.csv", fake.COLUMNS, [row])
    figure = drawing.draw([tmp_path / "in"], [tmp_path / "clips.csv"])
    assert len(arrows(figure)) == 1
    assert not any("longest arrow" in t for t in texts(figure))


def test_clips_without_flow_are_not_shown_and_a_class_without_any_says_none(results, tmp_path):
    clips = results / "datasets" / "casme2" / "clips.csv"
    rows = read_csv(clips)
    shutil.copytree(results / "inputs" / "casme2" / "apex_flow-28", tmp_path / "in")
    index = read_csv(tmp_path / "in" / "index.csv")
    lost = {row["clip_id"] for row in rows if row["emotion"] == "surprise"} | {rows[0]["clip_id"]}
    for row in index:
        if row["clip_id"] in lost:
            row |= {"status": "no_face", "reason": "no face is found", "start": "", "shape": ""}
    store.finish(tmp_path / "in", index, (), {"kind": "apex_flow", "scale": "pixels", "origin": "folder"})
    assert set(store.load(tmp_path / "in").without) == lost
    shown = texts(drawing.draw([tmp_path / "in"], [clips]))
    assert {"disgust", "happiness"} <= set(shown)
    assert "surprise" in shown
    assert shown.count("none") == 1
    assert not any(clip in text for clip in lost for text in shown)


# --- datasets ------------------------------------------------------------------------------------------------------


def clip(number, subject="s1", emotion="disgust", **other):
    base = dict.fromkeys(fake.COLUMNS, "") | fake.TIMING
    return base | {"clip_id": f"x/{subject}/{number}", "dataset": "x", "subject": f"x/{subject}", "emotion": emotion,
                   "frames": f"{subject}/{number}"} | other  # fmt: skip


def titled(figure, start):
    """The one panel whose title begins with ``start``."""
    (panel,) = [ax for ax in figure.axes if ax.get_title(loc="left").startswith(start)]
    return panel


def test_a_dataset_is_counted_by_class_and_by_subject():
    rows = [clip(i, emotion=e) for i, e in enumerate(["disgust"] * 3 + ["fear"])] + [clip(9, "s2", "fear")]
    figure = dataset.draw(dataset.Dataset(rows, title="X"))
    assert "X: 5 clips of 2 subjects" in texts(figure)
    classes = titled(figure, "Clips per class")
    assert [tick.get_text() for tick in classes.get_yticklabels()] == ["disgust", "fear"]
    assert [note.get_text() for note in classes.texts] == ["3", "2"]
    subjects_panel = titled(figure, "Clips per subject: 2 subjects, median 2.5; 1 with a single clip (in red)")
    labels = subjects_panel.get_xticklabels()
    assert [label.get_text() for label in labels] == ["s1", "s2"]
    assert [label.get_color() for label in labels] == [style.INK, style.VERMILLION]
    assert [note.get_text() for note in subjects_panel.texts] == ["4", "1"]


def test_durations_count_both_ends_in_frames_and_seconds():
    rows = [clip(i, onset="1", offset=str(last)) for i, last in enumerate([50, 100, 120])]
    figure = dataset.draw(dataset.Dataset(rows))
    panel = titled(figure, "Duration: 1 of 3 clips (33%) are longer than 0.5 s (dashed)")
    assert "0.50 s = 100 frames" in texts(panel)
    assert sorted(panel.collections[0].get_offsets()[:, 0]) == [0.25, 0.5, 0.6]
    assert [axis.get_xlabel() for axis in panel.child_axes] == ["frames at 200 fps"]


def test_without_one_frame_rate_there_is_no_axis_of_frames_and_without_any_no_seconds():
    mixed = titled(dataset.draw(dataset.Dataset([clip(0), clip(1, fps="25")])), "Duration")
    assert not mixed.child_axes
    assert "frames" not in "".join(texts(mixed))
    none = titled(dataset.draw(dataset.Dataset([clip(0, fps=""), clip(1, fps="")])), "Duration")
    assert none.get_xlabel() == "frames"
    assert "50 frames" in texts(none)


def test_apexes_are_shown_by_where_they_come_from():
    rows = [clip(0, apex="21", onset="1", offset="101"), clip(1, apex="41", onset="1", offset="101"),
            clip(2, apex="51", onset="1", offset="101", apex_source="mid"),
            clip(3, apex="90", onset="1", offset="101", apex_source="flow_max")]  # fmt: skip
    panel = titled(dataset.draw(dataset.Dataset(rows)), "Apex between onset and offset")
    legend = [text.get_text() for text in panel.get_legend().get_texts()]
    assert legend == ["labelled (2)", "middle frame, none labelled (1)", "most motion, none labelled (1)",
                      "mean of labelled: 0.30"]  # fmt: skip


def test_clips_without_onset_leave_panels_out():
    pictures = {"onset": "", "apex": "", "offset": "", "apex_source": "", "fps": ""}
    figure = dataset.draw(dataset.Dataset([clip(i, f"s{i}", **pictures) for i in range(3)]))
    assert [ax.get_title(loc="left").split(":")[0] for ax in figure.axes] == ["Clips per class", "Clips per subject"]
    some = dataset.draw(dataset.Dataset([clip(0), clip(1, **pictures)]))
    assert titled(some, "Duration: known of 1 of 2 clips")


def test_an_emotion_keeps_its_colour_and_no_two_classes_share_one():
    assert clips.colours(["surprise", "disgust"])["disgust"] == clips.colours(["disgust", "fear"])["disgust"]
    names = ["disgust", "negative", "happiness", "unheard of"]
    assert len(set(clips.colours(names).values())) == 4


def spotting():
    rate = {"fps": "100"}
    rows = [clip(0, onset="120", offset="149", expression="micro", frames="v1", emotion="", **rate),
            clip(1, onset="300", offset="499", expression="macro", frames="v1", emotion="", **rate),
            clip(2, "s2", onset="10", offset="39", expression="micro", frames="v2", emotion="", **rate)]  # fmt: skip
    videos = [
        {"video_id": f"x/{s}/{v}", "subject": f"x/{s}", "first": first, "last": "1000", "fps": "100", "frames": v}
        for s, v, first in (("s1", "v1", "101"), ("s2", "v2", "1"), ("s2", "v3", "1"))
    ]
    return rows, videos


def test_a_spotting_set_shows_its_videos_with_their_expressions():
    figure = dataset.draw(dataset.Dataset(*spotting()))
    assert "2 micro- and 1 macro-expressions of 2 subjects" in texts(figure)
    panel = titled(figure, "3 videos, 2 with an expression")
    lines, macro, micro = panel.collections
    assert [segment[1, 0] for segment in lines.get_segments()] == [9.0, 10.0, 10.0]
    spans = [[sorted(set(path.vertices[:, 0])) for path in boxes.get_paths()] for boxes in (macro, micro)]
    assert spans[0] == [pytest.approx([1.99, 3.99])]  # from the first frame, 101
    assert spans[1] == [pytest.approx([0.19, 0.49]), pytest.approx([0.09, 0.39])]
    assert "micro-expression (2)" in texts(figure)


def test_micro_and_macro_expressions_of_a_class_are_told_apart():
    rows = [clip(i, expression="micro", onset="1", offset="40") for i in range(2)]
    rows += [clip(i, expression="macro", onset="1", offset="200") for i in range(2, 7)]
    figure = dataset.draw(dataset.Dataset(rows))
    assert [note.get_text() for note in titled(figure, "Clips per class; pale: macro-expressions").texts] == ["2 + 5"]
    panel = titled(figure, "Duration: 0 of 2 micro-expressions (0%) are longer than 0.5 s (dashed); hollow: macro")
    assert {"median of micro", "0.20 s = 40 frames"} <= set(texts(panel))


def test_many_videos_go_into_columns_that_fit_a_page():
    rows, videos = spotting()
    many = [videos[0] | {"video_id": f"x/s1/{i}", "frames": f"v{i}"} for i in range(956)]
    figure = dataset.draw(dataset.Dataset(rows, many))
    assert sum(ax.get_xlabel() == "seconds" for ax in figure.axes) == 4
    assert timeline.height(many) < 11


def test_a_dataset_plot_takes_title_and_origin_from_the_index(results, tmp_path):
    read = dataset.read(results / "datasets" / "casme2" / "clips.csv")
    assert (read.title, read.synthetic, read.videos) == ("casme2", True, [])
    assert any(MARKS["synthetic"] in t for t in texts(dataset.draw(read)))
    assert not any("SYNTHETIC" in t for t in texts(dataset.draw(dataset.Dataset(read.rows))))
    shutil.copytree(results / "datasets" / "casme2", tmp_path / "casme2")
    (tmp_path / "casme2" / "report.md").unlink()
    with pytest.raises(UserError, match=r"report.md, which says whether the data are synthetic .* run `mebench index`"):
        dataset.read(tmp_path / "casme2" / "clips.csv")


def test_the_order_of_the_clips_changes_no_byte(results, tmp_path):
    shutil.copytree(results / "datasets" / "casme2", tmp_path / "casme2")
    path = tmp_path / "casme2" / "clips.csv"
    plot("dataset", "--clips", path, "--out", tmp_path / "one")
    write_csv(path, fake.COLUMNS, read_csv(path)[::-1])
    plot("dataset", "--clips", path, "--out", tmp_path / "two")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_bad_input_is_one_clear_sentence(results, tmp_path):
    with pytest.raises(UserError, match="unknown plot 'confusions'.*did you mean 'confusion'"):
        plot("confusions", "--runs", *folders(results), "--out", tmp_path / "x")
    with pytest.raises(UserError, match="the plot input needs --inputs"):
        plot("flow", "--out", tmp_path / "x")
    with pytest.raises(UserError, match="the plot dataset needs --clips"):
        plot("dataset", "--out", tmp_path / "x")
    with pytest.raises(UserError, match="shows one dataset, but --clips names 2 files"):
        plot("dataset", "--clips", "a.csv", "b.csv", "--out", tmp_path / "x")
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
        drawing.draw([inputs], [clips])
    assert not list(tmp_path.glob("x.*"))
