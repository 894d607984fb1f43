"""The kind of task `spotting`: windows and their targets, what a fold draws and writes, and what is decoded from it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mebench import tasks
from mebench.config import stages
from mebench.errors import UserError
from mebench.metrics.intervals import Interval
from mebench.plan import Plan
from mebench.predicted import Predicted
from mebench.protocols.tasks import TASKS, task
from mebench.spotting import decoded
from mebench.spotting.choices import Choices
from mebench.spotting.half_width import half_width
from mebench.spotting.recording import Pace, as_text, from_text
from mebench.spotting.stitch import stitched
from mebench.tasks import spotting

TASK = {
    "name": "small-spotting", "kind": "spotting", "expression": "micro", "negatives": 0.5,
    "classes": ["negative", "positive"], "datasets": ["samm_long"],
    "labels": {"samm_long": {"anger": "negative", "happiness": "positive"}},
}  # fmt: skip
STAGE = spotting.CARD["stage"]


def clip(frames, onset, offset, emotion="anger", expression="micro"):
    subject = f"samm_long/{frames[:3]}"
    return {"clip_id": f"{subject}/{frames}_{onset}", "dataset": "samm_long", "subject": subject, "frames": frames,
            "onset": str(onset), "offset": str(offset), "emotion": emotion, "expression": expression}  # fmt: skip


def video(frames, last, windows, step=7, length=30):
    subject = f"samm_long/{frames[:3]}"
    return {"video_id": f"{subject}/{frames}", "dataset": "samm_long", "subject": subject, "video": frames,
            "frames": frames, "first": "1", "last": str(last), "windows": str(windows), "step": str(step),
            "shape": f"{windows}x10x{length}"}  # fmt: skip


@pytest.fixture
def kind():
    return tasks.kind_of(TASK)


def test_windows_of_all_recordings_of_the_subjects_with_a_label(kind):
    clips = [clip("006_1", 78, 127), clip("007_1", 8, 50, expression="macro")]
    videos = [video("006_1", 419, 3), video("006_2", 419, 3), video("007_1", 419, 3)]
    samples = kind.samples(clips, videos)
    assert [(row["clip_id"], row["window"], row["truth"]) for row in samples] == [
        *(("samm_long/006/006_1", str(i), "78..127 negative") for i in range(3)),
        *(("samm_long/006/006_2", str(i), "") for i in range(3)),
    ]
    assert samples[0]["frames"] == "60"
    with pytest.raises(UserError, match="no micro-expression in its 3 recordings"):
        kind.samples(clips[1:], videos)


def test_targets_are_the_class_strictly_between_onset_and_offset(kind):
    samples = kind.samples([clip("006_1", 78, 127), clip("006_1", 211, 260, emotion="")], [video("006_1", 300, 3)])
    targets = kind.targets(samples)
    assert targets.shape == (3, 30)
    assert list(np.flatnonzero(targets[0] == 0)) == list(range(12, 18))  # positions 11 and 18 are onset and offset
    assert list(np.flatnonzero(targets[1] == 0)) == [0, 1, 2]
    assert list(np.flatnonzero(targets[1] == 3)) == list(range(16, 22))  # an expression without an emotion
    assert set(targets[2][13:]) == {-1}  # the recording has 43 positions


def test_negatives_are_drawn_once_for_each_fold(kind):
    samples = [row | {"window": str(i)} for i, row in enumerate(
        kind.samples([clip("006_1", 8, 50)], [video("006_1", 4000, 38)]))]  # fmt: skip
    y = torch.from_numpy(kind.targets(samples))
    shown = [i for i in range(38) if (y[i] == 0).any()]
    drawn = kind.drawn(samples, y, list(range(38)), {"negatives": 4}, seed=3)
    assert set(shown) < set(drawn)
    assert len(drawn) == 5 * len(shown)
    assert drawn == kind.drawn(samples, y, list(range(38)), {"negatives": 4}, seed=3)
    assert drawn != kind.drawn(samples, y, list(range(38)), {"negatives": 4}, seed=4)
    assert len(kind.drawn(samples, y, list(range(38)), {"negatives": 99}, seed=3)) == 36  # two of the others stay out
    blank = [row | {"truth": ""} for row in samples]
    with pytest.raises(UserError, match="no training window with a frame between onset and offset"):
        kind.drawn(blank, y, list(range(38)), {}, seed=3)


def test_a_fold_writes_a_row_for_each_recording_and_one_array(kind):
    samples = kind.samples([clip("006_1", 78, 127)], [video("006_1", 419, 3), video("006_2", 300, 2)])
    predictions = np.arange(5 * 30 * 4, dtype=np.float64).reshape(5, 30, 4)
    rows, array = kind.written(samples, kind.targets(samples), predictions, samples)
    assert [(row["clip_id"], row["start"], row["count"]) for row in rows] == [
        ("samm_long/006/006_1", 0, 90), ("samm_long/006/006_2", 90, 60)]  # fmt: skip
    assert array.shape == (150, 4)
    assert rows[0]["train_mean"] == "7.000000"
    assert set(rows[0]) | {"fold", "seed"} == set(kind.columns())


def test_correct_stitching_takes_the_second_half_and_the_released_one_whole_windows_that_begin_a_batch():
    windows = np.array([[[10 * w + p] for p in range(4)] for w in range(3)], dtype=np.float32)
    assert list(stitched(windows)[:, 0]) == [0, 1, 2, 3, 12, 13, 22, 23]
    assert list(stitched(windows, "released", frozenset({0}))[:, 0]) == [0, 1, 2, 3, 12, 13, 22, 23]
    assert list(stitched(windows, "released", frozenset())[:, 0]) == [0, 0, 2, 3, 12, 13, 22, 23]
    assert list(stitched(windows, "released", frozenset({1}))[:, 0]) == [0, 0, 10, 11, 12, 13, 22, 23]


def test_half_widths_are_those_of_the_released_code():
    assert half_width(10.2) == 5  # SAMM Long Videos
    assert half_width(33.4) == 17  # CAS(ME)^3
    assert half_width(0) == 1


@given(st.lists(st.tuples(st.integers(0, 999), st.integers(1, 50), st.sampled_from(["", "negative", "others"]))))
def test_intervals_survive_their_text(found):
    intervals = sorted(Interval(onset, onset + length, emotion) for onset, length, emotion in found)
    assert from_text(as_text(intervals)) == intervals


def row(fold, name, truth, count=60, start=0, **more):
    return {"clip_id": f"samm_long/{fold}/{name}", "dataset": "samm_long", "subject": f"samm_long/{fold}", "fold": fold,
            "seed": "0", "video": name, "first": "1", "step": "1", "frames": "60", "windows": "1", "truth": truth,
            "types": ";".join("micro" for _ in from_text(truth)), "train_mean": "8.0", "train_median": "12.0",
            "intervals": "", "start": str(start), "count": str(count), **more}  # fmt: skip


def bump(middle, height=1.0, classes=3, emotion=0):
    numbers = np.zeros((60, 1 + classes), dtype=np.float32)
    numbers[:, 0] = np.maximum(0, height - np.abs(np.arange(60) - middle) / 8)
    numbers[:, 1 + emotion] = 1
    return numbers


def figures(predicted, **changed):
    rows = decoded.rows(predicted, ["negative", "positive"], Choices.read(STAGE | changed))
    return rows, decoded.figures(rows, ("negative", "positive"))


def test_intervals_and_figures_of_two_recordings():
    predicted = Predicted(
        [row("006", "a", "22..30 negative"), row("007", "b", "", start=60)], np.concatenate([bump(25), bump(40)])
    )
    rows, found = figures(predicted)
    intervals = [one for one in rows if one["what"] == "interval"]
    assert [(one["video"], one["onset"], one["offset"], one["emotion"]) for one in intervals] == [
        ("a", "22", "30", "negative"), ("b", "37", "45", "negative")]  # fmt: skip
    assert (found["tp"], found["fp"], found["fn"]) == (1, 1, 0)
    assert found["f1_spotting"] == pytest.approx(2 / 3)
    assert found["f1_with_me"] == 1
    assert found["f1_recognition"] == 0.5  # the class positive is in no true positive and counts as 0
    assert figures(predicted, recognised=["negative"])[1]["f1_recognition"] == 1
    assert {one["half_width"] for one in intervals} == {"4"}
    assert {one["half_width"] for one in figures(predicted, length="median")[0] if one["what"] == "interval"} == {"6"}
    assert {one["half_width"] for one in figures(predicted, half_width=9)[0] if one["what"] == "interval"} == {"9"}


def test_intervals_that_a_model_predicts_itself_are_taken_as_they_are():
    given = [row("006", "a", "22..30 negative", count=0, intervals="22..30 negative;50..58 positive")]
    rows, found = figures(Predicted(given, np.zeros((0, 4), dtype=np.float32)))
    assert [one["onset"] for one in rows if one["what"] == "interval"] == ["22", "50"]
    assert (found["tp"], found["fp"], found["fn"]) == (1, 1, 0)


def test_intervals_without_emotions_have_no_figure_of_recognition():
    given = [row("006", "a", "22..30 negative", count=0, intervals="22..30;50..58")]
    _, found = figures(Predicted(given, np.zeros((0, 4), dtype=np.float32)))
    assert (found["tp"], found["fp"], found["fn"]) == (1, 1, 0)
    assert {found[name] for name in ("strs", "f1_recognition", "uf1", "uar", "strs_with_me")} == {None}


def test_the_inner_threshold_comes_from_the_recordings_that_the_fold_held_out():
    low = bump(40, height=0.62)
    low[:, 0] += bump(12)[:, 0]
    held = Predicted([row("006", "h", "9..17 negative;37..45 negative")], low)
    tested = Predicted([row("006", "a", "22..30 negative")], bump(25), held)
    rows, _ = figures(tested, threshold="inner")
    chosen = {float(one["threshold"]) for one in rows if one["what"] == "interval"}
    assert max(chosen) < 0.4  # the lower bump is found at low thresholds alone
    high = Predicted([row("006", "h", "9..17 negative")], low)
    rows, _ = figures(Predicted(tested.rows, tested.array, high), threshold="inner")
    assert {float(one["threshold"]) for one in rows if one["what"] == "interval"} == {0.55}


def test_the_sweep_is_a_point_for_each_threshold():
    rows, found = figures(Predicted([row("006", "a", "22..30 negative")], bump(25)))
    points = [one for one in rows if one["what"] == "sweep"]
    assert len(points) == 21
    assert found["ap"] == 1
    assert found["f1_test_peek"] >= found["f1_spotting"]


@pytest.mark.parametrize("name", [name for name, one in TASKS.items() if one.get("kind") == "spotting"])
def test_a_task_of_spotting_is_whole(name):
    definition = task(name)
    assert set(definition["labels"][definition["datasets"][0]].values()) == set(definition["classes"])
    stages.check({"name": "spotting", **spotting.CARD}, definition.get("stage", {}), name, definition["classes"])


@pytest.mark.parametrize(
    ("stage", "sentence"),
    [
        ({"threshold": 2}, "threshold: 2; it may be inner or a number from 0 to 1"),
        ({"thresold": 0.5}, "unknown stage parameter 'thresold'"),
        ({"half_width": 0}, "half_width: 0; it may be train or all or a whole number from 1"),
        ({"clip": 1}, "clip: 1; it may be false or true"),
        ({"synergy": True}, "synergy: true; it may be 0 or 1 or 2"),
        ({"recognised": ["joy"]}, "recognised: ['joy']; it may be a list of classes of the task"),
    ],
)
def test_a_wrong_choice_is_one_sentence(stage, sentence):
    with pytest.raises(UserError) as error:
        stages.check({"name": "spotting", **spotting.CARD}, stage, "the task mine", ["negative"])
    assert sentence in str(error.value)


def test_frames_that_no_window_covers_are_positions_after_the_last_score():
    assert Pace(1, 7, 60).position(1) == 0
    assert Pace(1, 7, 60).positions(Interval(8, 20)) == Interval(1, 2)


CONFIG = """
datasets: {samm_long: {source: synthetic}}
tasks: [{name: sammlv-spotting, stage: {threshold: 0.4, iou: 0.3}}]
models:
  - {model: me_tst, preset: small}
  - {name: boosting, model: me_tst, variant: boosting, size: small}
  - {name: mine, model: me_tst, variant: boosting, size: small, stage: {threshold: 0.7, intervals: fixed}}
"""


def test_a_model_entry_has_the_last_word_on_the_stage_and_its_folds_are_those_of_any_other(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG)
    plan = Plan.load(path)
    stages = {model: plan.arguments.stage_parameters("sammlv-spotting", model) for model in plan.configuration.entries}
    chosen = ("threshold", "iou", "intervals", "length", "synergy", "recognised")
    named = ["negative", "positive", "surprise"]
    assert {model: [stage[key] for key in chosen] for model, stage in stages.items()} == {
        "me_tst": [0.4, 0.3, "fixed", "mean", 2, named],
        "boosting": [0.4, 0.3, "variable", "median", 1, named],
        "mine": [0.7, 0.3, "fixed", "median", 1, named],
    }
    specs = {run.model: {**run.spec, "label": ""} for run in plan.runs}
    assert specs["boosting"] == specs["mine"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("intervals: fixed", "interval: fixed", "'mine' has the unknown stage parameter 'interval'"),
        ("threshold: 0.7", "threshold: inner", "threshold: inner, which is chosen on subjects that each fold"),
        ("iou: 0.3", "iou: 3", "the task sammlv-spotting has the stage parameter iou: 3"),
        ("stage: {threshold: 0.7, intervals: fixed}", "stage: 3", "'mine' has stage: 3; write a mapping"),
        ("me_tst, preset: small}", "ststnet}", "'ststnet' serves recognition, but no task of this configuration"),
        ("[{name: sammlv-spotting, stage: {threshold: 0.4, iou: 0.3}}]", "[sammlv-spotting, samm-3]",
         "the task samm-3 needs the dataset samm"),
        ("samm_long: {source: synthetic}}", "samm_long: {source: synthetic}, smic: {source: synthetic}}\ntables: []",
         ""),
    ],
)  # fmt: skip
def test_a_wrong_configuration_of_spotting_is_one_sentence(tmp_path, old, new, sentence):
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG.replace(old, new))
    if not sentence:
        assert Plan.load(path).runs
        return
    with pytest.raises(UserError) as error:
        Plan.load(path)
    assert sentence in str(error.value)


def test_a_task_that_no_model_serves_is_one_sentence(tmp_path):
    changes = {
        "tasks: [": "tasks: [smic-3, ",
        "{samm_long": "{smic: {source: synthetic}, samm_long",
        "small}": "small, tasks: [sammlv-spotting]}",
        "fixed}}": "fixed}, tasks: [sammlv-spotting]}",
    }
    text = CONFIG
    for old, new in changes.items():
        text = text.replace(old, new)
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match="no model entry is for the task smic-3: none serves its kind, recognition"):
        Plan.load(path)
