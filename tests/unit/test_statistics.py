"""Intervals, tests, ranks and power against published logs, and against SciPy, statsmodels and scikit-posthocs.

published_logs.csv has the counts of each subject in the prediction logs that the authors of STSTNet (442 clips) and of
CapsuleNet (435 clips) publish (docs/metrics.md#known-values).
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from scikit_posthocs import posthoc_nemenyi_friedman
from scipy.stats._resampling import BootstrapResult
from sklearn.metrics import precision_recall_fscore_support
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from mebench.errors import UserError
from mebench.metrics import pooled
from mebench.metrics.recognition import from_confusion
from mebench.statistics import intervals, permutation, power, reading, source
from mebench.statistics.comparison import Settings, compare
from mebench.statistics.counts import Clips, Counts
from mebench.statistics.families import family, holm, letters
from mebench.statistics.ranks import ranks
from mebench.statistics.resampling import draws

HERE = Path(__file__).parent
LOGS, FOLDS = HERE / "published_logs.csv", HERE.parents[1] / "docs/megc2019-flow-folds.csv"
CLASSES = ("negative", "positive", "surprise")
FEW = Settings(resamples=499)


def log(run: str) -> Counts:
    return reading.read(source.parse(f"{LOGS}::run={run}"))


def measured(run: str) -> Counts:
    return reading.read(source.parse(f"{FOLDS}::run={run},epochs=last"))


def counts(table: np.ndarray, strata: tuple[str, ...] | None = None, **more) -> Counts:
    seeds, subjects = tuple(map(str, range(len(table)))), tuple(f"a/{k:02}" for k in range(table.shape[1]))
    return Counts("A", CLASSES, seeds, subjects, strata or ("a",) * len(subjects), table, **more)


def random_counts(seed: int, subjects: int = 12, seeds: int = 1) -> np.ndarray:
    """Counts of subjects of unequal size, two of three clips predicted right."""
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 6, (subjects, 3))
    return random.multinomial(sizes, 0.5 * np.eye(3) + 1 / 6, (seeds, subjects, 3))


STSTNET, CAPSULENET, HTNET, RESNET = log("ststnet"), log("capsulenet"), measured("htnet"), measured("resnet18-28")

# --- published logs


@pytest.mark.parametrize(
    ("run", "part", "clips", "uf1", "uar", "macro_precision"),
    [
        ("ststnet", "all", 442, 0.7353, 0.7186, 0.7605),
        ("ststnet", "smic", 164, 0.6801, 0.6703, 0.7013),
        ("ststnet", "casme2", 145, 0.8382, 0.8190, 0.8686),
        ("ststnet", "samm", 133, 0.6588, 0.6415, 0.6810),
        ("capsulenet", "all", 435, 0.6520, 0.6506, None),
        ("capsulenet", "smic", 157, 0.5820, 0.5877, None),
        ("capsulenet", "casme2", 145, 0.7068, 0.7018, None),
        ("capsulenet", "samm", 133, 0.6209, 0.5990, None),
    ],
)
def test_published_logs_give_the_known_values(run, part, clips, uf1, uar, macro_precision):
    """STSTNet's paper prints the macro precision as UAR; CapsuleNet's has the values of its log."""
    own = log(run) if part == "all" else log(run).part(part)
    found = intervals.intervals(own, resamples=199)
    assert own.clip_count == clips
    assert (round(found["uf1"].value, 4), round(found["uar"].value, 4)) == (uf1, uar)
    assert macro_precision in (None, round(found["macro_precision"].value, 4))


@pytest.mark.parametrize(("run", "fold_means"), [("ststnet", (0.45, 0.6692, 0.7457)),
                                                 ("capsulenet", (0.4009, 0.6928, 0.7130))])  # fmt: skip
def test_the_mean_over_folds_is_another_figure(run, fold_means):
    """Absent classes as 0; over classes in truth or prediction; over classes in the truth."""
    table = log(run).table[0]
    by_class, there = pooled.f1(table), table.sum(axis=-1) > 0
    of_truth = np.where(there, by_class, 0).sum(axis=1) / there.sum(axis=1)
    means = np.nan_to_num(by_class).mean(), pooled.uf1(table).mean(), of_truth.mean()
    assert tuple(round(float(mean), 4) for mean in means) == fold_means


@pytest.mark.parametrize(
    ("part", "uf1", "accuracy"),
    [("all", 0.2408, 0.5656), ("smic", 0.1994, 0.4268), ("casme2", 0.2518, 0.6069), ("samm", 0.2726, 0.6917)],
)
def test_the_majority_class_is_at_its_level(part, uf1, accuracy):
    own = STSTNET if part == "all" else STSTNET.part(part)
    table = np.zeros_like(own.table)
    table[..., 0] = own.table.sum(axis=-1)
    found = intervals.intervals(replace(own, table=table), resamples=199)
    assert (round(found["uf1"].value, 4), round(found["accuracy"].value, 4)) == (uf1, accuracy)
    assert found["uar"].value == pytest.approx(1 / 3)
    assert found["precision:positive"].value is found["precision:positive"].low is None


@given(st.lists(st.integers(0, 4), min_size=9, max_size=9))
@settings(max_examples=50, deadline=None)
def test_formulas_of_many_matrices_are_those_of_one(cells):
    matrix = np.array(cells).reshape(3, 3)
    whole = {name: pooled.WHOLE[name](np.stack([matrix, matrix]))[1] for name in pooled.WHOLE}
    for name, value in from_confusion(matrix).items():
        assert whole[name] == pytest.approx(np.nan if value is None else value, nan_ok=True), name
    truth, prediction = (np.repeat(side.ravel(), matrix.ravel()) for side in np.indices((3, 3)))
    if matrix.sum():
        f1, weights = np.nan_to_num(pooled.f1(matrix)), matrix.sum(axis=1)
        expected = precision_recall_fscore_support(truth, prediction, labels=[0, 1, 2], zero_division=0)
        ours = [np.nan_to_num(formula(matrix)) for formula in (pooled.precision, pooled.recall, pooled.f1)]
        assert np.allclose(ours, expected[:3])
        assert whole["weighted_f1"] == pytest.approx(np.average(f1, weights=weights))


# --- intervals

# docs/megc2019-flow.md, made by SciPy's bootstrap of subjects without strata
PAGE = {"off_apexnet-meb": (0.660, 0.786), "htnet": (0.650, 0.779), "off_apexnet": (0.633, 0.765),
        "vit_tiny-28": (0.619, 0.758), "resnet18-28": (0.621, 0.743)}  # fmt: skip


@pytest.mark.parametrize("run", PAGE)
def test_the_intervals_of_the_page_of_real_figures(run):
    found = intervals.intervals(measured(run))["uf1"]
    assert (found.low, found.high) == pytest.approx(PAGE[run], abs=0.005)
    assert (found.method, found.unit, found.resamples, found.level) == ("expanded", "subject", 9999, 0.95)
    one = replace(measured(run), strata=("all",) * 68)
    plain = intervals.intervals(one, method="percentile")["uf1"]
    assert (plain.low, plain.high) == pytest.approx(PAGE[run], abs=0.0025)


@pytest.mark.parametrize("method", ["percentile", "bca"])
@pytest.mark.parametrize("strata", [("a",) * 12, ("a",) * 5 + ("b",) * 7])
def test_percentile_and_bca_are_those_of_scipy(method, strata):
    own = counts(random_counts(3), strata)
    ours = intervals.intervals(own, level=0.9, resamples=999, method=method)["uf1"]
    drawn = pooled.uf1(np.tensordot(draws(strata, 999), own.table[0], 1))
    places = [np.flatnonzero(np.array(strata) == name) for name in sorted(set(strata))]

    def statistic(*samples: np.ndarray, axis: int = -1) -> np.ndarray:
        return pooled.uf1(sum(own.table[0][sample].sum(axis=axis - 2 if sample.ndim > 1 else 0) for sample in samples))

    theirs = scipy.stats.bootstrap(
        places, statistic, n_resamples=0, confidence_level=0.9, method=method, paired=False,
        bootstrap_result=BootstrapResult(None, drawn, None),
    ).confidence_interval  # fmt: skip
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert ours.method == method


def test_the_expanded_interval_of_a_mean_is_close_to_students():
    """Accuracy where every subject has as many clips is a mean of subjects."""
    random = np.random.default_rng(5)
    right = random.binomial(20, 0.6, 15)
    table = np.zeros((1, 15, 3, 3), dtype=np.int64)
    table[0, :, 0, 0], table[0, :, 0, 1] = right, 20 - right
    found = intervals.intervals(counts(table))["accuracy"]
    expected = scipy.stats.ttest_1samp(right / 20, 0).confidence_interval()
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.006)
    plain = intervals.intervals(counts(table), method="percentile")["accuracy"]
    assert plain.low > found.low
    assert plain.high < found.high


def test_equal_runs_give_equal_bytes_whatever_the_order_of_rows(tmp_path):
    first, *rows = LOGS.read_text().splitlines()
    (tmp_path / "log.csv").write_text("\n".join([first, *reversed(rows)]))
    other = reading.read(source.parse(f"{tmp_path / 'log.csv'}::run=ststnet"))
    draws.cache_clear()
    assert intervals.intervals(other, resamples=199) == intervals.intervals(STSTNET, resamples=199)


def test_seeds_are_averaged_and_their_spread_stands_beside_that_of_subjects():
    table = random_counts(1, seeds=3)
    found = intervals.intervals(counts(table), resamples=499)["uf1"]
    by_seed = [intervals.intervals(counts(table[[k]]), resamples=499)["uf1"] for k in range(3)]
    values = [one.value for one in by_seed]
    assert found.value == pytest.approx(np.mean(values))
    assert found.spread_seeds == pytest.approx(np.std(values, ddof=1))
    assert found.seeds == 3
    assert by_seed[0].spread_seeds is None
    same = intervals.intervals(counts(table[[0, 0, 0]]), resamples=499)["uf1"]
    assert (same.low, same.high) == pytest.approx((by_seed[0].low, by_seed[0].high)), "seeds add no subjects"
    assert 0 < found.spread_subjects < 0.2


def test_an_oracle_has_no_spread_and_a_matrix_alone_no_interval():
    perfect = np.zeros((1, 6, 3, 3), dtype=np.int64)
    perfect[:, :, range(3), range(3)] = 2
    found = intervals.intervals(counts(perfect), resamples=199)["uf1"]
    assert (found.value, found.low, found.high, found.method) == (1, 1, 1, "percentile")
    table = STSTNET.table.sum(axis=1, keepdims=True)
    matrix = replace(STSTNET, table=table, subjects=("all clips",), strata=("all",), by_subject=False)
    alone = intervals.intervals(matrix)["uar"]
    assert (round(alone.value, 4), alone.low, alone.high, alone.unit, alone.resamples) == (0.7186, None, None, None, 0)


def test_strata_keep_their_subjects_and_draws_are_drawn_with_replacement():
    drawn = draws(("a",) * 5 + ("b",) * 7, 2000)
    assert (drawn[:, :5].sum(axis=1) == 5).all()
    assert (drawn[:, 5:].sum(axis=1) == 7).all()
    assert drawn[:, 0].var() == pytest.approx(5 * 0.2 * 0.8, rel=0.1)


# --- differences


def test_permutation_by_subject_is_that_of_scipy():
    for seed, subjects in ((0, 8), (1, 10)):
        a, b = (counts(random_counts(seed + k, subjects)) for k in (0, 10))
        sizes = a.table.sum(axis=-1, keepdims=True)
        b = replace(b, table=np.random.default_rng(seed).multinomial(sizes[..., 0], 0.2 * np.eye(3) + 4 / 15))

        def statistic(x: np.ndarray, y: np.ndarray, axis: int = -1, of=(a, b)) -> np.ndarray:
            both = np.concatenate([of[0].table[0], of[1].table[0]])
            left, right = (
                both[np.asarray(side, dtype=int)].sum(axis=axis - 2 if side.ndim > 1 else 0) for side in (x, y)
            )
            return pooled.uf1(left) - pooled.uf1(right)

        places = np.arange(subjects), np.arange(subjects) + subjects
        theirs = scipy.stats.permutation_test(places, statistic, permutation_type="samples", n_resamples=np.inf,
                                              alternative="two-sided", vectorized=True)  # fmt: skip
        ours = permutation.permutation(a, b, pooled.uf1)
        assert ours.exact
        # SciPy doubles the smaller tail, which is the same where exchanging all subjects mirrors the distribution
        assert ours.p == pytest.approx(min(1, theirs.pvalue), abs=1e-12)


def test_the_random_permutation_is_close_to_the_exact_one(monkeypatch):
    a, b = (counts(random_counts(4, 12, seeds=2)) for _ in range(2))
    b = replace(b, table=np.random.default_rng(0).multinomial(a.table.sum(axis=-1), 0.3 * np.eye(3) + 0.7 / 3))
    exact = permutation.permutation(a, b, pooled.uf1)
    monkeypatch.setattr(permutation, "PERMUTATIONS", 2047)
    drawn = permutation.permutation(a, b, pooled.uf1)
    assert (exact.exact, drawn.exact) == (True, False)
    assert drawn.p == pytest.approx(exact.p, abs=0.015)
    one = replace(b, table=b.table[:1], seeds=("0",))
    assert permutation.permutation(a, one, pooled.uf1).p == permutation.permutation(one, a, pooled.uf1).p


def clips_of(right: np.ndarray) -> Clips:
    names = tuple(f"c{k}" for k in range(len(right)))
    return Clips(names, ("a/00",) * len(right), ("negative",) * len(right), np.array([right]))


def test_mcnemar_is_the_exact_one_of_statsmodels():
    random = np.random.default_rng(0)
    right, other = random.random(90) < 0.7, random.random(90) < 0.5
    table = random_counts(2)
    a, b = (counts(table, clips=clips_of(one)) for one in (right, other))
    expected = mcnemar([[(right & other).sum(), (right & ~other).sum()],
                        [(~right & other).sum(), (~right & ~other).sum()]], exact=True).pvalue  # fmt: skip
    assert compare(a, b, FEW).p_mcnemar == pytest.approx(expected)
    assert compare(a, a, FEW).p_mcnemar == 1
    assert compare(a, counts(table), FEW).p_mcnemar is None, "counts do not say which clips"


def test_a_comparison_of_the_page():
    """docs/megc2019-flow.md: HTNet minus ResNet-18 is -0.012 to +0.075."""
    found = compare(HTNET, RESNET)
    assert found.difference == pytest.approx(0.7145 - 0.6846, abs=1e-4)
    assert (found.low, found.high) == pytest.approx((-0.012, 0.075), abs=0.005)
    assert (found.p_mcnemar, found.unit, found.exact) == (None, "subject", False)
    assert 0.1 < found.p_permutation < 0.25
    mirrored = compare(RESNET, HTNET)
    assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low))
    assert mirrored.p_permutation == found.p_permutation
    assert mirrored.probability_a_better + found.probability_a_better < 1
    wide = compare(HTNET, RESNET, Settings(region=0.5))
    assert wide.probability_a_better == 0


def test_a_result_beside_itself_does_not_differ():
    found = compare(HTNET, HTNET, FEW)
    assert (found.difference, found.low, found.high, found.p_permutation) == (0, 0, 0, 1)
    assert found.probability_a_better == 0


def test_results_on_other_clips_are_refused():
    with pytest.raises(UserError, match=r"the subject smic/s01 has 3 clips of negative .* and 2 clips of negative"):
        compare(STSTNET.part("smic"), CAPSULENET.part("smic"), FEW)
    with pytest.raises(UserError, match=r"the subject casme2/sub01 is in .* and not in .* \(52 such subjects\)"):
        compare(STSTNET, CAPSULENET.part("smic"), FEW)
    with pytest.raises(UserError, match=r"there is no metric 'uf2' \(did you mean 'uf1'"):
        compare(HTNET, RESNET, replace(FEW, metric="uf2"))


# --- families and ranks


def test_holm_is_that_of_statsmodels():
    p = [0.01, 0.04, 0.03, 0.005]
    assert holm(p) == pytest.approx([0.03, 0.06, 0.06, 0.02])  # Holm 1979, by hand
    assert holm([*p[:2], None, *p[2:]])[2] is None
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert holm([None]) == [None]


@given(
    st.integers(2, 5).flatmap(lambda n: st.lists(st.booleans(), min_size=n * (n - 1) // 2, max_size=n * (n - 1) // 2))
)
@settings(max_examples=40, deadline=None)
def test_two_results_share_a_letter_if_and_only_if_they_cannot_be_told_apart(differ):
    n = next(n for n in range(2, 6) if n * (n - 1) // 2 == len(differ))
    found = letters(n, [0.0 if one else 0.05 for one in differ])
    for (a, b), apart in zip(itertools.combinations(range(n), 2), differ, strict=True):
        assert (not set(found[a]) & set(found[b])) == apart


def test_a_family_has_its_best_first_and_warns_of_few_seeds():
    found = family([RESNET, HTNET, replace(STSTNET, name="STSTNet")], FEW)
    assert found.names[0] == "STSTNet"
    assert list(found.values) == sorted(found.values, reverse=True)
    assert found.letters == ("a", "a", "a")
    assert len(found.pairs) == 3
    assert all(pair.p_holm >= pair.comparison.p_permutation for pair in found.pairs)
    assert "one seed" in found.warning
    three = replace(HTNET, table=np.repeat(HTNET.table, 3, axis=0), seeds=("0", "1", "2"))
    assert family([three, replace(three, name="other")], FEW).warning == ""


def test_the_example_of_demsar():
    """Demsar 2006, Table 6: C4.5 with and without tuning on 14 data sets; average ranks, Friedman's statistic 9.28,
    and the critical difference of Nemenyi, 1.25."""
    auc = np.array([
        [0.763, 0.768, 0.771, 0.798], [0.599, 0.591, 0.590, 0.569], [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657], [0.882, 0.888, 0.886, 0.898], [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685], [0.583, 0.583, 0.563, 0.625], [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000], [0.940, 0.962, 0.965, 0.962], [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975], [0.957, 0.978, 0.946, 0.970],
    ])  # fmt: skip
    found = ranks(["plain", "m", "cf", "m+cf"], auc)
    assert dict(zip(found.models, found.average, strict=True)) == pytest.approx(
        {"m+cf": 1.964, "m": 2.000, "cf": 2.893, "plain": 3.143}, abs=5e-4
    )
    assert found.models[0] == "m+cf"
    assert found.critical_difference == pytest.approx(1.25, abs=0.005)
    assert found.p_friedman == pytest.approx(scipy.stats.friedmanchisquare(*auc.T).pvalue)
    assert found.p_nemenyi[0, 3] == pytest.approx(posthoc_nemenyi_friedman(auc).to_numpy()[3, 0])
    two = ranks(["a", "b"], auc[:, :2])
    assert two.p_friedman is None
    with pytest.raises(UserError, match="two tasks"):
        ranks(["a", "b"], auc[:1, :2])


# --- power


def test_a_study_has_the_difference_that_was_asked_for():
    for wanted in (0.03, 0.1, 0.2):
        share = power.share_for(RESNET, HTNET, pooled.uf1, wanted)
        study = power.Study(RESNET, HTNET, pooled.uf1, share)
        assert study.difference == pytest.approx(wanted, abs=1e-6)
    random = np.random.default_rng(0)
    for share in (0.4, -0.4):
        moved = power._changed(np.repeat(HTNET.table, 200, axis=0), share, power._error_shares(HTNET), random)
        assert (moved.sum(axis=-1) == HTNET.table.sum(axis=-1)).all()
        expected = power._moved(HTNET.table[0].sum(axis=0).astype(float), share, power._error_shares(HTNET))
        assert moved.sum(axis=1).mean(axis=0) == pytest.approx(expected, rel=0.1, abs=0.5)


def test_fewer_subjects_need_a_bigger_difference(monkeypatch):
    monkeypatch.setattr(power, "STUDIES", 60)
    monkeypatch.setattr(power, "EXCHANGES", 99)
    whole = power.detectable([HTNET, RESNET], seeds=1)
    assert 0.05 < whole.difference < 0.1
    assert whole == power.detectable([HTNET, RESNET], seeds=1)
    assert power.detectable([HTNET.part("smic"), RESNET.part("smic")], seeds=1).difference > whole.difference
    with pytest.raises(UserError, match="has 1 of the 2 seeds"):
        power.detectable([HTNET, RESNET], seeds=2)
    with pytest.raises(UserError, match="do not differ"):
        power.detectable([HTNET, HTNET], seeds=1)
