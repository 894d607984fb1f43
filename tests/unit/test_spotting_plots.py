"""Plots of spotting: what is counted, which recordings are shown, and the marks."""

from __future__ import annotations

import io

import fake_results
import fake_spotting as fake
import matplotlib.pyplot as plt
import numpy as np
import pytest

from mebench.errors import UserError
from mebench.metrics.intervals import Interval
from mebench.metrics.spotting import Counts, Video
from mebench.origins import MARKS
from mebench.plots import (
    all_recordings,
    durations_found,
    emotions,
    false_alarms,
    known_events,
    lengths,
    looks,
    precision_recall,
    recordings,
    runs,
    style,
    together,
)  # fmt: skip
from mebench.plots.spotted import Outcome, outcomes, scored, total
from mebench.protocols.tasks import TASKS
from mebench.report.tasks import task_part
from mebench.spotting.choices import Choices
from mebench.spotting.recording import Pace
from mebench.tables.scores import read_scores
from mebench.tasks import spotting

# what the other two show is known of models with a card
PLOTS = [name for name in spotting.CARD["plots"] if name not in ("curves", "cost", "seconds")]
A = Video("samm_long", "samm_long/006", "a")


@pytest.fixture(autouse=True)
def _no_figure_stays():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("spotted")
    fake.fill(root)
    fake.datasets(root)
    return root


@pytest.fixture(scope="module")
def task(root):
    folders = [root / "runs/tiny-spotting" / model / "seed0" for model in ("fixed", "sharp", "flat")]
    known = fake_results.statistics(root, "tiny-spotting", "strs", ("fixed", "sharp", "flat"))
    return runs.load(folders, [root / "datasets/samm_long/clips.csv"], [root / "events.csv"], known)


def of(task, name):
    return next(model for model in task.models if model.record.model == name)


def texts(figure):
    return [t.get_text() for t in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def test_hits_misses_and_false_alarms_are_those_of_the_scores(root, task):
    for score in read_scores(root / "scores/tiny-spotting.csv"):
        own = outcomes(of(task, score.model).runs[0])
        figures = tuple(int(score.metrics[name]) for name in ("tp", "fn", "fp"))
        assert score.part != "all" or total(own) == figures
    assert total(outcomes(of(task, "sharp").runs[0])) == (3, 2, 3)
    assert total(outcomes(of(task, "fixed").runs[0])) == (1, 4, 1)


def test_a_stricter_convention_moves_the_pictures_with_the_scores(tmp_path):
    folder = fake.run(tmp_path, "sharp", "Sharp", fake.SHARP)
    fake.score(tmp_path, [folder], iou=0.6, half_width=8, unit="positions")  # 9 of 17 frames are shared at best
    assert total(outcomes(runs.load([folder]).models[0].runs[0]))[:2] == (0, 5)


@pytest.mark.parametrize("plot", PLOTS)
def test_every_plot_is_drawn_marks_generated_data_and_has_the_same_bytes_twice(plot, task):
    files = io.BytesIO(), io.BytesIO()
    for file in files:
        figure = together.draw_task(plot, task)
        figure.set_layout_engine("none")  # which takes most of the time
        figure.savefig(file, format="svg", metadata={"Date": None})
        assert any(MARKS["synthetic"] in text for text in texts(figure))
    assert files[0].getvalue() == files[1].getvalue()


def test_shown_are_the_recordings_with_most_found_missed_and_added(task):
    sharp = [(why, one.outcome.video.video) for why, one in recordings.telling(scored(of(task, "sharp").runs[0]))]
    assert sharp == [("most found", "b"), ("most missed", "a"), ("most false alarms", "c")]
    flat = [(why, one.outcome.video.video) for why, one in recordings.telling(scored(of(task, "flat").runs[0]))]
    assert flat == [("most missed", "a")]  # a and b miss two each: the first by name
    assert [model.record.model for model, _ in recordings.shown_models(task)] == ["sharp", "flat"]


def test_no_recording_is_shown_twice_for_one_model(task):
    (one,) = [one for one in scored(of(task, "sharp").runs[0]) if one.outcome.video.video == "a"]
    assert [why for why, _ in recordings.telling([one])] == ["most found"]


def test_a_panel_has_the_curve_its_threshold_and_a_line_for_each_emotion(task):
    figure = recordings.draw(task)
    panel = figure.axes[0]
    assert "Sharp, most found: b, 2 found, 0 missed, 0 false alarms" in texts(figure)
    names = [label.get_text() for label in panel.get_yticklabels()]
    assert names[:2] == ["negative", "positive"]
    curve = panel.lines[1].get_ydata()
    assert np.nanmax(curve) == pytest.approx(max(curve[~np.isnan(curve)]))
    widths = sorted({patch.get_width() for patch in panel.patches})
    assert widths == [9.0]  # labels and predictions of nine frames


def test_all_recordings_have_a_page_for_each_subject_and_the_same_bytes_twice(task, tmp_path):
    pages = list(all_recordings.pages(task))
    assert [next(text for text in texts(page) if "Tiny" in text).split(":")[0] for page in pages] == [
        "samm_long/006", "samm_long/007"]  # fmt: skip
    assert sum("Sharp" in text for page in pages for text in texts(page)) == len(fake.TRUTH)
    one, two = (style.save_pages([next(all_recordings.pages(task))], tmp_path / name) for name in "ab")
    assert one.read_bytes() == two.read_bytes()
    assert b"CreationDate" not in one.read_bytes()


def test_controls_are_shown_where_there_is_nothing_else(root):
    only = runs.load([root / "runs/tiny-spotting/fixed/seed0"])
    assert "Fixed, most found: a, 1 found, 1 missed, 1 false alarm" in texts(recordings.draw(only))


def test_the_sweep_is_summed_and_the_scored_threshold_marked(task):
    sharp = precision_recall.sweep(of(task, "sharp").runs[0])
    assert (sharp.scored, sharp.chosen) == (Counts(3, 3, 2), 0.55)
    assert sharp.points[0.55] == sharp.scored
    assert len(sharp.points) == 21
    fixed = precision_recall.sweep(of(task, "fixed").runs[0])
    assert fixed.chosen is None
    assert set(fixed.points.values()) == {fixed.scored}
    shown = texts(precision_recall.draw(task))
    assert f"Sharp: AP {sharp.ap:.4f}" in shown
    assert any("never a way to choose p" in text for text in shown)


def test_overlaps_are_those_with_the_best_label():
    one = Outcome(A, Pace(1, 1, 60), (Interval(10, 19), Interval(15, 24)), (Interval(15, 24), Interval(40, 45)), ())
    assert lengths.best_overlaps([one]) == [1.0, 0.0]


def test_labels_are_counted_by_duration_found_or_missed(task):
    assert durations_found.lengths(of(task, "sharp")) == ([9, 9, 9], [9, 9])
    assert list(durations_found.bins([9, 9])) == [8.5, 9.5]
    edges = durations_found.bins([3, 60])
    assert len(edges) <= durations_found.MOST + 1
    assert (edges[0], edges[-1] >= 60.5) == (2.5, True)


def test_emotions_are_those_of_true_positives_of_recognised_classes(task):
    pairs = emotions.named(of(task, "sharp"))
    assert sorted(pairs) == [("negative", "negative"), ("negative", "negative"), ("negative", "positive")]
    counts = emotions.counted(pairs, ["negative"], ["negative", "positive"])
    assert counts.tolist() == [[2, 1]]
    shown = texts(emotions.draw(task))
    assert any("3 of 3 true positives" in text.replace("\n", " ") for text in shown)
    assert not any(text.startswith("Flat") for text in shown)


def test_causes_of_false_alarms(task):
    known = known_events.read(task.clips, task.events)
    assert dict(false_alarms.caused(of(task, "sharp"), known)) == {"macro": 1, "blink": 1, false_alarms.BESIDE: 1}
    assert dict(false_alarms.caused(of(task, "fixed"), known)) == {false_alarms.AGAIN: 1}
    assert "macro-\nexpression" in texts(false_alarms.draw(task))


def test_a_false_alarm_without_a_known_event_is_unknown(task):
    alarms = false_alarms.caused(of(task, "sharp"), {})
    assert alarms == {false_alarms.UNKNOWN: 2, false_alarms.BESIDE: 1}


def test_an_event_counts_where_half_of_the_shorter_is_shared():
    recording = Outcome(A, Pace(1, 1, 90), (), (), ())
    blink = [Interval(20, 29, "blink")]
    assert false_alarms.cause(Interval(1, 24), recording, blink) == "blink"
    assert false_alarms.cause(Interval(1, 23), recording, blink) == false_alarms.UNKNOWN
    both = [*blink, Interval(1, 60, "macro")]
    assert false_alarms.cause(Interval(1, 24), recording, both) == "macro"  # it shares more frames


def test_models_are_told_apart_in_grey_too(task):
    every = [look for _, look in looks.looks(task)]
    assert len({look.dashes for look in every}) == len({look.marker for look in every}) == len(every) == 3
    assert len({look.colour for look in every}) == 3
    assert [look.colour for model, look in looks.looks(task) if model.control] == [style.GREY]


def test_nothing_to_show_is_said(tmp_path):
    folder = fake.run(tmp_path, "flat", "Flat", fake.FLAT)
    fake.score(tmp_path, [folder])
    only = runs.load([folder])
    assert any("No false alarm" in text for text in texts(false_alarms.draw(only)))
    assert any("No emotion to show" in text for text in texts(emotions.draw(only)))


def test_files_that_are_not_there_are_one_sentence(tmp_path):
    folder = fake.run(tmp_path, "sharp", "Sharp", fake.SHARP)
    with pytest.raises(UserError, match=r"there is no .*stage.json; run `mebench score` for the task again"):
        recordings.draw(runs.load([folder]))
    fake.score(tmp_path, [folder])
    (folder / "sweep.csv").unlink()
    with pytest.raises(UserError, match=r"there is no .*sweep.csv; run `mebench score`"):
        precision_recall.draw(runs.load([folder]))
    clips, _ = fake.datasets(tmp_path)
    clips.with_name("videos.csv").unlink()
    with pytest.raises(UserError, match=r"there is no .*videos.csv, which says of which recording a clip is"):
        false_alarms.draw(runs.load([folder], [clips]))


def test_the_report_says_the_conventions_and_links_the_pages(root, monkeypatch):
    monkeypatch.setitem(TASKS, "tiny-spotting", fake.TASK | {"title": "Tiny", "protocol": "loso", "drop": {}})
    folder = root / "plots" / "tiny-spotting"
    folder.mkdir(parents=True, exist_ok=True)
    for name in spotting.CARD["plots"]:
        (folder / f"{name}.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    part = task_part(root, "tiny-spotting")
    assert part.pages == ()
    (folder / "all_recordings.pdf").write_bytes(b"%PDF")
    part = task_part(root, "tiny-spotting")
    assert [(path, title) for path, title, _ in part.pages] == [
        ("plots/tiny-spotting/all_recordings.pdf", "All recordings")]  # fmt: skip
    assert (part.unit, part.clips) == ("recordings", 4)
    for words in ("threshold p 0.55, fixed", "from the mean label of each fold's training subjects", "matcher greedy",
                  "IoU >= 0.5 of frames", "of negative, positive", "counts 0", "docs/spotting.md"):  # fmt: skip
        assert words in part.conventions


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"threshold": "inner"}, "threshold p chosen in each fold on subjects that it holds out"),
        ({"half_width": "all", "length": "median"}, "from the median label of all subjects, those of the test"),
        ({"half_width": 6, "intervals": "variable"}, "half-width k 6 positions; intervals of variable length"),
        ({"strict": True, "unit": "positions"}, "IoU > 0.5 of positions"),
        ({"absent": "skip", "recognised": ["negative"]}, "of negative, where a class in no true positive is left out"),
    ],
)  # fmt: skip
def test_choices_are_said_in_words(choice, words):
    assert words in Choices.read(fake.STAGE | choice).sentences(["negative", "positive"])
