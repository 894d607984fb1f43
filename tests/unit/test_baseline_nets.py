"""OFF-ApexNet, SSSNet and Dual-Inception, layer by layer. Sizes, counts and order: docs/model-sources.md."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from toy import data_of, run_fold

from mebench.config import recipes
from mebench.models import build
from mebench.training.reading import prepare


def steps(model: nn.Module, x: torch.Tensor) -> list[tuple[str, tuple[int, ...]]]:
    """(layer, shape of one clip after it) of each layer without parts of its own, in the order of the forward pass."""
    seen: list[tuple[str, tuple[int, ...]]] = []
    for part in model.modules():
        if not list(part.children()):
            part.register_forward_hook(lambda part, _, y: seen.append((type(part).__name__, tuple(y.shape[1:]))))
    model.eval()(x)
    return seen


def drawn(seed: int, *shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


# --- SSSNet --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("classes", "count"), [(3, 1_349_251), (5, 1_349_765), (12, 1_351_564)])
@pytest.mark.parametrize("variant", ["logits", "softmax_twice"])
def test_sssnet_parameters(classes, count, variant):
    assert sum(p.numel() for p in build("sssnet", num_classes=classes, variant=variant).parameters()) == count


def test_sssnet_layers_in_order():
    assert steps(build("sssnet", num_classes=5), torch.zeros(1, 3, 64, 64)) == [
        ("Conv2d", (32, 60, 60)), ("ReLU", (32, 60, 60)), ("MaxPool2d", (32, 20, 20)),
        ("BatchNorm2d", (32, 20, 20)), ("Dropout2d", (32, 20, 20)),
        ("Conv2d", (64, 18, 18)), ("ReLU", (64, 18, 18)), ("MaxPool2d", (64, 9, 9)),
        ("BatchNorm2d", (64, 9, 9)), ("Dropout2d", (64, 9, 9)),
        ("Rearrange", (5184,)), ("Linear", (256,)), ("ReLU", (256,)), ("Dropout", (256,)),
        ("Linear", (5,)), ("Identity", (5,)),
    ]  # fmt: skip


def test_sssnet_drops_whole_channels_half_of_them_and_half_of_the_hidden_layer():
    model = build("sssnet", num_classes=3)
    assert [p.p for p in model.modules() if isinstance(p, nn.Dropout2d)] == [0.5, 0.5]
    assert [p.p for p in model.modules() if isinstance(p, nn.Dropout)] == [0.5]


def test_sssnet_is_conv_relu_pool_norm_by_hand():
    """Negative scales in the batch norm make pooling before it differ from pooling after it."""
    torch.manual_seed(0)
    model, x = build("sssnet", num_classes=3).double().eval(), drawn(0, 2, 3, 64, 64).double()
    values = model.state_dict()
    for name in values:
        if name.endswith("running_var"):
            values[name].uniform_(0.5, 2)
        elif values[name].dim() == 1:  # biases, batch norm's scales and means
            values[name].uniform_(-1, 1)
    v = list(values.values())  # conv w b, norm w b mean var count, twice; then two linear layers
    y = F.max_pool2d(F.relu(F.conv2d(x, v[0], v[1])), 3, 3)
    y = F.batch_norm(y, v[4], v[5], v[2], v[3])
    y = F.max_pool2d(F.relu(F.conv2d(y, v[7], v[8])), 2, 2)
    y = F.batch_norm(y, v[11], v[12], v[9], v[10])
    y = F.linear(F.relu(F.linear(y.flatten(1), v[14], v[15])), v[16], v[17])
    torch.testing.assert_close(model(x), y)


def test_sssnet_softmax_twice_hands_probabilities_to_the_loss_and_predicts_the_same_class():
    torch.manual_seed(0)
    once, twice = build("sssnet", num_classes=3).eval(), build("sssnet", num_classes=3, variant="softmax_twice").eval()
    twice.load_state_dict(once.state_dict())
    x = drawn(1, 4, 3, 64, 64)
    torch.testing.assert_close(twice(x), once(x).softmax(dim=1))
    assert twice(x).argmax(1).tolist() == once(x).argmax(1).tolist()


def test_sssnet_recipe():
    default = recipes.resolve("sssnet")
    assert default["inputs"] == {
        "kind": "apex_flow", "size": 64, "channels": ["u", "v", "strain"], "range": "unit", "center": "none",
    }  # fmt: skip
    wanted = {"optimizer": "adam", "lr": 1e-4, "weight_decay": 1e-3, "batch_size": 64, "epochs": 200}
    assert default["recipe"].items() >= wanted.items()
    twice = recipes.resolve({"model": "sssnet", "variant": "softmax_twice"})["recipe"]
    assert twice == default["recipe"] | {"batch_size": 32}


# --- Dual-Inception ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variant", "classes", "count"),
    [
        ("one_channel", 3, 6_449_867),
        ("released", 3, 6_449_963),
        # two classes more: 2 x (1,024 weights and a bias)
        ("one_channel", 5, 6_449_867 + 2 * 1025),
        ("released", 5, 6_449_963 + 2 * 1025),
    ],
)
def test_dual_inception_parameters(variant, classes, count):
    model = build("dual_inception", num_classes=classes, variant=variant)
    assert sum(p.numel() for p in model.parameters()) == count


def test_dual_inception_layers_in_order():
    def block(filters: int, channels: int, side: int) -> list[tuple[str, tuple[int, ...]]]:
        conv = [("Conv2d", (filters, side, side)), ("ReLU", (filters, side, side))]
        pooled = [("MaxPool2d", (channels, side, side)), *conv]
        return [*conv, *conv, *conv, *conv, *conv, *pooled, ("MaxPool2d", (4 * filters, side // 2, side // 2))]

    stream = [*block(6, 1, 28), *block(16, 24, 14), ("Rearrange", (3136,))]
    head = [("Linear", (1024,)), ("ReLU", (1024,)), ("Linear", (5,))]
    seen = steps(build("dual_inception", num_classes=5), torch.zeros(1, 2, 28, 28))
    assert seen == [*stream, *stream, *head]
    assert ("MaxPool2d", (24, 14, 14)) in seen
    assert ("MaxPool2d", (64, 7, 7)) in seen


def test_dual_inception_kernels_of_the_four_branches():
    model = build("dual_inception", num_classes=3)
    kernels = [p.kernel_size[0] for p in model.modules() if isinstance(p, nn.Conv2d)]
    assert kernels == [1, 1, 3, 1, 5, 1] * 4  # two blocks in each of two streams


def test_dual_inception_is_its_formula_by_hand():
    torch.manual_seed(0)
    model, x = build("dual_inception", num_classes=3).double(), drawn(2, 2, 2, 28, 28).double() - 0.5
    v = [p.uniform_(-0.3, 0.3) for p in model.state_dict().values()]
    streams = []
    for s in range(2):
        y = x[:, s : s + 1]
        for b in range(2):
            w = v[24 * s + 12 * b :]
            # a max over a padded border must not see zeros, which would be above negative flow
            around = F.max_pool2d(F.pad(y, (1, 1, 1, 1), value=-math.inf), 3, 1)
            parts = [
                F.relu(F.conv2d(y, w[0], w[1])),
                F.relu(F.conv2d(F.relu(F.conv2d(y, w[2], w[3])), w[4], w[5], padding=1)),
                F.relu(F.conv2d(F.relu(F.conv2d(y, w[6], w[7])), w[8], w[9], padding=2)),
                F.relu(F.conv2d(around, w[10], w[11])),
            ]
            y = F.max_pool2d(torch.cat(parts, dim=1), 2)
        streams.append(y.flatten(1))
    hidden = F.relu(F.linear(torch.cat(streams, dim=1), v[48], v[49]))
    torch.testing.assert_close(model(x), F.linear(hidden, v[50], v[51]))


def test_dual_inception_starts_as_keras_does():
    torch.manual_seed(0)
    for part in build("dual_inception", num_classes=3).modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            assert not part.bias.any()
            area = part.weight[0, 0].numel() if isinstance(part, nn.Conv2d) else 1
            bound = math.sqrt(6 / (area * (part.weight.shape[0] + part.weight.shape[1])))
            assert part.weight.abs().max() <= bound
            if part.weight.numel() > 500:
                assert part.weight.abs().max() > 0.9 * bound


def test_dual_inception_released_reads_each_component_three_times_in_batches_of_three():
    default = recipes.resolve("dual_inception")
    released = recipes.resolve({"model": "dual_inception", "variant": "released"})
    flow, meta = drawn(5, 3, 28, 28).numpy() - 0.5, {"channels": ["u", "v", "strain"], "scale": "pixels"}
    plain = prepare(flow, meta, default["inputs"])
    assert plain.min(axis=(1, 2)).tolist() == [0, 0]
    assert plain.max(axis=(1, 2)).tolist() == [1, 1]
    assert np.array_equal(prepare(flow, meta, released["inputs"]), plain.repeat(3, axis=0))
    assert released["recipe"] == default["recipe"] | {"batch_size": 3}


def test_dual_inception_of_three_copies_is_the_network_with_summed_weights():
    torch.manual_seed(0)
    three = build("dual_inception", num_classes=3, variant="released").double()
    one, x = build("dual_inception", num_classes=3).double(), drawn(3, 2, 2, 28, 28).double()
    summed = {name: value.sum(dim=1, keepdim=True) if value.shape[1:] == (3, 1, 1) else value
              for name, value in three.state_dict().items()}  # fmt: skip
    one.load_state_dict(summed)
    torch.testing.assert_close(three(x.repeat_interleave(3, dim=1)), one(x))


def test_dual_inception_recipe():
    default = recipes.resolve("dual_inception")
    assert default["inputs"] == {
        "kind": "apex_flow", "size": 28, "channels": ["u", "v"], "range": "unit", "center": "none",
    }  # fmt: skip
    wanted = {"optimizer": "adam", "lr": 1e-4, "weight_decay": 0.0, "batch_size": 32, "epochs": 40}
    assert default["recipe"].items() >= wanted.items()


# --- both ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def one_thread():
    """As a fold is trained: more threads than idle cores make small convolutions several times slower."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", ["sssnet", "dual_inception"])
def test_the_small_preset_learns_an_easy_pattern_in_seconds(one_thread, name):
    """Three classes that differ by where the motion is; every clip of a held-out subject is recognised."""
    spec = recipes.resolve({"model": name, "preset": "small"}) | {"seed": 0, "selection": "last"}
    size, channels = spec["inputs"]["size"], len(spec["inputs"]["channels"])
    y = torch.arange(72) % 3
    x = 0.2 * drawn(4, 72, channels, size, size)
    for i, label in enumerate(y):
        x[i, :, label * size // 3 : (label + 1) * size // 3] += 0.8
    subjects = [f"s{i // 12}" for i in range(72)]
    data = data_of([str(i) for i in range(72)], ["toy"] * 72, subjects, ["a", "b", "c"], x, y, "")
    result = run_fold(spec, data, "s5", list(range(60)), list(range(60, 72)), torch.device("cpu"))
    assert result.history[-1].train_loss < result.history[0].train_loss
    assert result.chosen.predictions.argmax(1).tolist() == y[60:].tolist()


# --- OFF-ApexNet -----------------------------------------------------------------------------------------------------


def off_apexnet_stream(x: torch.Tensor, first: nn.Conv2d, second: nn.Conv2d) -> torch.Tensor:
    """As described: each convolution, ReLU, 2x2 max-pooling."""
    for layer in (first, second):
        x = F.max_pool2d(F.relu(layer(x)), 2)
    return x.flatten(1)


@pytest.mark.parametrize("variant", ["two_stream", "meb"])
def test_off_apexnet_is_the_network_of_its_description(variant):
    """Logits and gradients; ReLU behind the pooling changes neither."""
    torch.manual_seed(0)
    model, x, y = (
        build("off_apexnet", num_classes=3, variant=variant).eval(),
        drawn(1, 6, 2, 28, 28),
        torch.arange(6) % 3,
    )
    convolutions = [[part for part in stream if isinstance(part, nn.Conv2d)] for stream in model.streams]
    parts = [x[:, :1], x[:, 1:]] if variant == "two_stream" else [x]  # a stream for u and one for v, or one for both
    flat = torch.cat([off_apexnet_stream(part, *pair) for part, pair in zip(parts, convolutions, strict=True)], dim=1)
    assert flat.shape[1] == {"two_stream": 1568, "meb": 784}[variant]
    linear = [part for part in model.head if isinstance(part, nn.Linear)]
    for layer in linear[:-1]:
        flat = F.relu(layer(flat))
    expected = linear[-1](flat)
    torch.testing.assert_close(model(x), expected)
    wanted = torch.autograd.grad(F.cross_entropy(expected, y), list(model.parameters()))
    found = torch.autograd.grad(F.cross_entropy(model(x), y), list(model.parameters()))
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize(
    ("variant", "kernel", "order"),
    [
        ("two_stream", 5, ["Linear", "ReLU", "Dropout", "Linear", "ReLU", "Dropout", "Linear"]),
        ("meb", 3, ["Dropout", "Linear", "ReLU", "Dropout", "Linear"]),
    ],
)
def test_off_apexnet_layers(variant, kernel, order):
    model = build("off_apexnet", num_classes=3, variant=variant)
    assert [type(part).__name__ for part in model.head] == order
    assert {part.p for part in model.head if isinstance(part, nn.Dropout)} == {0.5}
    for stream in model.streams:
        found = [(p.out_channels, p.kernel_size, p.padding) for p in stream if isinstance(p, nn.Conv2d)]
        assert found == [(n, (kernel, kernel), (kernel // 2, kernel // 2)) for n in (6, 16)]


def test_off_apexnet_recipes_and_parameters_for_12_units():
    ours, meb = (recipes.resolve({"model": "off_apexnet", "variant": v})["recipe"] for v in ("two_stream", "meb"))
    assert {key: ours[key] for key in ("optimizer", "lr", "weight_decay", "epochs", "batch_size", "order")} == {
        "optimizer": "adam", "lr": 1e-4, "weight_decay": 0.0, "epochs": 3000, "batch_size": 256, "order": "shuffled",
    }  # fmt: skip
    assert meb == ours | {"weight_decay": 1e-3, "batch_size": 32}
    for variant in ("two_stream", "meb"):
        assert recipes.resolve({"model": "off_apexnet", "variant": variant})["inputs"] == {
            "kind": "apex_flow", "size": 28, "channels": ["u", "v"], "range": "unit", "center": "none",
        }  # fmt: skip
    assert sum(p.numel() for p in build("off_apexnet", num_classes=12, variant="meb").parameters()) == 817_134


def test_ststnet_recipes():
    """docs/model-sources.md#ststnet."""
    resolved = {
        "paper": recipes.resolve("ststnet"),
        "plain": recipes.resolve({"model": "ststnet", "preset": "plain"}),
        "port": recipes.resolve({"model": "ststnet", "variant": "port"}),
    }
    for name, epochs in (("paper", 500), ("plain", 500), ("port", 800)):
        recipe = resolved[name]["recipe"]
        assert (recipe["optimizer"], recipe["lr"], recipe["batch_size"]) == ("adam", 5e-5, 256)
        assert (recipe["epochs"], recipe["class_weights"]) == (epochs, "none")
    left_to_matlab = ("weight_decay", "weight_decay_on", "order", "last_batch", "batch_norm")
    assert {name: tuple(one["recipe"][key] for key in left_to_matlab) for name, one in resolved.items()} == {
        "paper": (1e-4, "no_biases", "once", "drop", "training_set"),
        "plain": (0.0, "all", "shuffled", "keep", "running"),
        "port": (0.0, "all", "by_class", "keep", "running"),
    }
    assert {name: tuple(one["inputs"][key] for key in ("range", "center")) for name, one in resolved.items()} == {
        "paper": ("byte", "train_mean"), "plain": ("unit", "train_mean"), "port": ("byte", "none"),
    }  # fmt: skip
    assert resolved["paper"]["inputs"]["channels"] == ["u", "v", "strain"]
    assert build("ststnet", num_classes=3).drop.p == 0.5


def test_ststnet_begins_as_its_source_does():
    """MATLAB before R2019a: N(0, 0.01) and biases of 0. PyTorch: uniform up to 1 over the root of the fan-in."""
    seen = {}
    for init, variant in (("auto", "paper"), ("narrow", "port"), ("auto", "port"), ("torch", "paper")):
        torch.manual_seed(0)
        head = build("ststnet", num_classes=12, variant=variant, init=init).head  # 4,800 weights
        seen[init, variant] = (round(head.weight.std().item(), 3), bool(head.bias.any()))
    assert seen == {
        ("auto", "paper"): (0.01, False), ("narrow", "port"): (0.01, False),
        ("auto", "port"): (0.029, True), ("torch", "paper"): (0.029, True),
    }  # fmt: skip
    assert build("shuffled_labels", num_classes=3).head.bias.any()
