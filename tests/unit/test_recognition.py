"""UF1, UAR and accuracy against golden vectors recomputed from public logs (docs/metrics.md#known-values)."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, f1_score
from slstt_matrices import SLSTT_MATRICES

from mebench.errors import UserError
from mebench.metrics.recognition import from_confusion, score

# STSTNet's own prediction log, 442 clips: confusion (rows truth neg/pos/sur), then acc, UF1, UAR, macro precision
STSTNET_LOG = {
    "full": (
        [[219, 22, 9], [40, 62, 7], [21, 3, 59]],
        {"accuracy": 0.7692, "uf1": 0.7353, "uar": 0.7186, "macro_precision": 0.7605},
    ),
    "smic": ([[54, 10, 6], [17, 30, 4], [14, 1, 28]], {"uf1": 0.6801, "uar": 0.6703, "macro_precision": 0.7013}),
    "casme2": ([[83, 5, 0], [12, 19, 1], [2, 0, 23]], {"uf1": 0.8382, "uar": 0.8190, "macro_precision": 0.8686}),
    "samm": ([[82, 7, 3], [11, 13, 2], [5, 2, 8]], {"uf1": 0.6588, "uar": 0.6415, "macro_precision": 0.6810}),
}
MAJORITY = {"full": ([250, 109, 83], 0.2408, 0.5656), "smic": ([70, 51, 43], 0.1994, 0.4268),
            "casme2": ([88, 32, 25], 0.2518, 0.6069), "samm": ([92, 26, 15], 0.2726, 0.6917)}  # fmt: skip


@pytest.mark.parametrize("part", STSTNET_LOG)
def test_golden_confusions_of_the_ststnet_log(part: str):
    matrix, expected = STSTNET_LOG[part]
    found = from_confusion(np.array(matrix))
    assert {key: round(found[key], 4) for key in expected} == expected


@pytest.mark.parametrize("task", SLSTT_MATRICES)
def test_the_recovered_matrices_of_slstt(task: str):
    matrix, uf1, uar, percent = SLSTT_MATRICES[task]
    found = from_confusion(np.array(matrix))
    assert (round(found["uf1"], 4), round(found["uar"], 4)) == (uf1, uar)
    assert round(100 * found["accuracy"], 2) == percent


def test_the_parts_of_the_log_add_up_to_the_full_matrix():
    parts = sum(np.array(STSTNET_LOG[part][0]) for part in ("smic", "casme2", "samm"))
    assert (parts == np.array(STSTNET_LOG["full"][0])).all()


@pytest.mark.parametrize("part", MAJORITY)
def test_majority_reference_levels(part: str):
    counts, uf1, accuracy = MAJORITY[part]
    found = from_confusion(np.array([[n, 0, 0] for n in counts]))
    assert (round(found["uf1"], 4), round(found["uar"], 4), round(found["accuracy"], 4)) == (uf1, 0.3333, accuracy)


labels = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), st.sampled_from("xy")), min_size=1, max_size=60
)


@given(labels)
def test_agrees_with_scikit_learn(rows):
    found = score([{"truth": t, "prediction": p} for t, p, _ in rows])
    truth, prediction = [t for t, _, _ in rows], [p for _, p, _ in rows]
    assert found["uf1"] == pytest.approx(f1_score(truth, prediction, average="macro"))
    assert found["accuracy"] == pytest.approx(np.mean(np.array(truth) == np.array(prediction)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        assert found["uar"] == pytest.approx(balanced_accuracy_score(truth, prediction))


@given(labels, st.randoms())
def test_the_order_of_rows_does_not_matter_and_parts_sum_to_the_whole(rows, random):
    rows = [{"truth": t, "prediction": p, "dataset": d} for t, p, d in rows]
    found = score(rows, "abc")
    random.shuffle(rows)
    assert score(rows, "abc") == found
    assert (sum(np.array(part["confusion"]) for part in found["parts"].values()) == found["confusion"]).all()


@given(st.lists(st.sampled_from("abc"), min_size=1))
def test_a_perfect_prediction_scores_one(truth):
    found = score([{"truth": t, "prediction": t} for t in truth])
    assert found["uf1"] == found["uar"] == found["accuracy"] == found["macro_precision"] == 1


def test_an_absent_class_does_not_lower_the_mean_and_a_missed_one_does():
    assert from_confusion(np.array([[2, 0, 0], [0, 2, 0], [0, 0, 0]]))["uf1"] == 1
    assert from_confusion(np.array([[2, 0, 0], [0, 2, 0], [1, 0, 0]]))["uar"] == pytest.approx(2 / 3)


def test_a_label_outside_the_label_set_is_named():
    with pytest.raises(UserError, match="row 2 has the prediction 'suprise'.*did you mean 'surprise'"):
        score(
            [{"truth": "surprise", "prediction": "surprise"}, {"truth": "surprise", "prediction": "suprise"}],
            ["negative", "surprise"],
        )
