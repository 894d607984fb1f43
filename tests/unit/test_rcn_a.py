"""RCN-A: shapes and counts of the authors' code, the block that is used twice, and the map the classifier makes."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from toy import loop_on

from mebench import cards
from mebench.config import recipes
from mebench.models import build
from mebench.models.rcn_a import attention, bins, pooled


def flow(n: int = 4) -> torch.Tensor:
    return torch.rand(n, 3, 60, 60, generator=torch.Generator().manual_seed(0))


# counted from the authors' code: (feature maps, side of the map, classes) -> parameters
@pytest.mark.parametrize(
    ("variant", "classes", "count"),
    [("pool5", 3, 51139), ("pool5", 12, 65548), ("pool7", 3, 55747), ("readme", 3, 15331), ("meb", 3, 51139)],
)
def test_parameters(variant, classes, count):
    assert sum(p.numel() for p in build("rcn_a", num_classes=classes, variant=variant).parameters()) == count


@pytest.mark.parametrize(("variant", "maps", "side"), [("pool5", 64, 5), ("pool7", 64, 7), ("readme", 32, 5)])
def test_shapes(variant, maps, side):
    model, shapes = build("rcn_a", num_classes=3, variant=variant).eval(), {}
    for name, part in model.named_modules():
        part.register_forward_hook(
            lambda _, x, y, name=name: shapes.update({name: (tuple(x[0].shape[1:]), tuple(y.shape[1:]))})
        )
    model(flow(1))
    assert shapes["stem.0"] == ((3, 60, 60), (maps, 56, 56))
    assert shapes["stem"] == ((3, 60, 60), (maps, 28, 28))
    assert shapes["enter"] == shapes["again"] == ((maps, 28, 28), (maps, 28, 28))
    assert shapes["shrink"] == ((maps, 28, 28), (maps, 14, 14))
    assert shapes["head"] == ((maps * side * side,), (3,))


def test_the_block_is_applied_twice_with_the_same_weights():
    """With 1x1 = identity and a 3x3 that only keeps its centre: y0 = x, y1 = x + y0 = 2x, y2 = x + y1 = 3x."""
    model, seen = build("rcn_a", num_classes=3).eval(), []
    with torch.no_grad():
        for part in (model.enter, model.again):
            conv, middle = part[0], part[0].kernel_size[0] // 2
            conv.weight.zero_()
            conv.weight[range(64), range(64), middle, middle] = 1.0
            conv.bias.zero_()
            part[1].eps = 0.0  # running mean 0 and variance 1: the batch norm passes its input on
    model.stem.register_forward_hook(lambda _, x, y: seen.append(y))
    model.again.register_forward_hook(lambda _, x, y: seen.append(y))
    model(flow(2))
    assert len(seen) == 3
    torch.testing.assert_close(seen[1], 2 * seen[0])
    torch.testing.assert_close(seen[2], 3 * seen[0])


def test_the_steps_share_their_batch_statistics():
    model = build("rcn_a", num_classes=3).train()
    model(flow())
    counts = {name: int(part.num_batches_tracked) for name, part in model.named_modules() if hasattr(part, "momentum")}
    assert counts == {"stem.1": 1, "enter.1": 1, "again.1": 2}


def test_attention_by_hand():
    """One clip, two channels, two classes, a map of 2 x 2.

    Class 0 takes channel 0 only: mean over channels (0, 1, 2, 4) / 2, stretched to (0, 1/4, 1/2, 1).
    Class 1 takes channel 1 with -2: mean -(3, 1, 1, 0), minus its minimum (0, 2, 2, 3), stretched (0, 2/3, 2/3, 1).
    """
    x = torch.tensor([[[[0.0, 1.0], [2.0, 4.0]], [[3.0, 1.0], [1.0, 0.0]]]])
    weight = torch.tensor([[1.0] * 4 + [0.0] * 4, [0.0] * 4 + [-2.0] * 4])
    expected = torch.tensor([[[[0.0, 11 / 24], [7 / 12, 1.0]]]])
    torch.testing.assert_close(attention(x, weight), expected)


def test_attention_of_a_flat_map_is_zero_and_of_many_clips_is_that_of_each():
    assert attention(torch.ones(1, 4, 5, 5), torch.ones(3, 100)).tolist() == torch.zeros(1, 1, 5, 5).tolist()
    torch.manual_seed(0)
    x, weight = torch.rand(3, 4, 5, 5), torch.randn(2, 100)
    torch.testing.assert_close(attention(x, weight)[1:2], attention(x[1:2], weight))


@pytest.mark.parametrize("precision", [torch.float16, torch.bfloat16])
def test_the_map_stays_in_float32_at_lower_precision(precision):
    flat = attention(torch.ones(1, 4, 5, 5, dtype=precision), torch.ones(3, 100))
    assert flat.dtype == torch.float32
    assert not flat.any()


def test_the_logits_are_the_classifier_on_what_the_map_lets_through():
    """The layers in the order of the authors' code, with PyTorch's own adaptive pooling."""
    torch.manual_seed(0)
    model, x = build("rcn_a", num_classes=3).eval(), flow()
    features = F.max_pool2d(torch.relu(model.stem[1](model.stem[0](x))), 2)
    small = F.adaptive_avg_pool2d(features, 5)
    maps = []
    for row in model.head.weight:
        one = (small * row.reshape(64, 5, 5)).mean(dim=1)
        one = one - one.flatten(1).min(dim=1).values[:, None, None]
        maps.append(one / one.flatten(1).max(dim=1).values[:, None, None])
    y = model.enter(features)
    y = model.again(features + model.again(features + y))
    y = F.adaptive_avg_pool2d(F.max_pool2d(y, 2), 5) * torch.stack(maps).mean(dim=0)[:, None]
    theirs, ours = model.head(y.flatten(1)), model(x)
    torch.testing.assert_close(ours, theirs)
    # the map is not detached: the classifier's gradient has two ways
    for weight in (model.head.weight, model.stem[0].weight):
        wanted, got = (torch.autograd.grad(out.square().sum(), weight, retain_graph=True)[0] for out in (theirs, ours))
        torch.testing.assert_close(got, wanted, rtol=1e-3, atol=1e-4 * wanted.abs().max().item())


def test_the_map_has_a_gradient_to_the_classifier_and_to_the_features():
    """One channel and one class: the map at a place between minimum and maximum is (x w - low) / (high - low)."""
    x = torch.tensor([[[[0.0, 1.0], [2.0, 4.0]]]], requires_grad=True)
    weight = torch.tensor([[1.0, 1.0, 1.0, 1.0]], requires_grad=True)
    attention(x, weight)[0, 0, 1, 0].backward()  # 2 w2 / (4 w3) with low = 0 w0: d/dw2 = 1/2, d/dw3 = -1/2
    torch.testing.assert_close(weight.grad, torch.tensor([[0.0, 0.0, 0.5, -0.5]]))
    # d/dx2 = 1/4, d/dx3 = -2/16, d/dx0 = (2 - 4)/16
    torch.testing.assert_close(x.grad, torch.tensor([[[[-0.125, 0.0], [0.25, -0.125]]]]))


@pytest.mark.parametrize("size", [14, 28])
@pytest.mark.parametrize("parts", [5, 7])
def test_pooling_is_adaptive_average_pooling_and_so_is_its_gradient(size, parts):
    torch.manual_seed(0)
    x = torch.rand(2, 3, size, size, dtype=torch.double, requires_grad=True)
    up = torch.rand(2, 3, parts, parts, dtype=torch.double)
    weights = bins(size, parts).double()
    (ours,) = torch.autograd.grad(pooled(x, weights), x, up)
    (theirs,) = torch.autograd.grad(F.adaptive_avg_pool2d(x, parts), x, up)
    torch.testing.assert_close(pooled(x, weights), F.adaptive_avg_pool2d(x, parts), rtol=0, atol=1e-7)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-7)


def test_bins_by_hand():
    """Seven numbers in three parts: 0..2, 2..4, 4..6; the borders 2 and 4 are in two parts."""
    third = 1 / 3
    expected = [[third, third, third, 0, 0, 0, 0], [0, 0, third, third, third, 0, 0], [0, 0, 0, 0, third, third, third]]
    torch.testing.assert_close(bins(7, 3), torch.tensor(expected))


def test_initial_weights():
    """Kaiming normal by fan out (kernel area x maps, gain sqrt 2), classifier N(0, 0.01) with bias 0."""
    torch.manual_seed(0)
    model = build("rcn_a", num_classes=3)
    for conv, fan_out in ((model.stem[0], 25 * 64), (model.enter[0], 64), (model.again[0], 9 * 64)):
        assert conv.weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.05)
    assert model.head.weight.std().item() == pytest.approx(0.01, rel=0.05)
    assert not model.head.bias.any()


@pytest.mark.parametrize(
    ("variant", "lr", "decay", "epochs"),
    [("pool5", 5e-4, 0, 100), ("pool7", 5e-4, 0, 100), ("readme", 5e-4, 0, 20), ("meb", 1e-4, 5e-4, 500)],
)
def test_recipes(variant, lr, decay, epochs):
    recipe = recipes.resolve({"model": "rcn_a", "variant": variant})["recipe"]
    assert (recipe["optimizer"], recipe["momentum"]) == ("sgd", 0.9)
    assert recipe["batch_size"] == (
        32 if variant == "meb" else 64
    )  # docs/model-sources.md#rcn-a: the default of MEB's library
    assert (recipe["lr"], recipe["weight_decay"], recipe["epochs"]) == (lr, decay, epochs)


@pytest.mark.parametrize("variant", cards.card("models", "rcn_a")["options"]["variant"])
def test_it_reads_u_v_and_strain_at_60_pixels_and_drops_half_twice(variant):
    wanted = {"kind": "apex_flow", "size": 60, "channels": ["u", "v", "strain"], "range": "unit", "center": "none"}
    assert recipes.resolve({"model": "rcn_a", "variant": variant})["inputs"] == wanted
    dropped = [
        part for part in build("rcn_a", num_classes=3, variant=variant).modules() if isinstance(part, torch.nn.Dropout)
    ]
    assert [part.p for part in dropped] == [0.5, 0.5]


def test_every_variant_is_named_in_the_notes():
    card = cards.card("models", "rcn_a")
    assert [v for v in card["options"]["variant"] if f"{v}:" not in card["notes"]] == []


def test_the_small_recipe_learns_where_the_motion_is():
    """Three classes that differ only in the place of a bright spot; twelve of 48 clips are not trained on."""
    x, y = flow(48) * 0.2, torch.arange(48) % 3
    for i, (row, column) in enumerate([(8, 8), (8, 40), (40, 24)]):
        x[y == i, :, row : row + 12, column : column + 12] += 0.8
    torch.manual_seed(0)
    recipe = recipes.resolve({"model": "rcn_a", "preset": "small"})["recipe"]
    loop = loop_on(build("rcn_a", num_classes=3), recipe, x, y, list(range(36)), seed=0)
    losses = [loop.epoch()[0] for _ in range(recipe["epochs"])]
    assert losses[-1] < 0.01 < losses[0]
    assert torch.equal(loop.predict(list(range(36, 48))).argmax(dim=1), y[36:])
