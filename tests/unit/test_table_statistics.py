"""Statistics of tables: intervals, letters, differences and power beside the figures, from the predictions of runs."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import fake_results as fake
import fake_spotting
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_tables_of_models import configured, made, score

from mebench import cli, tables
from mebench.errors import UserError
from mebench.files import read_json, write_json
from mebench.metrics import pooled
from mebench.metrics.average_precision import interpolated_ap, interpolated_aps
from mebench.metrics.over_hits import recognition
from mebench.metrics.recognition import from_confusion
from mebench.runs.tallies import tallied
from mebench.spotting.subject_tallies import PAIRS, formulas
from mebench.statistics import table_statistics
from mebench.statistics.comparison import DEFAULT, compare
from mebench.statistics.counts import Counts
from mebench.statistics.families import family
from mebench.statistics.intervals import intervals
from mebench.statistics.ranks_of_tables import ranks_of_tables
from mebench.statistics.summary import Result, summary

FEW = replace(DEFAULT, resamples=299)
CONFIG = "config.yaml"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The files of a table of two complete models, one of them peeked, an incomplete one and a control."""
    folder = tmp_path_factory.mktemp("table")
    fake.fill(folder / "results", "licensed")
    for seed in (0, 1):
        fake.run(folder / "results", "htnet", seed, wrong=2, origin="licensed")
    models = ["ststnet", "off_apexnet", "htnet", "majority"]
    configured(folder, models=models)
    score(folder, *models)
    return folder, made(folder, "megc2019", "--config", str(folder / CONFIG))


@pytest.fixture(scope="module")
def statistics(results):
    return table_statistics.read(results[0] / "t.statistics.json")


def rows(files, name):
    return list(csv.DictReader(io.StringIO(files[name].decode())))


def counts_of(folder, model):
    return tallied(model, {seed: folder / f"results/runs/{fake.TASK}/{model}/seed{seed}" for seed in (0, 1)}, "last")


def test_every_figure_of_the_table_has_the_value_and_the_interval_of_its_predictions(results, statistics):
    folder, files = results
    own = intervals(counts_of(folder, "ststnet"))["uf1"]
    found = statistics.figure("ststnet", "last", "all", "uf1")
    assert (found.low, found.high) == (round(own.low, 6), round(own.high, 6))
    (row,) = (
        r for r in rows(files, ".csv") if (r["model"], r["selection"], r["block"]) == ("ststnet", "last", "measured")
    )
    assert float(row["all_uf1_mean"]) == pytest.approx(found.value, abs=1e-6)
    assert row["all_uf1_low"] == f"{found.low:.6f}"
    assert row["all_uf1_spread_subjects"] == f"{found.spread_subjects:.6f}"
    assert found.spread_seeds == pytest.approx(float(row["all_uf1_sd"]), abs=1e-6)


def test_a_part_is_a_slice_of_the_same_predictions(results, statistics):
    whole = counts_of(results[0], "htnet")
    matrix = whole.part("smic").table[0].sum(axis=0)
    first = [statistics.figure("htnet", "last", part, "uar").value for part in ("all", "casme2", "smic")]
    means = [np.mean([pooled.uar(k) for k in one.table.sum(axis=1)]) for one in (whole, whole.part("casme2"),
                                                                               whole.part("smic"))]  # fmt: skip
    assert first == pytest.approx(means, abs=1e-6)
    assert matrix.sum() == 8, "two subjects of smic with four clips each"


def test_letters_are_of_complete_honest_models_alone_and_the_rest_says_why(results, statistics):
    _, files = results
    assert set(statistics.letters()) == {("ststnet", "last"), ("htnet", "last")}
    reasons = {(one.model, one.selection): one.reason for one in statistics.without}
    assert reasons.keys() == {("off_apexnet", "last"), ("ststnet", "test_peek")}
    assert "folds are not all done" in reasons["off_apexnet", "last"]
    peeked = statistics.figure("ststnet", "test_peek", "all", "uf1")
    assert peeked.low is not None
    assert statistics.figure("majority", "last", "all", "uf1").low is not None
    assert statistics.figure("off_apexnet", "last", "all", "uf1") is None
    text = files[".md"].decode()
    assert "OFF-ApexNet: its folds are not all done, so that it has no intervals and no letter." in text
    assert "Ranks and letters: some results have 2 seeds" in text
    assert "Ties: models that share a letter" in text


def test_how_much_peeking_adds_has_an_interval(results, statistics):
    (one,) = (own for own in statistics.inflation if own.part == "all")
    honest, peeked = (
        statistics.figure("ststnet", selection, "all", "uf1").value for selection in ("last", "test_peek")
    )
    assert one.difference == pytest.approx(peeked - honest, abs=2e-6)
    assert one.low < one.difference < one.high
    assert f"Choosing the epoch on the test subjects adds {one.difference:+.3f} [" in results[1][".html"].decode()


def test_differences_are_those_of_compare(results, statistics):
    folder, files = results
    a, b = counts_of(folder, "ststnet"), counts_of(folder, "htnet")
    own = compare(a, b)
    (pair,) = statistics.family().pairs
    assert (pair.a, pair.b) == ("ststnet", "htnet")
    assert (pair.difference, pair.p_permutation) == (round(own.difference, 6), round(own.p_permutation, 6))
    assert (pair.low, pair.high, pair.p_mcnemar) == (round(own.low, 6), round(own.high, 6), None)
    listed = rows(files, ".differences.csv")
    assert [row["part"] for row in listed] == ["all", "casme2", "smic"]
    assert listed[0]["difference"] == f"{pair.difference:.6f}"
    assert {one.part for one in statistics.families} == {"all", "casme2", "smic"}


def test_classes_are_folded_away_in_html_and_in_a_csv_of_their_own(results):
    _, files = results
    page = files[".html"].decode()
    assert page.count("<details") == 2
    assert "precision of surprise" in page
    assert "weighted F1" in page
    assert not any("of surprise" in files[end].decode() for end in (".tex", ".md", ".csv"))
    listed = {(r["model"], r["part"], r["metric"]) for r in rows(files, ".figures.csv") if r["selection"] == "last"}
    assert {("htnet", "smic", f"recall:{name}") for name in fake.CLASSES} <= listed
    assert ("majority", "all", "weighted_f1") in listed


def test_the_same_runs_give_the_same_bytes_and_the_reader_gives_what_was_written(results, statistics):
    folder, files = results
    again = made(folder, "megc2019", "--config", str(folder / CONFIG))
    assert again == files
    table_statistics.write(statistics, folder / "copy")
    assert (folder / "copy.statistics.json").read_bytes() == files[".statistics.json"]


def test_the_order_of_results_changes_nothing(results, monkeypatch):
    monkeypatch.setattr("mebench.statistics.summary.POWER_STUDIES", 10)
    folder, _ = results
    own = [Result(name, "last", counts_of(folder, name), True) for name in ("ststnet", "htnet", "majority")]
    assert summary("t", own, FEW) == summary("t", own[::-1], FEW)


def test_a_table_of_scores_that_are_not_those_of_the_predictions_is_an_error(tmp_path, capsys):
    fake.fill(tmp_path / "results", "licensed")
    configured(tmp_path, models=["ststnet", "majority"])
    score(tmp_path, "ststnet", "majority")
    path = tmp_path / f"results/scores/{fake.TASK}/majority.json"
    write_json(path, [{**one, "uf1": 0.9} for one in read_json(path)])
    assert cli.main(["tables", "megc2019", "--out", str(tmp_path / "t"), "--config", str(tmp_path / CONFIG)])
    said = capsys.readouterr().err
    assert "majority has the uf1 0.900000 on all in its scores" in said
    assert "score its runs again" in said
    assert not list(tmp_path.glob("t.*"))


def test_a_model_without_predictions_has_no_intervals_and_the_table_says_so(tmp_path):
    folder = tmp_path
    fake.fill(folder / "results", "licensed")
    configured(folder, models=["ststnet", "majority"])
    score(folder, "ststnet", "majority")
    for seed in (0, 1):
        (folder / f"results/runs/{fake.TASK}/majority/seed{seed}/predictions.csv").unlink()
    files = made(folder, "megc2019", "--config", str(folder / CONFIG))
    assert "Majority class: its predictions are not there, so that it has no intervals." in files[".md"].decode()
    assert "Ties" not in files[".html"].decode().partition("<table")[2], "one model is no tie"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (lambda kept: kept.pop("families"), "lacks families"),
        (lambda kept: kept["figures"][0].update(extra=1), "is not as this version writes it"),
    ],
)
def test_a_file_of_another_version_is_one_clear_sentence(results, tmp_path, changed, message):
    kept = json.loads(results[1][".statistics.json"])
    changed(kept)
    (tmp_path / "x.statistics.json").write_text(json.dumps(kept))
    with pytest.raises(UserError, match=message):
        table_statistics.read(tmp_path / "x.statistics.json")


def test_a_kind_of_task_that_counts_nothing_of_subjects_has_tables_without_intervals(tmp_path, monkeypatch):
    monkeypatch.delattr("mebench.tasks.recognition.tally")
    fake.fill(tmp_path / "results", "licensed")
    configured(tmp_path, models=["ststnet", "majority"])
    score(tmp_path, "ststnet", "majority")
    text = made(tmp_path, "megc2019", "--config", str(tmp_path / CONFIG))[".md"].decode()
    assert "Majority class: its kind of task counts nothing of subjects, so that it has no intervals." in text
    assert "In brackets" not in text


# --- results that are given


FOLDS = Path(__file__).parents[2] / "docs/megc2019-flow-folds.csv"
FIVE = ("htnet", "off_apexnet", "off_apexnet-meb", "vit_tiny-28", "resnet18-28")


@pytest.fixture(scope="module")
def five(tmp_path_factory):
    """The table of the five networks on real flow pictures whose counts are kept, one of them peeked too."""
    rows = [f"{run}::last={FOLDS}::run={run},epochs=last" for run in FIVE]
    return made(tmp_path_factory.mktemp("five"), "megc2019-flow", "--results", *rows,
                f"htnet::test_peek={FOLDS}::run=htnet,epochs=peeked")  # fmt: skip


def test_the_counts_of_five_networks_give_a_table_with_intervals_of_five_ties(five):
    """UF1 and the intervals of the first two are those of docs/megc2019-flow.md."""
    own = {(r["model"], r["selection"]): r for r in rows(five, ".csv") if r["block"] == "measured"}
    assert {(key, row["letters"]) for key, row in own.items()} == {
        *(((run, "last"), "a") for run in FIVE), (("htnet", "test_peek"), "")
    }  # fmt: skip
    assert own["htnet", "last"]["all_uf1_mean"][:6] == "0.7145"
    for part in ("all", "smic", "casme2", "samm"):
        for row in own.values():
            low, value, high = (float(row[f"{part}_uf1_{name}"]) for name in ("low", "mean", "high"))
            assert low < value < high
    differences = [row for row in rows(five, ".differences.csv") if row["part"] == "all"]
    assert len(differences) == 10
    assert all(float(row["p_holm"]) > 0.05 for row in differences)
    text = five[".md"].decode()
    assert "adds +0." in text
    assert "some results have one seed" in text
    assert "HTNet †" in text


def test_an_unknown_selection_is_shown_and_neither_ranked_nor_given_a_letter(tmp_path):
    rows_of = [f"{run}={FOLDS}::run={run},epochs=last" for run in FIVE[:2]]
    own = rows(made(tmp_path, "megc2019-flow", "--results", *rows_of), ".csv")
    own = [row for row in own if row["block"] == "measured"]
    assert [(row["selection"], row["rank"], row["letters"]) for row in own] == [("unknown", "", "")] * 2
    assert all(row["all_uf1_low"] for row in own)


def test_a_confusion_matrix_alone_has_neither_interval_nor_letter_and_the_table_says_so(tmp_path):
    (tmp_path / "matrix.csv").write_text("truth,negative,positive\nnegative,3,1\npositive,2,4\n")
    (tmp_path / "mine.yaml").write_text("title: T\ntask: smic-3\nparts: {all: All}\ncolumns: [[all, uf1, UF1]]\n")
    files = made(tmp_path, str(tmp_path / "mine.yaml"), "--results", f"mine::last={tmp_path}/matrix.csv")
    assert "mine: a confusion matrix alone does not say whose clips are right" in files[".md"].decode()
    (row,) = rows(files, ".csv")
    assert (row["all_uf1_mean"][:5], row["all_uf1_low"], row["letters"]) == ("0.696", "", "")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("htnet", "is no row; write MODEL::SELECTION=FILE"),
        (f"htnet::lats={FOLDS}", "did you mean 'last'"),
        (f"htnet::last={FOLDS}::run=htne", "has no row with run=htne"),
    ],
)
def test_a_result_that_cannot_be_meant_is_one_clear_sentence(tmp_path, capsys, row, message):
    assert cli.main(["tables", "megc2019-flow", "--out", str(tmp_path / "t"), "--results", row])
    assert message in capsys.readouterr().err


# --- average ranks


def ranked(task: str, **values: float) -> table_statistics.TableStatistics:
    figures = tuple(table_statistics.Figure(name, "last", task, "all", "uf1", value, None, None, None, None, 3)
                    for name, value in values.items())  # fmt: skip
    names = tuple(sorted(values, key=lambda name: -values[name]))
    own = table_statistics.TableFamily(task, "all", "uf1", names, ("a",) * len(names), (), "")
    return table_statistics.TableStatistics(task, task, "uf1", 0.95, 9, "subject", 0.02, figures, (own,))


def test_average_ranks_are_of_the_models_that_have_a_score_on_each_task():
    of_tables = [ranked("one", a=0.9, b=0.8, c=0.7), ranked("two", a=0.5, b=0.6), ranked("three", a=0.4, b=0.2, d=0.9),
                 ranked("four", d=0.1)]  # fmt: skip
    (found,) = ranks_of_tables(of_tables)
    assert (found.tasks, found.ranks.models) == (("one", "three", "two"), ("a", "b"))
    assert found.ranks.average == pytest.approx((4 / 3, 5 / 3))
    assert found.ranks.critical_difference == pytest.approx(1.960 * np.sqrt(2 * 3 / (6 * 3)), abs=1e-3)
    assert ranks_of_tables(of_tables[::-1])[0].ranks.average == found.ranks.average
    assert ranks_of_tables(of_tables[:1]) == ranks_of_tables([of_tables[3], of_tables[0]]) == []


@pytest.mark.parametrize("end", tables.ENDS)
def test_every_file_of_a_table_says_which_table_it_is_of(end):
    assert tables.table_of_file(f"my.own.{end}") == "my.own"


# --- letters and power of results that differ


def simulated(name: str, right: float, seeds: int = 1) -> Counts:
    """Confusion counts of 20 subjects with 9 clips each, of which a share is right."""
    random = np.random.default_rng([len(name), 3])
    shares = np.full((3, 3), (1 - right) / 2) + np.eye(3) * (right - (1 - right) / 2)
    table = random.multinomial(3, shares, (seeds, 20, 3))
    subjects = tuple(f"a/{k:02}" for k in range(20))
    return Counts(name, tuple(fake.CLASSES), tuple(map(str, range(seeds))), subjects, ("a",) * 20, table)


def test_models_that_differ_have_other_letters_and_power_is_said():
    own = [Result(name, "last", simulated(name, right), True) for name, right in (("weak", 0.4), ("better", 0.9))]
    found = summary("t", own, FEW)
    assert (found.families[0].names, found.families[0].letters) == (("better", "weak"), ("a", "b"))
    assert found.families[0].letters == family([one.counts for one in own], FEW).letters
    (power,) = found.power
    assert power.models == ("better", "weak")
    assert 0.02 < power.low <= power.difference <= power.high < 0.5


def test_where_less_is_better_the_least_is_the_first():
    results = [simulated(name, right) for name, right in (("weak", 0.4), ("better", 0.9))]
    for sign, names, share in ((1, ("better", "weak"), 1.0), (-1, ("weak", "better"), 1.0)):
        found = family(results, replace(FEW, sign=sign))
        assert found.names == names
        assert found.pairs[0].comparison.probability_a_better == share


def test_models_that_cannot_be_compared_have_no_letters():
    whole = simulated("whole", 0.6)
    unknown = replace(whole, name="sum", subjects=("all clips",), strata=("all",), by_subject=False,
                      table=whole.table.sum(axis=1, keepdims=True))  # fmt: skip
    found = summary("t", [Result("whole", "last", whole, True), Result("sum", "last", unknown, True)], FEW)
    assert (found.families, found.power) == ((), ())
    assert {one.model: one.low is None for one in found.figures} == {"whole": False, "sum": True}


def test_power_is_that_of_the_ranking_figure_or_not_said():
    """Where fewer than two models have the ranking figure, all are compared by the next one, and no power is said."""
    own = [Result(name, "last", simulated(name, right), True) for name, right in (("weak", 0.4), ("better", 0.9))]
    found = summary("t", own, replace(FEW, metric="strs"), ("uf1",))
    assert [one.metric for one in found.families] == ["uf1"]
    assert found.power == ()


def test_figures_of_one_class_are_computed_once_and_alike():
    counts = simulated("any", 0.6, seeds=2)
    named = counts.metrics
    matrices = counts.table.sum(axis=1)
    together = pooled.evaluated(named, matrices)
    assert {name: values.tolist() for name, values in together.items()} == {
        name: metric(matrices).tolist() for name, metric in named.items()
    }
    assert together["uf1"].tolist() == [pytest.approx(from_confusion(one)["uf1"]) for one in matrices]


# --- spotting


@pytest.mark.parametrize("absent", ["zero", "skip"])
def test_figures_of_recognition_are_those_of_pairs_of_emotions(absent):
    classes = ("negative", "positive", "surprise")
    random = np.random.default_rng(5)
    for _ in range(20):
        pairs = [
            (classes[a], (*classes, "other")[b]) for a, b in random.integers(0, (2, 4), (random.integers(0, 6), 2))
        ]
        expected = recognition(pairs, classes, absent)
        matrix = np.zeros((3, 4), dtype=int)
        for label, predicted in pairs:
            matrix[classes.index(label), (*classes, "other").index(predicted)] += 1
        tp, fp, fn, of_labelled = len(pairs), 3, 2, 1
        counts = np.array([tp, fp, fn, of_labelled, *matrix.ravel()])
        found = {name: float(metric(counts)) for name, metric in formulas(3, absent == "skip", True, False).items()}
        f1 = 2 * tp / (2 * tp + fp + fn)
        assert found["f1_spotting"] == pytest.approx(f1)
        assert found["f1_with_me"] == pytest.approx(2 * tp / (2 * tp + of_labelled + fn))
        for name in ("f1_recognition", "uf1", "uar"):
            assert found[name] == pytest.approx(expected[name]), name
        assert found["strs"] == pytest.approx(f1 * expected["f1_recognition"])
    assert counts[PAIRS:].sum() == tp


@pytest.mark.parametrize("stage", [{}, {"unit": "positions", "absent": "skip", "matcher": "optimal", "iou": 0.3}])
def test_sums_over_subjects_give_the_figures_of_spotting_whether_files_are_read_or_scores_decoded(tmp_path, stage):
    folders = fake_spotting.fill(tmp_path, **stage)
    scores = {one["model"]: one for one in read_json(tmp_path / "scores/tiny-spotting.json") if one["part"] == "all"}
    for folder in folders:
        model = folder.parent.name
        read_back = tallied(model, {0: folder}, "last")
        assert {"ap", "f1_test_peek"} <= read_back.metrics.keys()
        (folder / "intervals.csv").unlink()
        decoded = tallied(model, {0: folder}, "last")
        assert (read_back.table == decoded.table).all()
        for name, metric in read_back.metrics.items():
            assert metric(read_back.table.sum(axis=1))[0] == pytest.approx(scores[model][name]), (model, name)
    assert decoded.subjects == ("samm_long/006", "samm_long/007")


def test_a_sweep_of_before_subjects_were_named_is_made_again_of_the_scores(tmp_path):
    folder, *_ = fake_spotting.fill(tmp_path)
    before = tallied("any", {0: folder}, "last").table
    path = folder / "sweep.csv"
    rows = list(csv.DictReader(path.read_text().splitlines()))
    names = [name for name in rows[0] if name != "subject"]
    path.write_text("\n".join([",".join(names), *(",".join(row[name] for name in names) for row in rows)]) + "\n")
    assert (tallied("any", {0: folder}, "last").table == before).all()


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 8)), min_size=1, max_size=12))
def test_the_area_below_many_curves_is_that_below_each(points):
    curves = np.array([points, points[::-1]]) / 8
    expected, best, right = 0.0, 0.0, 0.0
    for recall, precision in sorted(curves[0].tolist(), reverse=True):  # step by step, from the right
        expected += best * (right - recall)
        right, best = recall, max(best, precision)
    expected += best * right
    assert interpolated_ap(map(tuple, curves[0].tolist())) == pytest.approx(expected)
    assert interpolated_aps(curves[..., 0], curves[..., 1]).tolist() == [pytest.approx(expected)] * 2


def test_models_that_spot_are_compared_on_the_same_labels_alone(tmp_path):
    sharp, flat, _ = (tallied(folder.parent.name, {0: folder}, "last") for folder in fake_spotting.fill(tmp_path))
    found = compare(sharp, flat, replace(FEW, metric="f1_spotting"))
    assert (found.difference, found.b) == (found.a, 0)
    assert found.a > 0.5
    assert (found.exact, found.p_permutation) == (True, 1.0), "without its false alarms in 007 sharp is better still"
    with pytest.raises(UserError, match="has 4 labels in sharp and 3 in flat"):
        compare(sharp, replace(flat, table=flat.table - np.eye(1, flat.table.shape[2], 2, dtype=int)))
