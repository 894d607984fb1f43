"""The training loop: a batch in parts, memory that runs out, losses that stop being numbers, where clips come from."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from toy import data_of, loop_on

from mebench.config import recipes
from mebench.errors import UserError
from mebench.training import fold, normalise
from mebench.training.batches import OnDisk, ahead
from mebench.training.loop import Diverged, seed_all

PICTURES = {"channels": ["u", "v", "strain"], "range": "pixels", "kind": "apex_flow", "center": "none"}


def recipe(**changes) -> dict:
    return recipes.RECIPE | {"batch_size": 12, "lr": 1e-2, "epochs": 2} | changes


def clips(n: int = 30) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(n, 3, 4, 4, generator=torch.Generator().manual_seed(0)), torch.arange(n) % 3


def net(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(48, 16), nn.ReLU(), nn.Linear(16, 3))


def weights_after(model: nn.Module, epochs: int = 2, x=None, **changes) -> torch.Tensor:
    pictures, y = clips()
    loop = loop_on(model, recipe(**changes), pictures if x is None else x, y, list(range(24)), 3, PICTURES)
    for _ in range(epochs):
        loop.epoch()
    return nn.utils.parameters_to_vector(model.parameters()).detach()


@pytest.mark.parametrize("more", [{}, {"class_weights": "balanced", "label_smoothing": 0.1, "order": "balanced"}])
@pytest.mark.parametrize("parts", [2, 3, 5, 99])
def test_a_batch_in_parts_has_the_gradient_of_the_whole(parts, more):
    whole = weights_after(net(), **more)
    torch.testing.assert_close(weights_after(net(), accumulate=parts, **more), whole, rtol=1e-4, atol=1e-5)


class Own(nn.Module):
    """With a loss of its own that asks no criterion, so it knows nothing of class weights."""

    def __init__(self):
        super().__init__()
        self.net = net()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)

    def training_loss(self, x, y, criterion):
        logits = self.net(x)
        return F.cross_entropy(logits, y), logits


@pytest.mark.parametrize("parts", [1, 3, 5])
def test_class_weights_do_not_reach_a_loss_that_asks_no_criterion_in_parts_or_whole(parts):
    plain = weights_after(Own())
    weighted = weights_after(Own(), accumulate=parts, class_weights="balanced")
    torch.testing.assert_close(weighted, plain, rtol=1e-4, atol=1e-5)


class Hungry(nn.Module):
    """Cannot take more than ``most`` clips at a time. What a step that is begun anew must put back comes before that:
    draws of chance, and statistics of batches."""

    def __init__(self, most: int, error: type[Exception] = torch.OutOfMemoryError):
        super().__init__()
        self.net, self.drop, self.most, self.error, self.seen = net(), nn.Dropout(0.5), most, error, []
        self.norm = nn.BatchNorm2d(3, affine=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        noise = self.drop(torch.ones(1)) * random.random() * np.random.rand()
        x = self.norm(x)
        if len(x) > self.most:
            raise self.error("CUDA out of memory. Tried to allocate 2 GiB")
        self.seen.append(len(x))
        return self.net(x) + 0.1 * noise


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError])
def test_where_memory_runs_out_the_batch_is_split_and_the_result_is_that_of_planned_parts(error):
    model = Hungry(4, error)
    seed_all(7)
    short = weights_after(model, epochs=1)
    planned = Hungry(12)
    seed_all(7)
    torch.testing.assert_close(short, weights_after(planned, epochs=1, accumulate=4), rtol=0, atol=0)
    assert max(model.seen) <= 4
    torch.testing.assert_close(model.norm.state_dict(), planned.norm.state_dict(), rtol=0, atol=0)


def test_the_parts_are_kept_and_a_clip_that_does_not_fit_alone_is_out_of_memory():
    x, y = clips()
    loop = loop_on(Hungry(6), recipe(), x, y, list(range(24)), 0, PICTURES)
    loop.epoch()
    assert loop.parts == 2
    with pytest.raises(torch.OutOfMemoryError):
        loop_on(Hungry(0), recipe(), x, y, list(range(24)), 0, PICTURES).epoch()


def test_another_runtime_error_is_not_taken_for_a_lack_of_memory():
    class Broken(nn.Linear):
        def forward(self, x):
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    x, y = clips()
    with pytest.raises(RuntimeError, match="shapes"):
        loop_on(Broken(48, 3), recipe(), x, y, list(range(24)), 0, PICTURES).epoch()


def test_a_loss_that_is_no_number_stops_the_fold_and_says_where():
    x, y = clips()
    x[7] = float("nan")
    loop = loop_on(net(), recipe(batch_size=6, order="by_class"), x, y, list(range(24)), 0, PICTURES)
    # by class the rows are 0, 3, 6, ..., 21, then 1, 4, 7: clip 7 is the eleventh and in the second batch of six
    with pytest.raises(Diverged, match=r"nan in epoch 1, step 2 of 4.*lower lr"):
        loop.epoch()


def test_the_norm_of_the_gradient_is_clipped():
    x, y = clips()
    model = net()
    sgd = {"optimizer": "sgd", "momentum": 0.0, "lr": 1.0, "batch_size": 24, "clip_norm": 0.01}
    loop = loop_on(model, recipe(**sgd), x, y, list(range(24)), 0, PICTURES)
    before = nn.utils.parameters_to_vector(model.parameters()).detach().clone()
    loop.epoch()
    moved = nn.utils.parameters_to_vector(model.parameters()).detach() - before
    assert float(moved.norm()) == pytest.approx(0.01, rel=1e-4)


def test_the_last_batch_may_be_dropped():
    x, y = clips()
    seen = []
    model = nn.Sequential(nn.Flatten(), nn.Linear(48, 3))
    model.register_forward_hook(lambda *a: seen.append(len(a[1][0])))
    loop_on(model, recipe(batch_size=10, last_batch="drop"), x, y, list(range(24)), 0, PICTURES).epoch()
    loop_on(model, recipe(batch_size=50, last_batch="drop"), x, y, list(range(24)), 0, PICTURES).epoch()
    assert seen == [10, 10, 24]  # never the only one


def test_averaged_weights_predict():
    x, y = clips()
    model = net()
    loop = loop_on(model, recipe(ema=0.9, lr=0.1), x, y, list(range(24)), 0, PICTURES)
    for _ in range(3):
        loop.epoch()
    average = loop.ema.model
    assert not torch.equal(average[1].weight, model[1].weight)
    torch.testing.assert_close(loop.predict([25, 26]), F.softmax(average(x[[25, 26]]), dim=1).detach())


def test_augmentation_is_for_training_and_normalisation_comes_after_it():
    x, y = clips()
    seen = []
    model = nn.Sequential(nn.Flatten(), nn.Linear(48, 3))
    model.register_forward_hook(lambda *a: seen.append(a[1][0].detach().clone()))
    inputs = PICTURES | {"center": "train_mean"}
    loop = loop_on(
        model, recipe(augment="scale:2:2.0000001", batch_size=24, order="by_class"), x, y, list(range(24)), 0, inputs
    )
    loop.epoch()
    rows = sorted(range(24), key=lambda i: (int(y[i]), i))
    torch.testing.assert_close(seen[0], 2 * x[rows] - x[:24].mean(0))
    loop.predict([25])
    torch.testing.assert_close(seen[1], x[[25]] - x[:24].mean(0))


# --- clips on disk -------------------------------------------------------------------------------------------------


def stored(x: torch.Tensor) -> OnDisk:
    return OnDisk(len(x), lambda row, draw: x[row].numpy())


@pytest.mark.parametrize("center", ["none", "train_mean", "train_p99"])
def test_reading_from_disk_changes_nothing(center):
    x, y = clips()
    inputs = PICTURES | {"center": center}
    results = []
    for source in (x, stored(x)):
        model = net()
        loop = loop_on(model, recipe(), source, y, list(range(24)), 3, inputs)
        loop.epoch()
        results.append((nn.utils.parameters_to_vector(model.parameters()).detach(), loop.predict([24, 29])))
    torch.testing.assert_close(results[0][0], results[1][0])
    torch.testing.assert_close(results[0][1], results[1][1])


def test_frames_are_drawn_anew_in_each_epoch_and_never_in_evaluation():
    drawn = []

    def read(row, draw):
        drawn.append(None if draw is None else int(draw.integers(1000)))
        return np.zeros((3, 4, 4), np.float32)

    _, y = clips()
    loop = loop_on(net(), recipe(), OnDisk(30, read), y, list(range(24)), 3, PICTURES)
    drawn.clear()
    loop.epoch()
    first = drawn.copy()
    drawn.clear()
    loop.epoch()
    assert len(set(first)) > 20
    assert sorted(first) != sorted(drawn)
    drawn.clear()
    loop.predict([24, 25])
    assert drawn == [None, None]


def test_batches_that_are_read_ahead_come_in_order_and_an_error_of_the_reader_is_raised():
    assert [int(x) for x in ahead([[1], [2], [3]], lambda rows: torch.tensor(rows[0]))] == [1, 2, 3]
    assert list(ahead([], lambda rows: torch.tensor(rows))) == []
    with pytest.raises(UserError, match="gone"):
        list(ahead([[1]], lambda rows: (_ for _ in ()).throw(UserError("gone"))))


# --- normalisation -------------------------------------------------------------------------------------------------


def test_flow_is_scaled_by_the_99th_percentile_of_its_length_over_the_training_clips():
    x = torch.randn(20, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    train = list(range(15))
    done = normalise.fitted(x, train, "train_p99", ["texture_r", "u", "v", "strain"])(x)
    length = np.sort(x[train, 1].hypot(x[train, 2]).flatten().numpy())
    expected = length[int(np.ceil(0.99 * len(length))) - 1]
    torch.testing.assert_close(done[:, 1], (x[:, 1] / expected).clamp(-3, 3))
    torch.testing.assert_close(done[:, 2], (x[:, 2] / expected).clamp(-3, 3))
    assert torch.equal(done[:, 0], x[:, 0])
    strain = np.sort(x[train, 3].flatten().numpy())[int(np.ceil(0.99 * 15 * 64)) - 1]
    torch.testing.assert_close(done[:, 3], (x[:, 3] / strain).clamp(-3, 3))


def test_flow_that_never_moves_is_left_as_it_is():
    x = torch.zeros(4, 3, 2, 2)
    assert torch.equal(normalise.fitted(x, [0, 1], "train_p99", ["u", "v", "strain"])(x), x)


def test_flow_of_several_frames_is_scaled_by_that_of_all_of_them():
    x = torch.zeros(2, 5, 3, 4, 4)
    x[:, 4, 0], x[:, 4, 1] = 3, 4  # only the last frame moves
    done = normalise.fitted(x, [0], "train_p99", ["u", "v", "strain"])(x)
    torch.testing.assert_close(done[:, 4, 0], torch.full((2, 4, 4), 0.6))
    torch.testing.assert_close(done[:, 4, 1], torch.full((2, 4, 4), 0.8))


def test_only_flow_is_scaled_by_its_length():
    with pytest.raises(UserError, match="train_p99 scales flow by u and v, but the channels are r, g, b"):
        normalise.fitted(torch.zeros(2, 3, 4, 4), [0], "train_p99", ["r", "g", "b"])


# --- features that are computed once -------------------------------------------------------------------------------


class Cached(nn.Module):
    """A frozen layer whose features are computed once, and a head."""

    caches = True

    def __init__(self, seed: int = 5):
        super().__init__()
        self.frozen, self.head, self.calls = nn.Linear(48, 8), nn.Linear(8, 3), 0
        with torch.no_grad():
            self.frozen.weight.copy_(torch.randn(8, 48, generator=torch.Generator().manual_seed(seed)))
            self.frozen.bias.zero_()
        self.frozen.requires_grad_(False)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.frozen(x.flatten(1))

    def from_features(self, f: torch.Tensor) -> torch.Tensor:
        return self.head(f)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.from_features(self.features(x))


def test_features_are_computed_once_for_all_folds_with_the_same_frozen_weights():
    x, y = clips()
    data = data_of([*"abc"], ["d"] * 30, ["s"] * 30, [*"abc"], x, y, "")
    spec = {"model": "toy", "recipe": recipe(ema=0.5), "inputs": PICTURES}
    first, second, other = Cached(), Cached(), Cached(seed=6)
    for model in (first, second, other):
        loop = fold.loop_of(model, spec, data, y, list(range(24)), 0)
        loop.epoch()
        probabilities = loop.predict([24, 25])
        torch.testing.assert_close(probabilities, loop.ema.model(x[[24, 25]]).softmax(1).detach())
    assert [first.calls > 0, second.calls, other.calls > 0] == [True, 0, True]
    assert len(data.cache) == 2


def test_features_that_are_computed_once_cannot_be_augmented():
    x, y = clips()
    data = data_of([*"abc"], ["d"] * 30, ["s"] * 30, [*"abc"], x, y, "")
    spec = {"model": "toy", "recipe": recipe(augment="flip"), "inputs": PICTURES}
    with pytest.raises(UserError, match="computed once, which cannot be augmented"):
        fold.loop_of(Cached(), spec, data, y, list(range(24)), 0)


def test_features_that_are_computed_once_cannot_be_centred_anew_in_each_fold():
    x, y = clips()
    data = data_of([*"abc"], ["d"] * 30, ["s"] * 30, [*"abc"], x, y, "")
    spec = {"model": "toy", "recipe": recipe(), "inputs": PICTURES | {"center": "train_mean"}}
    with pytest.raises(UserError, match="center: train_mean, which each fold fits anew, cannot be had"):
        fold.loop_of(Cached(), spec, data, y, list(range(24)), 0)


# --- extra clips ---------------------------------------------------------------------------------------------------


def test_extra_clips_are_trained_on_but_never_of_the_subject_that_is_held_out_and_never_tested():
    subjects = ["a", "a", "b", "b", "c", "a", "b", "d"]  # the last three are extra; d has no other clip
    data = data_of([*"01234567"], ["d"] * 8, subjects, ["x"], torch.zeros(8, 1), torch.zeros(8), "", tested=5)
    folds = data.folds()
    assert folds == {"a": ([2, 3, 4, 6, 7], [0, 1]), "b": ([0, 1, 4, 5, 7], [2, 3]), "c": ([0, 1, 2, 3, 5, 6, 7], [4])}


# --- as MATLAB trains ------------------------------------------------------------------------------------------------


class Watched(nn.Module):
    """Remembers which clips each step of training saw: clip i is full of the number i."""

    def __init__(self):
        super().__init__()
        self.head, self.seen = nn.Linear(1, 3), []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        numbers = x.mean(dim=(1, 2, 3))
        if self.training:
            self.seen.append(sorted(numbers.round().int().tolist()))
        return self.head(numbers[:, None])


def batches_seen(train: int, epochs: int = 3, resumed: bool = False, **changes) -> list[list[int]]:
    """The batches of each epoch in turn; ``resumed``: the loop of the last epoch is another one, which goes on."""
    x, y = torch.arange(30.0)[:, None, None, None].expand(30, 3, 4, 4).clone(), torch.arange(30) % 3
    loops = [loop_on(Watched(), recipe(**changes), x, y, list(range(train)), 5) for _ in range(1 + resumed)]
    for _ in range(epochs - resumed):
        loops[0].epoch()
    if resumed:
        loops[1].load_state_dict(loops[0].state_dict())
        loops[1].epoch()
    return [batch for loop in loops for batch in loop.model.seen]


def test_shuffled_once_and_without_the_rest_every_epoch_sees_the_same_clips():
    """Of 20 clips and batches of 12: the same 12, which are not the first ones; the others are never trained on."""
    first, *others = batches_seen(20, order="once", last_batch="drop")
    assert len(first) == 12
    assert first != list(range(12))
    assert others == [first, first]
    assert batches_seen(20, order="once", last_batch="drop", resumed=True) == [first] * 3
    assert len(set(map(tuple, batches_seen(20, order="shuffled", last_batch="drop")))) == 3


def test_a_training_set_smaller_than_a_batch_is_one_batch():
    assert batches_seen(7, order="once", last_batch="drop") == [list(range(7))] * 3


def norm_net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.Flatten(), nn.Linear(16, 3)
    )


def test_batch_norm_predicts_with_the_statistics_of_the_training_set():
    """Mean and variance by hand, of rows that train and no other, whatever the batches were."""
    x, y = clips()
    loop = loop_on(norm_net(), recipe(batch_norm="training_set", last_batch="drop"), x, y, list(range(20)), 3)
    loop.epoch()
    predicted = loop.predict(list(range(20, 30)))
    maps = loop.model[1](loop.model[0](x[:20])).detach()
    norm = loop.model[2]
    torch.testing.assert_close(norm.running_mean, maps.mean(dim=(0, 2, 3)))
    torch.testing.assert_close(norm.running_var, maps.transpose(0, 1).flatten(1).var(dim=1))
    assert norm.momentum == 0.1
    assert not norm.training
    torch.testing.assert_close(predicted, loop.model(x[20:]).softmax(dim=1).detach())


def test_to_look_at_predictions_changes_no_training():
    """A fold whose test subject is peeked at ends as one that is not looked at."""
    x, y = clips()
    ends = []
    for looks in (True, False):
        loop = loop_on(norm_net(), recipe(batch_norm="training_set"), x, y, list(range(20)), 3)
        seed_all(1)  # of dropout
        for _ in range(3):
            loop.epoch()
            if looks:
                loop.predict([25, 26])
        ends.append(loop.predict([25, 26]))
    assert torch.equal(*ends)


def test_a_model_without_batch_norm_is_told_so():
    x, y = clips()
    with pytest.raises(UserError, match="training_set needs a model with batch norm, which Sequential has not"):
        loop_on(net(), recipe(batch_norm="training_set"), x, y, list(range(20)), 3)
