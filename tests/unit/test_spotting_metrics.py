"""Matchers, counts and STRS against values computed by hand, published counts, and properties (docs/spotting.md)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mebench.metrics.average_precision import interpolated_ap
from mebench.metrics.intervals import Interval, Passes, iou
from mebench.metrics.matchers import MATCHERS
from mebench.metrics.over_hits import recognition
from mebench.metrics.spotting import Convention, Counts, Located, Video, match, score

# predictions, labels, and (TP, FP, FN) of each matcher, by hand
BY_HAND = {
    "one label found twice": (
        [(90, 124), (107, 141)],
        [(100, 133)],
        {"greedy": (1, 1, 0), "strs": (1, 1, 0), "megc2020": (1, 1, 0), "optimal": (1, 1, 0), "reuse": (2, 0, -1)},
    ),
    "labels that overlap": (
        [(101, 131), (100, 131)],
        [(100, 130), (104, 134)],
        {"greedy": (1, 1, 1), "strs": (2, 1, 0), "megc2020": (2, 0, 0), "optimal": (2, 0, 0), "reuse": (4, 0, -2)},
    ),
    "two halves": (
        [(100, 139)],
        [(100, 119), (120, 139)],
        {"greedy": (1, 0, 1), "strs": (2, 0, 0), "megc2020": (2, -1, 0), "optimal": (1, 0, 1), "reuse": (2, 0, 0)},
    ),
    "exactly one half": ([(0, 19)], [(10, 19)], dict.fromkeys(MATCHERS, (1, 0, 0))),
    "nothing predicted": ([], [(5, 9)], dict.fromkeys(MATCHERS, (0, 0, 1))),
    "no label": ([(0, 9)], [], dict.fromkeys(MATCHERS, (0, 1, 0))),
}
EMOTIONS = ("happiness", "others", "repression")


def intervals(pairs) -> list[Interval]:
    return [Interval(*pair) for pair in pairs]


def counts(predictions, labels, **convention) -> tuple[int, int, int]:
    found = match(predictions, labels, Convention(**convention)).counts
    return found.tp, found.fp, found.fn


def rows(pairs, video="v", dataset="d", kind="") -> list[Located]:
    return [Located(Video(dataset, "s", video), kind, Interval(*pair)) for pair in pairs]


@pytest.mark.parametrize("matcher", MATCHERS)
@pytest.mark.parametrize("case", BY_HAND)
def test_counts_by_hand(case, matcher):
    predictions, labels, expected = BY_HAND[case]
    assert counts(intervals(predictions), intervals(labels), matcher=matcher) == expected[matcher]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [((90, 124), (100, 133), 25 / 44), ((107, 141), (100, 133), 27 / 42), ((101, 131), (100, 130), 30 / 32),
     ((0, 19), (10, 19), 0.5), ((0, 9), (10, 19), 0), ((0, 9), (9, 9), 0.1), ((-3, 3), (0, 3), 4 / 7)],
)  # fmt: skip
def test_iou_counts_both_ends(one, other, expected):
    assert iou(Interval(*one), Interval(*other)) == iou(Interval(*other), Interval(*one)) == expected


def test_an_iou_that_is_a_decimal_counts_where_frames_give_it_exactly():
    """3 frames of 5 are 0.6, whatever the bits of 0.6."""
    labels, predictions = intervals([(1, 5)]), intervals([(3, 5)])
    assert counts(predictions, labels, passes=Passes(0.6)) == (1, 0, 0)
    assert counts(predictions, labels, passes=Passes(0.6, strict=True)) == (0, 1, 1)


@pytest.mark.parametrize(
    ("tp", "fp", "fn", "precision", "recall", "f1"),
    [
        (29, 1407, 130, 0.0202, 0.1824, 0.0364),  # MDMD, micro, SAMM-LV and CAS(ME)^2: He et al., arXiv 1912.11985
        (21, 5014, 36, 0.0042, 0.3684, 0.0082),
        (22, 334, 321, 0.0618, 0.0641, 0.0629),  # macro
        (109, 1414, 191, 0.0716, 0.3633, 0.1196),
        (26, 363, 133, 0.0668, 0.1635, 0.0949),  # MEAN, SAMM-LV
        (17, 206, 40, 0.0762, 0.2982, 0.1214),  # MEAN, CAS(ME)^2
        (159, 85, 85, 0.6516, 0.6516, 0.6516),  # MEAN, CASME II
        (6, 217, 202, 0.0269, 0.0288, 0.0278),  # baseline of MEGC2025, SAMM and CAS(ME)^3: arXiv 2506.15298
        (3, 115, 34, 0.0254, 0.0811, 0.0387),
        (12, 204, 45, 0.0556, 0.2105, 0.0879),  # SL-Swin, CAS(ME)^2 and SAMM-LV
        (33, 440, 126, 0.0698, 0.2075, 0.1044),
        (35, 496, 124, 0.0659, 0.2201, 0.1014),  # SL-Swin's stored notebook, SAMM-LV
        (51, 141, 108, 0.2656, 0.3208, 0.2906),  # BoostingVRME, SAMM-LV
        (52, 171, 107, 0.2332, 0.3270, 0.2723),  # replays of ME-TST+, SAMM-LV and CAS(ME)^3
        (76, 736, 777, 0.0936, 0.0891, 0.0913),
        (183, 321, 319, 0.3631, 0.3645, 0.3638),  # OF-FD, all of SAMM-LV
        (30, 6177, 27, 0.0048, 0.5263, 0.0096),  # LBP, CAS(ME)^2 and SAMM-LV
        (42, 1784, 117, 0.0230, 0.2642, 0.0423),
        (31, 908, 26, 0.0330, 0.5439, 0.0622),  # MDMO, CAS(ME)^2
    ],
)
def test_published_counts_give_the_published_figures(tp, fp, fn, precision, recall, f1):
    found = Counts(tp, fp, fn)
    assert (round(found.precision, 4), round(found.recall, 4), round(found.f1, 4)) == (precision, recall, f1)


@pytest.mark.parametrize(
    ("tp", "fp", "fn", "recognised", "strs"),
    [  # MEAN's table; baseline of MEGC2025, SAMM and CAS(ME)^3
        (159, 85, 85, 0.5927, 0.3862), (60, 97, 97, 0.5149, 0.1968), (31, 40, 40, 0.7470, 0.3261),
        (22, 49, 49, 0.6667, 0.2066), (17, 206, 40, 0.6667, 0.0809), (26, 363, 133, 0.5263, 0.0499),
        (6, 217, 202, 0.2222, 0.0062), (3, 115, 34, 0.2222, 0.0086),
    ],
)  # fmt: skip
def test_published_counts_and_recognition_give_the_published_strs(tp, fp, fn, recognised, strs):
    assert Counts(tp, fp, fn).f1 * recognised == pytest.approx(strs, abs=1e-4)


def test_megc2020_takes_found_labels_from_predictions_and_sums_types():
    """MEGC2020, SAMM-LV: 29 of 1436 micro and 22 of 356 macro predictions; all .0445. CAS(ME)^2 .0376."""
    assert round((Counts(29, 1436 - 29, 159 - 29) + Counts(22, 356 - 22, 343 - 22)).f1, 4) == 0.0445
    assert round((Counts(21, 5035 - 21, 57 - 21) + Counts(109, 1523 - 109, 300 - 109)).f1, 4) == 0.0376


def test_nothing_at_all_scores_0():
    assert (Counts().precision, Counts().recall, Counts().f1) == (0, 0, 0)


def test_strs_of_the_example_of_strs_metric():
    """Five predictions, three with IoU >= .5; others/others, and twice happiness/repression: STRS 0.2."""
    labels = rows([(10, 20, "others"), (30, 40, "happiness"), (50, 60, "happiness"), (70, 80, "repression"),
                   (90, 99, "others")])  # fmt: skip
    predictions = rows([(10, 19, "others"), (31, 40, "repression"), (50, 62, "repression"), (64, 69, "others"),
                        (200, 210, "others")])  # fmt: skip
    found = score(predictions, labels, Convention())
    assert (found["tp"], found["fp"], found["fn"], found["f1_spotting"]) == (3, 2, 2, 0.6)
    assert found["precision_recognition"] == found["recall_recognition"] == found["f1_recognition"] == 1 / 3
    assert found["strs"] == pytest.approx(0.2)


def test_strs_of_mean_on_samm_lv():
    """MEAN's table: TP 26, FP 363, FN 133; F1 .5263, UF1 .5018, UAR .4762, STRS .0499. These pairs give its figures."""
    table = [("negative", "negative", 13), ("negative", "others", 1), ("positive", "positive", 2),
             ("positive", "negative", 2), ("surprise", "negative", 2), ("others", "others", 6)]  # fmt: skip
    pairs = [(label, predicted) for label, predicted, number in table for _ in range(number)]
    found = recognition(pairs, ("negative", "positive", "surprise"))
    expected = {"precision_recognition": 0.5882, "recall_recognition": 0.4762, "f1_recognition": 0.5263, "uf1": 0.5018,
                "uar": 0.4762}  # fmt: skip
    assert {key: round(value, 4) for key, value in found.items()} == expected
    assert len(pairs) == 26
    assert round(Counts(26, 363, 133).f1 * found["f1_recognition"], 4) == 0.0499


def test_recognition_is_the_harmonic_mean_of_macro_precision_and_recall_and_not_uf1():
    """The baseline of MEGC2025 on CAS(ME)^3: P .3333, R .1667 -> F1 .2222, where UF1 is its own mean."""
    pairs = [("a", "a"), ("a", "b"), ("b", "c")]
    found = recognition(pairs, ("a", "b", "c"))
    assert found["precision_recognition"] == pytest.approx(1 / 3)
    assert found["recall_recognition"] == found["uar"] == pytest.approx(1 / 6)
    assert round(found["f1_recognition"], 4) == 0.2222
    assert found["uf1"] == pytest.approx(2 / 9)
    uneven = recognition([("a", "a")] * 8 + [("b", "a")] * 2 + [("b", "b")], ("a", "b"))
    assert uneven["uf1"] != pytest.approx(uneven["f1_recognition"])


def test_a_label_outside_of_the_classes_is_left_out_and_a_prediction_outside_is_a_miss():
    pairs = [("others", "a"), ("a", "others"), ("a", "a"), ("b", "b")]
    found = recognition(pairs, ("a", "b"))
    assert (found["precision_recognition"], found["recall_recognition"]) == (1, 0.75)


@pytest.mark.parametrize(
    ("pairs", "zero", "skip"),
    [([("a", "a"), ("b", "b")], 2 / 3, 1), ([("a", "a")], 1 / 3, 1), ([], 0, 0), ([("a", "b")], 0, 0),
     ([("others", "a")], 0, 0)],
)  # fmt: skip
def test_a_class_in_no_true_positive_counts_0_or_is_left_out(pairs, zero, skip):
    for absent, expected in (("zero", zero), ("skip", skip)):
        found = recognition(pairs, ("a", "b", "c"), absent)
        assert [found[key] for key in ("f1_recognition", "uf1", "uar")] == pytest.approx([expected] * 3), absent


def test_videos_without_a_label_count_under_all_only():
    predictions = [*rows([(0, 9)], "empty"), *rows([(0, 9)], "v")]
    labels = rows([(0, 9)], "v")
    assert score(predictions, labels, Convention())["fp"] == 1
    assert score(predictions, labels, Convention(videos="with_me"))["fp"] == 0


def test_types_are_matched_apart_and_videos_with_me_are_those_with_a_label_of_the_type():
    predictions = [*rows([(0, 9)], kind="micro"), *rows([(0, 9), (50, 59)], kind="macro")]
    labels = [*rows([(0, 9)], kind="macro"), *rows([(70, 79)], "w", kind="micro")]
    found = score(predictions, labels, Convention())
    assert {name: (one["tp"], one["fp"], one["fn"]) for name, one in found["types"].items()} == {
        "macro": (1, 1, 0), "micro": (0, 1, 1)}  # fmt: skip
    assert (found["tp"], found["fp"], found["fn"]) == (1, 2, 1)
    with_me = score(predictions, labels, Convention(videos="with_me"))
    assert (with_me["types"]["micro"]["fp"], with_me["fp"]) == (0, 1)


def test_datasets_are_pooled_and_each_part_is_the_score_of_the_part_alone():
    predictions = [*rows([(0, 9, "a"), (20, 29, "b")]), *rows([(0, 9, "c")], dataset="e")]
    labels = [*rows([(0, 9, "a"), (22, 29, "a")]), *rows([(0, 9, "c"), (40, 49, "d")], dataset="e")]
    found = score(predictions, labels, Convention())
    assert (found["tp"], found["fp"], found["fn"]) == (3, 0, 1)
    for name in ("d", "e"):
        alone = [[row for row in some if row.video.dataset == name] for some in (predictions, labels)]
        whole = score(*alone, Convention())
        assert found["parts"][name] == {key: value for key, value in whole.items() if key != "parts"}
    assert found["strs"] != pytest.approx((found["parts"]["d"]["strs"] + found["parts"]["e"]["strs"]) / 2)


def test_without_emotions_recognition_is_not_asked_for():
    for predictions, labels, emotions in (
        (rows([(0, 9, "a")]), rows([(0, 9)]), True),
        (rows([(0, 9)]), rows([(0, 9, "a")]), False),
    ):
        found = score(predictions, labels, Convention(), emotions)
        assert found["f1_spotting"] == 1
        assert {found[key] for key in ("f1_recognition", "uf1", "uar", "strs")} == {None}


def test_strs_is_0_where_nothing_is_spotted():
    found = score([], rows([(0, 9, "a")]), Convention())
    assert (found["f1_recognition"], found["strs"]) == (0, 0)


def test_neutral_predictions_are_deleted_before_or_after_matching():
    """A neutral prediction that took the label: deleted afterwards, the later one stays a false alarm."""
    predictions = intervals([(0, 9, "neutral"), (1, 10, "a"), (50, 59, "neutral")])
    labels = intervals([(0, 9, "a")])
    assert counts(predictions, labels) == (1, 2, 0)
    assert counts(predictions, labels, neutral="delete_then_match") == (1, 0, 0)
    assert counts(predictions, labels, neutral="match_then_delete") == (0, 1, 1)


def test_the_area_under_precision_over_recall():
    assert interpolated_ap([(0.5, 1.0), (1.0, 0.5)]) == pytest.approx(0.75)
    assert interpolated_ap([(0.2, 0.5), (0.4, 0.75), (0.4, 0.1)]) == pytest.approx(0.3)  # the best at 0.4 or more
    assert interpolated_ap([]) == interpolated_ap([(0.0, 0.0)]) == 0
    assert interpolated_ap([(1.0, 1.0), (1.0, 0.1), (0.1, 0.9)]) == 1


# --- properties -----------------------------------------------------------------------------------------------------

INTERVAL = st.builds(
    lambda onset, length, emotion: Interval(onset, onset + length, emotion),
    st.integers(-5, 40), st.integers(0, 15), st.sampled_from(EMOTIONS),
)  # fmt: skip
SOME = st.lists(INTERVAL, max_size=7)
CONVENTION = st.builds(
    Convention, matcher=st.sampled_from(sorted(MATCHERS)), videos=st.sampled_from(("all", "with_me")),
    absent=st.sampled_from(("zero", "skip")), passes=st.builds(Passes, st.sampled_from((0.3, 0.5)), st.booleans()),
)  # fmt: skip
FEW = settings(max_examples=60, deadline=None)


@FEW
@given(SOME, SOME, CONVENTION)
def test_true_positives_and_false_negatives_are_the_labels(predictions, labels, convention):
    found = match(predictions, labels, convention)
    assert found.counts.tp + found.counts.fn == len(labels)
    assert len(found.pairs) == found.counts.tp
    if convention.matcher in ("greedy", "optimal", "megc2020"):
        assert found.counts.tp + found.counts.fp == len(predictions)


@FEW
@given(st.data(), SOME, SOME, CONVENTION)
def test_the_order_of_rows_changes_nothing(data, predictions, labels, convention):
    predictions, labels = rows(predictions), rows(labels, "v") + rows(labels[:2], "w")
    shuffled = [data.draw(st.permutations(some)) for some in (predictions, labels)]
    assert score(*shuffled, convention) == score(predictions, labels, convention)


@FEW
@given(SOME, SOME, st.booleans())
def test_optimal_is_never_worse_than_greedy_and_is_one_to_one(predictions, labels, strict):
    passes = Passes(0.5, strict)
    assert counts(predictions, labels, passes=passes) <= counts(predictions, labels, matcher="optimal", passes=passes)
    best = counts(predictions, labels, matcher="optimal", passes=passes)[0]
    assert best == most_pairs(sorted(predictions), sorted(labels), passes)


def most_pairs(predictions, labels, passes) -> int:
    """The most pairs of any one-to-one matching, by trying all."""
    if not predictions:
        return 0
    first, rest = predictions[0], predictions[1:]
    with_first = [1 + most_pairs(rest, labels[:i] + labels[i + 1 :], passes)
                  for i, label in enumerate(labels) if passes(iou(first, label))]  # fmt: skip
    return max([most_pairs(rest, labels, passes), *with_first])


@FEW
@given(SOME, SOME, CONVENTION, st.integers(-100, 100))
def test_moving_predictions_and_labels_together_changes_nothing(predictions, labels, convention, shift):
    moved = [[one._replace(onset=one.onset + shift, offset=one.offset + shift) for one in some]
             for some in (predictions, labels)]  # fmt: skip
    assert match(*moved, convention) == match(predictions, labels, convention)


@FEW
@given(SOME, SOME, st.sampled_from(sorted(MATCHERS)))
def test_more_than_one_half_is_never_more_than_one_half_or_more(predictions, labels, matcher):
    strict = counts(predictions, labels, matcher=matcher, passes=Passes(0.5, strict=True))
    assert strict[0] <= counts(predictions, labels, matcher=matcher)[0]


@FEW
@given(SOME)
def test_the_labels_themselves_are_a_perfect_prediction(labels):
    """Labels that do not repeat, apart from each other."""
    apart = [one._replace(onset=100 * i + one.onset, offset=100 * i + one.offset) for i, one in enumerate(labels)]
    for matcher in MATCHERS:
        assert counts(apart, apart, matcher=matcher, passes=Passes(1.0)) == (len(apart), 0, 0)
