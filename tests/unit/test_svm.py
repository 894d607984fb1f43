"""The linear SVM that hand-crafted features share, and the two models that have it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.svm import LinearSVC

from mebench import cards
from mebench.config import recipes
from mebench.models import build
from mebench.models._svm import ABSENT, LinearSVM


def clouds(n=120, values=6, classes=3, spread=0.3, seed=0):
    """Features (n, values) around one unit vector per class, and the classes."""
    y = torch.arange(n) % classes
    x = torch.eye(classes, values)[y]
    return x + spread * torch.randn(n, values, generator=torch.Generator().manual_seed(seed)), y


def fitted(x, y, classes=3, C=1):
    svm = LinearSVM(classes, x.shape[1], C)
    svm.fit(x, y)
    return svm.eval()


def test_classes_that_can_be_separated_are():
    x, y = clouds(spread=0.1)
    assert torch.equal(fitted(x[:90], y[:90])(x[90:]).argmax(dim=1), y[90:])


def test_scores_are_the_margins_of_scikit_learn():
    x, y = clouds()
    svc = LinearSVC(C=1, dual=False).fit(x.double().numpy(), y.numpy())
    np.testing.assert_allclose(fitted(x, y)(x).numpy(), svc.decision_function(x.double().numpy()), rtol=1e-4, atol=1e-5)


def test_the_same_data_gives_the_same_planes_whatever_the_seed():
    x, y = clouds()
    torch.manual_seed(0)
    first = fitted(x, y).state_dict()
    torch.manual_seed(1)
    np.random.seed(1)
    second = fitted(x, y).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_the_state_carries_the_fit():
    x, y = clouds()
    svm, empty = fitted(x, y), LinearSVM(3, 6)
    assert not empty(x).any()
    empty.load_state_dict(svm.state_dict())
    assert torch.equal(empty(x), svm(x))


def test_a_second_fit_forgets_the_first():
    x, y = clouds()
    again = fitted(x, y)
    again.fit(x[y > 0], y[y > 0])
    assert torch.equal(again(x), fitted(x[y > 0], y[y > 0])(x))


@pytest.mark.parametrize("absent", [0, 1, 2])
def test_a_class_without_training_clips_is_never_chosen(absent):
    x, y = clouds()
    kept = y != absent
    scores = fitted(x[kept], y[kept])(x)
    assert (scores[:, absent] == ABSENT).all()
    assert torch.isfinite(scores).all()
    assert (scores[kept].argmax(dim=1) == y[kept]).float().mean() > 0.95
    assert not scores.softmax(dim=1)[:, absent].any()


def test_an_absent_class_among_four_leaves_the_others_in_place():
    x, y = clouds(classes=4)
    kept = y != 1
    scores = fitted(x[kept], y[kept], classes=4)(x[kept])
    assert (scores.argmax(dim=1) == y[kept]).float().mean() > 0.95


def test_a_single_class_is_the_answer():
    x, _ = clouds(n=9)
    assert fitted(x, torch.full((9,), 2))(x).argmax(dim=1).tolist() == [2] * 9


def test_a_larger_c_follows_the_training_clips_more_closely():
    x, y = clouds(n=30, values=40, spread=1.0)
    soft, hard = fitted(x, y, C=1e-4), fitted(x, y, C=10_000)
    assert hard.weight.norm() > 10 * soft.weight.norm()
    assert torch.equal(hard(x).argmax(dim=1), y)
    assert not torch.equal(soft(x).argmax(dim=1), y)


@pytest.mark.parametrize("name", ["lbp_top_svm", "bi_woof_svm"])
def test_c_is_an_option_of_the_models(name):
    inputs = {"lbp_top_svm": torch.rand(24, 1125), "bi_woof_svm": torch.rand(24, 3, 20, 20) - 0.5}[name]
    models = [build(name, num_classes=3, C=C) for C in (1, 10_000)]
    for model in models:
        model.fit(inputs, torch.arange(24) % 3)
    soft, hard = (next(b for key, b in model.named_buffers() if key.endswith("weight")) for model in models)
    assert hard.norm() > soft.norm()


@pytest.mark.parametrize(("codes", "values"), [("uniform", 1125), ("raw", 1200)])
def test_the_codes_change_the_input_and_the_planes(codes, values):
    resolved = recipes.resolve({"model": "lbp_top_svm", "codes": codes})
    assert resolved["inputs"].get("options", {"codes": "uniform"}) == {"codes": codes}
    assert (resolved["training"], resolved["recipe"]) == ("fit", {})
    model = build("lbp_top_svm", num_classes=5, **resolved["options"])
    assert model.weight.shape == (5, values)
    assert model(torch.rand(2, values)).shape == (2, 5)


def test_the_defaults_are_those_of_the_specifications():
    """Uniform codes in 25 blocks of 28 x 28, five by five blocks, C = 1 or 10,000 (docs/model-sources.md#lbp-top)."""
    lbp_top, bi_woof = (cards.card("models", name) for name in ("lbp_top_svm", "bi_woof_svm"))
    assert lbp_top["options"] == {"C": [1, 10000], "codes": ["uniform", "raw"]}
    assert bi_woof["options"] == {"C": [1, 10000], "blocks": [5, 6, 8]}
    assert ((lbp_top["inputs"]["size"] - 2) / 5, bi_woof["inputs"]["size"] / 5) == (28, 28)
