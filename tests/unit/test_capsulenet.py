"""CapsuleNet: the parts of its parameters, what is frozen, squash, routing and margin loss against plain loops."""

from __future__ import annotations

import pytest
import timm
import torch
from einops import rearrange
from toy import loop_on

from mebench.config import recipes
from mebench.errors import UserError
from mebench.models import build
from mebench.models.capsulenet import margin_loss, routed, squash
from mebench.training.optim import factor

SMALL = {"size": "small", "pretrained": "none"}


def parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def frames(n: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(n, 2, 3, 64, 64, generator=torch.Generator().manual_seed(seed))


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.double, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def outline():
    """The network of the paper, as shapes without memory."""
    with torch.device("meta"):
        return build("capsulenet", num_classes=3)


@pytest.fixture
def one_thread():
    """As the engine trains: many small steps, which threads on a busy machine only slow down."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- the network ---------------------------------------------------------------------------------------------------


def test_parameters_of_each_part(outline):
    """docs/model-sources.md#capsulenet."""
    assert parameters(outline.backbone) == 2_782_784
    assert parameters(outline.conv) == parameters(outline.primary) == 5_308_672
    assert outline.weight.numel() == 442_368
    assert parameters(outline) == 13_842_496


def test_shapes_at_each_step(outline):
    shapes = {}
    for name, part in outline.named_modules():
        part.register_forward_hook(lambda _, x, y, name=name: shapes.update({name: tuple(y.shape)}))
    outline(torch.zeros(2, 2, 3, 224, 224, device="meta"))
    assert shapes["backbone.act1"] == (2, 64, 112, 112)
    assert shapes["backbone.layer1"] == (2, 64, 112, 112)  # no pooling before it
    assert shapes["backbone"] == (2, 256, 28, 28)
    assert shapes["conv"] == (2, 256, 20, 20)
    assert shapes["primary"] == (2, 256, 6, 6)
    assert outline.weight.shape == (3, 1152, 16, 8)
    assert shapes[""] == (2, 3)


def test_only_the_last_frame_counts():
    model, x = build("capsulenet", num_classes=3, **SMALL).eval(), frames(2)
    other = torch.cat([torch.rand(2, 3, 3, 64, 64), x[:, -1:]], dim=1)
    assert torch.equal(model(other), model(x))
    assert not torch.allclose(model(x.flip(1)), model(x))


def test_a_softmax_of_the_result_gives_the_lengths_over_their_sum():
    torch.manual_seed(0)
    model, x = build("capsulenet", num_classes=5, **SMALL).eval(), frames(3)
    lengths = model.lengths(x)
    assert ((lengths > 0) & (lengths < 1)).all()
    torch.testing.assert_close(model(x).softmax(dim=1), lengths / lengths.sum(dim=1, keepdim=True))


def test_the_forward_pass_by_hand_capsule_by_capsule():
    """Primary capsules in the order height, width, channel; each class sees each of them through its own matrix."""
    torch.manual_seed(0)
    model, x = build("capsulenet", num_classes=3, **SMALL).double().eval(), frames(2).double()
    maps = model.primary(torch.relu(model.conv(model.backbone(x[:, 1]))))  # n 64 2 2
    numbers = rearrange(maps, "n c h w -> n (h w c)")
    capsules = squash(torch.stack([numbers[:, i : i + 8] for i in range(0, numbers.shape[1], 8)], dim=1))
    predictions = torch.stack([torch.stack([capsules[:, i] @ model.weight[k, i].T for i in range(32)], dim=1)
                               for k in range(3)], dim=1)  # fmt: skip
    torch.testing.assert_close(model(x).exp(), routed(predictions).norm(dim=-1))


# --- frozen and pretrained -----------------------------------------------------------------------------------------


def test_exactly_the_first_fifteen_tensors_are_frozen(outline):
    parts = list(outline.named_parameters())
    order = [name for name, _ in parts if name != "weight"]  # a parameter of the network itself is listed first
    frozen = [name for name, p in parts if not p.requires_grad]
    assert frozen == order[:15]
    assert frozen[:3] == ["backbone.conv1.weight", "backbone.bn1.weight", "backbone.bn1.bias"]
    assert all(name.startswith("backbone.layer1.") for name in frozen[3:])
    free = build("capsulenet", num_classes=3, frozen="none", **SMALL)
    assert all(p.requires_grad for p in free.parameters())


def test_training_moves_batch_statistics_of_the_frozen_part_but_not_its_weights():
    torch.manual_seed(0)
    model, y = build("capsulenet", num_classes=3, **SMALL), torch.arange(6) % 3
    recipe = recipes.resolve({"model": "capsulenet", **SMALL})["recipe"] | {"augment": "none"}
    before = {name: value.clone() for name, value in model.state_dict().items()}
    loop_on(model, recipe, frames(6), y, range(6), seed=0).epoch()
    stem = {name for name in before if name.startswith(("backbone.conv1.", "backbone.bn1.", "backbone.layer1."))}
    moved = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    statistics = {name for name in before if name.endswith(("running_mean", "running_var", "num_batches_tracked"))}
    assert moved & stem == stem & statistics
    assert {name for name in before if name not in stem} <= moved


def test_weights_of_a_file_reach_the_backbone(tmp_path):
    torch.manual_seed(0)
    net = timm.create_model("resnet18", num_classes=7, channels=(16, 32, 64, 128), layers=(1, 1, 1, 1))
    torch.save(net.state_dict(), tmp_path / "weights.pth")
    model = build("capsulenet", num_classes=3, size="small", pretrained=str(tmp_path / "weights.pth"))
    given = net.state_dict()
    assert all(torch.equal(value, given[name]) for name, value in model.backbone.state_dict().items())
    assert model.backbone.weights_record["source"] == "file:weights.pth"
    assert len(model.backbone.weights_record["digest"]) == 64


def test_imagenet_weights_do_not_fit_the_small_network():
    with pytest.raises(UserError, match="no ImageNet weights for size: small; write pretrained: none"):
        build("capsulenet", num_classes=3, size="small", pretrained="imagenet")


# --- capsules ------------------------------------------------------------------------------------------------------


def test_the_weights_between_capsules_begin_small():
    torch.manual_seed(0)
    weight = build("capsulenet", num_classes=3, size="small", pretrained="none", frozen="none").weight
    assert float(weight.detach().std()) == pytest.approx(0.01, rel=0.05)
    assert abs(float(weight.detach().mean())) < 1e-3


def test_squash_keeps_directions_and_turns_length_n_into_n2_over_1_plus_n2():
    s = torch.tensor([[3.0, 4.0], [0.6, -0.8], [0.0, 1e-3]])
    expected = torch.tensor([[0.6, 0.8], [0.6, -0.8], [0.0, 1.0]]) * torch.tensor([[25 / 26], [1 / 2], [1e-6]])
    torch.testing.assert_close(squash(s), expected, rtol=1e-4, atol=0)


def test_squash_of_nothing_is_nothing_with_a_finite_gradient():
    s = torch.zeros(2, 8, requires_grad=True)
    squash(s).sum().backward()
    assert torch.equal(squash(s), torch.zeros(2, 8))
    assert torch.isfinite(s.grad).all()


def plain_routing(predictions: torch.Tensor, detached: bool = True) -> torch.Tensor:
    """Routing of one clip (K, I, D), number by number: softmax over classes, three rounds."""
    classes, capsules, _ = predictions.shape
    logits = [[torch.zeros((), dtype=predictions.dtype) for _ in range(capsules)] for _ in range(classes)]
    for last in (False, False, True):
        seen = predictions if last or not detached else predictions.detach()
        outputs = []
        for k in range(classes):
            total = 0
            for i in range(capsules):
                spread = sum(logits[other][i].exp() for other in range(classes))
                total = total + logits[k][i].exp() / spread * seen[k, i]
            n = total.norm()
            outputs.append(n**2 / (1 + n**2) * total / (n + 1e-8))
        if not last:
            logits = [[logits[k][i] + outputs[k] @ seen[k, i] for i in range(capsules)] for k in range(classes)]
    return torch.stack(outputs)


def test_routing_is_the_plain_loop_and_so_is_its_gradient():
    predictions, towards = drawn(2, 3, 5, 4), drawn(2, 3, 4)
    results, gradients = [], []
    for route in (routed, lambda x: torch.stack([plain_routing(clip) for clip in x])):
        x = predictions.clone().requires_grad_()
        results.append(route(x))
        gradients.append(torch.autograd.grad((results[-1] * towards).sum(), x)[0])
    torch.testing.assert_close(*results)
    torch.testing.assert_close(*gradients)


def test_gradients_pass_through_the_last_round_only():
    """With gradients through all rounds, the result is the same and the gradient another."""
    x = drawn(1, 3, 5, 4).requires_grad_()
    last, through = routed(x)[0], plain_routing(x[0], detached=False)
    torch.testing.assert_close(last, through)
    ours, full = (torch.autograd.grad(out[0].sum(), x)[0] for out in (last, through))
    assert (ours - full).abs().max() > 0.01
    assert not ours[0, 1:].any()  # one class capsule hangs on the predictions for it alone: the spread is a constant
    assert full[0, 1:].any()


# --- the loss ------------------------------------------------------------------------------------------------------


def test_margin_loss_by_hand():
    lengths = torch.tensor([[0.9, 0.2, 0.0], [0.995, 0.3, 0.11]])
    # class 0: 0.09^2 + 0.5 (0.19^2 + 0); class 1: 0.69^2 + 0.5 (0.985^2 + 0.10^2)
    first, second = 0.0081 + 0.5 * 0.0361, 0.4761 + 0.5 * (0.970225 + 0.01)
    assert margin_loss(lengths, torch.tensor([0, 1])).item() == pytest.approx((first + second) / 2, rel=1e-5)
    assert margin_loss(torch.tensor([[0.0, 0.99, 0.01]]), torch.tensor([1])).item() == 0


def test_it_trains_on_the_margin_loss():
    torch.manual_seed(0)
    model, x, y = build("capsulenet", num_classes=3, **SMALL).eval(), frames(4), torch.tensor([0, 1, 2, 2])
    loss, logits = model.training_loss(x, y, criterion=None)
    torch.testing.assert_close(loss, margin_loss(model.lengths(x), y))
    assert torch.equal(logits, model(x))


# --- training ------------------------------------------------------------------------------------------------------


def test_the_recipe():
    """Adam 1e-4, times 0.9 from the first epoch on, batches of 32, 30 epochs (docs/model-sources.md#capsulenet)."""
    spec = recipes.resolve("capsulenet")
    wanted = {"optimizer": "adam", "lr": 1e-4, "weight_decay": 0.0, "batch_size": 32, "epochs": 30, "order": "balanced",
              "schedule": "step", "gamma": 0.9, "step_epochs": 1, "first_epoch": 1, "warmup_epochs": 0.0,
              "augment": "flip shift:5 rotate:8 light:0.2"}  # fmt: skip
    assert spec["recipe"].items() >= wanted.items()
    assert spec["inputs"] == {
        "kind": "frames", "size": 224, "frames": 0, "channels": ["r", "g", "b"], "range": "unit", "center": "none",
    }  # fmt: skip


@pytest.mark.parametrize(("first", "rates"), [(1, [0.9, 0.81, 0.729]), (0, [1.0, 0.9, 0.81])])
def test_the_schedule_steps_before_the_first_epoch_or_after_it(first, rates):
    """The released script steps its schedule at the start of each epoch. From PyTorch 1.1 on that skips the first
    rate, in PyTorch 1.0 it did not."""
    recipe = recipes.resolve({"model": "capsulenet", "first_epoch": first})["recipe"]
    assert [factor(5 * epoch + step, recipe, 5) for epoch in range(3) for step in range(5)] == pytest.approx(
        [rate for rate in rates for _ in range(5)]
    )


def test_the_small_preset_learns_and_frees_its_random_stem(one_thread):
    """60 apex frames whose class is the colour that prevails."""
    spec = recipes.resolve({"model": "capsulenet", "preset": "small"})
    assert spec["options"] == {"size": "small", "pretrained": "none", "frozen": "none"}
    torch.manual_seed(0)
    x, y = 0.5 * frames(60), torch.arange(60) % 3
    x[torch.arange(60), 1, y] += 0.4
    model = build("capsulenet", num_classes=3, **spec["options"])
    loop = loop_on(model, spec["recipe"] | {"augment": "none"}, x, y, range(45), seed=0)
    losses = [loop.epoch()[0] for _ in range(spec["recipe"]["epochs"])]
    assert losses[-1] < 0.5 * losses[0]
    assert (loop.predict(list(range(45, 60))).argmax(dim=1) == y[45:]).float().mean() > 0.8
